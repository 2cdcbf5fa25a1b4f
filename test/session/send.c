/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "support.h"

/* The largest message that cpg sends in one request. */
#define WHOLE_MAX 1047552

/* In a window of 2000 bytes, 4 messages of this length. */
#define QUARTER (500 - OVERHEAD)

static const struct coro_options small_window = {
	.size = sizeof(small_window),
	.backlog_max = 2000,
};

static struct coro_session *small_session(struct coro_group **ret_group)
{
	struct coro_session *session =
		session_joined_with(&small_window, ret_group);

	fake_hold_messages(true);
	return session;
}

/* Returns how many messages of the length the group takes. */
static unsigned int fill(struct coro_group *group, size_t len)
{
	static unsigned int number;
	char text[16];

	for (unsigned int count = 0;; count++) {
		snprintf(text, sizeof(text), "%07u", number++);
		if (send_long(group, text, len, 0) != CS_OK)
			return count;
		ck_assert_uint_lt(count, 2000);
	}
}

START_TEST(arguments)
{
	static char byte;
	const struct iovec none = { NULL, 1 };
	const struct iovec overflow[] = { { &byte, SIZE_MAX }, { &byte, 2 } };
	const struct iovec empty = { NULL, 0 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	ck_assert_int_eq(coro_send(NULL, &empty, 1, 0), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(coro_send(group, NULL, 1, 0), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(coro_send(group, &none, 1, 0), CS_ERR_INVALID_PARAM);
	if (sizeof(size_t) == sizeof(uint64_t))
		ck_assert_int_eq(coro_send(group, overflow, 2, 0),
				 CS_ERR_INVALID_PARAM);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 0);
	ck_assert_int_eq(coro_send(group, NULL, 0, 0), CS_OK);
	ck_assert_int_eq(coro_send(group, &empty, 1, 0), CS_OK);
	session_settle(session);
	events_are("message a me ; message a me ");
	stats_are(session, 2, 0, 0, 0);
	coro_close(session);
}
END_TEST

START_TEST(too_big)
{
	static char byte;
	const struct iovec half = { &byte, UINT32_MAX / 2 + 1 };
	const struct iovec halves[] = { half, half };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	ck_assert_int_eq(coro_send(group, halves, 2, 0), CS_ERR_TOO_BIG);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 0);
	coro_close(session);
}
END_TEST

START_TEST(numbers)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct coro_stats stats;

	fake_hold_messages(true);
	ck_assert_int_eq(send_text(group, "12345", 0), CS_OK);
	ck_assert_int_eq(send_text(group, "123", 0), CS_OK);
	stats = session_stats(session);
	ck_assert_uint_eq(stats.sent_bytes, 8);
	ck_assert_uint_eq(stats.backlog_bytes, 8 + 2 * OVERHEAD);
	ck_assert_uint_eq(stats.waits, 0);
	fake_return(2);
	fake_message("a", 2, 20, "1234567", 7);
	session_settle(session);
	stats = session_stats(session);
	ck_assert_uint_eq(stats.received, 3);
	ck_assert_uint_eq(stats.received_bytes, 15);
	ck_assert_uint_eq(stats.returned, 2);
	ck_assert_uint_eq(stats.backlog_bytes, 0);
	coro_close(session);
}
END_TEST

/* The window. */

START_TEST(window)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	ck_assert_uint_eq(session_stats(session).backlog_bytes, 2000);
	stats_are(session, 0, 0, 0, 4);
	fake_return(2);
	session_settle(session);
	ck_assert_uint_eq(fill(group, QUARTER + 1), 1);
	ck_assert_uint_eq(fill(group, QUARTER - 1), 1);
	coro_close(session);
}
END_TEST

START_TEST(window_by_default)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_hold_messages(true);
	ck_assert_uint_eq(fill(group, 64), 131072 / (64 + OVERHEAD));
	coro_close(session);
}
END_TEST

START_TEST(window_is_that_of_the_session)
{
	struct coro_group *group, *other;
	struct coro_session *session = small_session(&group);

	other = session_join(session, "b");
	ck_assert_int_eq(send_text(other, "1", 0), CS_OK);
	ck_assert_uint_eq(fill(group, QUARTER), 3);
	ck_assert_uint_eq(fill(other, QUARTER), 0);
	ck_assert_int_eq(coro_leave(group, 0), CS_OK);
	ck_assert_uint_eq(fill(other, QUARTER), 3);
	coro_close(session);
}
END_TEST

/* One message may always be in flight. */
START_TEST(message_larger_than_the_window)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_int_eq(send_long(group, "large", 5000, 0), CS_OK);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	fake_return(1);
	session_settle(session);
	events_are("message a me large; sendable a");
	ck_assert_uint_eq(fill(group, QUARTER), 4);
	coro_close(session);
}
END_TEST

START_TEST(sendable_once)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	session_settle(session);
	events_are("");
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a"), 1);
	fake_return(3);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a"), 1);
	coro_close(session);
}
END_TEST

/* Only if there is room for the message that was refused. */
START_TEST(sendable_for_the_length)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	ck_assert_int_eq(send_long(group, "x", 1000, 0), CS_ERR_TIMEOUT);
	fake_return(2);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a"), 0);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a"), 1);
	ck_assert_int_eq(send_long(group, "x", 1000, 0), CS_OK);
	coro_close(session);
}
END_TEST

START_TEST(sendable_for_each_group)
{
	struct coro_group *group, *other;
	struct coro_session *session = small_session(&group);

	other = session_join(session, "b");
	ck_assert_uint_eq(fill(group, QUARTER), 4);
	ck_assert_int_eq(send_text(other, "1", 0), CS_ERR_TIMEOUT);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a; sendable b"), 1);
	coro_close(session);
}
END_TEST

/* Waits. */

START_TEST(waits_for_room)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);
	struct call call = { .kind = CALL_SEND,
			     .session = session,
			     .group = group,
			     .text = "1",
			     .timeout_ms = -1 };

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	call_start(&call);
	call_wait_asleep(&call);
	fake_return(4);
	session_settle(session);
	ck_assert_int_eq(call_join(&call), CS_OK);
	ck_assert_uint_eq(session_stats(session).waits, 1);
	ck_assert_uint_gt(session_stats(session).wait_ns, 0);
	ck_assert_uint_le(session_stats(session).wait_ns, (uint64_t)call.ns);
	coro_close(session);
}
END_TEST

START_TEST(timeout)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);
	unsigned int waits;
	int64_t begin;

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	for (int timeout_ms = 1; timeout_ms < 70; timeout_ms += 17) {
		waits = clock_waits();
		begin = clock_now_ns();
		ck_assert_int_eq(send_text(group, "1", timeout_ms),
				 CS_ERR_TIMEOUT);
		ck_assert_int_ge(clock_now_ns() - begin, timeout_ms * 1000000);
		ck_assert_uint_le(clock_waits() - waits, 4);
	}
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 4);
	ck_assert_uint_eq(session_stats(session).waits, 5);
	coro_close(session);
}
END_TEST

START_TEST(waits_for_a_connection)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	struct call call = { .kind = CALL_SEND,
			     .session = session,
			     .group = group,
			     .text = "1",
			     .timeout_ms = -1 };

	fake_die();
	session_settle(session);
	call_start(&call);
	call_wait_asleep(&call);
	fake_start();
	clock_skip_ms(1000);
	wait_for(({
		coro_dispatch(session, 0);
		call.done;
	}));
	ck_assert_int_eq(call_join(&call), CS_OK);
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY; connected 4; quorum yes 4: 1; "
		   "members a: me +me/1 rejoin; message a me 1");
	coro_close(session);
}
END_TEST

/* A stall: nothing comes back. */

START_TEST(stall)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	clock_skip_ms(1500);
	ck_assert_uint_eq(fill(group, QUARTER), 0);
	clock_skip_ms(500);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	clock_skip_ms(1500);
	ck_assert_uint_eq(fill(group, QUARTER), 0);
	clock_skip_ms(500);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	stats_are(session, 0, 0, 0, 6);
	coro_close(session);
}
END_TEST

/* A message that comes back puts it off. */
START_TEST(progress_is_no_stall)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	clock_skip_ms(1500);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	clock_skip_ms(1000);
	ck_assert_uint_eq(fill(group, QUARTER), 0);
	coro_close(session);
}
END_TEST

/* The first message after a long time without any is not one of a stall. */
START_TEST(silence_is_no_stall)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	clock_skip_ms(10000);
	ck_assert_uint_eq(fill(group, QUARTER), 4);
	coro_close(session);
}
END_TEST

START_TEST(stall_is_sendable)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);
	int64_t left;

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	left = clock_timer_ns() - clock_now_ns();
	ck_assert_int_gt(left, 0);
	ck_assert_int_le(left, 2000000000);
	session_settle(session);
	events_are("");
	session_skip(session);
	events_are("sendable a");
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	coro_close(session);
}
END_TEST

/* All that were in flight are lost: each that comes back lets one more go. */
START_TEST(stall_ends)
{
	struct coro_group *group;
	struct coro_session *session = small_session(&group);

	ck_assert_uint_eq(fill(group, QUARTER), 4);
	clock_skip_ms(2000);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	clock_skip_ms(2000);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(fill(group, QUARTER), 1);
	fake_discard(4);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("lost a 4 0"), 1);
	ck_assert_uint_eq(fill(group, QUARTER), 3);
	coro_close(session);
}
END_TEST

/* Refusals. */

static const cs_error_t refusals[] = {
	CS_ERR_TRY_AGAIN,
	CS_ERR_INTERRUPT,
	CS_ERR_BAD_HANDLE,
	CS_ERR_NOT_EXIST,
};

START_TEST(refused_is_retried)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_MCAST, refusals[_i], 3);
	ck_assert_int_eq(send_text(group, "1", -1), CS_OK);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 4);
	session_settle(session);
	events_are("message a me 1");
	stats_are(session, 1, 0, 0, 0);
	ck_assert_uint_eq(session_stats(session).waits, 1);
	coro_close(session);
}
END_TEST

START_TEST(refused_timeout)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_MCAST, refusals[_i], -1);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 1);
	stats_are(session, 0, 0, 0, 0);
	ck_assert_uint_eq(session_stats(session).waits, 0);
	coro_close(session);
}
END_TEST

/* The pauses grow from 1 ms to 50 ms. */
START_TEST(refused_pauses)
{
	static const int pauses_ms[] = { 1, 2, 4, 8, 16, 32, 50, 50 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	unsigned int at;

	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, -1);
	ck_assert_int_eq(send_text(group, "1", 170), CS_ERR_TIMEOUT);
	ck_assert_uint_le(fake_calls(FAKE_CPG_MCAST), COUNT(pauses_ms) + 2);
	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, COUNT(pauses_ms));
	at = fake_calls(FAKE_CPG_MCAST);
	ck_assert_int_eq(send_text(group, "1", -1), CS_OK);
	for (unsigned int i = 0; i < COUNT(pauses_ms); i++)
		ck_assert_int_ge(fake_time_ns(FAKE_CPG_MCAST, at + i + 1) -
					 fake_time_ns(FAKE_CPG_MCAST, at + i),
				 pauses_ms[i] * 1000000);
	coro_close(session);
}
END_TEST

START_TEST(refused_then_sendable)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
		ck_assert_int_ne(clock_timer_ns(), 0);
		session_skip(session);
		events_are("sendable a");
	}
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	session_settle(session);
	events_are("message a me 1");
	coro_close(session);
}
END_TEST

/* After several refusals in one call, it comes after the last pause. */
START_TEST(sendable_after_the_pause)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);
	int64_t begin, end;

	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, -1);
	begin = clock_now_ns();
	ck_assert_int_eq(send_text(group, "1", 100), CS_ERR_TIMEOUT);
	end = clock_now_ns();
	ck_assert_int_ge(clock_timer_ns() - begin, 100000000 + 16000000);
	ck_assert_int_le(clock_timer_ns() - end, 50000000);
	coro_close(session);
}
END_TEST

static const cs_error_t errors[] = {
	CS_ERR_INVALID_PARAM,
	CS_ERR_TOO_BIG,
	CS_ERR_NO_MEMORY,
};

START_TEST(errors_are_returned)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_MCAST, errors[_i], 1);
	ck_assert_int_eq(send_text(group, "1", -1), errors[_i]);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 1);
	stats_are(session, 0, 0, 0, 0);
	ck_assert_int_eq(send_text(group, "2", -1), CS_OK);
	session_settle(session);
	events_are("message a me 2");
	coro_close(session);
}
END_TEST

/* Lost connections. */

/* A message that cpg sends as a whole was not sent; a larger one may be. */
START_TEST(library)
{
	static const size_t lengths[] = { 1, WHOLE_MAX, WHOLE_MAX + 1 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_fail(FAKE_CPG_MCAST, CS_ERR_LIBRARY, 1);
	ck_assert_int_eq(send_long(group, "1", lengths[_i], 0),
			 _i < 2 ? CS_ERR_TIMEOUT : CS_ERR_INTERRUPT);
	stats_are(session, 0, 0, 0, 0);
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY");
	session_reconnect(session);
	ck_assert_uint_eq(events_count("sendable a"), _i < 2 ? 1 : 0);
	ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
	stats_are(session, 0, 0, 0, 1);
	coro_close(session);
}
END_TEST

static struct coro_session *hook_session;

static void die_hook(void)
{
	fake_die();
	session_settle(hook_session);
}

START_TEST(connection_lost_before_it_is_sent)
{
	struct coro_group *group;

	hook_session = session_joined(&group);
	fake_hook(FAKE_CPG_MCAST, die_hook);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	events_are("disconnected CS_ERR_LIBRARY");
	stats_are(hook_session, 0, 0, 0, 0);
	coro_close(hook_session);
}
END_TEST

START_TEST(connection_lost_after_it_is_sent)
{
	struct coro_group *group;

	hook_session = session_joined(&group);
	fake_hold_messages(true);
	fake_hook(FAKE_CPG_MCAST_END, die_hook);
	ck_assert_int_eq(send_text(group, "1", -1), CS_ERR_INTERRUPT);
	events_are("disconnected CS_ERR_LIBRARY");
	stats_are(hook_session, 0, 0, 0, 0);
	coro_close(hook_session);
}
END_TEST

static void drop_hook(void)
{
	fake_drop(false);
	session_settle(hook_session);
	session_skip(hook_session);
}

/* The group has another handle already. */
START_TEST(connection_replaced_while_it_is_sent)
{
	struct coro_group *group;

	hook_session = session_joined(&group);
	fake_hold_messages(true);
	fake_hook(FAKE_CPG_MCAST_END, drop_hook);
	ck_assert_int_eq(send_text(group, "1", -1), CS_ERR_INTERRUPT);
	ck_assert_uint_eq(events_count("rejoin"), 1);
	stats_are(hook_session, 0, 0, 0, 0);
	coro_close(hook_session);
}
END_TEST

/* The change comes before the messages. */
START_TEST(nothing_is_sent_before_members)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_die();
	session_settle(session);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	fake_start();
	fake_hold_joins(true);
	session_skip(session);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_JOIN), 2);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	ck_assert_int_eq(send_text(group, "1", 20), CS_ERR_TIMEOUT);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 0);
	ck_assert_uint_eq(events_count("sendable"), 0);
	events_take();
	fake_hold_joins(false);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	session_settle(session);
	events_are("members a: me +me/1 rejoin; sendable a");
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	coro_close(session);
}
END_TEST

/* The connection is lost before "members" was called for the first time. */
START_TEST(nothing_is_sent_before_the_first_members)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	fake_hold_joins(true);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	fake_die();
	session_settle(session);
	fake_start();
	session_skip(session);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_JOIN), 2);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	events_take();
	fake_hold_joins(false);
	session_settle(session);
	events_are("members a: me +me/1; sendable a");
	coro_close(session);
}
END_TEST

START_TEST(first_message_before_members)
{
	struct coro_session *session = session_open();
	struct coro_group *group;

	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1 +1; members a: me +me/1; "
		   "message a me 1");
	stats_are(session, 1, 0, 0, 0);
	coro_close(session);
}
END_TEST

/* Not joined yet: sendable when it is. */
START_TEST(before_the_join)
{
	struct coro_session *session;
	struct coro_group *group;

	fake_die();
	session = session_open();
	ck_assert_int_eq(join_text(session, "a", &group, 0), CS_OK);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	session_settle(session);
	fake_start();
	events_take();
	session_reconnect(session);
	ck_assert_uint_eq(events_count("sendable a"), 1);
	coro_close(session);
}
END_TEST

/*
 * One group is joined again without "members", and messages to another one do
 * not come back, as while corosync synchronizes: a dispatch has nothing to do.
 */
START_TEST(not_busy_before_members)
{
	struct coro_group *group, *other;
	struct coro_session *session = session_joined(&group);

	other = session_join(session, "b");
	fake_die();
	session_settle(session);
	fake_start();
	fake_hold_messages(true);
	fake_fail_later(FAKE_CPG_JOIN, 1, CS_ERR_TRY_AGAIN, 1);
	clock_skip_ms(1000);
	coro_dispatch(session, -1);
	fake_hold_joins(true);
	session_reconnect(session);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(send_text(other, "2", 0), CS_ERR_TIMEOUT);
	clock_skip_ms(3000);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable"), 0);
	fake_hold_joins(false);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable b"), 1);
	coro_close(session);
}
END_TEST

TCase *send_case(void)
{
	TCase *tcase = session_case("send");

	tcase_add_test(tcase, arguments);
	tcase_add_test(tcase, too_big);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, window);
	tcase_add_test(tcase, window_by_default);
	tcase_add_test(tcase, window_is_that_of_the_session);
	tcase_add_test(tcase, message_larger_than_the_window);
	tcase_add_test(tcase, sendable_once);
	tcase_add_test(tcase, sendable_for_the_length);
	tcase_add_test(tcase, sendable_for_each_group);
	tcase_add_test(tcase, waits_for_room);
	tcase_add_test(tcase, timeout);
	tcase_add_test(tcase, waits_for_a_connection);
	tcase_add_test(tcase, stall);
	tcase_add_test(tcase, progress_is_no_stall);
	tcase_add_test(tcase, silence_is_no_stall);
	tcase_add_test(tcase, stall_is_sendable);
	tcase_add_test(tcase, stall_ends);
	tcase_add_loop_test(tcase, refused_is_retried, 0, (int)COUNT(refusals));
	tcase_add_loop_test(tcase, refused_timeout, 0, (int)COUNT(refusals));
	tcase_add_test(tcase, refused_pauses);
	tcase_add_test(tcase, refused_then_sendable);
	tcase_add_test(tcase, sendable_after_the_pause);
	tcase_add_loop_test(tcase, errors_are_returned, 0, (int)COUNT(errors));
	tcase_add_loop_test(tcase, library, 0, 3);
	tcase_add_test(tcase, connection_lost_before_it_is_sent);
	tcase_add_test(tcase, connection_lost_after_it_is_sent);
	tcase_add_test(tcase, connection_replaced_while_it_is_sent);
	tcase_add_test(tcase, nothing_is_sent_before_members);
	tcase_add_test(tcase, nothing_is_sent_before_the_first_members);
	tcase_add_test(tcase, first_message_before_members);
	tcase_add_test(tcase, before_the_join);
	tcase_add_test(tcase, not_busy_before_members);
	return tcase;
}
