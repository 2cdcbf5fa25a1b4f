/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "suites.h"
#include "support.h"

#define ATTEMPTS() fake_calls(FAKE_QUORUM_INITIALIZE)

/*
 * A dispatch tries to connect, and the next attempt is after a pause of
 * @pause_ms and up to a fifth more. Returns the part at random.
 */
static int64_t pause_is(struct coro_session *session, int64_t pause_ms)
{
	int64_t pause_ns = pause_ms * 1000000;
	int64_t begin = clock_now_ns(), end;

	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	end = clock_now_ns();
	ck_assert_int_ge(clock_timer_ns(), begin + pause_ns);
	ck_assert_int_le(clock_timer_ns(), end + pause_ns + pause_ns / 5);
	return clock_timer_ns() - pause_ns - (begin + end) / 2;
}

/* Skips the pause, and checks that there is no attempt before its end. */
static void pause_skip(struct coro_session *session)
{
	unsigned int attempts = ATTEMPTS();
	int64_t left = (clock_timer_ns() - clock_now_ns()) / 1000000;

	if (left > 500) {
		clock_skip_ms(left - 500);
		coro_dispatch(session, 0);
		ck_assert_uint_eq(ATTEMPTS(), attempts);
		left = (clock_timer_ns() - clock_now_ns()) / 1000000;
	}
	clock_skip_ms(left + 1);
	wait_for(fd_is_readable(coro_fd(session)));
	ck_assert_uint_eq(ATTEMPTS(), attempts);
}

static void pauses_are(struct coro_session *session, const int *pauses_ms,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int attempts = ATTEMPTS();

		pause_skip(session);
		pause_is(session, pauses_ms[i]);
		ck_assert_uint_eq(ATTEMPTS(), attempts + 1);
	}
}

START_TEST(pauses_by_default)
{
	static const int pauses_ms[] = { 100,  200,  400,  800, 1600,
					 3200, 5000, 5000, 5000 };
	struct coro_session *session;

	fake_die();
	session = session_open();
	ck_assert_uint_eq(ATTEMPTS(), 1);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	ck_assert_int_ge(clock_timer_ns(),
			 fake_time_ns(FAKE_QUORUM_INITIALIZE, 0) + 50000000);
	pauses_are(session, pauses_ms, COUNT(pauses_ms));
	fake_start();
	session_skip(session);
	fake_die();
	pause_is(session, 50);
	pauses_are(session, pauses_ms, 3);
	coro_close(session);
}
END_TEST

static const struct {
	unsigned int min_ms;
	unsigned int max_ms;
	int pauses_ms[4];
} options_pauses[] = {
	{ 1000, 3500, { 2000, 3500, 3500, 3500 } },
	{ 0, 60, { 60, 60, 60, 60 } },
	{ 4000, 0, { 5000, 5000, 5000, 5000 } },
	{ 9000, 0, { 9000, 9000, 9000, 9000 } },
	{ 700, 20, { 700, 700, 700, 700 } },
	{ 3000000000U, 3000000000U, { 0 } },
};

START_TEST(pauses_of_options)
{
	const struct coro_options options = {
		.size = sizeof(options),
		.retry_min_ms = options_pauses[_i].min_ms,
		.retry_max_ms = options_pauses[_i].max_ms,
	};
	struct coro_session *session;

	fake_die();
	session = session_open_with(&options);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	ck_assert_int_ge(clock_timer_ns() - clock_now_ns(),
			 ((int64_t)options.retry_min_ms - 500) * 1000000);
	if (options_pauses[_i].pauses_ms[0] != 0)
		pauses_are(session, options_pauses[_i].pauses_ms, 4);
	coro_close(session);
}
END_TEST

/*
 * Not all daemons of a cluster come back at the same time. Check cannot count
 * the microseconds of a test of more than 2147 s, and these pauses are skipped.
 */
START_TEST(pauses_are_random)
{
	const struct coro_options options = { .size = sizeof(options),
					      .retry_min_ms = 60000,
					      .retry_max_ms = 60000 };
	int64_t least = INT64_MAX, most = 0, part;
	struct coro_session *session;

	fake_die();
	session = session_open_with(&options);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	for (int i = 0; i < 20; i++) {
		pause_skip(session);
		part = pause_is(session, 60000);
		least = part < least ? part : least;
		most = part > most ? part : most;
	}
	ck_assert_int_gt(most - least, 3000 * INT64_C(1000000));
	coro_close(session);
}
END_TEST

/* Reports. */

static void attempts_fail(struct coro_session *session, cs_error_t error,
			  int count)
{
	fake_fail(FAKE_QUORUM_INITIALIZE, error, count);
	for (int i = 0; i < count; i++)
		session_skip(session);
}

START_TEST(a_reason_is_reported_once)
{
	struct coro_session *session;

	fake_die();
	session = session_open();
	session_settle(session);
	attempts_fail(session, CS_ERR_LIBRARY, 3);
	events_are("disconnected CS_ERR_LIBRARY");
	attempts_fail(session, CS_ERR_TRY_AGAIN, 2);
	attempts_fail(session, CS_ERR_LIBRARY, 1);
	events_are("");
	attempts_fail(session, CS_ERR_ACCESS, 3);
	events_are("disconnected CS_ERR_ACCESS");
	attempts_fail(session, CS_ERR_NO_SPACE, 2);
	events_are("disconnected CS_ERR_NO_SPACE");
	ck_assert_ptr_nonnull(strstr(events_why(), "/dev/shm is full"));
	attempts_fail(session, CS_ERR_LIBRARY, 2);
	events_are("disconnected CS_ERR_LIBRARY");
	fake_start();
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	ck_assert_uint_eq(session_stats(session).connects, 1);
	coro_close(session);
}
END_TEST

START_TEST(a_loss_and_its_reason_are_one)
{
	struct coro_session *session = session_open();

	session_settle(session);
	events_take();
	for (int i = 0; i < 2; i++) {
		fake_die();
		session_settle(session);
		events_are("disconnected CS_ERR_LIBRARY");
		ck_assert_str_eq(events_why(),
				 "lost connection to corosync: it ended");
		session_skip(session);
		session_skip(session);
		events_are("");
		ck_assert_str_eq(coro_why(session),
				 "no corosync on this node (connection "
				 "refused); is it running?");
		fake_start();
		session_skip(session);
		events_are("connected 4; quorum yes 4: 1");
	}
	ck_assert_uint_eq(session_stats(session).connects, 3);
	coro_close(session);
}
END_TEST

/* The connection is lost before the first dispatch. */
START_TEST(lost_before_it_is_reported)
{
	static const uint32_t nodes[] = { 1, 2 };
	struct coro_session *session = session_open();

	fake_quorum(true, 8, nodes, 2);
	fake_die();
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("connected 4; quorum yes 4: 1 +1; quorum yes 8: 1 2 +2; "
		   "disconnected CS_ERR_LIBRARY");
	coro_close(session);
}
END_TEST

static struct coro_session *hook_session;

static void connect_hook(void)
{
	struct coro_group *group;

	fake_start();
	join_text(hook_session, "a", &group, 0);
}

/* While the words of a failure are looked up, another thread may connect. */
START_TEST(connected_while_the_reason_is_looked_up)
{
	fake_die();
	hook_session = session_open();
	session_settle(hook_session);
	events_take();
	clock_skip_ms(1000);
	fake_fail(FAKE_QUORUM_INITIALIZE, CS_ERR_ACCESS, 1);
	fake_hook(FAKE_PEER, connect_hook);
	session_settle(hook_session);
	session_reconnect(hook_session);
	events_are("disconnected CS_ERR_ACCESS; connected 4; quorum yes 4: 1 "
		   "+1; members a: me +me/1");
	coro_close(hook_session);
}
END_TEST

/* One of the connections is lost: all are replaced. */
START_TEST(one_connection_is_lost)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	session_join(session, "b");
	fake_drop(_i == 0);
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY");
	ck_assert_str_eq(events_why(),
			 "lost connection to corosync: it was restarted, or "
			 "closed the connection");
	ck_assert_uint_eq(fake_handles(), 0);
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1; members a: me +me/1 rejoin; "
		   "members b: me +me/1 rejoin");
	ck_assert_uint_eq(fake_handles(), 3);
	coro_close(session);
}
END_TEST

START_TEST(dispatch_fails)
{
	static const enum fake_call calls[] = { FAKE_CPG_DISPATCH,
						FAKE_QUORUM_DISPATCH };
	static const uint32_t nodes[] = { 1, 2 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_message("a", 2, 20, "1", 1);
	fake_quorum(true, 8, nodes, 2);
	fake_fail(calls[_i], CS_ERR_NO_MEMORY, 1);
	session_settle(session);
	ck_assert_uint_eq(events_count("disconnected CS_ERR_NO_MEMORY"), 1);
	ck_assert_str_eq(events_why(), "lost connection to corosync: memory "
				       "ran out for an event");
	ck_assert_uint_eq(events_count("message a 2.20 1"), 1);
	ck_assert_uint_eq(events_count("quorum yes 8"), 1);
	session_reconnect(session);
	ck_assert_uint_eq(events_count("rejoin"), 1);
	coro_close(session);
}
END_TEST

/* All that is pending comes before "disconnected", in all groups. */
START_TEST(last_events_first)
{
	static const uint32_t nodes[] = { 1, 2 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	session_join(session, "b");
	fake_enter("b", 2, 20);
	fake_message("b", 2, 20, "1", 1);
	fake_message("a", 2, 20, "2", 1);
	fake_quorum(true, 8, nodes, 2);
	fake_die();
	fake_start();
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	ck_assert_uint_eq(events_count("quorum yes 8: 1 2 +2"), 1);
	ck_assert_uint_eq(events_count("message a 2.20 2"), 1);
	ck_assert_uint_eq(events_count("members b: me 2.20 +2.20/1; message b "
				       "2.20 1"),
			  1);
	ck_assert_uint_eq(events_count("; disconnected CS_ERR_LIBRARY"), 1);
	ck_assert_uint_eq(events_count("disconnected CS_ERR_LIBRARY;"), 0);
	coro_close(session);
}
END_TEST

/* Groups. */

START_TEST(members_of_a_rejoin)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_enter("a", 2, 20);
	fake_enter("a", 3, 30);
	fake_enter("a", FAKE_NODEID, 40);
	fake_exit("a", 2, 20, CPG_REASON_LEAVE);
	session_settle(session);
	fake_die();
	session_settle(session);
	events_take();
	fake_start();
	fake_enter("a", 3, 30);
	fake_enter("a", 3, 31);
	fake_enter("a", 4, 30);
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1; members a: 3.30 3.31 4.30 me "
		   "+3.31/0 +4.30/0 +me/1 -1.40/0 rejoin");
	fake_enter("a", 5, 50);
	session_settle(session);
	events_are("members a: 3.30 3.31 4.30 me 5.50 +5.50/1");
	coro_close(session);
}
END_TEST

/* A second loss before the members were known again. */
START_TEST(members_of_the_last_change_count)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_enter("a", 2, 20);
	session_settle(session);
	fake_die();
	session_settle(session);
	fake_start();
	fake_hold_joins(true);
	session_skip(session);
	fake_die();
	session_settle(session);
	fake_start();
	fake_hold_joins(false);
	events_take();
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1; members a: me +me/1 -2.20/0 "
		   "rejoin");
	coro_close(session);
}
END_TEST

/* Not joined again, and then joined. */
START_TEST(rejoin_is_retried)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	session_join(session, "b");
	fake_die();
	session_settle(session);
	fake_start();
	events_take();
	fake_fail(FAKE_CPG_JOIN, _i == 0 ? CS_ERR_TRY_AGAIN : CS_ERR_EXIST, 3);
	session_skip(session);
	ck_assert_uint_eq(events_count("connected 4; quorum yes 4: 1"), 1);
	session_reconnect(session);
	ck_assert_uint_eq(events_count("members a: me +me/1 rejoin"), 1);
	ck_assert_uint_eq(events_count("members b: me +me/1 rejoin"), 1);
	coro_close(session);
}
END_TEST

/* The daemon dies again while a group is joined. */
static void die_hook(void)
{
	fake_die();
}

START_TEST(lost_while_it_rejoins)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_die();
	session_settle(session);
	fake_start();
	events_take();
	fake_hook(_i == 0 ? FAKE_CPG_JOIN : FAKE_CPG_MODEL_INITIALIZE,
		  die_hook);
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1; disconnected CS_ERR_LIBRARY");
	fake_start();
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1; members a: me +me/1 rejoin");
	coro_close(session);
}
END_TEST

/* At each request of the connection. */
START_TEST(lost_while_it_connects)
{
	static const enum fake_call requests[] = {
		FAKE_QUORUM_INITIALIZE, FAKE_QUORUM_TRACKSTART,
		FAKE_QUORUM_DISPATCH,	FAKE_CPG_INITIALIZE,
		FAKE_QUORUM_FD_GET,
	};
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	fake_die();
	session_settle(session);
	fake_start();
	events_take();
	fake_hook(requests[_i], die_hook);
	session_skip(session);
	session_settle(session);
	ck_assert_uint_eq(fake_handles(), 0);
	ck_assert_uint_le(events_count("connected 4"), 1);
	fake_start();
	session_reconnect(session);
	ck_assert_uint_eq(events_count("members a: me +me/1 rejoin"), 1);
	coro_close(session);
}
END_TEST

/* Quorum. */

/* An unlimited wait, which could end only with a dispatch of this thread. */

static struct coro_group *lost_group;
static struct call lost_join = { .kind = CALL_JOIN,
				 .text = "c",
				 .timeout_ms = -1 };

static void waits_are_refused(struct coro_session *session,
			      struct coro_group *group, const char *line)
{
	struct coro_group *other;

	(void)group;
	if (strncmp(line, "lost", 4) != 0)
		return;
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(send_text(lost_group, "2", -1), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(send_text(lost_group, "2", 1), CS_ERR_TIMEOUT);
	call_start(&lost_join);
	call_wait_asleep(&lost_join);
}

START_TEST(no_wait_for_the_own_dispatch)
{
	struct coro_session *session = session_joined(&lost_group);

	lost_join.session = session;
	fake_hold_messages(true);
	ck_assert_int_eq(send_text(lost_group, "1", 0), CS_OK);
	events_hook(waits_are_refused);
	fake_die();
	session_settle(session);
	events_are("lost a 0 1; disconnected CS_ERR_LIBRARY");
	events_hook(NULL);
	fake_start();
	session_reconnect(session);
	ck_assert_int_eq(call_join(&lost_join), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("sendable a"), 1);
	coro_close(session);
}
END_TEST

/* The callback for the new connection comes before that of the group. */
static void send_is_refused(struct coro_session *session,
			    struct coro_group *group, const char *line)
{
	(void)session;
	(void)group;
	if (strncmp(line, "connected", 9) == 0)
		ck_assert_int_eq(send_text(lost_group, "2", -1),
				 CS_ERR_TRY_AGAIN);
}

START_TEST(no_wait_for_the_own_members)
{
	struct coro_session *session = session_joined(&lost_group);

	fake_die();
	session_settle(session);
	fake_start();
	events_hook(send_is_refused);
	session_reconnect(session);
	events_are("disconnected CS_ERR_LIBRARY; connected 4; quorum yes 4: 1; "
		   "members a: me +me/1 rejoin; sendable a");
	events_hook(NULL);
	coro_close(session);
}
END_TEST

/* A send has found that the connection is lost. */
START_TEST(no_join_before_a_loss_is_dispatched)
{
	struct coro_group *group, *other;
	struct coro_session *session = session_joined(&group);

	fake_die();
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_TIMEOUT);
	fake_start();
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(join_text(session, "b", &other, 20), CS_ERR_TIMEOUT);
	session_settle(session);
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_OK);
	coro_close(session);
}
END_TEST

START_TEST(quorum_across_a_loss)
{
	static const uint32_t before[] = { 1, 2, 3 };
	static const uint32_t after[] = { 4, 3, 1 };
	struct coro_session *session = session_open();

	fake_quorum(true, 8, before, 3);
	session_settle(session);
	fake_die();
	session_settle(session);
	fake_start();
	fake_quorum(false, 16, after, 3);
	events_take();
	session_skip(session);
	events_are("connected 16; quorum no 16: 4 3 1 +4 -2");
	coro_close(session);
}
END_TEST

TCase *reconnect_case(void)
{
	TCase *tcase = session_case("reconnect");

	tcase_add_test(tcase, pauses_by_default);
	tcase_add_loop_test(tcase, pauses_of_options, 0,
			    (int)COUNT(options_pauses));
	tcase_add_test(tcase, pauses_are_random);
	tcase_add_test(tcase, a_reason_is_reported_once);
	tcase_add_test(tcase, a_loss_and_its_reason_are_one);
	tcase_add_test(tcase, lost_before_it_is_reported);
	tcase_add_test(tcase, connected_while_the_reason_is_looked_up);
	tcase_add_loop_test(tcase, one_connection_is_lost, 0, 2);
	tcase_add_loop_test(tcase, dispatch_fails, 0, 2);
	tcase_add_test(tcase, last_events_first);
	tcase_add_test(tcase, members_of_a_rejoin);
	tcase_add_test(tcase, members_of_the_last_change_count);
	tcase_add_loop_test(tcase, rejoin_is_retried, 0, 2);
	tcase_add_loop_test(tcase, lost_while_it_rejoins, 0, 2);
	tcase_add_loop_test(tcase, lost_while_it_connects, 0, 5);
	tcase_add_test(tcase, no_wait_for_the_own_dispatch);
	tcase_add_test(tcase, no_wait_for_the_own_members);
	tcase_add_test(tcase, no_join_before_a_loss_is_dispatched);
	tcase_add_test(tcase, quorum_across_a_loss);
	return tcase;
}
