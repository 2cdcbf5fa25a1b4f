/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The requests, replies and events of corosync's cpg service. */
#ifndef CPG_WIRE_H
#define CPG_WIRE_H

#include <corosync/cpg.h>
#include <stddef.h>

#include "wire.h"

/* The message size that the daemon expects clients to request, in bytes. */
#define CPG_WIRE_IPC_MAX (1024 * 1024)

/* The largest unfragmented message, and the largest fragment, in bytes. */
#define CPG_WIRE_MESSAGE_MAX (CPG_WIRE_IPC_MAX - 1024)

/* The number of members in a reply to membership get, used or not. */
#define CPG_WIRE_MEMBERS_MAX 384

enum cpg_wire_request {
	CPG_REQUEST_JOIN = 0,
	CPG_REQUEST_LEAVE = 1,
	CPG_REQUEST_MCAST = 2,
	CPG_REQUEST_MEMBERSHIP_GET = 3,
	CPG_REQUEST_LOCAL_GET = 4,
	CPG_REQUEST_ITERATION_INITIALIZE = 5,
	CPG_REQUEST_ITERATION_NEXT = 6,
	CPG_REQUEST_ITERATION_FINALIZE = 7,
	CPG_REQUEST_FINALIZE = 8,
	CPG_REQUEST_PARTIAL_MCAST = 12,
};

enum cpg_wire_reply {
	CPG_REPLY_JOIN = 0,
	CPG_REPLY_LEAVE = 1,
	CPG_REPLY_MEMBERSHIP_GET = 3,
	CPG_REPLY_LOCAL_GET = 7,
	CPG_REPLY_ITERATION_INITIALIZE = 9,
	CPG_REPLY_ITERATION_NEXT = 10,
	CPG_REPLY_ITERATION_FINALIZE = 11,
	CPG_REPLY_FINALIZE = 12,
	CPG_REPLY_PARTIAL_MCAST = 18,
};

enum cpg_wire_event {
	CPG_WIRE_CONFCHG = 4,
	CPG_WIRE_DELIVER = 5,
	CPG_WIRE_TOTEM_CONFCHG = 13,
	CPG_WIRE_PARTIAL_DELIVER = 17,
};

enum cpg_wire_partial {
	CPG_PARTIAL_FIRST = 1,
	CPG_PARTIAL_CONTINUED = 2,
	CPG_PARTIAL_LAST = 3,
};

struct cpg_wire_name {
	uint32_t length;
	uint32_t pad_length;
	char value[CPG_MAX_NAME_LENGTH];
};

struct cpg_wire_address {
	uint32_t nodeid;
	uint32_t pad_nodeid;
	uint32_t pid;
	uint32_t pad_pid;
	uint32_t reason;
	uint32_t pad_reason;
};

struct cpg_wire_ring_id {
	uint32_t nodeid;
	uint32_t pad_nodeid;
	uint64_t seq;
};

/* Requests. */

struct cpg_wire_join {
	struct wire_request header;
	struct cpg_wire_name group;
	uint32_t pid;
	uint32_t pad_pid;
	uint32_t flags;
	uint32_t pad_flags;
};

struct cpg_wire_leave {
	struct wire_request header;
	struct cpg_wire_name group;
	uint32_t pid;
	uint32_t pad_pid;
};

/* Both multicasts begin with the header of a reply. */
struct cpg_wire_mcast {
	struct wire_reply header;
	uint32_t guarantee;
	uint32_t pad_guarantee;
	uint32_t msglen;
	uint32_t pad_msglen;
};

struct cpg_wire_partial_mcast {
	struct wire_reply header;
	uint32_t guarantee;
	uint32_t pad_guarantee;
	uint32_t msglen; /* of the whole message */
	uint32_t pad_msglen;
	uint32_t fraglen;
	uint32_t pad_fraglen;
	uint32_t type;
	uint32_t pad_type;
};

struct cpg_wire_membership_get {
	struct wire_request header;
	struct cpg_wire_name group;
};

struct cpg_wire_iteration_initialize {
	struct wire_request header;
	struct cpg_wire_name group;
	uint32_t type;
	uint32_t pad_type;
};

/* Iteration next and iteration finalize. */
struct cpg_wire_iteration {
	struct wire_request header;
	uint64_t iteration;
};

/* Replies. */

struct cpg_wire_membership_reply {
	struct wire_reply header;
	uint32_t count;
	uint32_t pad_count;
	struct cpg_wire_address members[CPG_WIRE_MEMBERS_MAX];
};

struct cpg_wire_local_reply {
	struct wire_reply header;
	uint32_t nodeid;
	uint32_t pad_nodeid;
};

struct cpg_wire_iteration_initialize_reply {
	struct wire_reply header;
	uint64_t iteration;
};

struct cpg_wire_iteration_next_reply {
	struct wire_reply header;
	struct cpg_wire_name group;
	uint32_t nodeid;
	uint32_t pid;
};

/* Events: the fixed parts. */

struct cpg_wire_confchg {
	struct wire_reply header;
	struct cpg_wire_name group;
	uint32_t member_count;
	uint32_t pad_member_count;
	uint32_t joined_count;
	uint32_t pad_joined_count;
	uint32_t left_count;
	uint32_t pad_left_count;
	/* Addresses: members, left, joined. */
};

struct cpg_wire_deliver {
	struct wire_reply header;
	struct cpg_wire_name group;
	uint32_t msglen;
	uint32_t pad_msglen;
	uint32_t nodeid;
	uint32_t pad_nodeid;
	uint32_t pid;
	uint32_t pad_pid;
	/* The message. */
};

struct cpg_wire_partial_deliver {
	struct wire_reply header;
	struct cpg_wire_name group;
	uint32_t msglen; /* of the whole message */
	uint32_t pad_msglen;
	uint32_t fraglen;
	uint32_t pad_fraglen;
	uint32_t nodeid;
	uint32_t pad_nodeid;
	uint32_t pid;
	uint32_t pad_pid;
	uint32_t type;
	uint32_t pad_type;
	/* The fragment. */
};

/* The members begin before the padding of the struct. */
struct cpg_wire_totem_confchg {
	struct wire_reply header;
	struct cpg_wire_ring_id ring_id;
	uint32_t member_count;
	uint32_t members[];
};

#define CPG_WIRE_SIZE(type, size)                                              \
	_Static_assert(sizeof(struct type) == (size), #type)
#define CPG_WIRE_AT(type, field, offset)                                       \
	_Static_assert(offsetof(struct type, field) == (offset), #type #field)

CPG_WIRE_SIZE(cpg_wire_name, 136);
CPG_WIRE_SIZE(cpg_wire_address, 24);
CPG_WIRE_SIZE(cpg_wire_ring_id, 16);
CPG_WIRE_SIZE(cpg_wire_join, 168);
CPG_WIRE_AT(cpg_wire_join, pid, 152);
CPG_WIRE_AT(cpg_wire_join, flags, 160);
CPG_WIRE_SIZE(cpg_wire_leave, 160);
CPG_WIRE_AT(cpg_wire_leave, pid, 152);
CPG_WIRE_SIZE(cpg_wire_mcast, 40);
CPG_WIRE_AT(cpg_wire_mcast, msglen, 32);
CPG_WIRE_SIZE(cpg_wire_partial_mcast, 56);
CPG_WIRE_AT(cpg_wire_partial_mcast, msglen, 32);
CPG_WIRE_AT(cpg_wire_partial_mcast, fraglen, 40);
CPG_WIRE_AT(cpg_wire_partial_mcast, type, 48);
CPG_WIRE_SIZE(cpg_wire_membership_get, 152);
CPG_WIRE_SIZE(cpg_wire_iteration_initialize, 160);
CPG_WIRE_AT(cpg_wire_iteration_initialize, type, 152);
CPG_WIRE_SIZE(cpg_wire_iteration, 24);
CPG_WIRE_SIZE(cpg_wire_membership_reply, 9248);
CPG_WIRE_SIZE(cpg_wire_local_reply, 32);
CPG_WIRE_SIZE(cpg_wire_iteration_initialize_reply, 32);
CPG_WIRE_SIZE(cpg_wire_iteration_next_reply, 168);
CPG_WIRE_AT(cpg_wire_iteration_next_reply, nodeid, 160);
CPG_WIRE_SIZE(cpg_wire_confchg, 184);
CPG_WIRE_AT(cpg_wire_confchg, member_count, 160);
CPG_WIRE_AT(cpg_wire_confchg, joined_count, 168);
CPG_WIRE_AT(cpg_wire_confchg, left_count, 176);
CPG_WIRE_SIZE(cpg_wire_deliver, 184);
CPG_WIRE_AT(cpg_wire_deliver, nodeid, 168);
CPG_WIRE_AT(cpg_wire_deliver, pid, 176);
CPG_WIRE_SIZE(cpg_wire_partial_deliver, 200);
CPG_WIRE_AT(cpg_wire_partial_deliver, fraglen, 168);
CPG_WIRE_AT(cpg_wire_partial_deliver, nodeid, 176);
CPG_WIRE_AT(cpg_wire_partial_deliver, pid, 184);
CPG_WIRE_AT(cpg_wire_partial_deliver, type, 192);
CPG_WIRE_AT(cpg_wire_totem_confchg, member_count, 40);
CPG_WIRE_AT(cpg_wire_totem_confchg, members, 44);

#endif
