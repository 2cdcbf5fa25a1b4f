/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Waits with a deadline. A test fails if its condition is not true in time. */
#ifndef WAIT_H
#define WAIT_H

#include <check.h>
#include <stdint.h>
#include <time.h>

/* How long anything may take that usually happens at once. */
#define DEADLINE_S 60

/*
 * The deadline from now on, for deadline_pause. The environment variable
 * TEST_DEADLINE sets another number of seconds.
 */
struct timespec deadline_start(void);

/* The same, for functions that wait until a time on CLOCK_REALTIME. */
struct timespec deadline_realtime(void);

/* Sleep a millisecond; fail the test if the deadline has passed. */
void deadline_pause(const struct timespec *deadline, const char *what);

/* Wait until the condition is true; evaluates it many times. */
#define wait_for(condition)                                                    \
	do {                                                                   \
		struct timespec wait_deadline = deadline_start();              \
                                                                               \
		while (!(condition))                                           \
			deadline_pause(&wait_deadline, #condition);            \
	} while (0)

/* Milliseconds, on CLOCK_MONOTONIC. */
uint64_t now_ms(void);

#endif
