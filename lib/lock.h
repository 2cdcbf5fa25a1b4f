/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Locks in memory that a process shares with its children of fork. If a
 * process ends while one of its threads holds such a lock, another thread can
 * still take it, except on systems that have no robust locks.
 */
#ifndef LOCK_H
#define LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Allocate zeroed memory that children of fork share. NULL on failure. */
void *lock_memory_create(size_t size);
void lock_memory_free(void *memory, size_t size);

/* Initialize a lock in such memory. */
void lock_init(pthread_mutex_t *lock);

/* Take the lock. Returns false if a process ended while it held the lock. */
bool lock_take(pthread_mutex_t *lock);

void lock_give(pthread_mutex_t *lock);

#endif
