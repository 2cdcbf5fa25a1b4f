/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "process.h"

/* One of so many calls, on average. */
#define FORK_TICKS 6000

volatile sig_atomic_t is_ending;

static int forks_left = 3;
static uint64_t random_state;

static void on_term(int signal)
{
	(void)signal;
	is_ending = true;
}

void process_begin(const char *seed)
{
	random_state = strtoull(seed, NULL, 0) * 2 + 1;
	if (getenv("FORKS") != NULL)
		forks_left = atoi(getenv("FORKS"));
	signal(SIGTERM, on_term);
}

uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 16) % limit);
}

void fork_at_random(void)
{
	int status;
	pid_t child;

	if (forks_left == 0 || random_below(FORK_TICKS) != 0)
		return;
	forks_left--;
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		event_log(NULL, "fork");
		return;
	}
	while (waitpid(child, &status, 0) < 0)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
