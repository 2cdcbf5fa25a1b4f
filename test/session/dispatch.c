/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "support.h"

static int64_t dispatch_ns(struct coro_session *session, int timeout_ms,
			   cs_error_t expected)
{
	int64_t begin = clock_now_ns();

	ck_assert_int_eq(coro_dispatch(session, timeout_ms), expected);
	return clock_now_ns() - begin;
}

START_TEST(order_of_the_first_events)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	fake_message("a", 2, 20, "hello", 5);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("connected 4; quorum yes 4: 1 +1; members a: me +me/1; "
		   "message a 2.20 hello");
	coro_close(session);
}
END_TEST

START_TEST(order_after_a_loss)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_message("a", 2, 20, "old", 3);
	fake_die();
	fake_start();
	fake_enter("a", 2, 20);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("message a 2.20 old; disconnected CS_ERR_LIBRARY");
	session_skip(session);
	fake_message("a", 2, 20, "new", 3);
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1; members a: 2.20 me +2.20/0 "
		   "+me/1 rejoin; message a 2.20 new");
	coro_close(session);
}
END_TEST

START_TEST(quorum_changes)
{
	static const uint32_t nodes[] = { 1, 2, 3, 4 };
	struct coro_session *session = session_open();

	session_settle(session);
	events_take();
	fake_quorum(true, 8, nodes, 3);
	fake_quorum(false, 12, nodes + 1, 1);
	fake_quorum(true, 16, nodes, 0);
	fake_quorum(true, 20, nodes, 4);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("quorum yes 8: 1 2 3 +2 +3; quorum no 12: 2 -1 -3; "
		   "quorum yes 16: -2; quorum yes 20: 1 2 3 4 +1 +2 +3 +4");
	coro_close(session);
}
END_TEST

START_TEST(members_change)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_enter("a", 2, 20);
	fake_enter("a", 3, 30);
	fake_exit("a", 2, 20, CPG_REASON_NODEDOWN);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("members a: me 2.20 +2.20/1; members a: me 2.20 3.30 "
		   "+3.30/1; members a: me 3.30 -2.20/3");
	coro_close(session);
}
END_TEST

START_TEST(without_a_wait)
{
	struct coro_session *session = session_open();

	session_settle(session);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

START_TEST(timeout_is_not_short)
{
	static const int timeouts[] = { 1, 2, 3, 5, 10, 25, 50 };
	struct coro_session *session = session_open();
	unsigned int polls;

	session_settle(session);
	polls = clock_polls();
	for (size_t i = 0; i < COUNT(timeouts); i++)
		ck_assert_int_ge(
			dispatch_ns(session, timeouts[i], CS_ERR_TIMEOUT),
			timeouts[i] * 1000000);
	ck_assert_uint_le(clock_polls() - polls, 3 * COUNT(timeouts));
	coro_close(session);
}
END_TEST

/* Attempts to connect that fail as before are no events. */
START_TEST(timeout_with_attempts)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 1,
					      .retry_max_ms = 4 };
	struct coro_session *session;
	unsigned int polls;

	fake_die();
	session = session_open_with(&options);
	session_settle(session);
	events_take();
	polls = clock_polls();
	ck_assert_int_ge(dispatch_ns(session, 50, CS_ERR_TIMEOUT), 50000000);
	ck_assert_uint_gt(fake_calls(FAKE_QUORUM_INITIALIZE), 2);
	ck_assert_uint_le(clock_polls() - polls,
			  2 * fake_calls(FAKE_QUORUM_INITIALIZE) + 3);
	events_are("");
	coro_close(session);
}
END_TEST

START_TEST(waits_for_an_event)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .session = session };

	call.timeout_ms = _i == 0 ? -1 : 1000 * DEADLINE_S;
	call_start(&call);
	call_wait_asleep(&call);
	fake_message("a", 2, 20, "hello", 5);
	ck_assert_int_eq(call_join(&call), CS_OK);
	events_are("message a 2.20 hello");
	coro_close(session);
}
END_TEST

START_TEST(waits_for_a_connection)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 1,
					      .retry_max_ms = 2 };
	struct coro_session *session;
	struct call call = { .timeout_ms = -1 };
	unsigned int attempts;

	fake_die();
	call.session = session = session_open_with(&options);
	session_settle(session);
	call_start(&call);
	attempts = fake_calls(FAKE_QUORUM_INITIALIZE);
	wait_for(fake_calls(FAKE_QUORUM_INITIALIZE) > attempts + 3);
	ck_assert(!call.done);
	fake_start();
	ck_assert_int_eq(call_join(&call), CS_OK);
	events_are("disconnected CS_ERR_LIBRARY; connected 4; quorum yes 4: 1 "
		   "+1");
	coro_close(session);
}
END_TEST

/* Nested calls. */

static int depth, deepest;

static void nest_hook(struct coro_session *session, struct coro_group *group,
		      const char *line)
{
	(void)group;
	(void)line;
	depth++;
	deepest = depth > deepest ? depth : deepest;
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	depth--;
}

/* Each message is delivered in the callback of the one before. */
START_TEST(nested)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	events_hook(nest_hook);
	for (char c = '1'; c <= '5'; c++)
		fake_message("a", 2, 20, &c, 1);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("message a 2.20 1; message a 2.20 2; message a 2.20 3; "
		   "message a 2.20 4; message a 2.20 5");
	ck_assert_int_eq(deepest, 5);
	ck_assert(!fd_is_readable(coro_fd(session)));
	coro_close(session);
}
END_TEST

static void nested_timeout_hook(struct coro_session *session,
				struct coro_group *group, const char *line)
{
	(void)group;
	(void)line;
	events_hook(NULL);
	ck_assert_int_eq(coro_dispatch(session, 5), CS_ERR_TIMEOUT);
}

START_TEST(nested_timeout)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_message("a", 2, 20, "1", 1);
	events_hook(nested_timeout_hook);
	ck_assert_int_ge(dispatch_ns(session, 0, CS_OK), 5000000);
	coro_close(session);
}
END_TEST

/* The last events of a connection: the loss is handled after them. */
static void nested_poll_hook(struct coro_session *session,
			     struct coro_group *group, const char *line)
{
	unsigned int polls = clock_polls();

	(void)group;
	(void)line;
	events_hook(NULL);
	ck_assert_int_eq(coro_dispatch(session, 30), CS_ERR_TIMEOUT);
	ck_assert_uint_le(clock_polls() - polls, 3);
}

START_TEST(nested_in_the_last_events)
{
	static const char *const lines[] = { "message", "lost" };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_hold_messages(true);
	if (_i == 0)
		fake_message("a", 2, 20, "1", 1);
	else
		ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	fake_fail(FAKE_QUORUM_DISPATCH, CS_ERR_LIBRARY, 1);
	fake_drop(true);
	fake_fail(FAKE_CPG_DISPATCH, CS_ERR_NO_MEMORY, _i == 0 ? 1 : 0);
	events_hook(nested_poll_hook);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	ck_assert_ptr_nonnull(strstr(events_take(), lines[_i]));
	coro_close(session);
}
END_TEST

/* Each callback may call everything. */

static void everything_hook(struct coro_session *session,
			    struct coro_group *group, const char *line)
{
	struct coro_group *other;
	cs_error_t error;

	(void)line;
	events_hook(NULL);
	coro_why(session);
	session_stats(session);
	ck_assert_ptr_null(coro_context(session));
	ck_assert_int_ge(coro_fd(session), 0);
	if (group != NULL) {
		error = send_text(group, "inside", 0);
		ck_assert(error == CS_OK || error == CS_ERR_TIMEOUT);
		ck_assert_int_eq(join_text(session, "a", &other, 0),
				 CS_ERR_EXIST);
	}
	ck_assert_int_eq(join_text(session, "b", &other, 0), CS_OK);
	error = send_text(other, "inside", 0);
	ck_assert(error == CS_OK || error == CS_ERR_TIMEOUT);
	ck_assert_int_eq(coro_leave(other, -1), CS_OK);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
}

static const char *hook_line;

static void everything_at_hook(struct coro_session *session,
			       struct coro_group *group, const char *line)
{
	if (strncmp(line, hook_line, strlen(hook_line)) == 0)
		everything_hook(session, group, line);
}

static const char *const callbacks[] = {
	"connected", "quorum",	 "members",	 "message",
	"lost",	     "sendable", "disconnected",
};

static void callbacks_cause(struct coro_session *session,
			    struct coro_group *group)
{
	fake_hold_messages(true);
	fake_message("a", 2, 20, "hello", 5);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
	fake_discard(1);
	fake_return(1);
	fake_hold_messages(false);
	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(send_text(group, "3", 0), CS_ERR_TIMEOUT);
	session_settle(session);
	session_reconnect(session);
	fake_die();
	session_settle(session);
	fake_start();
	session_reconnect(session);
}

START_TEST(callbacks_may_call_everything)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	hook_line = callbacks[_i];
	events_hook(everything_at_hook);
	ck_assert_int_eq(join_text(session, "a", &group, 0), CS_OK);
	session_settle(session);
	callbacks_cause(session, group);
	for (size_t i = 0; i < COUNT(callbacks); i++)
		ck_assert_uint_ge(events_count(callbacks[i]), 1);
	events_take();
	ck_assert_int_eq(send_text(group, "end", 0), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("message a me end"), 1);
	coro_close(session);
}
END_TEST

/* A callback that dispatches with cancellation disabled. */

static int states_seen[8];
static unsigned int states;

static int cancel_state(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_setcancelstate(state, NULL);
	return state;
}

static void state_hook(struct coro_session *session, struct coro_group *group,
		       const char *line)
{
	(void)group;
	(void)line;
	states_seen[states++] = cancel_state();
	if (states != 1)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	fake_message("b", 2, 20, "2", 1);
	coro_dispatch(session, 0);
	ck_assert_int_eq(cancel_state(), PTHREAD_CANCEL_DISABLE);
	fake_message("a", 2, 20, "3", 1);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
}

START_TEST(cancel_state_of_callbacks)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	session_join(session, "b");
	fake_message("a", 2, 20, "1", 1);
	events_hook(state_hook);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(states, 3);
	ck_assert_int_eq(states_seen[0], PTHREAD_CANCEL_ENABLE);
	ck_assert_int_eq(states_seen[1], PTHREAD_CANCEL_DISABLE);
	ck_assert_int_eq(states_seen[2], PTHREAD_CANCEL_ENABLE);
	events_hook(NULL);
	coro_close(session);
}
END_TEST

START_TEST(cancel_state_is_restored)
{
	static const int all[] = { PTHREAD_CANCEL_ENABLE,
				   PTHREAD_CANCEL_DISABLE };
	struct coro_group *group;
	struct coro_session *session;

	pthread_setcancelstate(all[_i], NULL);
	session = session_joined(&group);
	ck_assert_int_eq(cancel_state(), all[_i]);
	events_hook(state_hook);
	states = 1;
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(cancel_state(), all[_i]);
	coro_dispatch(session, 0);
	ck_assert_int_eq(cancel_state(), all[_i]);
	ck_assert_int_eq(states_seen[1], all[_i]);
	coro_dispatch(session, 1);
	ck_assert_int_eq(cancel_state(), all[_i]);
	session_stats(session);
	coro_why(session);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	ck_assert_int_eq(cancel_state(), all[_i]);
	coro_close(session);
	ck_assert_int_eq(cancel_state(), all[_i]);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
}
END_TEST

TCase *dispatch_case(void)
{
	TCase *tcase = session_case("dispatch");

	tcase_add_test(tcase, order_of_the_first_events);
	tcase_add_test(tcase, order_after_a_loss);
	tcase_add_test(tcase, quorum_changes);
	tcase_add_test(tcase, members_change);
	tcase_add_test(tcase, without_a_wait);
	tcase_add_test(tcase, timeout_is_not_short);
	tcase_add_test(tcase, timeout_with_attempts);
	tcase_add_loop_test(tcase, waits_for_an_event, 0, 2);
	tcase_add_test(tcase, waits_for_a_connection);
	tcase_add_test(tcase, nested);
	tcase_add_test(tcase, nested_timeout);
	tcase_add_loop_test(tcase, nested_in_the_last_events, 0, 2);
	tcase_add_loop_test(tcase, callbacks_may_call_everything, 0,
			    (int)COUNT(callbacks));
	tcase_add_test(tcase, cancel_state_of_callbacks);
	tcase_add_loop_test(tcase, cancel_state_is_restored, 0, 2);
	return tcase;
}
