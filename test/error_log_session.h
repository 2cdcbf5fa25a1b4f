/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The functions of sessions that return an error. */
#ifndef ERROR_LOG_SESSION_H
#define ERROR_LOG_SESSION_H

#include <coroclient/session.h>

#include "error_log.h"

/* @each is a macro with a name, parameters and arguments. */
#define SESSION_CALLS(each)                                                    \
	each(coro_open,                                                        \
	     (struct coro_session * *session,                                  \
	      const struct coro_events *events, void *context,                 \
	      const struct coro_options *options),                             \
	     (session, events, context, options))                              \
	each(coro_dispatch, (struct coro_session * session, int timeout_ms),   \
	     (session, timeout_ms))                                            \
	each(coro_join,                                                        \
	     (struct coro_session * session, const void *name, size_t len,     \
	      struct coro_group **group, int timeout_ms),                      \
	     (session, name, len, group, timeout_ms))                          \
	each(coro_leave, (struct coro_group * group, int timeout_ms),          \
	     (group, timeout_ms))                                              \
	each(coro_send,                                                        \
	     (struct coro_group * group, const struct iovec *iov,              \
	      size_t count, int timeout_ms),                                   \
	     (group, iov, count, timeout_ms))

#endif
