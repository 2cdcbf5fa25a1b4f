/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MIB (1024u * 1024u)
#define MESSAGES 2000
#define THREADS 4

static const struct service_api *const cpg_service = &services[SERVICE_CPG];

static atomic_bool callback_may_end;

/* Two modes wait. */
static cs_dispatch_flags_t row_mode(int row)
{
	return row / SERVICES == 0 ? CS_DISPATCH_ONE : CS_DISPATCH_BLOCKING;
}

START_TEST(finalize_wakes_dispatchers)
{
	const struct service_api *service = &services[_i % SERVICES];
	struct caller dispatchers[THREADS];
	uint64_t handle = service->open();
	int i;

	for (i = 0; i < THREADS; i++)
		caller_dispatch(&dispatchers[i], service->dispatch, handle,
				row_mode(_i));
	for (i = 0; i < THREADS; i++)
		caller_wait_asleep(&dispatchers[i]);
	assert_cs(CS_OK, service->finalize(handle));
	for (i = 0; i < THREADS; i++)
		assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatchers[i]));
	service->close();
}
END_TEST

/* The handle stays usable, and the thread left nothing behind. */
static void cancelled_assert(cpg_handle_t handle, struct cpg_name *group)
{
	events_clear();
	event_hook = NULL;
	assert_ok(pattern_send(handle, 10, 7, 1));
	dispatch_until(handle, event_was_delivered(10, 7));
	assert_ok(cpg_leave(handle, group));
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}

START_TEST(cancel_while_waiting)
{
	struct cpg_name group = name_unique("cancel");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;

	caller_dispatch(&dispatcher, cpg_service->dispatch, handle,
			CS_DISPATCH_BLOCKING);
	caller_wait_asleep(&dispatcher);
	caller_cancel(&dispatcher);
	cancelled_assert(handle, &group);
}
END_TEST

static void hook_sleep_for_ever(struct event *event)
{
	(void)event;
	for (;;)
		pause();
}

START_TEST(cancel_in_callback)
{
	struct cpg_name group = name_unique("cancel");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;

	event_hook = hook_sleep_for_ever;
	assert_ok(pattern_send(handle, 3 * MIB, 1, 1));
	caller_dispatch(&dispatcher, cpg_service->dispatch, handle,
			CS_DISPATCH_BLOCKING);
	wait_for(events_count() == 1);
	caller_wait_asleep(&dispatcher);
	caller_cancel(&dispatcher);
	cancelled_assert(handle, &group);
}
END_TEST

START_TEST(quorum_cancel_while_waiting)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V1);
	struct caller dispatcher;

	caller_dispatch(&dispatcher, services[SERVICE_QUORUM].dispatch, handle,
			CS_DISPATCH_BLOCKING);
	caller_wait_asleep(&dispatcher);
	caller_cancel(&dispatcher);
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 2);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

static void hook_wait(struct event *event)
{
	(void)event;
	wait_for(callback_may_end);
}

/* One thread sits in its callback; this one does everything else. */
START_TEST(calls_while_a_callback_runs)
{
	struct cpg_name group = name_unique("calls");
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;
	unsigned int nodeid;
	int count;

	event_hook = hook_wait;
	assert_ok(pattern_send(handle, 10, 1, 1));
	caller_dispatch(&dispatcher, cpg_service->dispatch, handle,
			CS_DISPATCH_ONE);
	wait_for(events_count() == 1);
	assert_ok(cpg_local_get(handle, &nodeid));
	assert_ok(cpg_membership_get(handle, &group, members, &count));
	assert_ok(pattern_send(handle, 10, 2, 1));
	assert_ok(pattern_send(handle, 3 * MIB, 3, 1));
	ck_assert(!dispatcher.done);
	callback_may_end = true;
	assert_cs(CS_OK, caller_join(&dispatcher));
	dispatch_until(handle, events_count() == 3);
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

/* Finalize does not wait for the callback, and the message stays. */
START_TEST(finalize_while_a_callback_runs)
{
	struct cpg_name group = name_unique("finalize");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;

	event_hook = hook_wait;
	assert_ok(pattern_send(handle, 10, 1, 1));
	caller_dispatch(&dispatcher, cpg_service->dispatch, handle,
			CS_DISPATCH_BLOCKING);
	wait_for(events_count() == 1);
	assert_cs(CS_OK, cpg_finalize(handle));
	ck_assert(!dispatcher.done);
	callback_may_end = true;
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	events_clear();
}
END_TEST

static void numbers_send(cpg_handle_t handle, uint32_t count)
{
	uint32_t number;
	struct iovec iov = { &number, sizeof(number) };

	for (number = 0; number < count; number++)
		assert_ok(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
}

/* Each number came once. */
static void numbers_assert(uint32_t count)
{
	bool seen[MESSAGES] = { false };
	uint32_t i, number;

	ck_assert_uint_eq(events_count(), count);
	for (i = 0; i < count; i++) {
		const struct event *event = event_get(i);

		ck_assert_uint_eq(event->msg_len, sizeof(number));
		memcpy(&number, event->msg, sizeof(number));
		ck_assert_uint_lt(number, count);
		ck_assert_msg(!seen[number], "%u came twice", number);
		seen[number] = true;
	}
}

static void hook_finalize_at_last(struct event *event)
{
	if (events_count() == MESSAGES)
		assert_cs(CS_OK, cpg_finalize(event->handle));
}

START_TEST(one_sends_another_dispatches)
{
	struct cpg_name group = name_unique("once");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;

	event_hook = hook_finalize_at_last;
	caller_dispatch(&dispatcher, cpg_service->dispatch, handle,
			CS_DISPATCH_BLOCKING);
	caller_wait_asleep(&dispatcher);
	numbers_send(handle, MESSAGES);
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	numbers_assert(MESSAGES);
	events_clear();
}
END_TEST

START_TEST(two_dispatchers_get_each_event_once)
{
	struct cpg_name group = name_unique("once");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatchers[2];
	int i;

	for (i = 0; i < 2; i++)
		caller_dispatch(&dispatchers[i], cpg_service->dispatch, handle,
				CS_DISPATCH_BLOCKING);
	numbers_send(handle, MESSAGES);
	wait_for(events_count() >= MESSAGES);
	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < 2; i++)
		assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatchers[i]));
	numbers_assert(MESSAGES);
	events_clear();
}
END_TEST

static void *big_send(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	uint32_t seed = (uint32_t)gettid();

	assert_ok(pattern_send(handle, 3 * MIB + seed, seed, 3));
	assert_ok(pattern_send(handle, seed, seed, 3));
	return NULL;
}

/* Large and small messages of several threads are each delivered whole. */
START_TEST(several_send)
{
	struct cpg_name group = name_unique("send");
	cpg_handle_t handle = cpg_open_joined(&group);
	pthread_t threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, big_send,
						&handle),
				 0);
	dispatch_until(handle, events_count() == 2 * THREADS);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 2 * THREADS; i++) {
		const struct event *event = event_get(i);
		size_t len = event->msg_len;
		size_t seed = len > 3 * MIB ? len - 3 * MIB : len;

		ck_assert(pattern_matches(event->msg, len, (uint32_t)seed));
	}
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

static struct cpg_name asked_group;

static void *ask(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	struct cpg_address members[CPG_MEMBERS_MAX];
	unsigned int nodeid;
	int i, count;

	for (i = 0; i < 300; i++) {
		struct cpg_name group = asked_group;

		assert_ok(cpg_local_get(handle, &nodeid));
		ck_assert_uint_eq(nodeid, 1);
		assert_ok(cpg_membership_get(handle, &group, members, &count));
		ck_assert_int_eq(count, 1);
		ck_assert_uint_eq(members[0].pid, (uint32_t)getpid());
	}
	return NULL;
}

/* Each thread gets the reply to its own request. */
START_TEST(several_ask)
{
	pthread_t threads[THREADS];
	cpg_handle_t handle;
	int i;

	asked_group = name_unique("ask");
	handle = cpg_open_joined(&asked_group);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask,
						&handle),
				 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

static void *open_and_close(void *data)
{
	int i, quorate;

	(void)data;
	for (i = 0; i < 20; i++) {
		cpg_handle_t cpg = cpg_open();
		quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
		unsigned int nodeid;

		assert_ok(cpg_local_get(cpg, &nodeid));
		assert_ok(quorum_getquorate(quorum, &quorate));
		assert_cs(CS_OK, cpg_finalize(cpg));
		assert_cs(CS_OK, quorum_finalize(quorum));
	}
	return NULL;
}

START_TEST(several_open_and_close)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						open_and_close, NULL),
				 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

Suite *threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *end = case_add(suite, "end");
	TCase *work = case_add(suite, "work");

	tcase_add_loop_test(end, finalize_wakes_dispatchers, 0, 2 * SERVICES);
	tcase_add_test(end, finalize_while_a_callback_runs);
	tcase_add_test(end, cancel_while_waiting);
	tcase_add_test(end, cancel_in_callback);
	tcase_add_test(end, quorum_cancel_while_waiting);
	tcase_add_test(work, calls_while_a_callback_runs);
	tcase_add_test(work, one_sends_another_dispatches);
	tcase_add_test(work, two_dispatchers_get_each_event_once);
	tcase_add_test(work, several_send);
	tcase_add_test(work, several_ask);
	tcase_add_test(work, several_open_and_close);
	return suite;
}
