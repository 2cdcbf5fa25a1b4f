/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A child that continues to use its parent's handles: a program opens them
 * and then becomes a daemon, and a supervisor with a worker. Three processes:
 * the test, the opener, and the worker, a child or grandchild of the opener.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define SMALL 10
#define LARGE (2 * 1024 * 1024 + 5)
#define ROUNDS 200

enum join_time { JOIN_BEFORE, JOIN_AFTER, JOIN_NEVER, JOIN_TIMES };
enum opener_task { OPENER_ENDS, OPENER_WAITS, OPENER_HAS_OTHERS, OPENER_TASKS };

/* Memory that the processes of a test share. */
static struct {
	atomic_bool worker_is_done;
	atomic_uint sent;
	atomic_uint taken;
	atomic_uchar takes[2 * ROUNDS + 1];	/* by number */
} *common;

static struct cpg_name group;
static enum join_time join_time;
static cpg_handle_t cpg;
static int cpg_fd_before;
static cpg_iteration_handle_t iteration;
static quorum_handle_t quorum;
static pid_t opener;

static void handles_open(void)
{
	group = name_unique("forks");
	cpg = join_time == JOIN_BEFORE ? cpg_open_joined(&group) : cpg_open();
	assert_cs(CS_OK, cpg_context_set(cpg, &group));
	cpg_fd_before = cpg_fd(cpg);
	assert_ok(cpg_iteration_initialize(cpg, CPG_ITERATION_ALL, NULL,
					   &iteration));
	quorum = quorum_open(QUORUM_MODEL_V1);
	opener = getpid();
}

/* The worker. */

static void group_work(void)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	pid_t member = join_time == JOIN_BEFORE ? opener : getpid();
	void *buffer;
	int count = 0;

	if (join_time == JOIN_AFTER) {
		assert_ok(cpg_join(cpg, &group));
		dispatch_until(cpg, events_count_of(EVENT_CONFCHG) == 1);
	}
	assert_cs(CS_ERR_EXIST, patiently(cpg_join(cpg, &group)));
	assert_ok(cpg_membership_get(cpg, &group, members, &count));
	ck_assert_int_eq(count, 1);
	ck_assert_uint_eq(members[0].pid, (uint32_t)member);
	assert_ok(pattern_send(cpg, SMALL, 1, 1));
	dispatch_until(cpg, event_was_delivered(SMALL, 1));
	assert_ok(pattern_send(cpg, LARGE, 2, 3));
	dispatch_until(cpg, event_was_delivered(LARGE, 2));
	assert_cs(CS_OK, cpg_zcb_alloc(cpg, SMALL, &buffer));
	pattern_fill(buffer, SMALL, 3);
	assert_ok(cpg_zcb_mcast_joined(cpg, CPG_TYPE_AGREED, buffer, SMALL));
	assert_cs(CS_OK, cpg_zcb_free(cpg, buffer));
	dispatch_until(cpg, event_was_delivered(SMALL, 3));
	events_clear();
	assert_ok(cpg_leave(cpg, &group));
	dispatch_until(cpg, events_count_of(EVENT_CONFCHG) == 1);
	ck_assert_uint_eq(event_get_of(EVENT_CONFCHG, 0)->left[0].pid,
			  (uint32_t)member);
	ck_assert_uint_eq(event_get_of(EVENT_CONFCHG, 0)->members_len, 0);
}

static void cpg_work(void)
{
	struct cpg_iteration_description_t description;
	cpg_flow_control_state_t flow;
	cpg_iteration_handle_t own;
	unsigned int nodeid = 0;
	uint32_t size = 0;
	void *context = NULL;

	assert_ok(cpg_local_get(cpg, &nodeid));
	ck_assert_uint_eq(nodeid, 1);
	assert_cs(CS_OK, cpg_context_get(cpg, &context));
	ck_assert_ptr_eq(context, &group);
	ck_assert_int_eq(cpg_fd(cpg), cpg_fd_before);
	assert_cs(CS_OK, cpg_max_atomic_msgsize_get(cpg, &size));
	assert_cs(CS_OK, cpg_flow_control_state_get(cpg, &flow));
	assert_ok(cpg_iteration_initialize(cpg, CPG_ITERATION_NAME_ONLY, NULL,
					   &own));
	assert_ok(cpg_iteration_finalize(own));
	if (join_time == JOIN_BEFORE)
		assert_ok(cpg_iteration_next(iteration, &description));
	else
		assert_cs(CS_ERR_NO_SECTIONS, patiently(cpg_iteration_next(
						      iteration, &description)));
	assert_ok(cpg_iteration_finalize(iteration));
	if (join_time != JOIN_NEVER)
		group_work();
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(cpg, CS_DISPATCH_ONE_NONBLOCKING));
	ck_assert(!fd_is_readable(cpg_fd(cpg)));
}

static void quorum_work(void)
{
	int quorate = 0;

	assert_ok(quorum_getquorate(quorum, &quorate));
	ck_assert_int_eq(quorate, 1);
	assert_ok(quorum_trackstart(quorum, CS_TRACK_CURRENT));
	assert_cs(CS_OK, quorum_dispatch(quorum, CS_DISPATCH_ONE));
	assert_cs(CS_OK, quorum_dispatch(quorum, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count_of(EVENT_QUORUM), 1);
	assert_ok(quorum_trackstop(quorum));
}

static void own_work(void)
{
	struct cpg_name own_group = name_unique("own");
	cpg_handle_t own = cpg_open_joined(&own_group);

	ck_assert_uint_ne(own, cpg);
	events_clear();
	assert_ok(pattern_send(own, SMALL, 4, 1));
	dispatch_until(own, event_was_delivered(SMALL, 4));
	assert_cs(CS_OK, cpg_finalize(own));
}

static void finalize_work(void)
{
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(cpg));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
	shm_assert_gone(opener);
	shm_assert_gone(getpid());
}

static void worker_run(void)
{
	events_clear();
	cpg_work();
	events_clear();
	quorum_work();
	own_work();
	finalize_work();
	common->worker_is_done = true;
	_exit(0);
}

/* The opener. */

static void child_await(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Runs in a child, or in a grandchild whose parent ends. */
static pid_t worker_start(bool twice)
{
	pid_t pid = fork();

	if (pid == 0 && twice && fork() != 0)
		_exit(0);
	if (pid == 0)
		worker_run();
	if (twice)
		child_await(pid);
	return twice ? 0 : pid;
}

/* The worker has finalized the handles: they fail in all processes. */
static void handles_assert_dead(void)
{
	unsigned int nodeid;
	int quorate;

	assert_cs(CS_ERR_LIBRARY, cpg_local_get(cpg, &nodeid));
	assert_cs(CS_ERR_LIBRARY, cpg_dispatch(cpg, CS_DISPATCH_ONE));
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(cpg));
	assert_cs(CS_ERR_LIBRARY, quorum_getquorate(quorum, &quorate));
	assert_cs(CS_OK, quorum_finalize(quorum));
}

static void opener_run(enum opener_task task, bool twice)
{
	pid_t worker;

	handles_open();
	worker = worker_start(twice);
	if (task == OPENER_ENDS)
		_exit(0);
	if (task == OPENER_HAS_OTHERS)
		own_work();
	if (worker > 0)
		child_await(worker);
	wait_for(common->worker_is_done);
	handles_assert_dead();
	_exit(0);
}

/* Both processes use the handle: an event goes to the one that takes it. */

static void take_note(struct event *event)
{
	uint32_t number;

	if (event->kind != EVENT_DELIVER)
		return;
	memcpy(&number, event->msg, sizeof(number));
	common->takes[number]++;
	common->taken++;
}

static void rounds_work(void)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct timespec deadline = deadline_start();
	struct iovec iov;
	uint32_t number;
	int count = 0;

	for (int i = 0; i < ROUNDS; i++) {
		number = common->sent++;
		iov = (struct iovec){ &number, sizeof(number) };
		assert_ok(cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &iov, 1));
		assert_ok(cpg_membership_get(cpg, &group, members, &count));
		ck_assert_int_eq(count, 1);
		assert_cs(CS_OK, cpg_dispatch(cpg, CS_DISPATCH_ALL));
		events_clear();
	}
	while (common->taken < 2 * ROUNDS) {
		assert_cs(CS_OK, cpg_dispatch(cpg, CS_DISPATCH_ALL));
		deadline_pause(&deadline, "all messages are taken");
	}
}

static void sharer_run(int row)
{
	pid_t pid;

	(void)row;
	join_time = JOIN_BEFORE;
	handles_open();
	events_clear();
	event_hook = take_note;
	pid = fork();
	rounds_work();
	if (pid == 0) {
		common->worker_is_done = true;
		_exit(0);
	}
	child_await(pid);
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	_exit(0);
}

/* Other threads of the opener have the handle in use at the fork. */

static atomic_uint calls;

static void *call_without_end(void *data)
{
	unsigned int nodeid;

	while (cpg_local_get(cpg, &nodeid) == CS_OK)
		calls++;
	return data;
}

static void threads_run(int row)
{
	struct caller dispatcher;
	pthread_t thread;

	join_time = (enum join_time)(row % JOIN_TIMES);
	handles_open();
	caller_dispatch(&dispatcher, services[SERVICE_CPG].dispatch, cpg,
			CS_DISPATCH_BLOCKING);
	caller_wait_asleep(&dispatcher);
	ck_assert_int_eq(pthread_create(&thread, NULL, call_without_end, NULL),
			 0);
	wait_for(calls > 10);
	if (fork() != 0)
		_exit(0);
	/* The opener's dispatcher would take the events. */
	wait_for(getppid() != opener);
	worker_run();
}

static void plain_run(int row)
{
	join_time = (enum join_time)(row % JOIN_TIMES);
	opener_run((enum opener_task)(row / JOIN_TIMES % OPENER_TASKS),
		   row >= JOIN_TIMES * OPENER_TASKS);
}

/* The opener may end before its worker: the pipe ends with the last. */
static void processes_run(void (*run)(int row), int row)
{
	char byte;
	int fds[2];
	pid_t pid;

	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(common, MAP_FAILED);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run(row);
	}
	close(fds[1]);
	child_await(pid);
	ck_assert_int_eq(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	ck_assert(common->worker_is_done);
}

START_TEST(worker_goes_on)
{
	processes_run(plain_run, _i);
}
END_TEST

START_TEST(worker_of_threads_goes_on)
{
	processes_run(threads_run, _i);
}
END_TEST

START_TEST(two_go_on)
{
	processes_run(sharer_run, 0);
	for (int i = 0; i < 2 * ROUNDS; i++)
		ck_assert_int_eq(common->takes[i], 1);
}
END_TEST

Suite *forks_use_suite(void)
{
	Suite *suite = suite_create("forks_use");
	TCase *tcase = case_add(suite, "forks_use");

	tcase_add_loop_test(tcase, worker_goes_on, 0,
			    2 * JOIN_TIMES * OPENER_TASKS);
	tcase_add_loop_test(tcase, worker_of_threads_goes_on, 0,
			    4 * JOIN_TIMES);
	tcase_add_test(tcase, two_go_on);
	return suite;
}
