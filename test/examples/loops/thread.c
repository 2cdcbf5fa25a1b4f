/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of a group, with dispatch threads. Build:
 *
 *	cc -pthread -o thread thread.c $(pkg-config --cflags --libs \
 *		libcpg libquorum libcorosync_common)
 *
 * Usage: thread GROUP
 *
 * One thread for each handle dispatches: it waits for events and calls the
 * callbacks. main() connects, sends and leaves.
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

#define _GNU_SOURCE
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <err.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	RETRY_MS = 10,	    /* after CS_ERR_TRY_AGAIN */
	IDLE_MS = 60000,    /* without a wake-up, nothing is due */
	PAUSE_MIN_MS = 100, /* between two attempts to connect */
	PAUSE_MAX_MS = 3200,
	LEAVE_S = 5 /* the longest wait for the end of the leave */
};

/* main() changes these while no dispatch thread is running. */
static cpg_handle_t cpg;
static quorum_handle_t quorum;
static unsigned int own_nodeid;

/* For main() alone. */
static struct cpg_name group;
static bool is_connected;
static int pause_ms;
static pthread_t cpg_thread, quorum_thread;
static enum { RUNNING, STOP_DUE, LEAVE_DUE, LEAVING, OVER } state;

/*
 * With corosync's own libraries, a thread must not finalize a handle while
 * another one waits for a reply on it.
 */
static pthread_mutex_t request_lock = PTHREAD_MUTEX_INITIALIZER;

/* A thread that sets one of these for main() posts the semaphore, too. */
static atomic_bool is_lost, must_greet, is_stopping;
static sem_t wake;
static volatile sig_atomic_t is_signaled;

/*
 * Returns false if the call must be made again; if is_lost, on a new handle. A
 * handle that a callback has finalized needs no more calls.
 */
static bool done(const char *what, cs_error_t error)
{
	if (error == CS_ERR_LIBRARY)
		is_lost = true;
	else if (error != CS_OK && error != CS_ERR_TRY_AGAIN &&
		 error != CS_ERR_BAD_HANDLE)
		errx(1, "%s: %s", what, cs_strerror(error));
	return error == CS_OK || error == CS_ERR_BAD_HANDLE;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t nodeid, uint32_t pid, void *msg,
			    size_t len)
{
	(void)handle;
	(void)name;
	/* One call prints the whole line: the other thread may print, too. */
	printf("message %u/%u: %.*s\n", nodeid, pid, (int)len, (char *)msg);
}

/*
 * A callback that finalizes its handle ends the dispatch, and so the thread.
 * Corosync's own library does not end it if another thread finalizes.
 */
static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_len,
			   const struct cpg_address *joined, size_t joined_len)
{
	bool has_left = false;

	(void)name;
	(void)joined;
	flockfile(stdout);
	for (size_t i = 0; i < left_len; i++) {
		bool did_leave = left[i].reason == CPG_REASON_LEAVE;

		printf("%s %u/%u\n", did_leave ? "left" : "lost",
		       left[i].nodeid, left[i].pid);
		if (left[i].nodeid == own_nodeid &&
		    left[i].pid == (uint32_t)getpid())
			has_left = true;
	}
	printf("members");
	for (size_t i = 0; i < count; i++)
		printf(" %u/%u", members[i].nodeid, members[i].pid);
	printf("\n");
	funlockfile(stdout);
	/* main() sends: here, a retry would stop the dispatch. */
	if (joined_len > 0) {
		must_greet = true;
		sem_post(&wake);
	}
	if (has_left) {
		pthread_mutex_lock(&request_lock);
		cpg_finalize(handle);
		pthread_mutex_unlock(&request_lock);
	}
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	(void)ring_seq;
	flockfile(stdout);
	printf(quorate ? "quorate" : "not quorate");
	for (uint32_t i = 0; i < count; i++)
		printf(" %u", nodes[i]);
	printf("\n");
	funlockfile(stdout);
	if (is_stopping) {
		pthread_mutex_lock(&request_lock);
		quorum_finalize(handle);
		pthread_mutex_unlock(&request_lock);
	}
}

/* The dispatch returns when corosync has ended, or after a finalize. */
static void *cpg_run(void *unused)
{
	(void)unused;
	cpg_dispatch(cpg, CS_DISPATCH_BLOCKING);
	is_lost = true;
	sem_post(&wake);
	return NULL;
}

static void *quorum_run(void *unused)
{
	(void)unused;
	quorum_dispatch(quorum, CS_DISPATCH_BLOCKING);
	if (!is_stopping)
		is_lost = true;
	sem_post(&wake);
	return NULL;
}

static void threads_begin(void)
{
	if (pthread_create(&cpg_thread, NULL, cpg_run, NULL) != 0 ||
	    pthread_create(&quorum_thread, NULL, quorum_run, NULL) != 0)
		errx(1, "pthread_create");
}

static void threads_end(void)
{
	pthread_join(cpg_thread, NULL);
	pthread_join(quorum_thread, NULL);
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
		threads_begin();
	return is_connected;
}

/* To finalize a handle that is not open does no harm. */
static void connection_close(void)
{
	if (is_connected)
		threads_end();
	cpg_finalize(cpg);
	quorum_finalize(quorum);
	cpg = quorum = 0;
	is_connected = false;
	is_lost = false;
	must_greet = false;
}

/* Returns the time until the next attempt. */
static int connection_retry(void)
{
	connection_close();
	if (state != RUNNING)
		state = OVER;
	else if (pause_ms == 0)
		printf("disconnected\n");
	pause_ms = pause_ms == 0 ? PAUSE_MIN_MS : pause_ms * 2;
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	return pause_ms;
}

static void greeting_send(void)
{
	char text[] = "hello from thread";
	struct iovec iov = { text, strlen(text) };

	must_greet = false;
	if (!done("cpg_mcast_joined",
		  cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &iov, 1)))
		must_greet = true;
}

/*
 * Causes an event, so that quorum_change() finalizes the handle. CS_ERR_EXIST
 * only means that the handle tracks changes already.
 */
static bool quorum_stop(void)
{
	cs_error_t error;

	pthread_mutex_lock(&request_lock);
	error = quorum_trackstart(quorum, CS_TRACK_CURRENT);
	pthread_mutex_unlock(&request_lock);
	return error == CS_ERR_EXIST || done("quorum_trackstart", error);
}

/* Causes an event, too, and members_change() finalizes the handle. */
static bool group_leave(void)
{
	cs_error_t error;

	pthread_mutex_lock(&request_lock);
	error = cpg_leave(cpg, &group);
	pthread_mutex_unlock(&request_lock);
	return done("cpg_leave", error);
}

/* Does what is due. Returns the milliseconds until the next call. */
static int step(void)
{
	if (!is_connected && !connection_open())
		return connection_retry();
	pause_ms = 0;
	if (must_greet && state == RUNNING && !is_lost)
		greeting_send();
	if (state == STOP_DUE && !is_lost && quorum_stop())
		state = LEAVE_DUE;
	if (state == LEAVE_DUE && !is_lost && group_leave())
		state = LEAVING;
	if (is_lost)
		return connection_retry();
	if (state == RUNNING ? must_greet : state != LEAVING)
		return RETRY_MS;
	return IDLE_MS;
}

static void signal_note(int number)
{
	(void)number;
	is_signaled = 1;
	sem_post(&wake);
}

static void signals_begin(void)
{
	struct sigaction action = { .sa_handler = signal_note,
				    .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

/* Another signal, such as the one of alarm, ends the wait for the threads. */
static void stop(void)
{
	is_signaled = 0;
	if (!is_connected || state != RUNNING)
		exit(0);
	is_stopping = true;
	state = STOP_DUE;
	alarm(LEAVE_S);
}

static void wake_wait(int timeout_ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_nsec -= 1000000000L;
		end.tv_sec++;
	}
	/* If a signal or the time ends it, the next step does no harm. */
	sem_clockwait(&wake, CLOCK_MONOTONIC, &end);
}

int main(int argc, char **argv)
{
	int timeout_ms;

	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: thread GROUP");
	group.length = (uint32_t)strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdout, NULL, _IOLBF, 0);
	sem_init(&wake, 0, 0);
	signals_begin();
	while (timeout_ms = step(), state != OVER) {
		wake_wait(timeout_ms);
		if (is_signaled)
			stop();
	}
	return 0;
}
