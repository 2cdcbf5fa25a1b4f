/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The process of a worker: chance, forks, and its end. */
#ifndef SOAK_PROCESS_H
#define SOAK_PROCESS_H

#include <signal.h>
#include <stdint.h>

/* Set by SIGTERM. */
extern volatile sig_atomic_t is_ending;

/* FORKS in the environment limits the forks. */
void process_begin(const char *seed);

uint32_t random_below(uint32_t limit);

/* The child continues with all handles; the parent waits for its end. */
void fork_at_random(void);

#endif
