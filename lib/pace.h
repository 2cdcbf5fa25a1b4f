/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * How one dispatch sleeps between events, depending on their rate.
 *
 * A dispatch that sleeps in poll costs the daemon a wake-up for nearly every
 * event. Under a sustained high rate it sleeps on a timer instead: the daemon
 * wakes no process, and several events are pending when the timer ends. At a
 * lower rate a timer would only delay events.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Initially zero. */
struct pace {
	int64_t begin_ns;	/* of the period in which events are counted */
	unsigned int events;	/* in this period */
	bool is_high;
};

/* Count an event that was taken. */
static inline void pace_count(struct pace *pace)
{
	pace->events++;
}

/*
 * Whether the rate is high. To be called before each sleep. Returns false if
 * the timers of this thread end too late.
 */
bool pace_is_high(struct pace *pace);

/* Sleep on the timer. A signal ends the sleep early. A cancellation point. */
void pace_sleep(void);

#endif
