/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The requests, replies and events of corosync's quorum service. */
#ifndef QUORUM_WIRE_H
#define QUORUM_WIRE_H

#include <stddef.h>

#include "wire.h"

/* The size to request, in bytes: enough for lists of thousands of nodes. */
#define QUORUM_WIRE_IPC_MAX (64 * 1024)

enum quorum_wire_request {
	QUORUM_REQUEST_GETQUORATE = 0,
	QUORUM_REQUEST_TRACKSTART = 1,
	QUORUM_REQUEST_TRACKSTOP = 2,
	QUORUM_REQUEST_GETTYPE = 3,
	QUORUM_REQUEST_MODEL_GETTYPE = 4,
};

enum quorum_wire_reply {
	QUORUM_REPLY_GETQUORATE = 0,
	QUORUM_REPLY_TRACKSTART = 1,
	QUORUM_REPLY_TRACKSTOP = 2,
	QUORUM_REPLY_GETTYPE = 4,
	QUORUM_REPLY_MODEL_GETTYPE = 5,
};

enum quorum_wire_event {
	QUORUM_WIRE_NOTIFICATION = 3,
	QUORUM_WIRE_QUORUM_NOTIFICATION = 6,
	QUORUM_WIRE_NODELIST_NOTIFICATION = 7,
};

struct quorum_wire_ring_id {
	uint32_t nodeid;
	uint32_t pad_nodeid;
	uint64_t seq;
};

/* trackstart: the flags; model gettype: the model. */
struct quorum_wire_number {
	struct wire_request header;
	uint32_t number;
	uint32_t pad_number;
};

/* getquorate: whether the node is quorate; both gettypes: the type. */
struct quorum_wire_number_reply {
	struct wire_reply header;
	uint32_t number;
	uint32_t pad_number;
};

/* Model 0. The list of an event begins before the padding of the struct. */
struct quorum_wire_notification {
	struct wire_reply header;
	int32_t quorate;
	int32_t pad_quorate;
	uint64_t ring_seq;
	uint32_t view_count;
	uint32_t view[];
};

/* Model 1. */
struct quorum_wire_quorum_notification {
	struct wire_reply header;
	int32_t quorate;
	int32_t pad_quorate;
	struct quorum_wire_ring_id ring_id;
	uint32_t view_count;
	uint32_t view[];
};

struct quorum_wire_nodelist_notification {
	struct wire_reply header;
	struct quorum_wire_ring_id ring_id;
	uint32_t member_count;
	uint32_t pad_member_count;
	uint32_t joined_count;
	uint32_t pad_joined_count;
	uint32_t left_count;
	uint32_t lists[]; /* members, joined, left */
};

#define QUORUM_WIRE_SIZE(type, size)                                           \
	_Static_assert(sizeof(struct type) == (size), #type)
#define QUORUM_WIRE_AT(type, field, offset)                                    \
	_Static_assert(offsetof(struct type, field) == (offset), #type #field)

QUORUM_WIRE_SIZE(quorum_wire_ring_id, 16);
QUORUM_WIRE_SIZE(quorum_wire_number, 24);
QUORUM_WIRE_SIZE(quorum_wire_number_reply, 32);
QUORUM_WIRE_AT(quorum_wire_notification, quorate, 24);
QUORUM_WIRE_AT(quorum_wire_notification, ring_seq, 32);
QUORUM_WIRE_AT(quorum_wire_notification, view_count, 40);
QUORUM_WIRE_AT(quorum_wire_notification, view, 44);
QUORUM_WIRE_AT(quorum_wire_quorum_notification, ring_id, 32);
QUORUM_WIRE_AT(quorum_wire_quorum_notification, view_count, 48);
QUORUM_WIRE_AT(quorum_wire_quorum_notification, view, 52);
QUORUM_WIRE_AT(quorum_wire_nodelist_notification, ring_id, 24);
QUORUM_WIRE_AT(quorum_wire_nodelist_notification, member_count, 40);
QUORUM_WIRE_AT(quorum_wire_nodelist_notification, joined_count, 48);
QUORUM_WIRE_AT(quorum_wire_nodelist_notification, left_count, 56);
QUORUM_WIRE_AT(quorum_wire_nodelist_notification, lists, 60);

#endif
