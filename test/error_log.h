/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A log of the errors that the public functions return in the tests. Wrappers
 * of the functions (-Wl,--wrap) append each error to the file that ERRORS_SEEN
 * names, as a line "function error", once in each process.
 */
#ifndef ERROR_LOG_H
#define ERROR_LOG_H

#include <corosync/corotypes.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Above each error. */
#define ERROR_LOG_MAX 128

/*
 * Do not log errors until this is called with false. For a daemon that replies
 * with arbitrary numbers: a function then returns errors that it never returns
 * with a real daemon.
 */
void error_log_pause(bool pause);

/*
 * Log an error of the function, if it is one. Returns @err.
 *
 *	noted	whether each error was logged: ERROR_LOG_MAX of them
 */
cs_error_t error_log_note(atomic_bool *noted, const char *function,
			  cs_error_t err);

/* Defines the wrapper of a function, which returns @call. */
#define ERROR_LOG_WRAP(function, parameters, call)                             \
	cs_error_t __real_##function parameters;                               \
	cs_error_t __wrap_##function parameters;                               \
	cs_error_t __wrap_##function parameters                                \
	{                                                                      \
		static atomic_bool noted[ERROR_LOG_MAX];                       \
                                                                               \
		return error_log_note(noted, #function, call);                 \
	}

#endif
