/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The monotonic clock of sessions, which the test can set forward: timers that
 * end in the time that is skipped end at once. They need the linker options
 * -Wl,--wrap=F for F in pthread_cond_timedwait timerfd_settime epoll_wait, and
 * those of libc_hooks.h.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* A thread that waits already is not affected. */
void clock_skip_ms(int64_t ms);

int64_t clock_now_ns(void);

/* When the last timer that was set ends; 0: it is not running. */
int64_t clock_timer_ns(void);

/* The number of calls of pthread_cond_timedwait, and of epoll_wait. */
unsigned int clock_waits(void);
unsigned int clock_polls(void);

#endif
