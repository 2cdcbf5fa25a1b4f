/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A service of the tests' own, plugged into client and dispatch. Its events
 * are numbered; what becomes of them is counted.
 */
#ifndef PROBE_H
#define PROBE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../../lib/dispatch.h"

extern const struct service probe_service;

/* Another kind of handles. */
extern const struct service other_service;

/* What decoding makes of an event. */
enum probe_kind {
	PROBE_DELIVERED,
	PROBE_OWNING,	/* the same, and it has memory to be released */
	PROBE_CONSUMED,
	PROBE_NO_MEMORY,
};

#define PROBE_NUMBERS 5000
#define PROBE_EVENT_SIZE 96

struct probe_event {
	uint32_t number;
	const unsigned char *bytes;	/* as they came */
	void *owned;
};

extern struct probe {
	/* For the test to set: what delivers; NULL: nothing more to do. */
	void (*deliver)(uint64_t handle, const struct probe_event *event);
	/* For the test to read. */
	atomic_uint decoded;	/* to be delivered */
	atomic_uint delivered;
	atomic_uint released;
	atomic_uint cleared;
	atomic_uchar deliveries[PROBE_NUMBERS];	/* by number */
	atomic_uint broken;	/* bytes not as they were sent */
} probe;

/* Before each test, the fake included; and after it. */
void probe_setup(void);
void probe_teardown(void);

/* A handle. */
uint64_t probe_open(void);
void probe_close(uint64_t handle);

/* Let an event come. */
void probe_event_queue(enum probe_kind kind, uint32_t number);
void probe_events_queue(uint32_t count);	/* numbers from 0 */

/* Are the event's bytes those that were sent? */
bool probe_event_is_intact(const struct probe_event *event);

/* A thread that makes one call of dispatch_run. */
struct dispatcher {
	uint64_t handle;
	cs_dispatch_flags_t mode;
	pthread_t thread;
	cs_error_t result;	/* when joined */
};

void dispatcher_start(struct dispatcher *dispatcher, uint64_t handle,
		      cs_dispatch_flags_t mode);
cs_error_t dispatcher_join(struct dispatcher *dispatcher);

/* Cancel it; that has to end it. */
void dispatcher_cancel(struct dispatcher *dispatcher);

#endif
