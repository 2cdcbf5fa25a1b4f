/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Events, made of what an input says. In an input one takes:
 *
 *   u8 what     bits 0-2 the kind, 3-4 how memory fails, 5 nests,
 *               6 finalizes, 7 damage follows
 *   ...         that the kind's builder reads; kind 0: u16 size, the event
 *   damage      u8 where, u32 value: that number, at the offset 4 * where;
 *               or, if bit 7 of where is set: so many bytes are cut off, and
 *               if bit 6 is set too, the event says so
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "fuzz.h"

#define EVENT_MAX (8 * 1024)
#define EVENT_KINDS 8

/* How many one input may hold. */
#define EVENTS_MAX 512

struct event {
	int fail_after;		/* allocations that the library makes of it;
				   -1: none fails */
	bool nests;		/* dispatch the next in its callback */
	bool finalizes;		/* in its callback, after that */
	const unsigned char *at;	/* where the library has it */
	size_t size;
	unsigned char bytes[EVENT_MAX];	/* as sent; the library's may change */
};

/* Make the event of a kind, all but its damage. */
typedef void (*event_build_fn)(struct event *event, struct input *input);

/* The next event of the input. Kinds that are NULL are as kind 0. */
void event_read(struct event *event, struct input *input,
		const event_build_fn builds[EVENT_KINDS]);

/* For builders: a header, and pads that are not zero. */
void event_begin(struct event *event, int32_t id, size_t size);

/* Bytes that differ from place to place, and from event to event. */
void event_fill(struct event *event, size_t offset, size_t size);

/* How long it says that it is; 0 if it cannot be. */
size_t event_length(const struct event *event);

/* Is this what the library has of the event? */
bool event_has(const struct event *event, const void *bytes, size_t size);

/* An input begins. */
void events_begin(void);

#endif
