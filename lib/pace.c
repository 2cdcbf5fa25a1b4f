/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <sys/prctl.h>
#include <time.h>

#include "pace.h"

/*
 * The rate is measured over this time or longer. A shorter burst of events is
 * not a high rate, and the pauses of a sender that has to wait are shorter.
 */
#define WINDOW_NS 1000000

/* The rate is high from one event in this time on. */
#define EVENT_NS 10000

/* Several events come in this time. */
#define SLEEP_NS 60000

/* The kernel's usual timer slack is 50 us. Some programs set seconds. */
#define SLACK_MAX_NS 100000

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool timers_are_exact(void)
{
	int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);

	return slack >= 0 && slack <= SLACK_MAX_NS;
}

bool pace_is_high(struct pace *pace)
{
	const int64_t now = now_ns(), time = now - pace->begin_ns;

	if (time >= WINDOW_NS) {
		pace->is_high = (int64_t)pace->events * EVENT_NS >= time &&
				timers_are_exact();
		pace->begin_ns = now;
		pace->events = 0;
	}
	return pace->is_high;
}

void pace_sleep(void)
{
	static const struct timespec sleep = { .tv_nsec = SLEEP_NS };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
}
