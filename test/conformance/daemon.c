/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"

bool daemon_is_known(void)
{
	return getenv("COROSYNC_PID") != NULL &&
	       getenv("COROSYNC_RESTART") != NULL;
}

static pid_t daemon_pid(void)
{
	return (pid_t)atol(getenv("COROSYNC_PID"));
}

/* The state as ps prints it; 0: there is no such process. */
static char daemon_state(void)
{
	char path[40], line[200], *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)daemon_pid());
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) != NULL)
		end = strrchr(line, ')');
	fclose(file);
	return end == NULL || end[1] == '\0' ? 0 : end[2];
}

void daemon_stop(void)
{
	CHECK_INT(0, kill(daemon_pid(), SIGSTOP));
	WAIT_FOR(daemon_state() == 'T');
}

void daemon_continue(void)
{
	CHECK_INT(0, kill(daemon_pid(), SIGCONT));
}

void daemon_kill(void)
{
	CHECK_INT(0, kill(daemon_pid(), SIGKILL));
	WAIT_FOR(daemon_state() == 0);
}

static bool daemon_restart(void)
{
	FILE *restart = popen("LD_LIBRARY_PATH= LD_PRELOAD= "
			      "\"$COROSYNC_RESTART\"", "re");
	char pid[16] = "";
	bool read;

	if (restart == NULL)
		return false;
	read = fscanf(restart, "%15[0-9]", pid) == 1;
	if (pclose(restart) != 0 || !read)
		return false;
	return setenv("COROSYNC_PID", pid, 1) == 0;
}

bool daemon_repair(void)
{
	char state = daemon_state();

	if (state != 0 && state != 'Z')
		return kill(daemon_pid(), SIGCONT) == 0;
	return daemon_restart();
}
