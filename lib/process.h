/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * An id of this process, and a lock that is always free in a new child of
 * fork. Any thread may call any function.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

/* Return the random id of this process, never 0. A child has another one. */
uint64_t process_id(void);

/* Take and give back the lock of this process. A child of fork has its own. */
void process_lock(void);
void process_unlock(void);

/*
 * Return 64 random bits from the kernel, which cannot be guessed. If the
 * kernel cannot provide them without blocking, derives them from the time.
 */
uint64_t process_random(void);

#endif
