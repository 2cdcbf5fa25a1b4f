/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "suites.h"
#include "support.h"

/* The callbacks; the last message of the log begins with one of these. */
static const char *const callbacks[] = {
	"connected",	  "quorum",	"members a",
	"message a 2.20", "lost a 1 0", "message a me 2",
	"sendable a",	  "lost a 0 1", "disconnected",
};

#define ALL ((int)COUNT(callbacks))

static const char *close_at; /* the line to close in */
static unsigned int nest;    /* dispatches inside of it, before the close */
static bool is_closed;

static void close_hook(struct coro_session *session, struct coro_group *group,
		       const char *line)
{
	(void)group;
	if (strncmp(line, close_at, strlen(close_at)) != 0 || is_closed)
		return;
	if (nest-- > 0) {
		fake_message("a", 3, 30, "nested", 6);
		close_at = "message a 3.30";
		ck_assert_int_eq(coro_dispatch(session, 0), CS_ERR_BAD_HANDLE);
		return;
	}
	is_closed = true;
	coro_close(session);
}

static void dispatch_until_closed(struct coro_session *session)
{
	cs_error_t error;

	while (!is_closed && fd_is_readable(coro_fd(session))) {
		error = coro_dispatch(session, 0);
		ck_assert_int_eq(error, is_closed ? CS_ERR_BAD_HANDLE : CS_OK);
	}
}

/* Each step leads to other callbacks. */
static void step_run(struct coro_session *session, struct coro_group *group,
		     int step)
{
	switch (step) {
	case 0:
		fake_message("a", 2, 20, "hello", 5);
		break;
	case 1:
		fake_hold_messages(true);
		ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
		ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
		fake_discard(1);
		fake_return(1);
		break;
	case 2:
		fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 1);
		ck_assert_int_eq(send_text(group, "3", 0), CS_ERR_TIMEOUT);
		clock_skip_ms(1000);
		wait_for(fd_is_readable(coro_fd(session)));
		break;
	default:
		ck_assert_int_eq(send_text(group, "4", 0), CS_OK);
		fake_die();
	}
}

static void steps_run(void)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	ck_assert_int_eq(join_text(session, "a", &group, 0), CS_OK);
	dispatch_until_closed(session);
	for (int step = 0; step < 4 && !is_closed; step++) {
		step_run(session, group, step);
		dispatch_until_closed(session);
	}
	ck_assert(is_closed);
}

/* It is the last callback. */
START_TEST(in_each_callback)
{
	const char *events;
	const char *last;

	close_at = callbacks[_i];
	events_hook(close_hook);
	steps_run();
	events = events_take();
	last = strrchr(events, ';');
	last = last != NULL ? last + 2 : events;
	ck_assert_int_eq(strncmp(last, close_at, strlen(close_at)), 0);
}
END_TEST

/* Those that need no second dispatch of a group that is just delivered to. */
START_TEST(in_a_nested_callback)
{
	static const char *const outer[] = { "members a", "message a 2.20",
					     "message a me 2", "sendable a" };

	close_at = outer[_i];
	nest = 1;
	events_hook(close_hook);
	steps_run();
	ck_assert_ptr_nonnull(strstr(events_take(), "message a 3.30 nested"));
}
END_TEST

/* Events of all handles are pending. */
START_TEST(pending_events_are_not_delivered)
{
	static const uint32_t nodes[] = { 1, 2 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	session_join(session, "b");
	for (int i = 0; i < 2; i++) {
		fake_message("a", 2, 20, "hello", 5);
		fake_message("b", 2, 20, "hello", 5);
	}
	fake_quorum(true, 8, nodes, 2);
	close_at = "";
	events_hook(close_hook);
	ck_assert_int_eq(coro_dispatch(session, -1), CS_ERR_BAD_HANDLE);
	ck_assert_ptr_null(strchr(events_take(), ';'));
}
END_TEST

/* Threads. */

static void close_wakes(struct call *call)
{
	call_start(call);
	call_wait_asleep(call);
	coro_close(call->session);
	ck_assert_int_eq(call_join(call), CS_ERR_BAD_HANDLE);
}

/* Also without corosync, when no connection is watched. */
START_TEST(wakes_dispatch)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 1000000000,
					      .retry_max_ms = 1000000000 };
	struct coro_session *session = session_open_with(&options);
	struct call others[2] = { { .session = session, .timeout_ms = -1 },
				  { .session = session, .timeout_ms = -1 } };
	struct call call = { .session = session, .timeout_ms = -1 };

	session_settle(session);
	if (_i == 1)
		fake_die();
	session_settle(session);
	call_start(&others[0]);
	call_start(&others[1]);
	call_wait_asleep(&others[0]);
	call_wait_asleep(&others[1]);
	close_wakes(&call);
	ck_assert_int_eq(call_join(&others[0]), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(call_join(&others[1]), CS_ERR_BAD_HANDLE);
}
END_TEST

/* Corosync is overloaded, or is gone, or too much is in flight. */
START_TEST(wakes_send)
{
	const struct coro_options options = { .size = sizeof(options),
					      .backlog_max = 1 };
	struct coro_group *group;
	struct coro_session *session = session_joined_with(&options, &group);
	struct call call = { .kind = CALL_SEND,
			     .session = session,
			     .group = group,
			     .text = "1",
			     .timeout_ms = -1 };

	if (_i == 0) {
		fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, -1);
	} else if (_i == 1) {
		fake_die();
		session_settle(session);
	} else {
		fake_hold_messages(true);
		ck_assert_int_eq(send_text(group, "0", 0), CS_OK);
	}
	close_wakes(&call);
}
END_TEST

START_TEST(wakes_join)
{
	struct coro_session *session = session_open();
	struct call call = { .kind = CALL_JOIN,
			     .session = session,
			     .text = "a",
			     .timeout_ms = -1 };

	session_settle(session);
	if (_i == 0) {
		fake_fail(FAKE_CPG_JOIN, CS_ERR_TRY_AGAIN, -1);
	} else if (_i == 1) {
		fake_fail(FAKE_CPG_MODEL_INITIALIZE, CS_ERR_NO_SPACE, -1);
	} else {
		fake_die();
		session_settle(session);
	}
	close_wakes(&call);
	ck_assert_ptr_null(call.group);
}
END_TEST

/* The group cannot leave yet, or corosync refuses it, or does not reply. */
START_TEST(wakes_leave)
{
	struct coro_session *session = session_open();
	struct coro_group *group;
	struct call call = { .kind = CALL_LEAVE,
			     .session = session,
			     .timeout_ms = -1 };

	fake_hold_joins(_i == 0);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	call.group = group;
	session_settle(session);
	if (_i == 1)
		fake_fail(FAKE_CPG_LEAVE, CS_ERR_TRY_AGAIN, -1);
	close_wakes(&call);
}
END_TEST

START_TEST(during_a_leave)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .kind = CALL_LEAVE,
			     .session = session,
			     .group = group,
			     .timeout_ms = -1 };

	fake_block(FAKE_CPG_LEAVE);
	call_start(&call);
	wait_for(fake_blocked(FAKE_CPG_LEAVE) == 1);
	coro_close(session);
	fake_unblock(FAKE_CPG_LEAVE);
	ck_assert_int_eq(call_join(&call), CS_ERR_BAD_HANDLE);
}
END_TEST

/* A request that corosync replies to late: the result is thrown away. */
START_TEST(during_a_connect)
{
	static const enum fake_call requests[] = {
		FAKE_QUORUM_INITIALIZE,	   FAKE_QUORUM_TRACKSTART,
		FAKE_CPG_INITIALIZE,	   FAKE_PEER,
		FAKE_CPG_MODEL_INITIALIZE, FAKE_CPG_JOIN,
	};
	enum fake_call request = requests[_i];
	struct coro_session *session;
	struct call call = { .kind = CALL_JOIN, .text = "a", .timeout_ms = -1 };

	fake_die();
	call.session = session = session_open();
	session_settle(session);
	if (request != FAKE_PEER)
		fake_start();
	clock_skip_ms(1000);
	fake_block(request);
	call_start(&call);
	wait_for(fake_blocked(request) == 1);
	coro_close(session);
	fake_unblock(request);
	ck_assert_int_eq(call_join(&call), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake_handles(), 0);
}
END_TEST

/* The message is sent, but the call cannot wait for its delivery. */
START_TEST(during_a_send)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .kind = CALL_SEND,
			     .session = session,
			     .group = group,
			     .text = "1",
			     .timeout_ms = -1 };

	fake_block(FAKE_CPG_MCAST_END);
	call_start(&call);
	wait_for(fake_blocked(FAKE_CPG_MCAST_END) == 1);
	coro_close(session);
	fake_unblock(FAKE_CPG_MCAST_END);
	ck_assert_int_eq(call_join(&call), CS_ERR_INTERRUPT);
}
END_TEST

static atomic_bool is_blocked;
static atomic_bool is_released;

static void blocking_hook(struct coro_session *session,
			  struct coro_group *group, const char *line)
{
	(void)session;
	(void)group;
	(void)line;
	is_blocked = true;
	wait_for(is_released);
}

/* The close does not wait for the callback; another dispatcher does not. */
START_TEST(during_a_callback)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call inside = { .session = session, .timeout_ms = -1 };
	struct call other = { .session = session, .timeout_ms = -1 };

	events_hook(blocking_hook);
	fake_message("a", 2, 20, "1", 1);
	fake_message("a", 2, 20, "2", 1);
	call_start(&inside);
	wait_for(is_blocked);
	call_start(&other);
	call_wait_asleep(&other);
	coro_close(session);
	ck_assert_int_eq(call_join(&other), CS_ERR_BAD_HANDLE);
	is_released = true;
	ck_assert_int_eq(call_join(&inside), CS_ERR_BAD_HANDLE);
	events_are("message a 2.20 1");
}
END_TEST

START_TEST(leaves_the_groups)
{
	struct coro_group *group, *observed;
	struct coro_session *session = session_joined(&group);
	struct coro_session *observer;

	observer = session_open();
	session_settle(observer);
	fake_enter("b", 2, 20);
	observed = session_join(observer, "b");
	session_join(session, "c");
	events_take();
	coro_close(session);
	ck_assert_uint_eq(fake_handles(), 2);
	ck_assert_int_eq(send_text(observed, "1", 0), CS_OK);
	session_settle(observer);
	events_are("message b me 1");
	coro_close(observer);
}
END_TEST

TCase *close_case(void)
{
	TCase *tcase = session_case("close");

	tcase_add_loop_test(tcase, in_each_callback, 0, ALL);
	tcase_add_loop_test(tcase, in_a_nested_callback, 0, 4);
	tcase_add_test(tcase, pending_events_are_not_delivered);
	tcase_add_loop_test(tcase, wakes_dispatch, 0, 2);
	tcase_add_loop_test(tcase, wakes_send, 0, 3);
	tcase_add_loop_test(tcase, wakes_join, 0, 3);
	tcase_add_loop_test(tcase, wakes_leave, 0, 2);
	tcase_add_test(tcase, during_a_leave);
	tcase_add_loop_test(tcase, during_a_connect, 0, 6);
	tcase_add_test(tcase, during_a_send);
	tcase_add_test(tcase, during_a_callback);
	tcase_add_test(tcase, leaves_the_groups);
	return tcase;
}
