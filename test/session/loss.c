/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"
#include "support.h"

#define STEPS 400

static void each_sent(struct coro_group *group, const char *letters)
{
	for (; *letters != '\0'; letters++)
		ck_assert_int_eq(
			send_text(group, (char[]){ *letters, '\0' }, 0), CS_OK);
}

static struct coro_session *held_session(struct coro_group **ret_group)
{
	struct coro_session *session = session_joined(ret_group);

	fake_hold_messages(true);
	return session;
}

/* "lost" comes before the message that shows it. */
START_TEST(lost)
{
	struct coro_group *group;
	struct coro_session *session = held_session(&group);

	each_sent(group, "12345");
	fake_return(1);
	fake_discard(2);
	session_settle(session);
	events_are("message a me 1");
	stats_are(session, 1, 0, 0, 4);
	fake_return(2);
	session_settle(session);
	events_are("lost a 2 0; message a me 4; message a me 5");
	stats_are(session, 3, 2, 0, 0);
	coro_close(session);
}
END_TEST

/* Messages of others, also of this process in other groups, show nothing. */
START_TEST(not_lost_by_messages_of_others)
{
	struct coro_group *group, *other;
	struct coro_session *session = held_session(&group);

	other = session_join(session, "b");
	each_sent(group, "1");
	each_sent(other, "2");
	fake_message("a", 2, 20, "1", 1);
	fake_message("a", FAKE_NODEID, 20, "1", 1);
	fake_message("b", 2, (uint32_t)getpid(), "2", 1);
	session_settle(session);
	ck_assert_uint_eq(events_count("lost"), 0);
	stats_are(session, 0, 0, 0, 2);
	fake_discard(1);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("lost"), 0);
	stats_are(session, 1, 0, 0, 1);
	coro_close(session);
}
END_TEST

/* Of a member with the same id that was not this session's. */
START_TEST(unknown_messages)
{
	struct coro_group *group;
	struct coro_session *session = held_session(&group);

	each_sent(group, "1");
	fake_message("a", FAKE_NODEID, (uint32_t)getpid(), "2", 1);
	session_settle(session);
	events_are("message a me 2");
	stats_are(session, 0, 0, 0, 1);
	coro_close(session);
}
END_TEST

START_TEST(uncertain)
{
	struct coro_group *group, *other;
	struct coro_session *session = held_session(&group);

	other = session_join(session, "b");
	session_join(session, "c");
	each_sent(group, "12345");
	each_sent(other, "67");
	fake_return(1);
	fake_discard(1);
	fake_return(1);
	fake_die();
	session_settle(session);
	events_are("message a me 1; lost a 1 0; message a me 3; lost a 0 2; "
		   "lost b 0 2; disconnected CS_ERR_LIBRARY");
	stats_are(session, 2, 1, 4, 0);
	fake_start();
	session_reconnect(session);
	events_take();
	each_sent(group, "8");
	fake_return(1);
	session_settle(session);
	events_are("message a me 8");
	stats_are(session, 3, 1, 4, 0);
	coro_close(session);
}
END_TEST

START_TEST(all_came_back)
{
	struct coro_group *group;
	struct coro_session *session = held_session(&group);

	each_sent(group, "12");
	fake_return(2);
	fake_die();
	session_settle(session);
	events_are("message a me 1; message a me 2; "
		   "disconnected CS_ERR_LIBRARY");
	stats_are(session, 2, 0, 0, 0);
	coro_close(session);
}
END_TEST

/* Contents that come back are compared, not only lengths. */
START_TEST(large_messages)
{
	struct coro_group *group;
	struct coro_session *session = held_session(&group);

	for (int i = 0; i < 3; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		ck_assert_int_eq(send_long(group, text, 5000, 0), CS_OK);
	}
	fake_discard(2);
	fake_return(1);
	session_settle(session);
	events_are("lost a 2 0; message a me 2");
	stats_are(session, 1, 2, 0, 0);
	coro_close(session);
}
END_TEST

/* At every moment: sent = returned + lost + uncertain + backlog. */

static unsigned int seed;
static unsigned int in_flight; /* at the daemon */

static unsigned int number_below(unsigned int count)
{
	seed = seed * 1103515245 + 12345;
	return seed / 65536 % count;
}

static void balance_is_right(struct coro_session *session)
{
	struct coro_stats stats = session_stats(session);

	ck_assert_uint_eq(stats.sent, stats.returned + stats.lost +
					      stats.uncertain + stats.backlog);
	ck_assert((stats.backlog == 0) == (stats.backlog_bytes == 0));
}

static void balance_hook(struct coro_session *session, struct coro_group *group,
			 const char *line)
{
	(void)group;
	(void)line;
	balance_is_right(session);
}

static void random_send(struct coro_group *group)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", number_below(20));
	if (send_text(group, text, 0) == CS_OK)
		in_flight++;
}

static void random_restart(struct coro_session *session)
{
	fake_die();
	in_flight = 0;
	if (number_below(2))
		session_settle(session);
	fake_start();
	if (number_below(2))
		session_reconnect(session);
}

static void random_step(struct coro_session *session,
			struct coro_group **groups)
{
	unsigned int count = number_below(in_flight + 1);

	switch (number_below(12)) {
	case 0:
		fake_discard(count);
		in_flight -= count;
		break;
	case 1:
		fake_return(count);
		in_flight -= count;
		break;
	case 2:
		session_settle(session);
		break;
	case 3:
		if (number_below(5) == 0)
			random_restart(session);
		break;
	case 4:
		fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 1);
		break;
	case 5:
		clock_skip_ms(500);
		break;
	default:
		random_send(groups[number_below(2)]);
	}
}

START_TEST(balance)
{
	static const struct coro_options options = { .size = sizeof(options),
						     .backlog_max = 5000 };
	struct coro_group *groups[2];
	struct coro_session *session =
		session_joined_with(&options, &groups[0]);

	groups[1] = session_join(session, "b");
	seed = (unsigned int)_i;
	events_hook(balance_hook);
	fake_hold_messages(true);
	for (int i = 0; i < STEPS; i++) {
		random_step(session, groups);
		balance_is_right(session);
		events_take();
	}
	ck_assert_uint_gt(session_stats(session).returned, 0);
	ck_assert_uint_gt(session_stats(session).sent, 20);
	coro_close(session);
}
END_TEST

TCase *loss_case(void)
{
	TCase *tcase = session_case("loss");

	tcase_add_test(tcase, lost);
	tcase_add_test(tcase, not_lost_by_messages_of_others);
	tcase_add_test(tcase, unknown_messages);
	tcase_add_test(tcase, uncertain);
	tcase_add_test(tcase, all_came_back);
	tcase_add_test(tcase, large_messages);
	tcase_add_loop_test(tcase, balance, 0, 8);
	return tcase;
}
