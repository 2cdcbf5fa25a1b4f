/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of a group, with the main loop of GLib. Build:
 *
 *	cc -o glib glib.c $(pkg-config --cflags --libs \
 *		libcpg libquorum libcorosync_common glib-2.0)
 *
 * Usage: glib GROUP
 *
 * The process joins the group, and sends a greeting each time a process joins.
 * When corosync ends, the process connects again as soon as it can. SIGTERM or
 * SIGINT ends it; it leaves the group first. Output, with members as NODE/PID:
 *
 *	members MEMBER...	the members of the group
 *	left MEMBER		a process has left the group
 *	lost MEMBER		a process ended without a leave, or its node
 *				failed
 *	message MEMBER: TEXT	a message of this member
 *	quorate NODE...		the nodes, which have the quorum
 *	not quorate NODE...	the nodes, which do not have it
 *	disconnected		corosync is not running, or has ended
 */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <err.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	RETRY_MS = 10,	    /* after CS_ERR_TRY_AGAIN */
	CHECK_MS = 1000,    /* whether corosync is running, see step() */
	PAUSE_MIN_MS = 100, /* between two attempts to connect */
	PAUSE_MAX_MS = 3200,
	LEAVE_S = 5 /* the longest wait for the end of the leave */
};

static cpg_handle_t cpg;
static quorum_handle_t quorum;
static struct cpg_name group;
static unsigned int own_nodeid;
static bool is_connected, is_lost, must_greet;
static int pause_ms;
static enum { RUNNING, LEAVE_DUE, LEAVING, OVER } state;
static GMainLoop *loop;
static guint cpg_source, quorum_source, timer;

static gboolean descriptor_ready(gint fd, GIOCondition condition,
				 gpointer data);

/* Returns false if the call must be made again; if is_lost, on a new handle. */
static bool done(const char *what, cs_error_t error)
{
	if (error == CS_ERR_LIBRARY)
		is_lost = true;
	else if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		errx(1, "%s: %s", what, cs_strerror(error));
	return error == CS_OK;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t nodeid, uint32_t pid, void *msg,
			    size_t len)
{
	(void)handle;
	(void)name;
	printf("message %u/%u: %.*s\n", nodeid, pid, (int)len, (char *)msg);
}

/* The callbacks only note what is due. step() does it, and can try again. */
static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_len,
			   const struct cpg_address *joined, size_t joined_len)
{
	(void)handle;
	(void)name;
	(void)joined;
	for (size_t i = 0; i < left_len; i++) {
		bool did_leave = left[i].reason == CPG_REASON_LEAVE;

		printf("%s %u/%u\n", did_leave ? "left" : "lost",
		       left[i].nodeid, left[i].pid);
		if (left[i].nodeid == own_nodeid &&
		    left[i].pid == (uint32_t)getpid())
			state = OVER;
	}
	printf("members");
	for (size_t i = 0; i < count; i++)
		printf(" %u/%u", members[i].nodeid, members[i].pid);
	printf("\n");
	if (joined_len > 0)
		must_greet = true;
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	(void)handle;
	(void)ring_seq;
	printf(quorate ? "quorate" : "not quorate");
	for (uint32_t i = 0; i < count; i++)
		printf(" %u", nodes[i]);
	printf("\n");
}

/* Each connection has new descriptors. */
static void connection_watch(void)
{
	const GIOCondition condition = G_IO_IN | G_IO_HUP | G_IO_ERR;
	int fd;

	cpg_fd_get(cpg, &fd);
	cpg_source = g_unix_fd_add(fd, condition, descriptor_ready, NULL);
	quorum_fd_get(quorum, &fd);
	quorum_source = g_unix_fd_add(fd, condition, descriptor_ready, NULL);
}

/* Before the descriptors are closed: others may soon have their numbers. */
static void connection_unwatch(void)
{
	g_source_remove(cpg_source);
	g_source_remove(quorum_source);
}

static bool connection_open(void)
{
	cpg_callbacks_t cpg_callbacks = { message_deliver, members_change };
	quorum_callbacks_t quorum_callbacks = { quorum_change };

	/* The join is last, so that no member sees an attempt that fails. */
	is_connected =
		done("cpg_initialize", cpg_initialize(&cpg, &cpg_callbacks)) &&
		done("cpg_local_get", cpg_local_get(cpg, &own_nodeid)) &&
		done("quorum_initialize",
		     quorum_initialize(&quorum, &quorum_callbacks, NULL)) &&
		done("quorum_trackstart",
		     quorum_trackstart(quorum, CS_TRACK_CHANGES)) &&
		done("cpg_join", cpg_join(cpg, &group));
	if (is_connected)
		connection_watch();
	return is_connected;
}

/* To finalize a handle that is not open does no harm. */
static void connection_close(void)
{
	if (is_connected)
		connection_unwatch();
	cpg_finalize(cpg);
	quorum_finalize(quorum);
	cpg = quorum = 0;
	is_connected = is_lost = must_greet = false;
}

/* Returns the time until the next attempt. */
static int connection_retry(void)
{
	connection_close();
	if (state != RUNNING)
		state = OVER;
	if (pause_ms == 0)
		printf("disconnected\n");
	pause_ms = pause_ms == 0 ? PAUSE_MIN_MS : pause_ms * 2;
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	return pause_ms;
}

static void greeting_send(void)
{
	char text[] = "hello from glib";
	struct iovec iov = { text, strlen(text) };

	must_greet = !done("cpg_mcast_joined",
			   cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &iov, 1));
}

/*
 * Does what is due. Returns the time in milliseconds until the next call, if
 * no descriptor becomes readable before.
 *
 * Without events, it is called once a second: with corosync's own libraries and
 * socket IPC, the descriptors do not show the end of corosync.
 */
static int step(void)
{
	if (state == OVER)
		return 0;
	if (!is_connected && !connection_open())
		return connection_retry();
	pause_ms = 0;
	/* CS_DISPATCH_ALL does not wait, and is no error without events. */
	done("cpg_dispatch", cpg_dispatch(cpg, CS_DISPATCH_ALL));
	done("quorum_dispatch", quorum_dispatch(quorum, CS_DISPATCH_ALL));
	if (must_greet && state == RUNNING && !is_lost)
		greeting_send();
	if (state == LEAVE_DUE && !is_lost &&
	    done("cpg_leave", cpg_leave(cpg, &group)))
		state = LEAVING;
	if (is_lost)
		return connection_retry();
	return must_greet || state == LEAVE_DUE ? RETRY_MS : CHECK_MS;
}

static gboolean timer_end(gpointer data);

/* Sets the timer for the next call. */
static void step_run(void)
{
	int timeout_ms = step();

	if (timer != 0)
		g_source_remove(timer);
	timer = 0;
	if (state == OVER)
		g_main_loop_quit(loop);
	else
		timer = g_timeout_add((guint)timeout_ms, timer_end, NULL);
}

static gboolean timer_end(gpointer data)
{
	(void)data;
	timer = 0;
	step_run();
	return G_SOURCE_REMOVE;
}

/* The result has no effect if step_run() has removed the source. */
static gboolean descriptor_ready(gint fd, GIOCondition condition, gpointer data)
{
	(void)fd;
	(void)condition;
	(void)data;
	step_run();
	return G_SOURCE_CONTINUE;
}

/* Another call, by a signal or a timer, ends the wait for the leave. */
static gboolean stop(gpointer data)
{
	(void)data;
	state = is_connected && state == RUNNING ? LEAVE_DUE : OVER;
	g_timeout_add_seconds(LEAVE_S, stop, NULL);
	step_run();
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: glib GROUP");
	group.length = (uint32_t)strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdout, NULL, _IOLBF, 0);
	loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, stop, NULL);
	g_unix_signal_add(SIGINT, stop, NULL);
	step_run();
	g_main_loop_run(loop);
	connection_close();
	g_main_loop_unref(loop);
	return 0;
}
