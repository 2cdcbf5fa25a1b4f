/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "process.h"

/* Older headers lack it; Linux has it since 4.14. */
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/*
 * The kernel clears the page of the guard in a child of fork. A fork handler
 * that takes the lock instead could deadlock: a signal handler may fork while
 * its thread holds the lock, and fork handlers of the application may call
 * this library.
 */
struct guard {
	pthread_mutex_t lock;
	_Atomic uint64_t id;	/* 0: not set yet; written with lock held */
};

static struct guard guard_static;
static struct guard *guard = &guard_static;
static pthread_once_t guard_once = PTHREAD_ONCE_INIT;

static void guard_wipe(void)
{
	memset(guard, 0, sizeof(*guard));
}

/*
 * User-mode emulators return success for every advice, and do nothing. The
 * kernel rejects an advice that does not exist, such as -1.
 */
static bool page_wipe_on_fork(void *page, size_t size)
{
	return madvise(page, size, -1) != 0 &&
	       madvise(page, size, MADV_WIPEONFORK) == 0;
}

static void guard_create(void)
{
	void *page = mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		pthread_atfork(NULL, NULL, guard_wipe);
	} else if (!page_wipe_on_fork(page, sizeof(*guard))) {
		munmap(page, sizeof(*guard));
		pthread_atfork(NULL, NULL, guard_wipe);
	} else {
		guard = page;
	}
}

void process_lock(void)
{
	pthread_once(&guard_once, guard_create);
	pthread_mutex_lock(&guard->lock);
}

void process_unlock(void)
{
	pthread_mutex_unlock(&guard->lock);
}

uint64_t process_id(void)
{
	uint64_t id;

	pthread_once(&guard_once, guard_create);
	id = guard->id;
	if (id != 0)
		return id;
	process_lock();
	if (guard->id == 0)
		guard->id = process_random() | 1;
	id = guard->id;
	process_unlock();
	return id;
}

uint64_t process_random(void)
{
	uint64_t value;
	struct timespec now;

	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) == sizeof(value))
		return value;
	clock_gettime(CLOCK_MONOTONIC, &now);
	value = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32 ^
		(uint64_t)(uintptr_t)&value;
	return value * UINT64_C(0x9e3779b97f4a7c15);
}
