/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Preloaded into a worker, this is a broken library. The environment variable
 * BREAK has the names of its faults, separated by commas. Of the callbacks of
 * cpg_model_initialize, these change one:
 *
 *	drop, twice, swap, truncate, corrupt	a message
 *	list			the members
 *
 * These change all callbacks of one kind:
 *
 *	reason, order		the lists of model 0: the reason of nodes that
 *				left, the order of the members
 *	ring-order, ring-drop	the ring of model 1, without the ring at the join
 *	quorate, quorum-order	the quorum of model 0: the state, the order of
 *				the nodes
 *	nodelist-drop, nodelist-swap
 *				the list of nodes: lost, or joined and left are
 *				exchanged
 */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The number of the event. */
#define EVENT 40

#define LIST_MAX 384

static cpg_model_v1_data_t model;
static cpg_callbacks_t callbacks;
static quorum_callbacks_t quorum_callbacks;
static quorum_model_v1_data_t quorum_model;
static int messages, changes;

/* The message that is delivered after the next one. */
static struct held {
	cpg_handle_t handle;
	struct cpg_name group;
	uint32_t nodeid, pid;
	void *message;
	size_t len;
} held;

static bool breaks(const char *how)
{
	const char *wanted = getenv("BREAK");
	size_t len = strlen(how);

	while (wanted != NULL && *wanted != '\0') {
		if (strcspn(wanted, ",") == len &&
		    strncmp(wanted, how, len) == 0)
			return true;
		wanted += strcspn(wanted, ",");
		wanted += *wanted == ',';
	}
	return false;
}

static void *next_find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void held_deliver(void)
{
	struct held now = held;

	held.message = NULL;
	model.cpg_deliver_fn(now.handle, &now.group, now.nodeid, now.pid,
			     now.message, now.len);
	free(now.message);
}

static void message_hold(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *message,
			 size_t len)
{
	held = (struct held){ handle, *group, nodeid, pid, malloc(len), len };
	memcpy(held.message, message, len);
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t nodeid, uint32_t pid, void *message,
			    size_t len)
{
	bool now = len > 40 && ++messages == EVENT;
	bool is_next = held.message != NULL && held.handle == handle;

	if (now && breaks("drop"))
		return;
	if (now && breaks("swap")) {
		message_hold(handle, group, nodeid, pid, message, len);
		return;
	}
	if (now && breaks("twice"))
		model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
	if (now && breaks("truncate"))
		len--;
	if (now && breaks("corrupt"))
		((char *)message)[len - 1] ^= 1;
	model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
	if (is_next)
		held_deliver();
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	if (count > 1 && ++changes == 1 && breaks("list"))
		count--;
	model.cpg_confchg_fn(handle, group, members, count, left, left_count,
			     joined, joined_count);
}

static void nodes_swap(uint32_t *swapped, const uint32_t *nodes, uint32_t count)
{
	memcpy(swapped, nodes, count * sizeof(*nodes));
	if (count > 1) {
		swapped[0] = nodes[1];
		swapped[1] = nodes[0];
	}
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	uint32_t swapped[LIST_MAX];

	if (breaks("ring-drop"))
		return;
	nodes_swap(swapped, nodes, count);
	if (breaks("ring-order"))
		nodes = swapped;
	model.cpg_totem_confchg_fn(handle, ring, count, nodes);
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t number,
				cpg_model_data_t *data, void *context)
{
	cpg_model_v1_data_t broken = *(cpg_model_v1_data_t *)data;
	cs_error_t (*next)(cpg_handle_t *, cpg_model_t, cpg_model_data_t *,
			   void *);

	*(void **)&next = next_find("cpg_model_initialize");
	model = broken;
	broken.cpg_deliver_fn = message_deliver;
	broken.cpg_confchg_fn = members_change;
	if (broken.flags == 0)
		broken.cpg_totem_confchg_fn = ring_change;
	return next(handle, number, (cpg_model_data_t *)&broken, context);
}

/* Model 0. */

static void members_change_0(cpg_handle_t handle, const struct cpg_name *group,
			     const struct cpg_address *members, size_t count,
			     const struct cpg_address *left, size_t left_count,
			     const struct cpg_address *joined,
			     size_t joined_count)
{
	struct cpg_address swapped[LIST_MAX], gone[LIST_MAX];

	memcpy(swapped, members, count * sizeof(*members));
	memcpy(gone, left, left_count * sizeof(*left));
	if (count > 1 && breaks("order")) {
		swapped[0] = members[1];
		swapped[1] = members[0];
	}
	for (size_t i = 0; i < left_count; i++)
		if (gone[i].reason == CPG_REASON_NODEDOWN && breaks("reason"))
			gone[i].reason = CPG_REASON_PROCDOWN;
	callbacks.cpg_confchg_fn(handle, group, swapped, count, gone,
				 left_count, joined, joined_count);
}

cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *given)
{
	cpg_callbacks_t broken = *given;
	cs_error_t (*next)(cpg_handle_t *, cpg_callbacks_t *);

	*(void **)&next = next_find("cpg_initialize");
	callbacks = *given;
	broken.cpg_confchg_fn = members_change_0;
	return next(handle, &broken);
}

/* Quorum. */

static void quorum_change_0(quorum_handle_t handle, uint32_t quorate,
			    uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	uint32_t swapped[LIST_MAX];

	nodes_swap(swapped, nodes, count);
	if (breaks("quorum-order"))
		nodes = swapped;
	if (breaks("quorate"))
		quorate = !quorate;
	quorum_callbacks.quorum_notify_fn(handle, quorate, ring_seq, count,
					  nodes);
}

cs_error_t quorum_initialize(quorum_handle_t *handle,
			     quorum_callbacks_t *given, uint32_t *type)
{
	quorum_callbacks_t broken = { .quorum_notify_fn = quorum_change_0 };
	cs_error_t (*next)(quorum_handle_t *, quorum_callbacks_t *, uint32_t *);

	*(void **)&next = next_find("quorum_initialize");
	quorum_callbacks = *given;
	return next(handle, &broken, type);
}

static void nodes_change(quorum_handle_t handle, struct quorum_ring_id ring,
			 uint32_t count, const uint32_t *nodes,
			 uint32_t joined_count, const uint32_t *joined,
			 uint32_t left_count, const uint32_t *left)
{
	if (breaks("nodelist-drop"))
		return;
	if (breaks("nodelist-swap"))
		quorum_model.nodelist_notify_fn(handle, ring, count, nodes,
						left_count, left, joined_count,
						joined);
	else
		quorum_model.nodelist_notify_fn(handle, ring, count, nodes,
						joined_count, joined,
						left_count, left);
}

cs_error_t quorum_model_initialize(quorum_handle_t *handle,
				   quorum_model_t number,
				   quorum_model_data_t *data, uint32_t *type,
				   void *context)
{
	quorum_model_v1_data_t broken = *(quorum_model_v1_data_t *)data;
	cs_error_t (*next)(quorum_handle_t *, quorum_model_t,
			   quorum_model_data_t *, uint32_t *, void *);

	*(void **)&next = next_find("quorum_model_initialize");
	quorum_model = broken;
	broken.nodelist_notify_fn = nodes_change;
	return next(handle, number, (quorum_model_data_t *)&broken, type,
		    context);
}
