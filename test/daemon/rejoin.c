/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Join after leave. corosync 3.1.7 does not complete a leave while the handle
 * is open: a join of the same group returns CS_ERR_EXIST in the whole process,
 * and the handle's join of another group is retried because the daemon is
 * busy. Other versions may do better.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define ROUNDS 50

/* A thread that joins or leaves. */
struct change {
	cs_error_t (*run)(cpg_handle_t handle, const struct cpg_name *group);
	cpg_handle_t handle;
	struct cpg_name group;
	pthread_t thread;
	_Atomic pid_t tid;	/* 0: not yet started */
	atomic_bool done;
	cs_error_t result;	/* valid when done */
};

static void *change_run(void *data)
{
	struct change *change = data;

	change->tid = gettid();
	change->result = patiently(change->run(change->handle, &change->group));
	change->done = true;
	return NULL;
}

static void change_start(struct change *change)
{
	ck_assert_int_eq(pthread_create(&change->thread, NULL, change_run,
					change),
			 0);
}

/* Wait until the thread sleeps or its call has ended. */
static void change_wait_asleep(const struct change *change)
{
	wait_for(change->done || (change->tid != 0 &&
				  process_state(change->tid) == 'S'));
}

static cs_error_t change_join(struct change *change)
{
	wait_for(change->done);
	ck_assert_int_eq(pthread_join(change->thread, NULL), 0);
	return change->result;
}

/* A handle that has left the group. */
static cpg_handle_t open_left(const struct cpg_name *group)
{
	cpg_handle_t handle = cpg_open_joined(group);

	assert_ok(cpg_leave(handle, group));
	return handle;
}

static bool answer_is(cs_error_t err, cs_error_t forgetful)
{
	ck_assert_msg(err == CS_OK || err == forgetful, "%s",
		      cs_strerror(err));
	return err == CS_OK;
}

static void mcast_assert(cpg_handle_t handle, bool joined)
{
	if (joined)
		assert_ok(pattern_send(handle, 10, 1, 1));
	else
		assert_cs(CS_ERR_NOT_EXIST, pattern_send(handle, 10, 1, 1));
}

START_TEST(same_group_again_and_again)
{
	struct cpg_name group = name_unique("same");
	cpg_handle_t handle = cpg_open_joined(&group);
	bool joined = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		assert_cs(joined ? CS_OK : CS_ERR_NOT_EXIST,
			  patiently(cpg_leave(handle, &group)));
		mcast_assert(handle, false);
		joined = answer_is(patiently(cpg_join(handle, &group)),
				   CS_ERR_EXIST);
		mcast_assert(handle, joined);
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	}
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

/* The joins retry for up to a minute, but do not wait for each other. */
START_TEST(another_group)
{
	struct change joins[ROUNDS];
	struct cpg_name first = name_unique("first");
	cpg_handle_t handle;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		first.value[0] = (char)('a' + i);
		handle = open_left(&first);
		joins[i] = (struct change){ .run = cpg_join,
					    .handle = handle,
					    .group = name_unique("second") };
		joins[i].group.value[0] = (char)('a' + i);
	}
	for (i = 0; i < ROUNDS; i++)
		change_start(&joins[i]);
	for (i = 0; i < ROUNDS; i++) {
		change_wait_asleep(&joins[i]);
		if (!joins[i].done)
			mcast_assert(joins[i].handle, false);
		assert_cs(CS_OK, cpg_finalize(joins[i].handle));
		answer_is(change_join(&joins[i]), CS_ERR_BAD_HANDLE);
	}
	events_clear();
}
END_TEST

/* Joins that work with every version of corosync. */
START_TEST(new_handle_again_and_again)
{
	struct cpg_name group = name_unique("new");
	cpg_handle_t handle;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		handle = open_left(&group);
		if (i % 2 == 0)
			dispatch_until(handle,
				       events_count_of(EVENT_CONFCHG) == 1);
		assert_cs(CS_OK, cpg_finalize(handle));
		events_clear();
	}
}
END_TEST

START_TEST(no_leave_again_and_again)
{
	struct cpg_name group = name_unique("new");
	int i;

	for (i = 0; i < ROUNDS; i++)
		assert_cs(CS_OK, cpg_finalize(cpg_open_joined(&group)));
}
END_TEST

START_TEST(another_handle_while_the_first_is_open)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = open_left(&group), other = cpg_open();

	mcast_assert(other, answer_is(patiently(cpg_join(other, &group)),
				      CS_ERR_EXIST));
	assert_cs(CS_OK, cpg_finalize(other));
	other = cpg_open();
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_ok(cpg_join(other, &group));
	mcast_assert(other, true);
	assert_cs(CS_OK, cpg_finalize(other));
}
END_TEST

/* A handle whose join is retried if the daemon did not complete the leave. */
static void join_begin(struct change *join)
{
	struct cpg_name group = name_unique("left");

	*join = (struct change){ .run = cpg_join,
				 .handle = open_left(&group),
				 .group = name_unique("group") };
	change_start(join);
	change_wait_asleep(join);
}

/* The calls run in order: the leave ends the membership of the join. */
START_TEST(leave_while_a_join_waits)
{
	struct change join, leave;

	join_begin(&join);
	leave = (struct change){ .run = cpg_leave,
				 .handle = join.handle,
				 .group = join.group };
	change_start(&leave);
	change_wait_asleep(&leave);
	ck_assert(join.done || !leave.done);
	assert_cs(CS_OK, cpg_finalize(join.handle));
	answer_is(change_join(&join), CS_ERR_BAD_HANDLE);
	answer_is(change_join(&leave), CS_ERR_BAD_HANDLE);
	events_clear();
}
END_TEST

/* Only other joins and leaves wait for a join. */
START_TEST(calls_while_a_join_waits)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	unsigned int nodeid;
	struct change join;
	int count;

	join_begin(&join);
	assert_ok(cpg_local_get(join.handle, &nodeid));
	assert_ok(cpg_membership_get(join.handle, &join.group, members,
				     &count));
	assert_cs(CS_OK, cpg_dispatch(join.handle, CS_DISPATCH_ALL));
	answer_is(patiently(pattern_send(join.handle, 10, 1, 1)),
		  CS_ERR_NOT_EXIST);
	assert_cs(CS_OK, cpg_finalize(join.handle));
	answer_is(change_join(&join), CS_ERR_BAD_HANDLE);
	events_clear();
}
END_TEST

START_TEST(finalize_while_a_join_waits)
{
	struct change join;

	join_begin(&join);
	assert_cs(CS_OK, cpg_finalize(join.handle));
	answer_is(change_join(&join), CS_ERR_BAD_HANDLE);
	events_clear();
}
END_TEST

Suite *rejoin_suite(void)
{
	Suite *suite = suite_create("rejoin");
	TCase *again = case_add(suite, "again");
	TCase *waits = case_add(suite, "waits");

	tcase_add_test(again, same_group_again_and_again);
	tcase_add_test(again, another_group);
	tcase_add_test(again, new_handle_again_and_again);
	tcase_add_test(again, no_leave_again_and_again);
	tcase_add_test(again, another_handle_while_the_first_is_open);
	tcase_add_test(waits, leave_while_a_join_waits);
	tcase_add_test(waits, calls_while_a_join_waits);
	tcase_add_test(waits, finalize_while_a_join_waits);
	return suite;
}
