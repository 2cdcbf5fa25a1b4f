/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "support.h"

/* More than a session that is not busy needs. */
#define SETTLE_MAX 1000

#define LONG_MAX_SIZE (2 * 1024 * 1024)

/* The linker's names for the function. */
int __real_epoll_ctl(int fd, int operation, int watched,
		     struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int watched,
		     struct epoll_event *event);

static int fds_before;
static atomic_int watch_fails = -1;

void watch_fail(int skip)
{
	watch_fails = skip;
}

int __wrap_epoll_ctl(int fd, int operation, int watched,
		     struct epoll_event *event)
{
	if (operation != EPOLL_CTL_ADD || watch_fails < 0 || watch_fails-- > 0)
		return __real_epoll_ctl(fd, operation, watched, event);
	errno = ENOMEM;
	return -1;
}

void session_setup(void)
{
	libc_hooks_reset();
	fake_setup();
	events_reset();
	watch_fail(-1);
	fds_before = fds_count();
}

void session_teardown(void)
{
	ck_assert_uint_eq(fake_handles(), 0);
	ck_assert_int_eq(fds_count(), fds_before);
	ck_assert_int_eq(libc_live(), 0);
}

TCase *session_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, session_setup, session_teardown);
	return tcase;
}

struct coro_session *session_open_with(const struct coro_options *options)
{
	struct coro_session *session = NULL;

	ck_assert_int_eq(coro_open(&session, &events_all, NULL, options),
			 CS_OK);
	ck_assert_ptr_nonnull(session);
	return session;
}

struct coro_session *session_open(void)
{
	return session_open_with(NULL);
}

struct coro_session *session_joined_with(const struct coro_options *options,
					 struct coro_group **ret_group)
{
	struct coro_session *session = session_open_with(options);

	*ret_group = session_join(session, "a");
	return session;
}

struct coro_session *session_joined(struct coro_group **ret_group)
{
	return session_joined_with(NULL, ret_group);
}

struct coro_group *session_join(struct coro_session *session, const char *name)
{
	struct coro_group *group = NULL;

	ck_assert_int_eq(join_text(session, name, &group, -1), CS_OK);
	session_settle(session);
	ck_assert_uint_eq(events_count("+me/1"), 1);
	events_take();
	return group;
}

cs_error_t join_text(struct coro_session *session, const char *name,
		     struct coro_group **ret_group, int timeout_ms)
{
	return coro_join(session, name, strlen(name), ret_group, timeout_ms);
}

cs_error_t send_text(struct coro_group *group, const char *text, int timeout_ms)
{
	const struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };

	return coro_send(group, &iov, 1, timeout_ms);
}

cs_error_t send_long(struct coro_group *group, const char *text, size_t len,
		     int timeout_ms)
{
	static char zeros[LONG_MAX_SIZE];
	const struct iovec iov[] = {
		{ (void *)(uintptr_t)text, strlen(text) },
		{ zeros, len - strlen(text) },
	};

	ck_assert_uint_le(len, sizeof(zeros));
	return coro_send(group, iov, 2, timeout_ms);
}

void session_settle(struct coro_session *session)
{
	for (int i = 0; fd_is_readable(coro_fd(session)); i++) {
		ck_assert_int_lt(i, SETTLE_MAX);
		ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	}
}

void session_skip(struct coro_session *session)
{
	int64_t left = clock_timer_ns() - clock_now_ns();

	ck_assert_int_ne(clock_timer_ns(), 0);
	clock_skip_ms(left > 0 ? left / 1000000 + 1 : 0);
	wait_for(fd_is_readable(coro_fd(session)));
	session_settle(session);
}

void session_reconnect(struct coro_session *session)
{
	session_settle(session);
	for (int i = 0; i < 10 && clock_timer_ns() != 0; i++)
		session_skip(session);
}

struct coro_stats session_stats(struct coro_session *session)
{
	struct coro_stats stats = { .size = sizeof(stats) };

	coro_stats(session, &stats);
	ck_assert_uint_eq(stats.size, sizeof(stats));
	return stats;
}

void stats_are(struct coro_session *session, uint64_t returned, uint64_t lost,
	       uint64_t uncertain, uint64_t backlog)
{
	struct coro_stats stats = session_stats(session);

	ck_assert_uint_eq(stats.returned, returned);
	ck_assert_uint_eq(stats.lost, lost);
	ck_assert_uint_eq(stats.uncertain, uncertain);
	ck_assert_uint_eq(stats.backlog, backlog);
	ck_assert_uint_eq(stats.sent, returned + lost + uncertain + backlog);
	ck_assert((stats.backlog == 0) == (stats.backlog_bytes == 0));
}

/* Threads. */

static cs_error_t call_make(struct call *call)
{
	switch (call->kind) {
	case CALL_DISPATCH:
		return coro_dispatch(call->session, call->timeout_ms);
	case CALL_JOIN:
		return join_text(call->session, call->text, &call->group,
				 call->timeout_ms);
	case CALL_LEAVE:
		return coro_leave(call->group, call->timeout_ms);
	default:
		return send_text(call->group, call->text, call->timeout_ms);
	}
}

static void *call_run(void *data)
{
	struct call *call = data;
	int64_t begin = clock_now_ns();

	call->tid = gettid();
	call->result = call_make(call);
	call->ns = clock_now_ns() - begin;
	call->done = true;
	return NULL;
}

void call_start(struct call *call)
{
	thread_start(&call->thread, call_run, call);
}

void call_wait_asleep(const struct call *call)
{
	wait_for(call->tid != 0 && process_state(call->tid) == 'S');
	ck_assert(!call->done);
}

cs_error_t call_join(struct call *call)
{
	ck_assert_ptr_null(thread_join(call->thread));
	return call->result;
}
