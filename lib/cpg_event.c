/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>

#include "cpg_client.h"
#include "cpg_iterations.h"

static int partial_take(struct cpg *cpg, struct cpg_event *event)
{
	struct cpg_event_deliver deliver;
	int res;

	if (cpg->model.cpg_deliver_fn == NULL)
		return 0;
	res = cpg_assembly_add(&cpg->assembly, &event->partial, &deliver);
	if (res > 0) {
		event->type = CPG_EVENT_DELIVER;
		event->deliver = deliver;
	}
	return res;
}

static bool is_self(const struct cpg *cpg, const struct cpg_address *address)
{
	const struct cpg_address *self = &cpg_shared(cpg)->self;

	return self->nodeid != 0 && address->nodeid == self->nodeid &&
	       address->pid == self->pid;
}

static void confchg_note(struct cpg *cpg,
			 const struct cpg_event_confchg *confchg)
{
	for (size_t i = 0; i < confchg->left_count; i++)
		cpg_assembly_forget(&cpg->assembly, confchg->left[i].nodeid,
				    confchg->left[i].pid);
	/* The pid of a member that left may be false: keep members only. */
	cpg_assembly_keep(&cpg->assembly, confchg->members,
			  confchg->member_count);
	/* While this member was absent, it missed fragments. */
	for (size_t i = 0; i < confchg->joined_count; i++)
		if (is_self(cpg, &confchg->joined[i]))
			cpg_assembly_clear(&cpg->assembly);
}

/* A fragment is copied to its message directly, not by way of @room. */
static int cpg_event_decode(struct client *client, const void *bytes,
			    size_t size, void *room, void *ret_event)
{
	struct cpg *cpg = (struct cpg *)client;
	struct cpg_event *event = ret_event;

	if (cpg_decode_partial(bytes, size, event))
		return partial_take(cpg, event);
	if (bytes != room)
		memcpy(room, bytes, size);
	if (cpg_decode(room, size, event) < 0)
		return 0;
	if (event->type == CPG_EVENT_CONFCHG)
		confchg_note(cpg, &event->confchg);
	return 1;
}

static void confchg_deliver(const struct cpg *cpg,
			    const struct cpg_event *event)
{
	const struct cpg_event_confchg *confchg = &event->confchg;

	if (cpg->model.cpg_confchg_fn == NULL)
		return;
	cpg->model.cpg_confchg_fn(cpg->client.handle, &event->group,
				  confchg->members, confchg->member_count,
				  confchg->left, confchg->left_count,
				  confchg->joined, confchg->joined_count);
}

static void message_deliver(const struct cpg *cpg,
			    const struct cpg_event *event)
{
	const struct cpg_event_deliver *deliver = &event->deliver;

	if (cpg->model.cpg_deliver_fn == NULL)
		return;
	cpg->model.cpg_deliver_fn(cpg->client.handle, &event->group,
				  deliver->nodeid, deliver->pid, deliver->msg,
				  deliver->msg_len);
}

static void totem_confchg_deliver(const struct cpg *cpg,
				  const struct cpg_event *event)
{
	const struct cpg_event_totem_confchg *totem = &event->totem_confchg;

	if (cpg->model.cpg_totem_confchg_fn == NULL)
		return;
	cpg->model.cpg_totem_confchg_fn(cpg->client.handle, totem->ring_id,
					totem->member_count, totem->members);
}

static void cpg_event_deliver(struct client *client, void *data)
{
	const struct cpg *cpg = (struct cpg *)client;
	const struct cpg_event *event = data;

	switch (event->type) {
	case CPG_EVENT_CONFCHG:
		confchg_deliver(cpg, event);
		break;
	case CPG_EVENT_DELIVER:
		message_deliver(cpg, event);
		break;
	case CPG_EVENT_TOTEM_CONFCHG:
		totem_confchg_deliver(cpg, event);
		break;
	case CPG_EVENT_PARTIAL:
		break;
	}
}

static void cpg_event_release(void *data)
{
	struct cpg_event *event = data;

	if (event->type == CPG_EVENT_DELIVER)
		free(event->deliver.owned);
}

static void cpg_client_clear(struct client *client)
{
	struct cpg *cpg = (struct cpg *)client;

	cpg_iterations_clear(cpg);
	cpg_assembly_clear(&cpg->assembly);
}

const struct service cpg_service = {
	.name = "cpg",
	.message_max = CPG_WIRE_IPC_MAX,
	.client_size = sizeof(struct cpg),
	.shared_size = sizeof(struct cpg_shared),
	.event_size = sizeof(struct cpg_event),
	.event_decode = cpg_event_decode,
	.event_deliver = cpg_event_deliver,
	.event_release = cpg_event_release,
	.client_clear = cpg_client_clear,
};
