/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Wraps the public functions (-Wl,--wrap), so that what they allocate is
 * counted, and not what the tests allocate; and that their errors are logged.
 */
#include "../error_log_session.h"
#include "../unit/libc_hooks.h"

#define COUNTED_CALL(function, parameters, arguments)                          \
	ERROR_LOG_WRAP(function, parameters,                                   \
		       COUNTED(__real_##function arguments))

SESSION_CALLS(COUNTED_CALL)

void __real_coro_close(struct coro_session *session);
void __wrap_coro_close(struct coro_session *session);
void __wrap_coro_close(struct coro_session *session)
{
	bool before = libc_count_set(true);

	__real_coro_close(session);
	libc_count_set(before);
}
