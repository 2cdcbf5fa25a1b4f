/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Threads, children and waiting, for tests that must end. Whatever does not
 * happen until the deadline fails the test.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/caller.h"
#include "../common/process.h"
#include "../common/wait.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A forked process; pid is 0 in itself. */
struct child {
	pid_t pid;
	int fd;		/* shows that it has ended */
};

/* The child ends with _exit, 0 if all was well. */
struct child child_fork(void);

/* Its exit status, or -1: it died, or was killed at the deadline. */
int child_wait(const struct child *child);

/* Fork, run the body in the child, wait. */
int child_run(int (*body)(void *data), void *data);

#endif
