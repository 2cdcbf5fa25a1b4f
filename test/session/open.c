/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <sys/resource.h>

#include "suites.h"
#include "support.h"

static const struct coro_options no_reconnect = {
	.size = sizeof(no_reconnect),
	.flags = CORO_NO_RECONNECT,
};

/* A program that was compiled with a newer header. */
struct future_options {
	struct coro_options options;
	char more[64];
};

struct future_events {
	struct coro_events events;
	char more[64];
};

static void open_is(const struct coro_events *events,
		    const struct coro_options *options, cs_error_t expected)
{
	struct coro_session *session = NULL;

	ck_assert_int_eq(coro_open(&session, events, NULL, options), expected);
	ck_assert((session != NULL) == (expected == CS_OK));
	coro_close(session);
}

START_TEST(connects_at_once)
{
	struct coro_session *session = session_open();

	ck_assert_uint_eq(fake_calls(FAKE_QUORUM_TRACKSTART), 1);
	ck_assert_uint_eq(fake_calls(FAKE_CPG_INITIALIZE), 1);
	ck_assert_uint_eq(fake_handles(), 1);
	events_are("");
	ck_assert_int_eq(coro_dispatch(session, -1), CS_OK);
	events_are("connected 4; quorum yes 4: 1 +1");
	ck_assert_str_eq(coro_why(session), "");
	ck_assert_uint_eq(session_stats(session).connects, 1);
	coro_close(session);
}
END_TEST

START_TEST(arguments)
{
	ck_assert_int_eq(coro_open(NULL, NULL, NULL, NULL),
			 CS_ERR_INVALID_PARAM);
	open_is(NULL, NULL, CS_OK);
	coro_close(NULL);
}
END_TEST

START_TEST(sizes)
{
	struct coro_options options = { .size = sizeof(options) };
	struct coro_events events = { .size = sizeof(events) };

	open_is(&events, &options, CS_OK);
	for (size_t size = 0; size < sizeof(events); size += sizeof(void *)) {
		events.size = size;
		open_is(&events, NULL, CS_ERR_INVALID_PARAM);
	}
	for (size_t size = 0; size < sizeof(options); size += sizeof(size_t)) {
		options.size = size;
		open_is(NULL, &options, CS_ERR_INVALID_PARAM);
	}
}
END_TEST

START_TEST(larger_sizes)
{
	struct future_options options = { no_reconnect, { 1 } };
	struct future_events events = { events_all, { 1 } };
	struct coro_session *session = NULL;

	memset(options.more, 0xff, sizeof(options.more));
	memset(events.more, 0xff, sizeof(events.more));
	options.options.size = sizeof(options);
	events.events.size = sizeof(events);
	ck_assert_int_eq(
		coro_open(&session, &events.events, NULL, &options.options),
		CS_OK);
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

START_TEST(flags)
{
	struct coro_options options = { .size = sizeof(options) };

	options.flags = 1U << _i;
	open_is(NULL, &options, _i == 0 ? CS_OK : CS_ERR_INVALID_PARAM);
}
END_TEST

START_TEST(structs_are_copied)
{
	struct coro_options options = { .size = sizeof(options) };
	struct coro_events events = events_all;
	struct coro_session *session;

	ck_assert_int_eq(coro_open(&session, &events, &options, &options),
			 CS_OK);
	memset(&events, 0xff, sizeof(events));
	memset(&options, 0xff, sizeof(options));
	session_settle(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	ck_assert_ptr_eq(coro_context(session), &options);
	coro_close(session);
}
END_TEST

START_TEST(without_callbacks)
{
	struct coro_events none = { .size = sizeof(none) };
	struct coro_group *group;
	struct coro_session *session;

	ck_assert_int_eq(
		coro_open(&session, _i == 0 ? NULL : &none, NULL, NULL), CS_OK);
	ck_assert_int_eq(join_text(session, "a", &group, -1), CS_OK);
	session_settle(session);
	fake_hold_messages(true);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
	fake_discard(1);
	fake_return(1);
	session_settle(session);
	fake_fail(FAKE_CPG_MCAST, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(send_text(group, "3", 0), CS_ERR_TIMEOUT);
	session_skip(session);
	fake_die();
	session_settle(session);
	stats_are(session, 1, 1, 0, 0);
	ck_assert_uint_eq(session_stats(session).received, 1);
	coro_close(session);
}
END_TEST

START_TEST(no_corosync)
{
	struct coro_session *session;

	fake_die();
	session = session_open();
	events_are("");
	ck_assert_str_eq(coro_why(session),
			 "no corosync on this node (connection refused); is it "
			 "running?");
	ck_assert_uint_eq(session_stats(session).connects, 0);
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY");
	ck_assert_str_eq(events_why(), coro_why(session));
	ck_assert_int_eq(coro_dispatch(session, 1), CS_ERR_TIMEOUT);
	fake_start();
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

/* What coro_open returns then, and where the failure is. */
static const struct {
	enum fake_call call;
	cs_error_t error;
} failures[] = {
	{ FAKE_QUORUM_INITIALIZE, CS_ERR_ACCESS },
	{ FAKE_QUORUM_INITIALIZE, CS_ERR_TRY_AGAIN },
	{ FAKE_QUORUM_INITIALIZE, CS_ERR_NO_SPACE },
	{ FAKE_QUORUM_TRACKSTART, CS_ERR_TRY_AGAIN },
	{ FAKE_QUORUM_DISPATCH, CS_ERR_LIBRARY },
	{ FAKE_CPG_INITIALIZE, CS_ERR_NO_MEMORY },
	{ FAKE_CPG_LOCAL_GET, CS_ERR_LIBRARY },
};

START_TEST(no_reconnect_fails)
{
	fake_fail(failures[_i].call, failures[_i].error, 1);
	open_is(&events_all, &no_reconnect, failures[_i].error);
	events_are("");
	open_is(&events_all, &no_reconnect, CS_OK);
}
END_TEST

/* Nothing of the attempt is left, and nothing is reported but the reason. */
START_TEST(failure_is_reported)
{
	struct coro_session *session;
	bool is_silent = failures[_i].error == CS_ERR_TRY_AGAIN;

	fake_fail(failures[_i].call, failures[_i].error, 1);
	session = session_open();
	ck_assert_uint_eq(fake_handles(), 0);
	session_settle(session);
	ck_assert_uint_eq(events_count("disconnected"), is_silent ? 0 : 1);
	ck_assert_uint_eq(events_count(";"), 0);
	ck_assert_uint_eq(events_count("quorum"), 0);
	ck_assert_str_ne(coro_why(session), "");
	events_take();
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

/* A descriptor that epoll does not accept: what runs out is not known. */
START_TEST(descriptor_is_refused)
{
	struct coro_session *session;

	fake_fail(FAKE_QUORUM_FD_GET, CS_ERR_BAD_HANDLE, 1);
	session = session_open();
	ck_assert_uint_eq(fake_handles(), 0);
	session_settle(session);
	events_are("disconnected CS_ERR_NO_RESOURCES");
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

START_TEST(no_reconnect_after_loss)
{
	const struct coro_options options = no_reconnect;
	struct coro_group *group, *other;
	struct coro_session *session = session_joined_with(&options, &group);

	fake_die();
	fake_start();
	ck_assert_int_eq(coro_dispatch(session, -1), CS_OK);
	events_are("disconnected CS_ERR_LIBRARY");
	ck_assert(fd_is_readable(coro_fd(session)));
	ck_assert_int_eq(coro_dispatch(session, 0), CS_ERR_LIBRARY);
	ck_assert_int_eq(coro_dispatch(session, -1), CS_ERR_LIBRARY);
	ck_assert_int_eq(send_text(group, "1", -1), CS_ERR_LIBRARY);
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_ERR_LIBRARY);
	ck_assert_int_eq(join_text(session, "b", &other, 0), CS_ERR_LIBRARY);
	ck_assert_int_eq(coro_leave(group, -1), CS_OK);
	ck_assert_uint_eq(fake_calls(FAKE_QUORUM_INITIALIZE), 1);
	events_are("");
	coro_close(session);
}
END_TEST

/* The descriptors that a process may have, above those that it has. */
static void descriptors_limit(int more)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)(fds_count() + more);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The other descriptors may have gaps in their numbers: some limit fits. */
START_TEST(no_descriptors)
{
	struct coro_session *session = NULL;
	cs_error_t error = CS_OK;
	struct rlimit before;
	int fds = fds_count(), failed = 0;

	fake_die();
	getrlimit(RLIMIT_NOFILE, &before);
	for (int more = -3; more < 4 && error != CS_ERR_NO_MEMORY; more++) {
		setrlimit(RLIMIT_NOFILE, &before);
		descriptors_limit(more);
		error = coro_open(&session, NULL, NULL, NULL);
		setrlimit(RLIMIT_NOFILE, &before);
		if (error == CS_OK) {
			coro_close(session);
		} else {
			ck_assert_int_eq(error, CS_ERR_NO_RESOURCES);
			failed++;
		}
		ck_assert_int_eq(fds_count(), fds);
	}
	ck_assert_int_gt(failed, 1);
}
END_TEST

/* The timer, and the connection to quorum. */
START_TEST(epoll_fails)
{
	struct coro_session *session = NULL;
	cs_error_t error;

	watch_fail(_i);
	error = coro_open(&session, &events_all, NULL, NULL);
	ck_assert_int_eq(error, _i == 0 ? CS_ERR_NO_RESOURCES : CS_OK);
	ck_assert_uint_eq(fake_handles(), 0);
	if (_i == 0)
		return;
	session_settle(session);
	events_are("disconnected CS_ERR_NO_RESOURCES");
	session_skip(session);
	events_are("connected 4; quorum yes 4: 1 +1");
	coro_close(session);
}
END_TEST

START_TEST(stats_of_other_sizes)
{
	struct {
		struct coro_stats stats;
		unsigned char more[16];
	} future;
	static const unsigned char zeros[16];
	struct coro_group *group;
	struct coro_session *session = session_joined(&group);

	ck_assert_int_eq(send_text(group, "123", 0), CS_OK);
	memset(&future, 0xee, sizeof(future));
	future.stats.size = sizeof(future);
	coro_stats(session, &future.stats);
	ck_assert_uint_eq(future.stats.size, sizeof(future));
	ck_assert_uint_eq(future.stats.sent, 1);
	ck_assert_mem_eq(future.more, zeros, sizeof(zeros));
	memset(&future, 0xee, sizeof(future));
	future.stats.size = offsetof(struct coro_stats, sent_bytes);
	coro_stats(session, &future.stats);
	ck_assert_uint_eq(future.stats.sent, 1);
	ck_assert_uint_eq(future.stats.sent_bytes, 0xeeeeeeeeeeeeeeee);
	coro_close(session);
}
END_TEST

/* The same descriptor, and it is not inherited by other programs. */
START_TEST(descriptor_stays)
{
	struct coro_session *session = session_open();
	int fd = coro_fd(session);

	session_settle(session);
	ck_assert(!fd_is_readable(fd));
	fake_die();
	ck_assert(fd_is_readable(fd));
	session_settle(session);
	fake_start();
	session_reconnect(session);
	ck_assert_uint_eq(session_stats(session).connects, 2);
	ck_assert_int_eq(coro_fd(session), fd);
	coro_close(session);
}
END_TEST

TCase *open_case(void)
{
	const int all = (int)COUNT(failures);
	TCase *tcase = session_case("open");

	tcase_add_test(tcase, connects_at_once);
	tcase_add_test(tcase, arguments);
	tcase_add_test(tcase, sizes);
	tcase_add_test(tcase, larger_sizes);
	tcase_add_loop_test(tcase, flags, 0, 32);
	tcase_add_test(tcase, structs_are_copied);
	tcase_add_loop_test(tcase, without_callbacks, 0, 2);
	tcase_add_test(tcase, no_corosync);
	tcase_add_loop_test(tcase, no_reconnect_fails, 0, all);
	tcase_add_loop_test(tcase, failure_is_reported, 0, all);
	tcase_add_test(tcase, descriptor_is_refused);
	tcase_add_test(tcase, no_reconnect_after_loss);
	tcase_add_test(tcase, no_descriptors);
	tcase_add_loop_test(tcase, epoll_fails, 0, 2);
	tcase_add_test(tcase, stats_of_other_sizes);
	tcase_add_test(tcase, descriptor_stays);
	return tcase;
}
