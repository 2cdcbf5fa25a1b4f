/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Hooks in the calls that the library makes to libc: they count, fail or
 * change them. They need the linker options -Wl,--wrap=F for F in malloc calloc
 * realloc free poll madvise getrandom clock_gettime clock_nanosleep
 * pthread_mutex_init.
 */
#ifndef LIBC_HOOKS_H
#define LIBC_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

/* Set all counters to zero, and all hooks to do nothing. */
void libc_hooks_reset(void);

/*
 * Count the allocations of this thread from now on, or do not. Returns the
 * previous setting.
 */
bool libc_count_set(bool on);

/* The value of a call whose allocations are counted. */
#define COUNTED(call)                                                          \
	({                                                                     \
		bool count_before = libc_count_set(true);                      \
		__typeof__(call) count_value = (call);                         \
		libc_count_set(count_before);                                  \
		count_value;                                                   \
	})

/* Since the reset: the number of counted allocations, */
unsigned int libc_allocations(void);
/* the size of the largest of them in bytes, */
size_t libc_largest(void);
/* and the bytes that were allocated, less those that were freed. */
long libc_live(void);

/*
 * Let @count counted allocations of this thread succeed, and the next one fail.
 * -1: none fails.
 */
void libc_fail_after(int count);

/* Has an allocation failed since libc_fail_after? */
bool libc_has_failed(void);

/* The number of calls of poll, and the timeout of the last; -2: no call. */
unsigned int libc_polls(void);
int libc_poll_timeout(void);

/* The number of calls of clock_nanosleep. */
unsigned int libc_sleeps(void);

/* Call @hook at the start of each poll and clock_nanosleep; NULL: do not. */
void libc_wait_hook(void (*hook)(bool is_poll));

/* Call @hook at the start of the next counted calloc. */
void libc_calloc_hook(void (*hook)(void));

/* Sleeps return at once, and the monotonic clock advances by their length. */
void libc_sleeps_skip(bool skip);

/* The monotonic clock advances only by sleeps and by libc_clock_forward. */
void libc_clock_stop(void);
void libc_clock_forward(long long ns);

enum libc_madvise {
	LIBC_MADVISE_WORKS,
	LIBC_MADVISE_FAILS,   /* always, as on old kernels */
	LIBC_MADVISE_IGNORED, /* returns success, and does nothing */
};
#define LIBC_MADVISE_COUNT 3

void libc_madvise_set(enum libc_madvise how);

/* The creation of robust locks fails, as on some systems. */
void libc_robust_fail(bool fail);

/* getrandom fails, as before the kernel has gathered entropy. */
void libc_getrandom_fail(bool fail);

#endif
