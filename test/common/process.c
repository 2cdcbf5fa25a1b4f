/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>

#include "process.h"

/* Not poll: unit tests count the calls of poll. */
bool fd_is_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	const struct timespec none = { .tv_sec = 0 };

	return ppoll(&pollfd, 1, &none, NULL) == 1 && (pollfd.revents & POLLIN);
}

int entries_count(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

int fds_count(void)
{
	return entries_count("/proc/self/fd") - 1;
}

char process_state(pid_t pid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = fopen(path, "r");
	if (stat == NULL)
		return 0;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(stat);
	return state;
}
