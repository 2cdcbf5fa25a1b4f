/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <poll.h>
#include <unistd.h>

#include "cases.h"
#include "daemon.h"
#include "service.h"

#define EVENTS 3
/* Other libraries check every two seconds whether the daemon is there. */
#define LATE_S 1.2
/* A call that does not return in this time does not return at all. */
#define END_S 5

static struct cpg_name group;

static void cpg_requests(cpg_handle_t handle)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_iteration_handle_t iteration;
	unsigned int nodeid;
	int count;

	CHECK_CS(CS_ERR_LIBRARY, cpg_local_get(handle, &nodeid));
	CHECK_CS(CS_ERR_LIBRARY,
		 cpg_membership_get(handle, &group, members, &count));
	CHECK_CS(CS_ERR_LIBRARY, message_try(handle, 10, 1));
	CHECK_CS(CS_ERR_LIBRARY, cpg_join(handle, &group));
	CHECK_CS(CS_ERR_LIBRARY, cpg_leave(handle, &group));
	CHECK_CS(CS_ERR_LIBRARY,
		 cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
}

static void dispatches(const struct service *service, uint64_t handle)
{
	int mode;

	for (mode = CS_DISPATCH_ONE; mode <= CS_DISPATCH_ONE_NONBLOCKING;
	     mode++)
		CHECK_CS(CS_ERR_LIBRARY,
			 service->dispatch(handle, (cs_dispatch_flags_t)mode));
}

static void cpg_calls(void)
{
	cpg_handle_t handle;
	int fd;

	group = name_unique("death");
	handle = cpg_open_joined(&group);
	fd = cpg_fd(handle);
	daemon_kill();
	cpg_requests(handle);
	dispatches(&service_cpg, handle);
	CHECK_INT(fd, cpg_fd(handle));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}

/* The call after the death is the dispatch. */
static void cpg_dispatches(void)
{
	cpg_handle_t handle = service_cpg.open();

	daemon_kill();
	dispatches(&service_cpg, handle);
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static void quorum_calls(void)
{
	quorum_handle_t handle = quorum_open();
	int fd = -1, quorate;

	daemon_kill();
	dispatches(&service_quorum, handle);
	CHECK_CS(CS_ERR_LIBRARY, quorum_getquorate(handle, &quorate));
	CHECK_CS(CS_ERR_LIBRARY, quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_CS(CS_ERR_LIBRARY, quorum_trackstop(handle));
	CHECK_CS(CS_OK, quorum_fd_get(handle, &fd));
	CHECK_CS(CS_OK, quorum_finalize(handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(handle));
}

static void initialize_fails(void)
{
	quorum_handle_t quorum = 0;
	cpg_handle_t handle = 0;

	daemon_kill();
	CHECK_CS(CS_ERR_LIBRARY, cpg_initialize(&handle, &events_cpg));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
	CHECK_CS(CS_ERR_LIBRARY,
		 quorum_initialize(&quorum, &events_quorum, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
}

/* With shm IPC the descriptor hangs up; otherwise it becomes readable. */
static void fd_shows_it(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct pollfd pollfd = { .fd = cpg_fd(handle), .events = POLLIN };

	daemon_kill();
	CHECK_INT(1, poll(&pollfd, 1, -1));
	if (!ipc_is_socket())
		CHECK((pollfd.revents & POLLHUP) != 0);
	CHECK_CS(CS_ERR_LIBRARY, cpg_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static void dispatch_wakes(void)
{
	struct dispatch dispatch = { &service_cpg, service_cpg.open(),
				     CS_DISPATCH_BLOCKING };
	struct dispatch other = { &service_quorum, quorum_open(),
				  CS_DISPATCH_ONE };
	struct caller callers[2];

	caller_start(&callers[0], dispatch_call, &dispatch);
	caller_start(&callers[1], dispatch_call, &other);
	caller_wait_asleep(&callers[0]);
	caller_wait_asleep(&callers[1]);
	daemon_kill();
	CHECK_CS(CS_ERR_LIBRARY, caller_join(&callers[0]));
	CHECK_CS(CS_ERR_LIBRARY, caller_join(&callers[1]));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(dispatch.handle));
	CHECK_CS(CS_OK, quorum_finalize(other.handle));
}

/* Runs in a process of its own. What it has received is also in our queue. */
static void witness_run(const struct cpg_name *name, int ready)
{
	cpg_handle_t handle = cpg_open_joined(name);

	CHECK_INT(1, write(ready, "x", 1));
	while (events_count_of(EVENT_DELIVER) < EVENTS)
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(1, write(ready, "x", 1));
	for (;;)
		pause();
}

static void events_come_first(void)
{
	struct cpg_name name = name_unique("death");
	unsigned int nodeid, i;
	cpg_handle_t handle;
	int fds[2];
	char byte;

	CHECK_INT(0, pipe(fds));
	if (child_start() == 0)
		witness_run(&name, fds[1]);
	CHECK_INT(1, read(fds[0], &byte, 1));
	handle = cpg_open_joined(&name);
	for (i = 0; i < EVENTS; i++)
		message_send(handle, 100, i);
	CHECK_INT(1, read(fds[0], &byte, 1));
	CHECK_OK(cpg_local_get(handle, &nodeid));
	daemon_kill();
	for (i = 0; i < EVENTS; i++) {
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		CHECK(event_is_message(event_get((int)i), 100, i));
	}
	CHECK_CS(CS_ERR_LIBRARY, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

/* More than a ring or a queue holds. */
static void queue_full(void)
{
	cpg_handle_t handle = service_cpg.open();
	int i;

	daemon_stop();
	for (i = 0; message_try(handle, 10000, 1) == CS_OK; i++)
		CHECK(i < 100000);
	daemon_kill();
	CHECK_CS(CS_ERR_LIBRARY, message_try(handle, 10000, 1));
	CHECK_CS(CS_ERR_LIBRARY, cpg_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_ERR_LIBRARY, message_try(handle, 10000, 1));
	CHECK_CS(CS_ERR_LIBRARY, message_try(handle, 0, 1));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static void large_message(void)
{
	cpg_handle_t handle = service_cpg.open();

	daemon_kill();
	CHECK_CS(CS_ERR_LIBRARY, message_try(handle, 2000000, 1));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static cs_error_t local_get(void *data)
{
	unsigned int nodeid;

	return cpg_local_get(*(cpg_handle_t *)data, &nodeid);
}

static void waiting_call_ends(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct caller caller;
	double begin, late;

	daemon_stop();
	caller_start(&caller, local_get, &handle);
	caller_wait_asleep(&caller);
	CHECK(!caller.ended);
	daemon_kill();
	begin = seconds_now();
	CHECK_CS(CS_ERR_LIBRARY, caller_join(&caller));
	late = seconds_now() - begin;
	if (late > LATE_S)
		check_fail(__FILE__, __LINE__,
			   "the call returned %d ms after the death, expected "
			   "%d ms at most", (int)(1000 * late),
			   (int)(1000 * LATE_S));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static cs_error_t iteration_next(void *data)
{
	struct cpg_iteration_description_t step;

	return cpg_iteration_next(*(cpg_iteration_handle_t *)data, &step);
}

static void waiting_iteration_ends(void)
{
	cpg_handle_t handle = service_cpg.open();
	cpg_iteration_handle_t iteration;
	struct caller caller;
	double begin;

	CHECK_OK(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
	daemon_stop();
	caller_start(&caller, iteration_next, &iteration);
	caller_wait_asleep(&caller);
	CHECK(!caller.ended);
	daemon_kill();
	begin = seconds_now();
	while (!caller.ended && seconds_now() - begin < END_S)
		check_pause();
	if (!caller.ended)
		check_fail(__FILE__, __LINE__, "cpg_iteration_next does not "
			   "return in %d s", END_S);
	CHECK_CS(CS_ERR_LIBRARY, caller_join(&caller));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

static void iteration_ends(void)
{
	struct cpg_iteration_description_t step;
	cpg_handle_t handle = service_cpg.open();
	cpg_iteration_handle_t iteration;

	CHECK_OK(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
	daemon_kill();
	CHECK_CS(CS_ERR_LIBRARY, cpg_iteration_next(iteration, &step));
	CHECK_CS(CS_ERR_LIBRARY, cpg_finalize(handle));
}

#define DEATH (CASE_PRIVATE | CASE_ALONE)

const struct conf_case death_cases[] = {
	{ "death_cpg_calls", "K7 K27",
	  "cpg calls without the daemon: CS_ERR_LIBRARY", DEATH, cpg_calls },
	{ "death_cpg_dispatch", "K7",
	  "cpg_dispatch without the daemon: CS_ERR_LIBRARY", DEATH,
	  cpg_dispatches },
	{ "death_quorum_calls", "K7",
	  "quorum calls without the daemon: CS_ERR_LIBRARY", DEATH,
	  quorum_calls },
	{ "death_initialize", "K7 K15 K16",
	  "initialize without a daemon: CS_ERR_LIBRARY", DEATH,
	  initialize_fails },
	{ "death_fd", "K3", "poll returns for the descriptor", DEATH,
	  fd_shows_it },
	{ "death_dispatch_wakes", "K7", "a dispatch that waits returns",
	  DEATH, dispatch_wakes },
	{ "death_events_first", "B10",
	  "events from before the end of the daemon are delivered", DEATH,
	  events_come_first },
	{ "death_queue_full", "B9",
	  "a daemon that is killed while its queue is full: CS_ERR_LIBRARY",
	  DEATH, queue_full },
	{ "death_waiting_call", "B12",
	  "a call that waits returns soon after the end of the daemon", DEATH,
	  waiting_call_ends },
	{ "death_iteration", "B18",
	  "cpg_iteration_next without the daemon: CS_ERR_LIBRARY", DEATH,
	  iteration_ends },
	{ "death_waiting_iteration", "B18",
	  "a cpg_iteration_next that waits returns after the end of the daemon",
	  DEATH, waiting_iteration_ends },
	{ "death_large_message", "B23",
	  "a large message without the daemon: CS_ERR_LIBRARY", DEATH,
	  large_message },
	{ 0 },
};
