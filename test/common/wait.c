/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>

#include "wait.h"

static int deadline_s(void)
{
	const char *value = getenv("TEST_DEADLINE");

	return value != NULL ? atoi(value) : DEADLINE_S;
}

static struct timespec deadline_on(clockid_t clock)
{
	struct timespec deadline;

	clock_gettime(clock, &deadline);
	deadline.tv_sec += deadline_s();
	return deadline;
}

/* Not CLOCK_MONOTONIC: unit tests stop it and set it forward. */
struct timespec deadline_start(void)
{
	return deadline_on(CLOCK_BOOTTIME);
}

struct timespec deadline_realtime(void)
{
	return deadline_on(CLOCK_REALTIME);
}

/* Not poll: unit tests count the calls of poll. */
void deadline_pause(const struct timespec *deadline, const char *what)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec > deadline->tv_sec ||
	    (now.tv_sec == deadline->tv_sec && now.tv_nsec > deadline->tv_nsec))
		ck_abort_msg("waited %d s for: %s", deadline_s(), what);
	nanosleep(&moment, NULL);
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
