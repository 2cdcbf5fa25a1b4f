/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "moments.h"

void (*moment_hook)(void);

static void moment(void)
{
	void (*hook)(void) = moment_hook;

	if (hook == NULL)
		return;
	moment_hook = NULL;
	hook();
	moment_hook = hook;
}

static int call(long number, int fd, const struct sockaddr *address,
		socklen_t len)
{
	int res;

	moment();
	res = (int)syscall(number, fd, address, len);
	if (res == 0)
		moment();
	return res;
}

/* A program's own functions come before those of libc. */

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return call(SYS_bind, fd, address, len);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return call(SYS_connect, fd, address, len);
}
