/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A process that shares a connection by fork is killed in the middle of a
 * call, and the others go on. So that no moment is left to chance, it is
 * stopped at each of its system calls, and numbers of instructions later.
 */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../error_log.h"
#include "../unit/wire.h"
#include "client.h"
#include "suites.h"

#define SMALL 100
#define LARGE (1200 * 1024)

/*
 * With shm IPC the connection may end: libqb does a few things in several
 * steps. So it may at one moment in so many, and never at a system call.
 */
#define END_RATIO 4
#define TRIES 5

static cpg_handle_t handle;
static uint32_t last_sent;	/* the number of the last event */
static uint32_t last_taken;
static unsigned int taken;	/* how many events */
static bool in_order;

/* Not that of events.h: a kill in it would spoil what libcheck writes down. */
static void deliver(cpg_handle_t of, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	uint32_t number = len < sizeof(number) ? 0 : get_u32(msg, 0);

	(void)of;
	(void)group;
	(void)nodeid;
	(void)pid;
	if (number <= last_taken)
		in_order = false;
	last_taken = number;
	taken++;
}

static void event_send(void)
{
	struct wire wire;

	wire_deliver(&wire);
	put_u32(wire.bytes, 184, ++last_sent);
	server_event(wire.bytes, wire.size);
}

/* What the victim does. */

static cs_error_t local_run(void)
{
	unsigned int nodeid;

	return cpg_local_get(handle, &nodeid);
}

static cs_error_t small_run(void)
{
	return zeroes_send(handle, SMALL);
}

static cs_error_t large_run(void)
{
	return zeroes_send(handle, LARGE);
}

static cs_error_t one_run(void)
{
	return cpg_dispatch(handle, CS_DISPATCH_ONE);
}

static cs_error_t all_run(void)
{
	return cpg_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct work {
	cs_error_t (*run)(void);
	unsigned int events;	/* that are pending */
	int step, steps_end;	/* the instructions after each stop */
} works[] = {
	{ local_run, 0, 80, 400 }, { small_run, 0, 80, 400 },
	{ large_run, 0, 1, 1 },	   { one_run, 1, 100, 1600 },
	{ all_run, 3, 100, 1600 },
};

/* The victim. */

static pid_t victim;

/* Until the next stop. False: it has ended. */
static bool victim_await(void)
{
	int status;

	ck_assert_int_eq(waitpid(victim, &status, 0), victim);
	if (WIFSTOPPED(status))
		return true;
	ck_assert_int_eq(status, 0);
	return false;
}

static void victim_start(const struct work *work)
{
	victim = fork();
	ck_assert_int_ge(victim, 0);
	if (victim == 0) {
		error_log_pause(true);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(work->run() == CS_OK ? 0 : 1);
	}
	ck_assert(victim_await());
	ptrace(PTRACE_SETOPTIONS, victim, NULL, PTRACE_O_EXITKILL);
}

static void victim_kill(void)
{
	ck_assert_int_eq(kill(victim, SIGKILL), 0);
	ck_assert_int_eq(waitpid(victim, NULL, 0), victim);
}

/* At that stop at a system call, and on. False: its work is done before. */
static bool victim_kill_at(const struct work *work, int stops, int steps)
{
	victim_start(work);
	for (int i = 0; i < stops + steps; i++) {
		ck_assert_int_eq(ptrace(i < stops ? PTRACE_SYSCALL :
						    PTRACE_SINGLESTEP,
					victim, NULL, NULL), 0);
		if (!victim_await())
			return false;
	}
	victim_kill();
	return true;
}

/* The others. */

static void connection_open(const struct work *work)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = deliver };

	server->spare_bytes = true;
	server->counts_late = true;
	server_start();
	assert_cs(CS_OK, cpg_initialize(&handle, &callbacks));
	assert_cs(CS_OK, cpg_join(handle, &fake_group));
	/* The loader has found all functions then. */
	assert_cs(CS_OK, local_run());
	assert_cs(CS_OK, large_run());
	event_send();
	assert_cs(CS_OK, all_run());
	for (unsigned int i = 0; i < work->events; i++)
		event_send();
	taken = 0;
	in_order = true;
}

static void requests_assert(void)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = fake_group;
	int count;

	assert_cs(CS_OK, local_ask(handle));
	assert_cs(CS_OK, cpg_membership_get(handle, &group, members, &count));
	assert_cs(CS_OK, small_run());
	assert_cs(CS_OK, large_run());
	server_requests_assert(0);
}

/* The first ones are those that the victim has not taken, and one more. */
static void events_assert(unsigned int pending)
{
	const int fd = fake_fd(handle);

	ck_assert_uint_ge(taken, 1);
	ck_assert_uint_le(taken, pending + 1);
	ck_assert_uint_eq(last_taken, last_sent);
	for (int i = 0; i < 2; i++) {
		taken = 0;
		event_send();
		ck_assert(fd_is_readable(fd));
		assert_cs(CS_OK, one_run());
		ck_assert_uint_eq(taken, 1);
		ck_assert_uint_eq(last_taken, last_sent);
		ck_assert(!fd_is_readable(fd));
	}
	ck_assert(in_order);
}

/* Events that came before the end are delivered first. */
static void end_assert(void)
{
	cs_error_t err;

	assert_cs(CS_ERR_LIBRARY, local_run());
	assert_cs(CS_ERR_LIBRARY, small_run());
	do
		err = one_run();
	while (err == CS_OK);
	assert_cs(CS_ERR_LIBRARY, err);
	assert_cs(CS_ERR_LIBRARY, all_run());
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	server_kill();
	server_reap();
	server_files_remove();
}

/* False: the connection has ended. */
static bool others_go_on(const struct work *work)
{
	event_send();
	if (local_run() != CS_OK || all_run() != CS_OK) {
		end_assert();
		return false;
	}
	requests_assert();
	events_assert(work->events);
	fake_close(handle, CS_OK);
	return true;
}

static bool stops_are_possible(void)
{
	int status = 1;
	pid_t pid;

	if (!valgrind_is_there()) {
		pid = fork();
		if (pid == 0)
			_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	if (status != 0)
		printf("NOT TESTED: processes cannot be stopped\n");
	return status == 0;
}

static unsigned int moments, ends, ends_at_stops;

/*
 * A step of the daemon may come late on a busy machine, and the connection ends
 * for that reason: try the moment again. Returns whether the others go on;
 * *ret_runs is false if the work was done before the moment.
 */
static bool moment_run(const struct work *work, int stops, int steps,
		       bool *ret_runs)
{
	bool goes_on = false;

	for (int tries = 0; tries < TRIES && !goes_on; tries++) {
		connection_open(work);
		*ret_runs = victim_kill_at(work, stops, steps);
		goes_on = others_go_on(work);
	}
	return goes_on;
}

/* Runs the moments after a stop. Returns false if the work is done before. */
static bool moments_run(const struct work *work, int stops)
{
	bool runs = true;

	for (int steps = 0; runs && steps < work->steps_end;
	     steps += work->step) {
		moments++;
		if (!moment_run(work, stops, steps, &runs)) {
			ends++;
			ends_at_stops += steps == 0;
		}
		if (!runs && steps == 0)
			return false;
	}
	return true;
}

START_TEST(at_each_moment)
{
	int stops = 0;

	if (!stops_are_possible())
		return;
	while (moments_run(&works[_i], stops))
		stops++;
	ck_assert_int_gt(stops, 0);
	ck_assert_uint_eq(ends_at_stops, 0);
	ck_assert_uint_le(ends, ipc_is_socket() ? 0 : moments / END_RATIO);
}
END_TEST

Suite *killed_suite(void)
{
	Suite *suite = suite_create("killed");
	TCase *tcase = fake_case_add(suite, "killed");

	tcase_set_tags(tcase, "long");
	tcase_add_loop_test(tcase, at_each_moment, 0, ARRAY_SIZE(works));
	return suite;
}
