/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Callbacks that record every event of every handle of this process, from
 * any thread, in the order of delivery.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_LIST_MAX 64

enum event_kind {
	EVENT_DELIVER,
	EVENT_CONFCHG,
	EVENT_TOTEM,
	EVENT_NOTIFICATION,	/* quorum, model 0 */
	EVENT_QUORUM,		/* quorum, model 1 */
	EVENT_NODELIST,
};

struct event {
	enum event_kind kind;
	uint64_t handle;
	const void *context;		/* the handle's, at this time */
	struct cpg_name group;		/* DELIVER, CONFCHG */
	uint32_t nodeid, pid;		/* DELIVER; nodeid: also of the ring */
	uint64_t ring_seq;		/* the others */
	uint32_t quorate;
	unsigned char *msg;		/* a copy */
	size_t msg_len;
	unsigned char *raw;		/* the original, all bits inverted */
	struct cpg_address members[EVENT_LIST_MAX];	/* CONFCHG */
	struct cpg_address left[EVENT_LIST_MAX];
	struct cpg_address joined[EVENT_LIST_MAX];
	uint32_t nodes[EVENT_LIST_MAX];			/* the others */
	size_t members_len, left_len, joined_len;
};

/*
 * Called after each event is recorded, with no lock held, still inside the
 * callback; only then is event->raw valid.
 */
extern void (*event_hook)(struct event *event);

/* The recording callbacks, for each initialize function. */
extern cpg_callbacks_t events_cpg;
extern cpg_model_v1_data_t events_cpg_v1;
extern quorum_callbacks_t events_quorum;
extern quorum_model_v0_data_t events_quorum_v0;
extern quorum_model_v1_data_t events_quorum_v1;

/* The number of recorded events, in total and of a kind. */
size_t events_count(void);
size_t events_count_of(enum event_kind kind);

/* The n-th event, or the n-th of a kind; fails if there is none. */
struct event *event_get(size_t n);
struct event *event_get_of(enum event_kind kind, size_t n);

/* Whether a message with this pattern was delivered. */
bool event_was_delivered(size_t len, uint32_t seed);

/* Remove all recorded events. */
void events_clear(void);

#endif
