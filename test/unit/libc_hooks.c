/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "libc_hooks.h"

#define NS_PER_S 1000000000LL

/* The linker's names for the functions. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_madvise(void *memory, size_t size, int advice);
ssize_t __real_getrandom(void *memory, size_t size, unsigned int flags);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_madvise(void *memory, size_t size, int advice);
int __real_pthread_mutex_init(pthread_mutex_t *lock,
			      const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock,
			      const pthread_mutexattr_t *attributes);
ssize_t __wrap_getrandom(void *memory, size_t size, unsigned int flags);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __real_clock_nanosleep(clockid_t clock, int flags,
			   const struct timespec *request,
			   struct timespec *remain);
int __wrap_clock_nanosleep(clockid_t clock, int flags,
			   const struct timespec *request,
			   struct timespec *remain);

static atomic_uint allocations;
static atomic_size_t largest;
static atomic_long live;
static atomic_uint polls;
static atomic_int poll_timeout = -2;
static atomic_uint sleeps;
static void (*volatile wait_hook)(bool is_poll);
static atomic_int madvise_how; /* enum libc_madvise */
static atomic_bool robust_fails;
static atomic_bool getrandom_fails;
static void (*volatile calloc_hook)(void);
static atomic_bool sleeps_skipped;
static atomic_llong time_skipped; /* nanoseconds of skipped sleeps */
static atomic_llong time_stopped; /* nanoseconds; 0: the clock runs */

/* Volatile: compilers know that malloc itself reads none of these. */
static _Thread_local volatile bool is_on;
static _Thread_local volatile int fail_after = -1;
static _Thread_local volatile bool has_failed;

void libc_hooks_reset(void)
{
	allocations = 0;
	largest = 0;
	live = 0;
	polls = 0;
	poll_timeout = -2;
	sleeps = 0;
	wait_hook = NULL;
	time_stopped = 0;
	madvise_how = LIBC_MADVISE_WORKS;
	robust_fails = false;
	getrandom_fails = false;
	calloc_hook = NULL;
	sleeps_skipped = false;
	libc_fail_after(-1);
}

bool libc_count_set(bool on)
{
	bool before = is_on;

	/* The compiler must not move an allocation across this. */
	__asm__ volatile("" : : : "memory");
	is_on = on;
	__asm__ volatile("" : : : "memory");
	return before;
}

unsigned int libc_allocations(void)
{
	return allocations;
}

size_t libc_largest(void)
{
	return largest;
}

long libc_live(void)
{
	return live;
}

void libc_fail_after(int count)
{
	fail_after = count;
	has_failed = false;
}

bool libc_has_failed(void)
{
	return has_failed;
}

unsigned int libc_polls(void)
{
	return polls;
}

int libc_poll_timeout(void)
{
	return poll_timeout;
}

unsigned int libc_sleeps(void)
{
	return sleeps;
}

void libc_wait_hook(void (*hook)(bool is_poll))
{
	wait_hook = hook;
}

void libc_calloc_hook(void (*hook)(void))
{
	calloc_hook = hook;
}

void libc_sleeps_skip(bool skip)
{
	sleeps_skipped = skip;
}

void libc_clock_stop(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	time_stopped = now.tv_sec * NS_PER_S + now.tv_nsec;
	time_skipped = 0;
	sleeps_skipped = true;
}

void libc_clock_forward(long long ns)
{
	time_skipped += ns;
}

void libc_madvise_set(enum libc_madvise how)
{
	madvise_how = how;
}

void libc_robust_fail(bool fail)
{
	robust_fails = fail;
}

void libc_getrandom_fail(bool fail)
{
	getrandom_fails = fail;
}

/* Count an allocation of this size; false if it has to fail. */
static bool allocation_note(size_t size)
{
	size_t seen = largest;

	if (!is_on)
		return true;
	allocations++;
	while (seen < size &&
	       !atomic_compare_exchange_weak(&largest, &seen, size))
		;
	if (fail_after < 0 || fail_after-- > 0)
		return true;
	has_failed = true;
	errno = ENOMEM;
	return false;
}

static void *live_add(void *memory)
{
	if (is_on)
		live += (long)malloc_usable_size(memory);
	return memory;
}

static void live_subtract(void *memory)
{
	if (is_on)
		live -= (long)malloc_usable_size(memory);
}

void *__wrap_malloc(size_t size)
{
	return allocation_note(size) ? live_add(__real_malloc(size)) : NULL;
}

static void calloc_hook_run(void)
{
	void (*hook)(void) = calloc_hook;

	if (!is_on || hook == NULL)
		return;
	calloc_hook = NULL;
	hook();
}

void *__wrap_calloc(size_t count, size_t size)
{
	calloc_hook_run();
	return allocation_note(count * size) ?
		       live_add(__real_calloc(count, size)) :
		       NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
	void *grown;

	if (!allocation_note(size))
		return NULL;
	live_subtract(memory);
	grown = __real_realloc(memory, size);
	return live_add(grown);
}

void __wrap_free(void *memory)
{
	live_subtract(memory);
	__real_free(memory);
}

static void wait_hook_run(bool is_poll)
{
	void (*hook)(bool) = wait_hook;

	if (hook != NULL)
		hook(is_poll);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	poll_timeout = timeout;
	polls++;
	wait_hook_run(true);
	return __real_poll(fds, count, timeout);
}

int __wrap_madvise(void *memory, size_t size, int advice)
{
	if (madvise_how == LIBC_MADVISE_WORKS)
		return __real_madvise(memory, size, advice);
	if (madvise_how == LIBC_MADVISE_IGNORED)
		return 0;
	errno = EINVAL;
	return -1;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *lock,
			      const pthread_mutexattr_t *attributes)
{
	int robust = PTHREAD_MUTEX_STALLED;

	if (attributes != NULL)
		pthread_mutexattr_getrobust(attributes, &robust);
	if (robust_fails && robust == PTHREAD_MUTEX_ROBUST)
		return ENOTSUP;
	return __real_pthread_mutex_init(lock, attributes);
}

ssize_t __wrap_getrandom(void *memory, size_t size, unsigned int flags)
{
	if (!getrandom_fails)
		return __real_getrandom(memory, size, flags);
	errno = EAGAIN;
	return -1;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	int res = __real_clock_gettime(clock, time);
	long long ns = time_stopped;

	if (clock != CLOCK_MONOTONIC)
		return res;
	if (ns == 0)
		ns = time->tv_sec * NS_PER_S + time->tv_nsec;
	ns += time_skipped;
	time->tv_sec = (time_t)(ns / NS_PER_S);
	time->tv_nsec = (long)(ns % NS_PER_S);
	return res;
}

int __wrap_clock_nanosleep(clockid_t clock, int flags,
			   const struct timespec *request,
			   struct timespec *remain)
{
	static const struct timespec none;

	sleeps++;
	wait_hook_run(false);
	if (!sleeps_skipped || flags != 0)
		return __real_clock_nanosleep(clock, flags, request, remain);
	time_skipped += request->tv_sec * NS_PER_S + request->tv_nsec;
	/* A skipped sleep is still a cancellation point. */
	return __real_clock_nanosleep(clock, 0, &none, remain);
}
