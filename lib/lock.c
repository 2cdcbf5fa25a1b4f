/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <sys/mman.h>

#include "lock.h"

void *lock_memory_create(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void lock_memory_free(void *memory, size_t size)
{
	munmap(memory, size);
}

void lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	/* Some systems have no robust locks. */
	if (pthread_mutex_init(lock, &attributes) != 0) {
		pthread_mutexattr_setrobust(&attributes,
					    PTHREAD_MUTEX_STALLED);
		pthread_mutex_init(lock, &attributes);
	}
	pthread_mutexattr_destroy(&attributes);
}

bool lock_take(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) != EOWNERDEAD)
		return true;
	pthread_mutex_consistent(lock);
	return false;
}

void lock_give(pthread_mutex_t *lock)
{
	pthread_mutex_unlock(lock);
}
