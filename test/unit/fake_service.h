/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A service for client.c and dispatch.c that only the tests have. Its events
 * are numbered, and numbered_events counts what the library does with them.
 */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "../../lib/dispatch.h"

extern const struct service fake_service;

/* Handles of this service are not handles of fake_service. */
extern const struct service other_service;

/* What the decoder makes of an event. */
enum numbered_kind {
	EVENT_DELIVERED,
	EVENT_OWNING, /* like DELIVERED, with memory that must be released */
	EVENT_CONSUMED,
	EVENT_NO_MEMORY,
};

#define EVENT_NUMBERS 5000
#define EVENT_SIZE    96

struct numbered_event {
	uint32_t number;
	const unsigned char *bytes; /* as they were taken */
	void *owned;
};

extern struct numbered_events {
	/* Set by the test: called in the delivery of each event, or NULL. */
	void (*deliver)(uint64_t handle, const struct numbered_event *event);
	/* Read by the test. */
	atomic_uint decoded; /* to be delivered */
	atomic_uint delivered;
	atomic_uint released;
	atomic_uint cleared;
	atomic_uchar deliveries[EVENT_NUMBERS]; /* by number */
	atomic_uint broken; /* with other bytes than those sent */
} numbered_events;

/* Fixtures; they include those of the fake transport. */
void fake_service_setup(void);
void fake_service_teardown(void);

/* Open a handle, and finalize it. */
uint64_t fake_service_open(void);
void fake_service_close(uint64_t handle);

cs_error_t fake_service_dispatch(uint64_t handle, cs_dispatch_flags_t mode);

/* Make events pending. */
void numbered_event_queue(enum numbered_kind kind, uint32_t number);
void numbered_events_queue(uint32_t count); /* numbers from 0 */

/* Whether the event's bytes are those that were sent. */
bool numbered_event_is_intact(const struct numbered_event *event);

#endif
