/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Locks in memory that processes share by fork. When a process ends while
 * one of its threads holds such a lock, the next thread gets the lock, except
 * on systems that have no robust locks.
 */
#ifndef LOCK_H
#define LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Memory of zeros that a child of fork shares, or NULL. */
void *lock_memory_create(size_t size);
void lock_memory_free(void *memory, size_t size);

/* The lock is in such memory. */
void lock_init(pthread_mutex_t *lock);

/* Take the lock. False: a process ended while it held the lock. */
bool lock_take(pthread_mutex_t *lock);

void lock_give(pthread_mutex_t *lock);

#endif
