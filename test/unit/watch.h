/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A look at, and a hand in, what the library asks of libc. Needs the linker
 * options -Wl,--wrap=F for F in malloc calloc realloc free poll madvise
 * getrandom clock_gettime clock_nanosleep pthread_mutex_init.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Count from zero, and let all allocations succeed. */
void watch_reset(void);

/* Let this thread's allocations count, or not. What held before. */
bool watch_set(bool on);

/* The value of a call, whose allocations count. */
#define WATCHED(call)                                                          \
	({                                                                     \
		bool watch_before = watch_set(true);                           \
		__typeof__(call) watch_value = (call);                         \
		watch_set(watch_before);                                       \
		watch_value;                                                   \
	})

/* Of those that count, since the reset: how many were made, */
unsigned int watch_allocations(void);
/* the most bytes that one of them asked for, */
size_t watch_largest(void);
/* and the bytes that were allocated, less those that were freed. */
long watch_live(void);

/* Of this thread's, the one after so many more fails; -1: none does. */
void watch_fail_after(int count);

/* Has the allocation that was to fail been asked for? */
bool watch_has_failed(void);

/* How many polls began, and the timeout of the last; -2: there was none. */
unsigned int watch_polls(void);
int watch_poll_timeout(void);

/* How many sleeps on a timer began. */
unsigned int watch_sleeps(void);

/* Call this at the begin of each poll, and of each sleep on a timer. */
void watch_wait_hook(void (*hook)(bool is_poll));

/* Call this in the next calloc. */
void watch_calloc_hook(void (*hook)(void));

/* Let nobody sleep, and the clock go on as if they had slept. */
void watch_time_fly(bool flies);

/* Let the monotonic clock stand still but for sleeps and for this. */
void watch_clock_stop(void);
void watch_clock_forward(long long ns);

/* How the kernel takes an advice. */
enum watch_madvise {
	WATCH_MADVISE_WORKS,
	WATCH_MADVISE_FAILS,	/* every one, as with old kernels */
	WATCH_MADVISE_IGNORED,	/* returns success, and does nothing */
};
#define WATCH_MADVISE_COUNT 3

void watch_madvise_set(enum watch_madvise how);

/* Let the creation of robust locks fail, as on some systems. */
void watch_robust_fail(bool fail);

/* Let every getrandom fail, as long as the kernel has gathered nothing. */
void watch_getrandom_fail(bool fail);

#endif
