/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static const uint64_t handles_bad[] = {
	0,
	1,
	0x7fffffff,
	0x100000000,
	0xffffffff00000000,
	0xffffffff00000001,
	0xdeadbeefdeadbeef,
	UINT64_MAX,
};

static void call_assert_bad(const struct call *call, uint64_t handle)
{
	cs_error_t err;

	calls_outputs_mark();
	err = call->run(handle);
	ck_assert_msg(err == CS_ERR_BAD_HANDLE, "%s: %s", call->name,
		      cs_strerror(err));
	ck_assert_msg(calls_outputs_are_untouched(),
		      "%s wrote to its output parameter", call->name);
}

static void calls_assert_bad(const struct call *calls, int count,
			     uint64_t handle)
{
	int i;

	for (i = 0; i < count; i++)
		call_assert_bad(&calls[i], handle);
}

static void cpg_assert_bad(uint64_t handle)
{
	calls_assert_bad(cpg_calls, CPG_CALLS, handle);
}

static void iteration_assert_bad(uint64_t handle)
{
	calls_assert_bad(iteration_calls, ITERATION_CALLS, handle);
}

static void quorum_assert_bad(uint64_t handle)
{
	calls_assert_bad(quorum_calls, QUORUM_CALLS, handle);
}

START_TEST(handle_bad)
{
	cpg_assert_bad(handles_bad[_i]);
	iteration_assert_bad(handles_bad[_i]);
	quorum_assert_bad(handles_bad[_i]);
}
END_TEST

/* With handles open, so that a wrong one could hit one of them. */
START_TEST(handle_nearly_right)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
	cpg_handle_t cpg = cpg_open();
	int bit;

	for (bit = 0; bit < 64; bit++) {
		cpg_assert_bad(cpg ^ (1ull << bit));
		quorum_assert_bad(quorum ^ (1ull << bit));
	}
	cpg_assert_bad(cpg | 0xffffffff00000000);
	quorum_assert_bad(quorum | 0xffffffff00000000);
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(handle_of_another_kind)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
	cpg_handle_t cpg = cpg_open();
	cpg_iteration_handle_t iteration;

	assert_ok(cpg_iteration_initialize(cpg, CPG_ITERATION_ALL, NULL,
					   &iteration));
	quorum_assert_bad(cpg);
	iteration_assert_bad(cpg);
	cpg_assert_bad(quorum);
	iteration_assert_bad(quorum);
	cpg_assert_bad(iteration);
	quorum_assert_bad(iteration);
	assert_cs(CS_OK, cpg_iteration_finalize(iteration));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(handle_finalized)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);
	cpg_handle_t cpg = cpg_open();

	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	cpg_assert_bad(cpg);
	quorum_assert_bad(quorum);
}
END_TEST

/* Whoever takes the slot of a finalized handle gets another handle. */
START_TEST(handle_finalized_and_another_opened)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1), quorum_next;
	cpg_handle_t cpg = cpg_open(), cpg_next;

	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	cpg_next = cpg_open();
	quorum_next = quorum_open(QUORUM_MODEL_V1);
	cpg_assert_bad(cpg);
	quorum_assert_bad(quorum);
	assert_cs(CS_OK, cpg_finalize(cpg_next));
	assert_cs(CS_OK, quorum_finalize(quorum_next));
}
END_TEST

/* The parent's connections, after a child did with them what it could. */
static void parent_assert_undisturbed(const struct cpg_name *group,
				      cpg_handle_t cpg, quorum_handle_t quorum)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name copy = *group;
	int count, quorate;

	assert_ok(cpg_membership_get(cpg, &copy, members, &count));
	ck_assert_int_eq(count, 1);
	assert_cs(CS_OK, cpg_dispatch(cpg, CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count_of(EVENT_DELIVER), 1);
	assert_cs(CS_OK, quorum_dispatch(quorum, CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count_of(EVENT_NOTIFICATION), 1);
	assert_ok(quorum_getquorate(quorum, &quorate));
	ck_assert_int_eq(quorate, 1);
}

static void message_wait(cpg_handle_t cpg)
{
	assert_ok(pattern_send(cpg, 10, 1, 1));
	wait_for(fd_is_readable(cpg_fd(cpg)));
}

/* Let a child run with handles that it inherits and events pending. */
static void fork_and(void (*child)(cpg_handle_t cpg, quorum_handle_t quorum))
{
	struct cpg_name group = name_unique("fork");
	cpg_handle_t cpg = cpg_open_joined(&group);
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
	int status;
	pid_t pid;

	assert_ok(quorum_trackstart(quorum, CS_TRACK_CURRENT));
	message_wait(cpg);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		child(cpg, quorum);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	parent_assert_undisturbed(&group, cpg, quorum);
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}

static void child_ends_at_once(cpg_handle_t cpg, quorum_handle_t quorum)
{
	(void)cpg;
	(void)quorum;
	_exit(0);
}

static void child_exits(cpg_handle_t cpg, quorum_handle_t quorum)
{
	(void)cpg;
	(void)quorum;
	exit(0);
}

static void child_calls_everything(cpg_handle_t cpg, quorum_handle_t quorum)
{
	cpg_assert_bad(cpg);
	quorum_assert_bad(quorum);
	ck_assert_uint_eq(events_count(), 0);
	_exit(0);
}

static void child_opens_its_own(cpg_handle_t cpg, quorum_handle_t quorum)
{
	cpg_handle_t cpg_own = cpg_open();
	quorum_handle_t quorum_own = quorum_open(QUORUM_MODEL_V1);
	unsigned int nodeid;
	int quorate;

	ck_assert_uint_ne(cpg_own, cpg);
	ck_assert_uint_ne(quorum_own, quorum);
	assert_ok(cpg_local_get(cpg_own, &nodeid));
	assert_ok(quorum_getquorate(quorum_own, &quorate));
	assert_cs(CS_OK, cpg_finalize(cpg_own));
	assert_cs(CS_OK, quorum_finalize(quorum_own));
	_exit(0);
}

START_TEST(fork_and_end_at_once)
{
	fork_and(child_ends_at_once);
}
END_TEST

START_TEST(fork_and_exit)
{
	fork_and(child_exits);
}
END_TEST

START_TEST(fork_and_call_everything)
{
	fork_and(child_calls_everything);
}
END_TEST

START_TEST(fork_and_open)
{
	fork_and(child_opens_its_own);
}
END_TEST

Suite *handles_suite(void)
{
	Suite *suite = suite_create("handles");
	TCase *bad = case_add(suite, "bad");
	TCase *forked = case_add(suite, "forked");

	tcase_add_loop_test(bad, handle_bad, 0, ARRAY_SIZE(handles_bad));
	tcase_add_test(bad, handle_nearly_right);
	tcase_add_test(bad, handle_of_another_kind);
	tcase_add_test(bad, handle_finalized);
	tcase_add_test(bad, handle_finalized_and_another_opened);
	tcase_add_test(forked, fork_and_end_at_once);
	tcase_add_test(forked, fork_and_exit);
	tcase_add_test(forked, fork_and_call_everything);
	tcase_add_test(forked, fork_and_open);
	return suite;
}
