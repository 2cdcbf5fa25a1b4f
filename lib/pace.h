/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The pace of the events of one dispatch, and how it sleeps between them.
 *
 * A dispatch that sleeps in poll costs the daemon a wake-up for nearly every
 * event. Under a sustained high rate it sleeps on a timer instead: the daemon
 * wakes nobody, and several events are there when the timer ends. Below that
 * rate a timer would only delay events.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed at first. */
struct pace {
	int64_t begin_ns;	/* of the time in which events are counted */
	unsigned int events;	/* since then */
	unsigned int seen;	/* of these, before the last sleep */
	unsigned int empty;	/* sleeps in a row without an event */
	bool is_high;
};

/* An event was taken. */
static inline void pace_count(struct pace *pace)
{
	pace->events++;
}

/*
 * Before a sleep: is the rate high? No longer, once several timers in a row
 * ended without an event.
 */
bool pace_is_high(struct pace *pace);

/* Sleep on the timer. A signal ends it early. A cancellation point. */
void pace_sleep(void);

#endif
