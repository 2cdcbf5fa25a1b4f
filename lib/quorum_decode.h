/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Decode and check the bytes of one quorum event. Takes no lock, allocates no
 * memory, and reads nothing but the bytes.
 */
#ifndef QUORUM_DECODE_H
#define QUORUM_DECODE_H

#include <corosync/quorum.h>
#include <stddef.h>

#include "quorum_wire.h"

enum quorum_event_type {
	QUORUM_EVENT_NOTIFICATION,
	QUORUM_EVENT_QUORUM_NOTIFICATION,
	QUORUM_EVENT_NODELIST_NOTIFICATION,
};

/* Of both models. With model 0, ring_id.nodeid is 0. */
struct quorum_event_notification {
	uint32_t quorate;
	struct quorum_ring_id ring_id;
	uint32_t view_count;
	uint32_t *view;
};

struct quorum_event_nodelist {
	struct quorum_ring_id ring_id;
	uint32_t member_count;
	uint32_t joined_count;
	uint32_t left_count;
	const uint32_t *members;
	const uint32_t *joined;
	const uint32_t *left;
};

struct quorum_event {
	enum quorum_event_type type;
	union {
		struct quorum_event_notification notification;
		struct quorum_event_nodelist nodelist;
	};
};

/*
 * Decode @size bytes at @bytes, which is 8-byte aligned. The event points into
 * the bytes. Returns 0, or -EBADMSG if the event is malformed or of an unknown
 * type.
 */
int quorum_decode(void *bytes, size_t size, struct quorum_event *ret_event);

#endif
