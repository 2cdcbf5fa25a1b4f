/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A log of the callbacks, one word list for each, with ";" between them. This
 * process is "me", another one is NODEID.PID:
 *
 *	connected 4
 *	disconnected ERROR
 *	quorum yes 4: 1 2 +2 -3
 *	members a: me 2.20 +me/1 -3.30/2 rejoin
 *	message a me hello
 *	message a 2.20 hello
 *	message a 1.30 self hello
 *	lost a 2 1
 *	sendable a
 *
 * "self" is the member of a parent. 4 is the seq of a ring, /1 is a reason, 2 are lost and 1 is uncertain.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <coroclient/session.h>

extern const struct coro_events events_all;

/* Called in each callback with its part of the log; NULL: not. */
typedef void (*events_hook_fn)(struct coro_session *session,
			       struct coro_group *group, const char *line);
void events_hook(events_hook_fn hook);

void events_reset(void);

/* The log. The call clears it. The result is valid until the next call. */
const char *events_take(void);

/* How often the log contains the text. */
unsigned int events_count(const char *text);

/* The words of the last "disconnected". */
const char *events_why(void);

/* The whole log since the last call must be this. */
#define events_are(expected) ck_assert_str_eq(events_take(), expected)

#endif
