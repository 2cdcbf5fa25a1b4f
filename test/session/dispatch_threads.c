/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "support.h"

#define THREADS	 3
#define MESSAGES 300

static atomic_uint inside;
static atomic_uint delivered;
static atomic_bool is_released;
static atomic_bool is_over;
static atomic_uint ended;

/* One callback at a time, in order. */

static void count_hook(struct coro_session *session, struct coro_group *group,
		       const char *line)
{
	(void)session;
	(void)group;
	ck_assert_uint_eq(inside++, 0);
	ck_assert_uint_eq((unsigned int)atoi(strrchr(line, ' ')), delivered);
	sched_yield();
	ck_assert_uint_eq(--inside, 0);
	delivered++;
}

static void *dispatch_run(void *data)
{
	struct coro_session *session = data;

	while (coro_dispatch(session, -1) == CS_OK && !is_over)
		;
	ended++;
	return NULL;
}

static void number_send(struct coro_group *group, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	ck_assert_int_eq(send_text(group, text, -1), CS_OK);
}

START_TEST(several_threads)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	pthread_t threads[THREADS];

	events_hook(count_hook);
	for (int i = 0; i < THREADS; i++)
		thread_start(&threads[i], dispatch_run, session);
	for (int i = 0; i < MESSAGES; i++)
		number_send(group, i);
	wait_for(delivered == MESSAGES);
	stats_are(session, MESSAGES, 0, 0, 0);
	/* No call may begin after the close: each message ends a thread. */
	is_over = true;
	for (int i = 0; i < THREADS; i++) {
		number_send(group, MESSAGES + i);
		wait_for(ended > (unsigned int)i);
	}
	coro_close(session);
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
}
END_TEST

/* A callback that blocks. */

static struct call inside_call;

static void blocking_hook(struct coro_session *session,
			  struct coro_group *group, const char *line)
{
	(void)session;
	(void)group;
	(void)line;
	events_hook(NULL);
	inside++;
	wait_for(is_released);
}

static void callback_block(struct coro_session *session)
{
	inside_call = (struct call){ .session = session, .timeout_ms = -1 };
	events_hook(blocking_hook);
	fake_message("a", 2, 20, "blocks", 6);
	call_start(&inside_call);
	wait_for(inside == 1);
}

static void callback_release(void)
{
	is_released = true;
	ck_assert_int_eq(call_join(&inside_call), CS_OK);
}

START_TEST(other_calls_while_a_callback_blocks)
{
	struct coro_group *group, *other;
	struct coro_session *session = session_joined(&group);
	int64_t begin;

	callback_block(session);
	ck_assert_int_eq(send_text(group, "1", -1), CS_OK);
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_OK);
	ck_assert_int_eq(send_text(other, "2", -1), CS_OK);
	ck_assert_int_eq(coro_leave(other, -1), CS_OK);
	ck_assert_uint_eq(session_stats(session).sent, 2);
	ck_assert_str_eq(coro_why(session), "");
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	begin = clock_now_ns();
	ck_assert_int_eq(coro_dispatch(session, 20), CS_ERR_TIMEOUT);
	ck_assert_int_ge(clock_now_ns() - begin, 20000000);
	events_are("message a 2.20 blocks");
	callback_release();
	session_settle(session);
	events_are("message a me 1");
	coro_close(session);
}
END_TEST

/* The one that waits continues when the callback returns. */
START_TEST(turn_is_passed_on)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .session = session, .timeout_ms = -1 };

	callback_block(session);
	ck_assert_int_eq(send_text(group, "next", 0), CS_OK);
	call_start(&call);
	call_wait_asleep(&call);
	is_released = true;
	ck_assert_int_eq(call_join(&inside_call), CS_OK);
	fake_message("a", 2, 20, "last", 4);
	ck_assert_int_eq(call_join(&call), CS_OK);
	session_settle(session);
	events_are("message a 2.20 blocks; message a me next; "
		   "message a 2.20 last");
	coro_close(session);
}
END_TEST

/* Cancellation. */

static void call_cancel(struct call *call)
{
	ck_assert_int_eq(pthread_cancel(call->thread), 0);
	ck_assert_ptr_eq(thread_join(call->thread), PTHREAD_CANCELED);
}

/* Others can dispatch and send, and the session is connected or will be. */
static void session_is_usable(struct coro_session *session,
			      struct coro_group *group)
{
	struct call call = { .session = session, .timeout_ms = 0 };

	events_hook(NULL);
	fake_start();
	fake_hold_messages(false);
	session_reconnect(session);
	events_take();
	ck_assert_int_eq(send_text(group, "usable", -1), CS_OK);
	call_start(&call);
	ck_assert_int_eq(call_join(&call), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("message a me usable"), 1);
	coro_close(session);
}

START_TEST(canceled_in_the_wait)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call canceled = { .session = session, .timeout_ms = -1 };
	struct call other = canceled;

	call_start(&canceled);
	call_start(&other);
	call_wait_asleep(&canceled);
	call_wait_asleep(&other);
	call_cancel(&canceled);
	fake_message("a", 2, 20, "hello", 5);
	ck_assert_int_eq(call_join(&other), CS_OK);
	session_is_usable(session, group);
}
END_TEST

START_TEST(canceled_while_another_callback_blocks)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call canceled = { .session = session, .timeout_ms = -1 };

	callback_block(session);
	fake_message("a", 2, 20, "hello", 5);
	call_start(&canceled);
	call_wait_asleep(&canceled);
	call_cancel(&canceled);
	callback_release();
	session_is_usable(session, group);
}
END_TEST

static const char *linger_line;
static unsigned int linger_nest;

/* ThreadSanitizer cannot cancel a thread in a blocking call. */
static void linger_hook(struct coro_session *session, struct coro_group *group,
			const char *line)
{
	(void)group;
	if (strncmp(line, linger_line, strlen(linger_line)) != 0)
		return;
	if (linger_nest > 0) {
		linger_nest--;
		fake_message("a", 2, 20, "nested", 6);
		linger_line = "message a 2.20 nested";
		coro_dispatch(session, 0);
		ck_abort_msg("not canceled");
	}
	inside++;
	libc_count_set(true);
	for (;;) {
		pthread_testcancel();
		sched_yield();
	}
}

static const struct {
	const char *line;
	int step;
} lingers[] = {
	{ "members", 0 },      { "message", 1 },
	{ "quorum", 2 },       { "lost a 1", 3 },
	{ "sendable", 4 },     { "lost a 0 1", 5 },
	{ "disconnected", 5 }, { "connected", 6 },
	{ "quorum yes 4", 6 }, { "members a: me +me/1 rejoin", 6 },
};

static void loss_cause(struct coro_session *session, int step)
{
	fake_die();
	if (step == 5)
		return;
	events_hook(NULL);
	session_settle(session);
	events_hook(linger_hook);
	fake_start();
	clock_skip_ms(1000);
}

/* The events that a dispatch then delivers. */
static void step_cause(struct coro_session *session, struct coro_group *group,
		       int step)
{
	static const uint32_t nodes[] = { 1, 2 };

	if (step == 0) {
		fake_enter("a", 2, 20);
	} else if (step == 1) {
		fake_message("a", 2, 20, "hello", 5);
	} else if (step == 2) {
		fake_quorum(true, 8, nodes, 2);
	} else if (step == 3) {
		ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
		fake_discard(1);
		fake_return(1);
	} else if (step == 4) {
		fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 1);
		ck_assert_int_eq(send_text(group, "3", 0), CS_ERR_TIMEOUT);
	} else {
		loss_cause(session, step);
	}
}

static void linger_and_cancel(struct coro_session *session)
{
	struct call call;

	do {
		call = (struct call){ .session = session, .timeout_ms = -1 };
		call_start(&call);
		wait_for(inside == 1 || call.done);
	} while (inside == 0 && call_join(&call) == CS_OK);
	call_cancel(&call);
}

START_TEST(canceled_in_each_callback)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	int step = lingers[_i].step;

	fake_hold_messages(true);
	if (step != 6)
		ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	linger_line = lingers[_i].line;
	events_hook(linger_hook);
	step_cause(session, group, step);
	linger_and_cancel(session);
	session_is_usable(session, group);
}
END_TEST

START_TEST(canceled_in_a_nested_callback)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	linger_nest = 1;
	linger_line = lingers[_i].line;
	fake_hold_messages(true);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	events_hook(linger_hook);
	step_cause(session, group, lingers[_i].step);
	linger_and_cancel(session);
	session_is_usable(session, group);
}
END_TEST

/* The session was closed before: its memory is freed by the cancellation. */
START_TEST(canceled_after_close)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .session = session, .timeout_ms = -1 };

	linger_line = "message";
	events_hook(linger_hook);
	fake_message("a", 2, 20, "hello", 5);
	call_start(&call);
	wait_for(inside == 1);
	coro_close(session);
	call_cancel(&call);
}
END_TEST

/* All at the same time, for the sanitizers, while the daemon restarts. */

#define RESTARTS 20

static struct coro_group *stress_group;

static void *stress_dispatch(void *data)
{
	cs_error_t error;

	while (!is_over) {
		error = coro_dispatch(data, 5);
		ck_assert(error == CS_OK || error == CS_ERR_TIMEOUT);
	}
	return NULL;
}

static void *stress_send(void *data)
{
	cs_error_t error;

	while (!is_over) {
		error = send_text(stress_group, "stress", 5);
		ck_assert(error == CS_OK || error == CS_ERR_TIMEOUT ||
			  error == CS_ERR_INTERRUPT);
		session_stats(data);
		coro_why(data);
	}
	return NULL;
}

static void *stress_join(void *data)
{
	struct coro_group *group;

	while (!is_over) {
		if (join_text(data, "b", &group, 5) != CS_OK)
			continue;
		send_text(group, "stress", 0);
		while (coro_leave(group, 5) != CS_OK)
			;
	}
	return NULL;
}

static void *(*const stress_runs[])(void *data) = {
	stress_dispatch, stress_dispatch, stress_send, stress_send, stress_join,
};

static void stress_hook(struct coro_session *session, struct coro_group *group,
			const char *line)
{
	(void)session;
	(void)group;
	(void)line;
	delivered++;
	events_take();
}

/* After some events; at least one attempt to connect fails. */
static void daemon_restart(void)
{
	static const uint32_t nodes[] = { 1, 2 };
	unsigned int before = delivered, attempts;

	fake_quorum(true, 8, nodes, 2);
	wait_for(delivered > before + 50);
	attempts = fake_calls(FAKE_QUORUM_INITIALIZE);
	fake_die();
	wait_for(fake_calls(FAKE_QUORUM_INITIALIZE) > attempts);
	fake_start();
}

START_TEST(stress)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 1,
					      .retry_max_ms = 4 };
	struct coro_session *session =
		session_joined_with(&options, &stress_group);
	pthread_t threads[COUNT(stress_runs)];

	events_hook(stress_hook);
	for (size_t i = 0; i < COUNT(stress_runs); i++)
		thread_start(&threads[i], stress_runs[i], session);
	for (int i = 0; i < RESTARTS; i++)
		daemon_restart();
	is_over = true;
	for (size_t i = 0; i < COUNT(stress_runs); i++)
		thread_join(threads[i]);
	ck_assert_uint_ge(session_stats(session).connects, RESTARTS);
	session_is_usable(session, stress_group);
}
END_TEST

/*
 * ThreadSanitizer does not see the locks of a thread that is canceled in a
 * blocking call. AddressSanitizer aborts if a cancellation unwinds functions
 * that have variables with red zones and no cleanup.
 */
#ifdef __SANITIZE_THREAD__
#define CAN_CANCEL_WAITS false
#else
#define CAN_CANCEL_WAITS true
#endif
#ifdef __SANITIZE_ADDRESS__
#define CAN_UNWIND false
#else
#define CAN_UNWIND true
#endif

static void cancel_tests_add(TCase *tcase)
{
	tcase_add_test(tcase, canceled_while_another_callback_blocks);
	tcase_add_loop_test(tcase, canceled_in_each_callback, 0,
			    (int)COUNT(lingers));
	tcase_add_loop_test(tcase, canceled_in_a_nested_callback, 0, 5);
	tcase_add_test(tcase, canceled_after_close);
}

TCase *dispatch_threads_case(void)
{
	TCase *tcase = session_case("dispatch_threads");

	tcase_add_test(tcase, several_threads);
	tcase_add_test(tcase, other_calls_while_a_callback_blocks);
	tcase_add_test(tcase, turn_is_passed_on);
	if (CAN_CANCEL_WAITS)
		tcase_add_test(tcase, canceled_in_the_wait);
	if (CAN_UNWIND)
		cancel_tests_add(tcase);
	tcase_add_test(tcase, stress);
	return tcase;
}
