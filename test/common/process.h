/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The state of this process and of others, as the kernel shows it. */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether the descriptor is readable now. */
bool fd_is_readable(int fd);

/* The number of entries of the directory. */
int entries_count(const char *path);

/* The number of open descriptors of this process. */
int fds_count(void);

/*
 * The state letter of a process, or of a thread of any process: S sleeping,
 * T stopped, Z zombie; 0 if there is none.
 */
char process_state(pid_t pid);

#endif
