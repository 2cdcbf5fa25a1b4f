/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Wraps the public functions (-Wl,--wrap), so that what they allocate is
 * counted, and not what the tests allocate.
 */
#include <coroclient/session.h>

#include "../unit/libc_hooks.h"

#define COUNTED_CALL(function, parameters, arguments)                          \
	cs_error_t __real_##function parameters;                               \
	cs_error_t __wrap_##function parameters;                               \
	cs_error_t __wrap_##function parameters                                \
	{                                                                      \
		return COUNTED(__real_##function arguments);                   \
	}

COUNTED_CALL(coro_open,
	     (struct coro_session * *session, const struct coro_events *events,
	      void *context, const struct coro_options *options),
	     (session, events, context, options))
COUNTED_CALL(coro_dispatch, (struct coro_session * session, int timeout_ms),
	     (session, timeout_ms))
COUNTED_CALL(coro_join,
	     (struct coro_session * session, const void *name, size_t len,
	      struct coro_group **group, int timeout_ms),
	     (session, name, len, group, timeout_ms))
COUNTED_CALL(coro_leave, (struct coro_group * group, int timeout_ms),
	     (group, timeout_ms))
COUNTED_CALL(coro_send,
	     (struct coro_group * group, const struct iovec *iov, size_t count,
	      int timeout_ms),
	     (group, iov, count, timeout_ms))

void __real_coro_close(struct coro_session *session);
void __wrap_coro_close(struct coro_session *session);
void __wrap_coro_close(struct coro_session *session)
{
	bool before = libc_count_set(true);

	__real_coro_close(session);
	libc_count_set(before);
}
