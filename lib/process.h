/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Which process this is, and a lock that a fork never leaves locked in the
 * child. Any thread may call any function.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

/* A number of this process, never 0. A child of fork has another one. */
uint64_t process_id(void);

/* The lock of this process. In a child of fork it is a new one, and free. */
void process_lock(void);
void process_unlock(void);

/* 64 bits that nobody can guess, where the kernel has some to give. */
uint64_t process_random(void);

#endif
