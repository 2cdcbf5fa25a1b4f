/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Decode and check the bytes of one cpg event. Takes no lock, allocates no
 * memory, and reads nothing but the bytes.
 */
#ifndef CPG_DECODE_H
#define CPG_DECODE_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>

#include "cpg_wire.h"

enum cpg_event_type {
	CPG_EVENT_CONFCHG,
	CPG_EVENT_DELIVER,
	CPG_EVENT_PARTIAL,
	CPG_EVENT_TOTEM_CONFCHG,
};

struct cpg_event_confchg {
	const struct cpg_address *members;
	const struct cpg_address *left;
	const struct cpg_address *joined;
	size_t member_count;
	size_t left_count;
	size_t joined_count;
};

struct cpg_event_deliver {
	uint32_t nodeid;
	uint32_t pid;
	void *msg;	/* 8-byte aligned */
	size_t msg_len;
	void *owned;	/* to be freed after the delivery, or NULL */
};

/* One fragment. The sender sets the numbers; only fraglen is checked. */
struct cpg_event_partial {
	uint32_t nodeid;
	uint32_t pid;
	uint32_t msglen;
	uint32_t fraglen;
	uint32_t type;	/* an enum cpg_wire_partial, or any other value */
	const void *fragment;
};

struct cpg_event_totem_confchg {
	struct cpg_ring_id ring_id;
	uint32_t member_count;
	const uint32_t *members;
};

struct cpg_event {
	enum cpg_event_type type;
	struct cpg_name group;	/* not set for a totem confchg */
	union {
		struct cpg_event_confchg confchg;
		struct cpg_event_deliver deliver;
		struct cpg_event_partial partial;
		struct cpg_event_totem_confchg totem_confchg;
	};
};

/*
 * Decode @size bytes at @bytes, which is 8-byte aligned. The event points into
 * the bytes, where addresses are converted in place. Returns 0, or -EBADMSG if
 * the event is malformed, of an unknown type, or a fragment.
 */
int cpg_decode(void *bytes, size_t size, struct cpg_event *ret_event);

/*
 * Decode a fragment. The event points into the bytes, which need not be
 * aligned. Returns false if it is malformed or not a fragment.
 */
bool cpg_decode_partial(const void *bytes, size_t size,
			struct cpg_event *ret_event);

/*
 * Decode a name; zeros fill the rest of the value. Returns false, and leaves
 * *ret_name unchanged, if the name is too long.
 */
bool cpg_decode_name(const struct cpg_wire_name *wire,
		     struct cpg_name *ret_name);

/* Decode an address. */
struct cpg_address cpg_decode_address(const struct cpg_wire_address *wire);

#endif
