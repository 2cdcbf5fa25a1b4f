/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Child processes that must end before the deadline; otherwise they are killed
 * and the test fails.
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

/* A forked process; pid is 0 in the child. */
struct child {
	pid_t pid;
	int fd; /* becomes readable when the child ends */
};

/* The child has to end with _exit(0) on success. */
struct child child_fork(void);

/* Its exit status; -1 if a signal ended it, or the deadline. */
int child_wait(const struct child *child);

/* Run @body in a child; returns its exit status like child_wait. */
int child_run(int (*body)(void *data), void *data);

#endif
