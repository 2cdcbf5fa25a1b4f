/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "calls.h"

#include <string.h>

static int counts[SLOTS];
static struct dispatch current;

int callbacks_count(int slot)
{
	return counts[slot];
}

struct dispatch callbacks_begin(const struct op *op)
{
	struct dispatch before = current;

	current = (struct dispatch){ op, 0 };
	return before;
}

void callbacks_continue(struct dispatch before)
{
	current = before;
}

/* Prints the handle, and its context, and returns the slot. */
static int callback_begin(const char *name, uint64_t handle, bool is_quorum)
{
	int slot = slot_find(handle, is_quorum);
	const void *context = NULL;
	cs_error_t error = is_quorum
				   ? quorum_context_get(handle, &context)
				   : cpg_context_get(handle, (void **)&context);

	log_print("\n   %s h%d context", name, slot);
	if (error == CS_OK)
		log_print(" %ld", (long)(intptr_t)context);
	else
		log_result(error);
	if (slot >= 0)
		counts[slot]++;
	return slot;
}

static void callback_end(int slot)
{
	const struct op *op = current.op;

	if (op == NULL || op->inner == NULL || op->slot != slot ||
	    ++current.callbacks != op->inner_at)
		return;
	log_print("\n   inner ");
	op_perform(op->inner);
	log_print("   inner end");
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t nodeid, uint32_t pid, void *message,
			    size_t len)
{
	int slot = callback_begin("deliver", handle, false);

	log_name(group);
	log_process(nodeid, pid);
	log_print(" %zu %08x", len, sum_make(message, len));
	if (message == NULL)
		log_print(" null");
	if ((uintptr_t)message % 8 != 0)
		log_print(" unaligned");
	/* The callback may write there. */
	memset(message, 0xee, len);
	callback_end(slot);
}

static void members_print(const char *title, const struct cpg_address *members,
			  size_t count)
{
	log_print(" %s", title);
	if (members == NULL)
		log_print(" null");
	for (size_t i = 0; i < count; i++) {
		log_process(members[i].nodeid, members[i].pid);
		log_print(":%u", members[i].reason);
	}
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	int slot = callback_begin("confchg", handle, false);

	log_name(group);
	members_print("members", members, count);
	members_print("left", left, left_count);
	members_print("joined", joined, joined_count);
	callback_end(slot);
}

static void nodes_print(const char *title, const uint32_t *nodes,
			uint32_t count)
{
	log_print(" %s", title);
	if (nodes == NULL)
		log_print(" null");
	for (uint32_t i = 0; i < count; i++)
		log_print(" %u", nodes[i]);
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	int slot = callback_begin("totem", handle, false);

	log_ring(ring.nodeid, ring.seq);
	nodes_print("nodes", nodes, count);
	callback_end(slot);
}

static void quorum_v0_change(quorum_handle_t handle, uint32_t quorate,
			     uint64_t seq, uint32_t count, uint32_t *nodes)
{
	int slot = callback_begin("quorum", handle, true);

	log_print(" %u", quorate);
	log_ring(0, seq);
	nodes_print("nodes", nodes, count);
	callback_end(slot);
}

static void quorum_v1_change(quorum_handle_t handle, uint32_t quorate,
			     struct quorum_ring_id ring, uint32_t count,
			     const uint32_t *nodes)
{
	int slot = callback_begin("quorum", handle, true);

	log_print(" %u", quorate);
	log_ring(ring.nodeid, ring.seq);
	nodes_print("nodes", nodes, count);
	callback_end(slot);
}

static void nodes_change(quorum_handle_t handle, struct quorum_ring_id ring,
			 uint32_t count, const uint32_t *nodes,
			 uint32_t joined_count, const uint32_t *joined,
			 uint32_t left_count, const uint32_t *left)
{
	int slot = callback_begin("nodelist", handle, true);

	log_ring(ring.nodeid, ring.seq);
	nodes_print("nodes", nodes, count);
	nodes_print("joined", joined, joined_count);
	nodes_print("left", left, left_count);
	callback_end(slot);
}

const struct callbacks callbacks_logged = {
	.cpg = { message_deliver, members_change },
	.cpg_v1 = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
		.cpg_totem_confchg_fn = ring_change,
	},
	.quorum = { quorum_v0_change },
	.quorum_v0 = { .quorum_notify_fn = quorum_v0_change },
	.quorum_v1 = {
		.quorum_notify_fn = quorum_v1_change,
		.nodelist_notify_fn = nodes_change,
	},
};
