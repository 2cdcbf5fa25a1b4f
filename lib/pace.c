/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <time.h>

#include "pace.h"

/* A high rate must last this long; bursts are shorter. */
#define SUSTAINED_NS 2000000

/* The rate is high if an event arrives at least this often, on average. */
#define EVENT_NS 6000

/* With the kernel's default timer slack of 50 us, this takes about 60 us. */
#define SLEEP_NS 10000

#define EMPTY_MAX 2

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void pace_restart(struct pace *pace, int64_t now)
{
	pace->begin_ns = now;
	pace->events = 0;
	pace->empty = 0;
}

bool pace_is_high(struct pace *pace)
{
	const int64_t now = now_ns(), time = now - pace->begin_ns;

	pace->empty = pace->events == pace->seen ? pace->empty + 1 : 0;
	if (pace->is_high && pace->empty > EMPTY_MAX) {
		pace->is_high = false;
		pace_restart(pace, now);
	} else if (time >= SUSTAINED_NS) {
		pace->is_high = (int64_t)pace->events * EVENT_NS >= time;
		pace_restart(pace, now);
	}
	pace->seen = pace->events;
	return pace->is_high;
}

void pace_sleep(void)
{
	const struct timespec sleep = { .tv_nsec = SLEEP_NS };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
}
