/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "stop.h"
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>

static int stop_fd = -1;
static bool requested;

static void stop_request(int number)
{
	(void)number;
	eventfd_write(stop_fd, 1);
}

void stop_catch(void)
{
	/* A second signal ends the process, even if the daemon is stopped. */
	struct sigaction action = {
		.sa_handler = stop_request,
		.sa_flags = SA_RESETHAND | SA_RESTART,
	};

	stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0)
		err(1, "eventfd");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool stop_wait(int timeout_ms)
{
	struct pollfd fd = { .fd = stop_fd, .events = POLLIN };

	if (requested)
		return true;
	/* The signal itself interrupts the first poll. */
	if (poll(&fd, 1, timeout_ms) < 0)
		poll(&fd, 1, 0);
	requested = fd.revents != 0;
	return requested;
}

bool stop_requested(void)
{
	return stop_wait(0);
}

int stop_fd_get(void)
{
	return requested ? -1 : stop_fd;
}
