/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Events, as an input describes them. The format of an event in an input:
 *
 *   u8 what     bits 0-2 the kind, 3-4 how memory fails, 5 nests,
 *               6 finalizes, 7 damage follows
 *   ...         what the kind's builder reads; kind 0: u16 size, the event
 *   damage      u8 where, u32 value: that number, at the offset 4 * where;
 *               or, if bit 7 of where is set: so many bytes are cut off, and
 *               if bit 6 is set too, the size in the header is reduced
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "fuzz.h"

#define EVENT_MAX (8 * 1024)
#define EVENT_KINDS 8

/* The most events of one input. */
#define EVENTS_MAX 512

struct event {
	int fail_after;		/* allocations for it that succeed before one
				   fails; -1: none fails */
	bool nests;		/* dispatch the next in its callback */
	bool finalizes;		/* in its callback, after that */
	const unsigned char *at; /* the copy that the library has */
	size_t size;
	unsigned char bytes[EVENT_MAX];	/* as sent; the library's may change */
};

/* Build an event of one kind, without damage. */
typedef void (*event_build_fn)(struct event *event, struct input *input);

/* Read the next event. A kind whose builder is NULL is read as kind 0. */
void event_read(struct event *event, struct input *input,
		const event_build_fn builds[EVENT_KINDS]);

/* For builders: write a header, and padding that is not zero. */
void event_begin(struct event *event, int32_t id, size_t size);

/* Fill with bytes that differ from place to place and between events. */
void event_fill(struct event *event, size_t offset, size_t size);

/* The size in the event's header; 0 if the event has no valid one. */
size_t event_length(const struct event *event);

/* Whether these bytes are a part of the library's copy of the event. */
bool event_has(const struct event *event, const void *bytes, size_t size);

/* Start a new input. */
void events_begin(void);

#endif
