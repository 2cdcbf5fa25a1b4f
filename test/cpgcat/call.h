/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_CALL_H
#define CPGCAT_CALL_H

#include <corosync/corotypes.h>
#include <stdbool.h>

/*
 * What to do with the result of a call to the libraries: true if it succeeded,
 * false if it must be retried later, or if the daemon is gone and the options
 * request to reconnect. Any other error ends the process.
 */
#define TRY(call) call_check(#call, call)

/* Repeats a call until it succeeds: true, unless the daemon is gone or a signal
 * requests the end. */
#define INSIST(call)                                             \
	({                                                       \
		bool done_;                                      \
		while (!(done_ = TRY(call)) && call_may_retry()) \
			;                                        \
		done_;                                           \
	})

/* How long to wait before the next attempt, at most. */
#define RETRY_MS_MAX 100

bool call_check(const char *call, cs_error_t error);

/* Waits a little; false if the call must not be repeated. */
bool call_may_retry(void);

/* The failed call if the daemon is gone, otherwise NULL. */
const char *call_lost(void);

void call_lost_reset(void);

#endif
