/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/session_reason.h"
#include "suites.h"
#include "support.h"

static char why[256];

static const char *reason(const char *service, cs_error_t error)
{
	memset(why, 'x', sizeof(why));
	reason_write(service, error, why, sizeof(why));
	return why;
}

START_TEST(refused)
{
	fake_peer(-ECONNREFUSED, 0);
	ck_assert_str_eq(reason("quorum", CS_ERR_LIBRARY),
			 "no corosync on this node (connection refused); is it "
			 "running?");
}
END_TEST

START_TEST(descriptors)
{
	fake_peer(-EMFILE, 0);
	ck_assert_str_eq(reason("quorum", CS_ERR_LIBRARY),
			 "no free file descriptors: Too many open files");
	fake_peer(-ENFILE, 0);
	ck_assert_str_eq(reason("quorum", CS_ERR_LIBRARY),
			 "no free file descriptors: Too many open files in "
			 "system");
}
END_TEST

START_TEST(other_errno)
{
	fake_peer(-EPERM, 0);
	ck_assert_str_eq(reason("cpg", CS_ERR_LIBRARY),
			 "cannot connect to the cpg service of corosync: "
			 "Operation not permitted");
}
END_TEST

START_TEST(running)
{
	fake_peer(0, 0);
	ck_assert_str_eq(reason("cpg", CS_ERR_LIBRARY),
			 "corosync is running, but the connection to its cpg "
			 "service failed");
}
END_TEST

START_TEST(other_user_on_the_socket)
{
	fake_peer(0, 65534);
	ck_assert_str_eq(reason("quorum", CS_ERR_ACCESS),
			 "the server on corosync's socket runs as uid 65534, "
			 "not root");
}
END_TEST

/* The server is accepted, or there is none any longer. */
START_TEST(not_admitted)
{
	char expected[128];

	snprintf(expected, sizeof(expected),
		 "corosync does not admit uid %u: add uidgid { uid: %u } to "
		 "corosync.conf",
		 geteuid(), geteuid());
	fake_peer(0, 0);
	ck_assert_str_eq(reason("quorum", CS_ERR_ACCESS), expected);
	fake_peer(-ECONNREFUSED, 65534);
	ck_assert_str_eq(reason("quorum", CS_ERR_ACCESS), expected);
}
END_TEST

static void space_is(const char *service, unsigned int needs)
{
	unsigned long long free_kib;
	unsigned int number;
	char end;

	ck_assert_int_eq(
		sscanf(reason(service, CS_ERR_NO_SPACE),
		       "/dev/shm is full (needs %u KiB, has %llu KiB%c",
		       &number, &free_kib, &end),
		3);
	ck_assert_uint_eq(number, needs);
	ck_assert_int_eq(end, ')');
}

START_TEST(space)
{
	space_is("cpg", 3072);
	space_is("quorum", 192);
}
END_TEST

static const struct {
	cs_error_t error;
	const char *text;
} others[] = {
	{ CS_ERR_TRY_AGAIN, "corosync is starting, synchronizes with other "
			    "nodes, or is overloaded" },
	{ CS_ERR_NO_MEMORY, "memory ran out" },
	{ CS_ERR_EXIST, "this process has joined the group with another handle "
			"or session" },
	{ CS_ERR_NO_RESOURCES, "cannot use the cpg service of corosync: "
			       "CS_ERR_NO_RESOURCES" },
};

START_TEST(other_errors)
{
	ck_assert_str_eq(reason("cpg", others[_i].error), others[_i].text);
	ck_assert_uint_eq(fake_calls(FAKE_PEER), 0);
}
END_TEST

/* The longest text is cut off, not written beyond the end. */
START_TEST(size_is_respected)
{
	char small[16] = "123456789012345";

	fake_peer(-ECONNREFUSED, 0);
	reason_write("quorum", CS_ERR_LIBRARY, small, 8);
	ck_assert_str_eq(small, "no coro");
	ck_assert_str_eq(small + 8, "9012345");
	reason_write_loss(CS_ERR_LIBRARY, small, 5);
	ck_assert_str_eq(small, "lost");
}
END_TEST

static const char *loss(cs_error_t error)
{
	memset(why, 'x', sizeof(why));
	reason_write_loss(error, why, sizeof(why));
	return why;
}

START_TEST(losses)
{
	fake_peer(-ECONNREFUSED, 0);
	ck_assert_str_eq(loss(CS_ERR_LIBRARY),
			 "lost connection to corosync: it ended");
	ck_assert_str_eq(loss(CS_ERR_NO_MEMORY),
			 "lost connection to corosync: memory ran out for an "
			 "event");
	fake_peer(0, 0);
	ck_assert_str_eq(loss(CS_ERR_LIBRARY),
			 "lost connection to corosync: it was restarted, or "
			 "closed the connection");
	fake_peer(-EPERM, 0);
	ck_assert_str_eq(loss(CS_ERR_LIBRARY),
			 "lost connection to corosync: it was restarted, or "
			 "closed the connection");
}
END_TEST

/* coro_why: the last failure, of any call. */
START_TEST(of_a_session)
{
	struct coro_group *group;
	struct coro_session *session = session_open();
	const char *last;

	fake_fail(FAKE_CPG_JOIN, CS_ERR_EXIST, 1);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_ERR_EXIST);
	last = coro_why(session);
	ck_assert_str_eq(last, "this process has joined the group with another "
			       "handle or session");
	session_settle(session);
	fake_die();
	session_settle(session);
	ck_assert_str_eq(events_why(), "lost connection to corosync: it ended");
	ck_assert_str_eq(last, "this process has joined the group with another "
			       "handle or session");
	ck_assert_str_eq(coro_why(session), events_why());
	fake_start();
	fake_fail(FAKE_CPG_INITIALIZE, CS_ERR_NO_SPACE, 1);
	session_skip(session);
	ck_assert_ptr_nonnull(strstr(coro_why(session), "needs 3072 KiB"));
	fake_fail(FAKE_QUORUM_TRACKSTART, CS_ERR_NO_SPACE, 1);
	session_skip(session);
	ck_assert_ptr_nonnull(strstr(coro_why(session), "needs 192 KiB"));
	coro_close(session);
}
END_TEST

TCase *reason_case(void)
{
	TCase *tcase = session_case("reason");

	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, descriptors);
	tcase_add_test(tcase, other_errno);
	tcase_add_test(tcase, running);
	tcase_add_test(tcase, other_user_on_the_socket);
	tcase_add_test(tcase, not_admitted);
	tcase_add_test(tcase, space);
	tcase_add_loop_test(tcase, other_errors, 0, (int)COUNT(others));
	tcase_add_test(tcase, size_is_respected);
	tcase_add_test(tcase, losses);
	tcase_add_test(tcase, of_a_session);
	return tcase;
}
