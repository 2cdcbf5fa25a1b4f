/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Sessions for the tests, which must leave nothing behind. */
#ifndef SESSION_SUPPORT_H
#define SESSION_SUPPORT_H

#include <check.h>
#include <coroclient/session.h>

#include "../common/caller.h"
#include "../common/process.h"
#include "../common/wait.h"
#include "../unit/libc_hooks.h"
#include "clock.h"
#include "events.h"
#include "fake.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a message counts more than its length, see coro_options. */
#define OVERHEAD 64

/*
 * The fixture. At the end of a test, all handles, descriptors and the memory
 * that sessions allocated must be free.
 */
void session_setup(void);
void session_teardown(void);

/* A case with the fixture. */
TCase *session_case(const char *name);

/* A session with all callbacks, which must have CS_OK. */
struct coro_session *session_open(void);
struct coro_session *session_open_with(const struct coro_options *options);

/* The same, with a group "a" that is joined. The log is empty. */
struct coro_session *session_joined(struct coro_group **ret_group);
struct coro_session *session_joined_with(const struct coro_options *options,
					 struct coro_group **ret_group);

/* Join, and dispatch until "members"; the log is empty. */
struct coro_group *session_join(struct coro_session *session, const char *name);

cs_error_t join_text(struct coro_session *session, const char *name,
		     struct coro_group **ret_group, int timeout_ms);
cs_error_t send_text(struct coro_group *group, const char *text,
		     int timeout_ms);

/* A message of @len bytes that begins with the text. */
cs_error_t send_long(struct coro_group *group, const char *text, size_t len,
		     int timeout_ms);

/*
 * Dispatch while the descriptor is readable. The test fails if that does not
 * end: then a program that uses the descriptor would be busy.
 */
void session_settle(struct coro_session *session);

/* Skip the time until the timer of the session ends, and settle. */
void session_skip(struct coro_session *session);

/* Skip times until the session is connected and its groups are joined. */
void session_reconnect(struct coro_session *session);

struct coro_stats session_stats(struct coro_session *session);

/*
 * The next descriptor but @skip is not watched by epoll, as resources ran out.
 * Needs -Wl,--wrap=epoll_ctl.
 */
void watch_fail(int skip);

/* sent = returned + lost + uncertain + backlog, and the four numbers. */
void stats_are(struct coro_session *session, uint64_t returned, uint64_t lost,
	       uint64_t uncertain, uint64_t backlog);

/* A thread that makes one call, which must end before the deadline. */
enum call_kind { CALL_DISPATCH, CALL_JOIN, CALL_LEAVE, CALL_SEND };

struct call {
	enum call_kind kind;
	struct coro_session *session;
	struct coro_group *group;
	const char *text;	/* a name, or a message */
	int timeout_ms;
	pthread_t thread;
	_Atomic pid_t tid;
	atomic_bool done;
	cs_error_t result;
	int64_t ns;		/* how long it took */
};

void call_start(struct call *call);
void call_wait_asleep(const struct call *call);
cs_error_t call_join(struct call *call);

#endif
