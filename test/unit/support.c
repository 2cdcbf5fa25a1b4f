/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

struct child child_fork(void)
{
	struct child child;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	child.pid = fork();
	ck_assert_int_ge(child.pid, 0);
	child.fd = fds[0];
	if (child.pid != 0)
		close(fds[1]);
	return child;
}

/* poll() itself is hooked (libc_hooks.h). */
static bool fd_wait(int fd, const struct timespec *timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return ppoll(&pollfd, 1, timeout, NULL) > 0;
}

int child_wait(const struct child *child)
{
	const struct timespec timeout = { .tv_sec = DEADLINE_S };
	int status;

	if (!fd_wait(child->fd, &timeout))
		kill(child->pid, SIGKILL);
	close(child->fd);
	ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int child_run(int (*body)(void *data), void *data)
{
	struct child child = child_fork();

	if (child.pid == 0)
		_exit(body(data));
	return child_wait(&child);
}
