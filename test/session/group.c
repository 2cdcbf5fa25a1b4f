/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>
#include <string.h>

#include "suites.h"
#include "support.h"

#define JOIN_CALLS(n) ck_assert_uint_eq(fake_calls(FAKE_CPG_JOIN), n)

/* Join. */

START_TEST(join_arguments)
{
	struct coro_session *session = session_open();
	struct coro_group *group = NULL;
	char name[CPG_MAX_NAME_LENGTH + 1] = "";

	ck_assert_int_eq(coro_join(NULL, "a", 1, &group, 0),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(coro_join(session, "a", 1, NULL, 0),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(coro_join(session, NULL, 1, &group, 0),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(coro_join(session, name, sizeof(name), &group, 0),
			 CS_ERR_NAME_TOO_LONG);
	ck_assert_ptr_null(group);
	JOIN_CALLS(0);
	coro_close(session);
}
END_TEST

static void name_is(struct coro_session *session, const void *name, size_t len)
{
	const struct cpg_name *found;
	struct coro_group *group = NULL;

	ck_assert_int_eq(coro_join(session, name, len, &group, -1), CS_OK);
	found = coro_group_name(group);
	ck_assert_uint_eq(found->length, len);
	if (len > 0)
		ck_assert_mem_eq(found->value, name, len);
	ck_assert_int_eq(coro_join(session, name, len, &group, -1),
			 CS_ERR_EXIST);
}

START_TEST(group_names)
{
	struct coro_session *session = session_open();
	char name[CPG_MAX_NAME_LENGTH];

	memset(name, 'x', sizeof(name));
	name_is(session, NULL, 0);
	name_is(session, "a\0b", 3);
	name_is(session, "a\0c", 3);
	name_is(session, "a", 1);
	name_is(session, name, sizeof(name));
	name_is(session, name, sizeof(name) - 1);
	JOIN_CALLS(6);
	session_settle(session);
	coro_close(session);
}
END_TEST

START_TEST(contexts)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	ck_assert_int_eq(join_text(session, "a", &group, 0), CS_OK);
	ck_assert_ptr_null(coro_group_context(group));
	coro_group_context_set(group, &group);
	ck_assert_ptr_eq(coro_group_context(group), &group);
	coro_close(session);
}
END_TEST

START_TEST(exists_in_the_session)
{
	struct coro_group *group, *other = NULL;
	struct coro_session *session = session_joined(&group);

	ck_assert_int_eq(join_text(session, "a", &other, -1), CS_ERR_EXIST);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	session_settle(session);
	events_are("members a: me +me/1");
	coro_close(session);
}
END_TEST

/* corosync does not try to find out whether that ends, and neither do we. */
START_TEST(exists_elsewhere)
{
	struct coro_session *session = session_open();
	struct coro_group *group = NULL;

	fake_fail(FAKE_CPG_JOIN, CS_ERR_EXIST, -1);
	ck_assert_int_eq(join_text(session, "a", &group, _i), CS_ERR_EXIST);
	ck_assert_ptr_null(group);
	JOIN_CALLS(1);
	ck_assert_uint_eq(fake_handles(), 1);
	fake_fail(FAKE_CPG_JOIN, CS_OK, 0);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	coro_close(session);
}
END_TEST

/* While corosync synchronizes. */
START_TEST(join_is_retried)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	fake_fail(FAKE_CPG_JOIN, CS_ERR_TRY_AGAIN, 3);
	fake_fail(FAKE_CPG_MODEL_INITIALIZE, CS_ERR_TRY_AGAIN, 2);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	JOIN_CALLS(4);
	ck_assert_uint_eq(fake_handles(), 2);
	session_settle(session);
	ck_assert_uint_eq(events_count("members a"), 1);
	coro_close(session);
}
END_TEST

/* The pauses grow from 1 ms to 50 ms. */
START_TEST(join_pauses)
{
	static const int pauses_ms[] = { 1, 2, 4, 8, 16, 32, 50, 50 };
	struct coro_session *session = session_open();
	struct coro_group *group;
	unsigned int waits = clock_waits();

	fake_fail(FAKE_CPG_JOIN, CS_ERR_TRY_AGAIN, COUNT(pauses_ms));
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	for (unsigned int i = 0; i < COUNT(pauses_ms); i++)
		ck_assert_int_ge(fake_time_ns(FAKE_CPG_JOIN, i + 1) -
					 fake_time_ns(FAKE_CPG_JOIN, i),
				 pauses_ms[i] * 1000000);
	ck_assert_uint_le(clock_waits() - waits, COUNT(pauses_ms) + 2);
	coro_close(session);
}
END_TEST

/* Other failures: the pauses of an attempt to connect. */
START_TEST(join_pauses_after_other_failures)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 20,
					      .retry_max_ms = 30 };
	static const int pauses_ms[] = { 20, 30, 30 };
	struct coro_session *session = session_open_with(&options);
	struct coro_group *group;

	fake_fail(FAKE_CPG_MODEL_INITIALIZE, CS_ERR_NO_SPACE, COUNT(pauses_ms));
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	for (unsigned int i = 0; i < COUNT(pauses_ms); i++)
		ck_assert_int_ge(
			fake_time_ns(FAKE_CPG_MODEL_INITIALIZE, i + 1) -
				fake_time_ns(FAKE_CPG_MODEL_INITIALIZE, i),
			pauses_ms[i] * 1000000);
	ck_assert_ptr_nonnull(strstr(coro_why(session), "/dev/shm is full"));
	coro_close(session);
}
END_TEST

/* The descriptor of the group cannot be watched at first. */
START_TEST(join_without_epoll)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	watch_fail(0);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	JOIN_CALLS(2);
	ck_assert_uint_eq(fake_handles(), 2);
	session_settle(session);
	ck_assert_uint_eq(events_count("members a: me +me/1"), 1);
	coro_close(session);
}
END_TEST

static void join_times_out(struct coro_session *session, int timeout_ms)
{
	struct coro_group *group = NULL;
	int64_t begin = clock_now_ns();

	ck_assert_int_eq(join_text(session, "a", &group, timeout_ms),
			 CS_ERR_TIMEOUT);
	ck_assert_int_ge(clock_now_ns() - begin, timeout_ms * 1000000);
	ck_assert_ptr_null(group);
}

START_TEST(join_timeout)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	fake_fail(FAKE_CPG_JOIN, _i == 0 ? CS_ERR_TRY_AGAIN : CS_ERR_NO_MEMORY,
		  -1);
	for (int timeout_ms = 1; timeout_ms < 30; timeout_ms += 9)
		join_times_out(session, timeout_ms);
	ck_assert_uint_eq(fake_handles(), 1);
	ck_assert_str_ne(coro_why(session), "");
	fake_fail(FAKE_CPG_JOIN, CS_OK, 0);
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	coro_close(session);
}
END_TEST

START_TEST(join_timeout_without_corosync)
{
	struct coro_session *session;

	fake_die();
	session = session_open();
	join_times_out(session, 20);
	fake_start();
	session_reconnect(session);
	JOIN_CALLS(0);
	coro_close(session);
}
END_TEST

/* It connects by itself; the callbacks follow with a dispatch. */
START_TEST(join_connects)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 1,
					      .retry_max_ms = 2 };
	struct coro_session *session;
	struct call call = { .kind = CALL_JOIN, .text = "a", .timeout_ms = -1 };

	fake_die();
	call.session = session = session_open_with(&options);
	call_start(&call);
	wait_for(fake_calls(FAKE_QUORUM_INITIALIZE) > 3);
	fake_start();
	ck_assert_int_eq(call_join(&call), CS_OK);
	events_are("");
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1 +1; members a: me +me/1");
	coro_close(session);
}
END_TEST

START_TEST(join_later)
{
	struct coro_session *session;
	struct coro_group *group;

	fake_die();
	session = session_open();
	ck_assert_int_eq(join_text(session, "a", &group, 0), CS_OK);
	session_settle(session);
	events_take();
	fake_start();
	fake_fail(FAKE_CPG_JOIN, CS_ERR_TRY_AGAIN, 2);
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1 +1; members a: me +me/1");
	coro_close(session);
}
END_TEST

/* Hooks in requests. */

static struct coro_session *hook_session;
static struct coro_group *hook_group;

static void leave_hook(void)
{
	ck_assert_int_eq(coro_leave(hook_group, 0), CS_OK);
}

START_TEST(left_while_it_joins)
{
	struct coro_session *session;

	fake_die();
	session = session_open();
	ck_assert_int_eq(join_text(session, "a", &hook_group, 0), CS_OK);
	session_settle(session);
	events_take();
	fake_start();
	fake_hook(_i == 0 ? FAKE_CPG_JOIN : FAKE_CPG_MODEL_INITIALIZE,
		  leave_hook);
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	ck_assert_uint_eq(fake_handles(), 1);
	coro_close(session);
}
END_TEST

/* The connection is replaced while a request of the old one is in progress. */
static void replace_hook(void)
{
	fake_die();
	session_settle(hook_session);
	fake_start();
	session_skip(hook_session);
	ck_assert_uint_eq(session_stats(hook_session).connects, 2);
}

START_TEST(connection_replaced_while_it_joins)
{
	struct coro_group *group;

	hook_session = session_open();
	session_settle(hook_session);
	events_take();
	fake_hook(FAKE_CPG_JOIN, replace_hook);
	ck_assert_int_eq(join_text(hook_session, "a", &group, -1), CS_OK);
	session_settle(hook_session);
	events_are("disconnected CS_ERR_LIBRARY; connected 4; quorum yes 4: 1; "
		   "members a: me +me/1");
	ck_assert_uint_eq(fake_handles(), 2);
	coro_close(hook_session);
}
END_TEST

/* Leave. */

START_TEST(leave_arguments)
{
	ck_assert_int_eq(coro_leave(NULL, 0), CS_ERR_INVALID_PARAM);
}
END_TEST

START_TEST(leave)
{
	struct coro_group *group, *observed;
	struct coro_session *session = session_joined(&group);

	observed = session_join(session, "b");
	events_take();
	fake_message("a", 2, 20, "hello", 5);
	fake_enter("a", 2, 20);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_LEAVE), 1);
	ck_assert_uint_eq(fake_handles(), 2);
	session_settle(session);
	events_are("");
	ck_assert_int_eq(send_text(observed, "1", 0), CS_OK);
	session_settle(session);
	events_are("message b me 1");
	coro_close(session);
}
END_TEST

/* Groups are found again after one between them has left. */
START_TEST(leave_one_of_several)
{
	static const char *const names[] = { "x", "y", "z" };
	struct coro_session *session = session_open();
	struct coro_group *groups[3];

	session_settle(session);
	for (int i = 0; i < 3; i++)
		groups[i] = session_join(session, names[i]);
	ck_assert_int_eq(coro_leave(groups[_i], 0), CS_OK);
	for (int i = 0; i < 3; i++)
		fake_message(names[i], 2, 20, names[i], 1);
	session_settle(session);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(events_count(names[i]), i == _i ? 0 : 2);
	fake_die();
	session_settle(session);
	fake_start();
	session_reconnect(session);
	ck_assert_uint_eq(fake_handles(), 3);
	coro_close(session);
}
END_TEST

/* corosync does not accept it before the join is complete. */
START_TEST(leave_before_the_join)
{
	struct coro_session *session = session_open();
	struct coro_group *group;
	int64_t begin;

	fake_hold_joins(true);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	session_settle(session);
	ck_assert_int_eq(coro_leave(group, 0), CS_ERR_TIMEOUT);
	begin = clock_now_ns();
	ck_assert_int_eq(coro_leave(group, 20), CS_ERR_TIMEOUT);
	ck_assert_int_ge(clock_now_ns() - begin, 20000000);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_LEAVE), 0);
	ck_assert_uint_le(libc_polls(), 4);
	fake_hold_joins(false);
	ck_assert_int_eq(coro_leave(group, -1), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("members"), 0);
	ck_assert_uint_eq(fake_handles(), 1);
	coro_close(session);
}
END_TEST

static atomic_bool signal_came;

static void signal_note(int number)
{
	(void)number;
	signal_came = true;
}

/* A signal does not end the wait. */
START_TEST(leave_waits_for_the_join)
{
	struct coro_session *session = session_open();
	struct call call = { .kind = CALL_LEAVE,
			     .session = session,
			     .timeout_ms = -1 };

	signal(SIGUSR1, signal_note);
	fake_hold_joins(true);
	ck_assert_int_eq(join_text(session, "a", &call.group, -1), CS_OK);
	session_settle(session);
	call_start(&call);
	call_wait_asleep(&call);
	pthread_kill(call.thread, SIGUSR1);
	wait_for(signal_came);
	call_wait_asleep(&call);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_LEAVE), 0);
	fake_hold_joins(false);
	ck_assert_int_eq(call_join(&call), CS_OK);
	coro_close(session);
}
END_TEST

START_TEST(leave_is_retried)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_LEAVE, _i == 0 ? CS_ERR_TRY_AGAIN : CS_ERR_BUSY, 3);
	ck_assert_int_eq(coro_leave(group, -1), CS_OK);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_LEAVE), 4);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_ge(fake_time_ns(FAKE_CPG_LEAVE, i + 1) -
					 fake_time_ns(FAKE_CPG_LEAVE, i),
				 1000000 << i);
	coro_close(session);
}
END_TEST

/* After a timeout it is still a member. */
START_TEST(leave_timeout)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	int64_t begin;

	fake_fail(FAKE_CPG_LEAVE, CS_ERR_TRY_AGAIN, -1);
	ck_assert_int_eq(coro_leave(group, 0), CS_ERR_TIMEOUT);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_LEAVE), 1);
	begin = clock_now_ns();
	ck_assert_int_eq(coro_leave(group, 30), CS_ERR_TIMEOUT);
	ck_assert_int_ge(clock_now_ns() - begin, 30000000);
	ck_assert_uint_le(fake_calls(FAKE_CPG_LEAVE), 8);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	session_settle(session);
	events_are("message a me 1");
	fake_fail(FAKE_CPG_LEAVE, CS_OK, 0);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	coro_close(session);
}
END_TEST

/* It is not joined then, or is not joined again. */
START_TEST(leave_without_a_connection)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_die();
	if (_i == 0)
		session_settle(session);
	events_take();
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	session_settle(session);
	fake_start();
	session_reconnect(session);
	ck_assert_uint_eq(events_count("connected 4"), 1);
	ck_assert_uint_eq(events_count("members"), 0);
	JOIN_CALLS(1);
	coro_close(session);
}
END_TEST

static void leave_line_hook(struct coro_session *session,
			    struct coro_group *group, const char *line)
{
	(void)session;
	(void)line;
	if (hook_group == NULL)
		return;
	ck_assert_ptr_eq(group, hook_group);
	ck_assert_int_eq(coro_leave(group, -1), CS_OK);
	hook_group = NULL;
}

/* In a callback of the group: no other one follows. */
START_TEST(leave_in_a_callback)
{
	struct coro_session *session = session_joined(&hook_group);

	fake_hold_messages(true);
	if (_i == 0) {
		fake_enter("a", 2, 20);
	} else if (_i == 1) {
		fake_message("a", 2, 20, "1", 1);
	} else {
		ck_assert_int_eq(send_text(hook_group, "1", 0), CS_OK);
		ck_assert_int_eq(send_text(hook_group, "2", 0), CS_OK);
		fake_discard(1);
		fake_return(1);
	}
	fake_message("a", 2, 20, "last", 4);
	events_hook(leave_line_hook);
	session_settle(session);
	ck_assert_ptr_null(hook_group);
	ck_assert_uint_eq(events_count(";"), 0);
	ck_assert_uint_eq(events_count("last"), 0);
	ck_assert_uint_eq(fake_handles(), 1);
	coro_close(session);
}
END_TEST

static void leave_other_hook(struct coro_session *session,
			     struct coro_group *group, const char *line)
{
	(void)session;
	(void)group;
	(void)line;
	if (hook_group != NULL)
		ck_assert_int_eq(coro_leave(hook_group, -1), CS_OK);
	hook_group = NULL;
}

/* The other group is one whose events the same dispatch would deliver. */
START_TEST(leave_another_in_a_callback)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	hook_group = session_join(session, "b");
	fake_message("a", 2, 20, "1", 1);
	fake_message("b", 2, 20, "2", 1);
	events_hook(leave_other_hook);
	session_settle(session);
	ck_assert_uint_le(events_count("message b"), 1);
	ck_assert_uint_eq(events_count("message a"), 1);
	coro_close(session);
}
END_TEST

/* What is in flight then may or may not arrive. */
START_TEST(leave_with_messages_in_flight)
{
	struct coro_group *group, *other;
	struct coro_session *session = session_joined(&group);

	other = session_join(session, "b");
	fake_hold_messages(true);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
	ck_assert_int_eq(send_text(other, "3", 0), CS_OK);
	stats_are(session, 0, 0, 0, 3);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	stats_are(session, 0, 0, 2, 1);
	fake_return(3);
	session_settle(session);
	stats_are(session, 1, 0, 2, 0);
	coro_close(session);
}
END_TEST

TCase *group_case(void)
{
	TCase *tcase = session_case("group");

	tcase_add_test(tcase, join_arguments);
	tcase_add_test(tcase, group_names);
	tcase_add_test(tcase, contexts);
	tcase_add_test(tcase, exists_in_the_session);
	tcase_add_loop_test(tcase, exists_elsewhere, -1, 2);
	tcase_add_test(tcase, join_is_retried);
	tcase_add_test(tcase, join_pauses);
	tcase_add_test(tcase, join_pauses_after_other_failures);
	tcase_add_test(tcase, join_without_epoll);
	tcase_add_loop_test(tcase, join_timeout, 0, 2);
	tcase_add_test(tcase, join_timeout_without_corosync);
	tcase_add_test(tcase, join_connects);
	tcase_add_test(tcase, join_later);
	tcase_add_loop_test(tcase, left_while_it_joins, 0, 2);
	tcase_add_test(tcase, connection_replaced_while_it_joins);
	tcase_add_test(tcase, leave_arguments);
	tcase_add_test(tcase, leave);
	tcase_add_loop_test(tcase, leave_one_of_several, 0, 3);
	tcase_add_test(tcase, leave_before_the_join);
	tcase_add_test(tcase, leave_waits_for_the_join);
	tcase_add_loop_test(tcase, leave_is_retried, 0, 2);
	tcase_add_test(tcase, leave_timeout);
	tcase_add_loop_test(tcase, leave_without_a_connection, 0, 2);
	tcase_add_loop_test(tcase, leave_in_a_callback, 0, 3);
	tcase_add_test(tcase, leave_another_in_a_callback);
	tcase_add_test(tcase, leave_with_messages_in_flight);
	return tcase;
}
