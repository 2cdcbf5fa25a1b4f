/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "support.h"

/* So many messages that the backlog grows. */
#define MESSAGES 70

static const struct coro_options large_window = {
	.size = sizeof(large_window),
	.backlog_max = 1 << 20,
};

static struct coro_group *group_join(struct coro_session *session,
				     const char *name)
{
	struct coro_group *group = NULL;
	cs_error_t error = join_text(session, name, &group, 0);

	if (error == CS_ERR_NO_MEMORY) {
		ck_assert_ptr_null(group);
		error = join_text(session, name, &group, 0);
	}
	ck_assert_int_eq(error, CS_OK);
	return group;
}

/* The connection may have been lost for want of memory. */
static void one_sent(struct coro_session *session, struct coro_group *group)
{
	static unsigned int number;
	cs_error_t error;
	char text[16];

	snprintf(text, sizeof(text), "%u", number++);
	error = send_text(group, text, 0);
	if (error == CS_ERR_TIMEOUT)
		session_reconnect(session);
	if (error != CS_OK)
		error = send_text(group, text, 0);
	ck_assert_int_eq(error, CS_OK);
}

static void changes_cause(void)
{
	static const uint32_t nodes[] = { 1, 2, 3 };
	static uint64_t seq = 4;

	fake_enter("a", 2, 20);
	seq += 4;
	fake_quorum(true, seq, nodes, 3);
	seq += 4;
	fake_quorum(true, seq, nodes, 1);
}

static void restart(struct coro_session *session)
{
	fake_die();
	session_settle(session);
	fake_start();
	session_reconnect(session);
}

/* In the end, all works. */
static void session_is_usable(struct coro_session *session,
			      struct coro_group *group)
{
	session_reconnect(session);
	events_take();
	ck_assert_int_eq(send_text(group, "usable", 0), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("message a me usable"), 1);
	ck_assert_uint_eq(fake_handles(), 3);
}

static void session_use(void)
{
	struct coro_session *session = NULL;
	struct coro_group *group, *other;

	if (coro_open(&session, &events_all, NULL, &large_window) ==
	    CS_ERR_NO_MEMORY) {
		ck_assert_ptr_null(session);
		return;
	}
	ck_assert_ptr_nonnull(session);
	group = group_join(session, "a");
	session_reconnect(session);
	changes_cause();
	session_reconnect(session);
	for (int i = 0; i < MESSAGES; i++)
		one_sent(session, group);
	session_reconnect(session);
	other = group_join(session, "b");
	restart(session);
	changes_cause();
	restart(session);
	session_is_usable(session, group);
	ck_assert_int_eq(coro_leave(other, 0), CS_OK);
	coro_close(session);
}

/* Each of the allocations fails, one after the other. */
START_TEST(each_allocation_fails)
{
	int failed = 0;

	do {
		events_reset();
		fake_setup();
		libc_fail_after(failed++);
		session_use();
		ck_assert_int_eq(libc_live(), 0);
	} while (libc_has_failed());
	ck_assert_int_gt(failed, 30);
}
END_TEST

/* What is reported then. */
START_TEST(of_an_event)
{
	static const uint32_t nodes[] = { 1, 2 };
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	if (_i < 2)
		fake_quorum(true, 8, nodes, 2);
	else
		fake_enter("a", 2, 20);
	libc_fail_after(_i % 2);
	coro_dispatch(session, 0);
	ck_assert(libc_has_failed() == (_i < 3));
	if (_i == 3) {
		libc_fail_after(-1);
		coro_close(session);
		return;
	}
	events_are("disconnected CS_ERR_NO_MEMORY");
	ck_assert_str_eq(coro_why(session), "lost connection to corosync: "
					    "memory ran out for an event");
	fake_start();
	session_reconnect(session);
	ck_assert_uint_eq(events_count("rejoin"), 1);
	ck_assert_uint_eq(events_count("quorum yes"), 1);
	coro_close(session);
}
END_TEST

START_TEST(of_a_send)
{
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	libc_fail_after(0);
	ck_assert_int_eq(send_text(group, "1", 0), CS_ERR_NO_MEMORY);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_MCAST), 0);
	stats_are(session, 0, 0, 0, 0);
	coro_close(session);
}
END_TEST

TCase *memory_case(void)
{
	TCase *tcase = session_case("memory");

	tcase_add_test(tcase, each_allocation_fails);
	tcase_add_loop_test(tcase, of_an_event, 0, 4);
	tcase_add_test(tcase, of_a_send);
	return tcase;
}
