/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "../unit/libc_hooks.h"
#include "clock.h"

#define SECOND_NS 1000000000LL

/* The linker's names for the functions. */
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *time);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *time);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *timer,
			   struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *timer,
			   struct itimerspec *old);
int __real_epoll_wait(int fd, struct epoll_event *events, int count,
		      int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count,
		      int timeout);

static atomic_llong skipped;
static atomic_llong timer_end;
static atomic_int timer_fd;
static atomic_uint waits;
static atomic_uint polls;

static long long timespec_ns(const struct timespec *time)
{
	return time->tv_sec * SECOND_NS + time->tv_nsec;
}

/* The real time of a time of the session, at least 1 ns. */
static struct timespec time_real(long long ns)
{
	ns = ns > skipped ? ns - skipped : 1;
	return (struct timespec){
		.tv_sec = (time_t)(ns / SECOND_NS),
		.tv_nsec = (long)(ns % SECOND_NS),
	};
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *time)
{
	const struct timespec real = time_real(timespec_ns(time));

	waits++;
	return __real_pthread_cond_timedwait(cond, lock, &real);
}

static int timer_arm(int fd, struct itimerspec *old)
{
	struct itimerspec real = { .it_interval = { 0 } };

	if (timer_end != 0)
		real.it_value = time_real(timer_end);
	return __real_timerfd_settime(fd, TFD_TIMER_ABSTIME, &real, old);
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *timer,
			   struct itimerspec *old)
{
	(void)flags;
	timer_fd = fd;
	timer_end = timespec_ns(&timer->it_value);
	return timer_arm(fd, old);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int count,
		      int timeout)
{
	polls++;
	return __real_epoll_wait(fd, events, count, timeout);
}

void clock_skip_ms(int64_t ms)
{
	skipped += ms * 1000000;
	libc_clock_forward(ms * 1000000);
	if (timer_end != 0)
		timer_arm(timer_fd, NULL);
}

int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return timespec_ns(&now);
}

int64_t clock_timer_ns(void)
{
	return timer_end;
}

unsigned int clock_waits(void)
{
	return waits;
}

unsigned int clock_polls(void)
{
	return polls;
}
