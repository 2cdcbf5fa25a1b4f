/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE

#include "call.h"
#include "mode.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "stop.h"
#include <err.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * This program connects again by itself, and has no session of libcoroclient:
 * it runs with any libcpg and libquorum, corosync's own included, and it prints
 * events that a session does not have, such as those of totem.
 */

/* How long to wait for the daemon before the first attempt, and at most. */
#define PAUSE_MS     50
#define PAUSE_MS_MAX 5000

static bool disconnected;
static int pause_ms;

static const struct mode *mode_get(void)
{
	static const struct mode *const modes[] = {
		[MODE_JOIN] = &mode_join,
		[MODE_LIST] = &mode_list,
		[MODE_WATCH] = &mode_watch,
	};

	return modes[options.mode];
}

static bool connected_run(const struct connection *connection)
{
	if (disconnected)
		output_get()->connection(NULL);
	disconnected = false;
	pause_ms = PAUSE_MS;
	return mode_get()->run(connection);
}

/* Returns false if the daemon is gone. */
static bool connection_run(void)
{
	struct connection connection;
	bool done;

	call_lost_reset();
	names_reset();
	if (connection_open(&connection, &mode_get()->model))
		done = connected_run(&connection);
	else
		done = call_lost() == NULL;
	connection_close(&connection);
	return done;
}

/* Returns false if a signal requests the end. */
static bool daemon_wait(void)
{
	if (!disconnected)
		output_get()->connection(call_lost());
	disconnected = true;
	pause_ms = 2 * pause_ms;
	if (pause_ms > PAUSE_MS_MAX)
		pause_ms = PAUSE_MS_MAX;
	return !stop_wait(pause_ms);
}

/* If a standard descriptor is closed, the next one that is opened replaces it,
 * and output would go to the daemon. */
static void descriptors_reserve(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			err(1, "/dev/null");
	} while (fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char **argv)
{
	static char name[] = "cpgcat";

	/* For messages of err() and getopt(), whatever file was started. */
	program_invocation_short_name = name;
	if (argc > 0)
		argv[0] = name;
	setlocale(LC_CTYPE, "");
	descriptors_reserve();
	options_parse(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (options.mode != MODE_LIST)
		stop_catch();
	pause_ms = PAUSE_MS;
	while (!connection_run() && daemon_wait())
		;
	output_close();
	return 0;
}
