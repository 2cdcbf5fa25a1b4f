/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of a group, with epoll. Build:
 *
 *	cc -o epoll epoll.c $(pkg-config --cflags --libs \
 *		libcpg libquorum libcorosync_common)
 *
 * Usage: epoll GROUP
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
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
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
static int epoll_fd, signal_fd, cpg_fd, quorum_fd;

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

/* Level-triggered, without EPOLLET: an event may already be pending. */
static void fd_watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		err(1, "epoll_ctl");
}

/* Each connection has new descriptors. */
static void connection_watch(void)
{
	cpg_fd_get(cpg, &cpg_fd);
	quorum_fd_get(quorum, &quorum_fd);
	fd_watch(cpg_fd);
	fd_watch(quorum_fd);
}

/* If a child process has a copy of a descriptor, a close does not do this. */
static void connection_unwatch(void)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, cpg_fd, NULL);
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, quorum_fd, NULL);
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
	char text[] = "hello from epoll";
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

static void signals_begin(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0)
		err(1, "signalfd");
	fd_watch(signal_fd);
}

/* Another signal, such as the one of alarm, ends the wait for the leave. */
static void stop(void)
{
	struct signalfd_siginfo signal;

	if (read(signal_fd, &signal, sizeof(signal)) != sizeof(signal))
		err(1, "signalfd");
	state = is_connected && state == RUNNING ? LEAVE_DUE : OVER;
	alarm(LEAVE_S);
}

static void events_wait(int timeout_ms)
{
	struct epoll_event events[3];
	int count = epoll_wait(epoll_fd, events, 3, timeout_ms);

	if (count < 0 && errno != EINTR)
		err(1, "epoll_wait");
	/* The other descriptors are for step(), whatever they show. */
	for (int i = 0; i < count; i++)
		if (events[i].data.fd == signal_fd)
			stop();
}

int main(int argc, char **argv)
{
	int timeout_ms;

	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: epoll GROUP");
	group.length = (uint32_t)strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdout, NULL, _IOLBF, 0);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		err(1, "epoll_create1");
	signals_begin();
	while (timeout_ms = step(), state != OVER)
		events_wait(timeout_ms);
	connection_close();
	return 0;
}
