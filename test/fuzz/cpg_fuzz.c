/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * cpg_dispatch gets events, one after the other, on one handle. An input
 * describes the use of one handle: u8 setup (bit 0 no callback for messages,
 * 1 none for confchgs, 2 none for totem confchgs, 3 the handle has left a group
 * and so knows its own address), then events in the format of event.h. What
 * dispatch does with each event has to match the model.
 */

#include <corosync/cpg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/bytes.h"
#include "../unit/libc_hooks.h"
#include "cpg_events.h"
#include "cpg_model.h"
#include "transport.h"

#define DEPTH_MAX 4

/* One dispatch, of one event. */
struct step {
	struct event event;
	struct cpg_outcome outcome;
	bool has_failed;	/* an allocation */
	bool is_settled;	/* the two above are known */
	unsigned int calls;	/* of callbacks */
};

static struct input input;
static unsigned int events;
static unsigned int depth;
static struct step *current;
static cpg_handle_t handle;
static bool is_closed;
static cpg_model_v1_data_t model;
static long live_before;	/* a step, all but what is unfinished */

static void step_run(void);

/* The library is done with the bytes: what should the application see? */
static void step_settle(struct step *step)
{
	if (step->is_settled)
		return;
	step->is_settled = true;
	step->has_failed = libc_has_failed();
	libc_fail_after(-1);
	step->outcome = cpg_model_take(&step->event, step->has_failed);
}

static struct step *callback_begin(cpg_handle_t in,
				   enum cpg_outcome_type type)
{
	struct step *step = current;

	MUST(in == handle && step != NULL);
	step_settle(step);
	step->calls++;
	MUST(step->calls == 1 && step->outcome.type == type);
	return step;
}

/* What an application does in a callback. */
static void callback_use(const struct step *step)
{
	if (step->event.nests && depth < DEPTH_MAX && input.left > 0)
		step_run();
	if (!step->event.finalizes)
		return;
	MUST(COUNTED(cpg_finalize(handle)) ==
	     (is_closed ? CS_ERR_BAD_HANDLE : CS_OK));
	is_closed = true;
}

static void group_check(const struct cpg_name *group,
			const struct event *event)
{
	static const char zeroes[CPG_MAX_NAME_LENGTH];
	uint32_t length = get_u32(event->bytes, 24);

	MUST(group->length == length && length <= sizeof(zeroes));
	MUST(memcmp(group->value, event->bytes + 32, length) == 0);
	MUST(memcmp(group->value + length, zeroes,
		    sizeof(zeroes) - length) == 0);
}

static void message_check(const struct step *step, const void *msg,
			  size_t msg_len)
{
	const struct cpg_outcome *outcome = &step->outcome;

	MUST(msg != NULL && (uintptr_t)msg % 8 == 0);
	MUST(msg_len == outcome->size);
	MUST(outcome->owned != NULL || event_has(&step->event, msg, msg_len));
	MUST(msg_len == 0 || memcmp(msg, outcome->message, msg_len) == 0);
}

static void on_deliver(cpg_handle_t in, const struct cpg_name *group,
		       uint32_t nodeid, uint32_t pid, void *msg,
		       size_t msg_len)
{
	bool counted = libc_count_set(false);
	struct step *step = callback_begin(in, CPG_OUTCOME_DELIVER);

	MUST(nodeid == step->outcome.nodeid && pid == step->outcome.pid);
	message_check(step, msg, msg_len);
	callback_use(step);
	/* Nothing that happened meanwhile touched it. */
	group_check(group, &step->event);
	message_check(step, msg, msg_len);
	memset(msg, '?', msg_len);
	libc_count_set(counted);
}

/* A list of so many addresses, from that offset; the offset behind it. */
static size_t addresses_check(const struct event *event, size_t offset,
			      const struct cpg_address *list, size_t count,
			      uint32_t expected)
{
	MUST(count == expected);
	MUST(list != NULL && event_has(event, list, count * sizeof(*list)));
	for (size_t i = 0; i < count; i++, offset += 24) {
		MUST(list[i].nodeid == get_u32(event->bytes, offset));
		MUST(list[i].pid == get_u32(event->bytes, offset + 8));
		MUST(list[i].reason == get_u32(event->bytes, offset + 16));
	}
	return offset;
}

static void on_confchg(cpg_handle_t in, const struct cpg_name *group,
		       const struct cpg_address *members, size_t member_count,
		       const struct cpg_address *left, size_t left_count,
		       const struct cpg_address *joined, size_t joined_count)
{
	bool counted = libc_count_set(false);
	struct step *step = callback_begin(in, CPG_OUTCOME_CONFCHG);
	const struct event *event = &step->event;
	size_t offset = 184;

	callback_use(step);
	group_check(group, event);
	offset = addresses_check(event, offset, members, member_count,
				 get_u32(event->bytes, 160));
	offset = addresses_check(event, offset, left, left_count,
				 get_u32(event->bytes, 176));
	addresses_check(event, offset, joined, joined_count,
			get_u32(event->bytes, 168));
	libc_count_set(counted);
}

static void on_totem(cpg_handle_t in, struct cpg_ring_id ring_id,
		     uint32_t count, const uint32_t *members)
{
	bool counted = libc_count_set(false);
	struct step *step = callback_begin(in, CPG_OUTCOME_TOTEM);
	const struct event *event = &step->event;

	callback_use(step);
	MUST(ring_id.nodeid == get_u32(event->bytes, 24));
	MUST(memcmp(&ring_id.seq, event->bytes + 32, 8) == 0);
	MUST(count == get_u32(event->bytes, 40));
	MUST(members != NULL && event_has(event, members, 4 * (size_t)count));
	MUST(memcmp(members, event->bytes + 44, 4 * (size_t)count) == 0);
	libc_count_set(counted);
}

static bool is_called_for(enum cpg_outcome_type type)
{
	switch (type) {
	case CPG_OUTCOME_CONFCHG:
		return model.cpg_confchg_fn != NULL;
	case CPG_OUTCOME_DELIVER:
		return model.cpg_deliver_fn != NULL;
	case CPG_OUTCOME_TOTEM:
		return model.cpg_totem_confchg_fn != NULL;
	default:
		return false;
	}
}

static void step_check(const struct step *step, cs_error_t err)
{
	if (step->has_failed)
		MUST(err == CS_ERR_NO_MEMORY);
	else
		MUST(err == (is_closed ? CS_ERR_BAD_HANDLE : CS_OK));
	MUST(step->calls == is_called_for(step->outcome.type));
	if (depth > 0)
		return;
	if (is_closed)
		MUST(libc_live() == 0);
	else
		MUST(libc_live() - live_before <= (long)cpg_model_memory());
}

/* Read the next event and dispatch it. */
static void step_run(void)
{
	struct step *outer = current;
	struct step step;
	cs_error_t err;

	if (is_closed || events == EVENTS_MAX)
		return;
	events++;
	step.is_settled = false;
	step.calls = 0;
	event_read(&step.event, &input, cpg_events_builds);
	transport_give(&step.event);
	current = &step;
	depth++;
	err = COUNTED(cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	depth--;
	current = outer;
	step_settle(&step);
	step_check(&step, err);
	free(step.outcome.owned);
}

/* To leave and to join teaches a handle who it is. */
static void self_learn(void)
{
	struct cpg_name group = { .length = 1, .value = "g" };

	MUST(cpg_join(handle, &group) == CS_OK);
	MUST(cpg_leave(handle, &group) == CS_OK);
	MUST(cpg_join(handle, &group) == CS_OK);
}

static void handle_open(uint8_t setup)
{
	bool knows_self = (setup & 8) != 0;

	model = (cpg_model_v1_data_t){
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = setup & 1 ? NULL : on_deliver,
		.cpg_confchg_fn = setup & 2 ? NULL : on_confchg,
		.cpg_totem_confchg_fn = setup & 4 ? NULL : on_totem,
	};
	MUST(cpg_model_initialize(&handle, CPG_MODEL_V1,
				  (cpg_model_data_t *)&model, NULL) == CS_OK);
	is_closed = false;
	if (knows_self)
		self_learn();
	/* The buffer stays. */
	MUST(cpg_dispatch(handle, CS_DISPATCH_ALL) == CS_OK);
	cpg_model_begin((setup & 1) == 0, TRANSPORT_NODEID,
			knows_self ? (uint32_t)getpid() : 0);
}

static void handle_close(void)
{
	bool counted = libc_count_set(true);

	if (!is_closed)
		MUST(cpg_finalize(handle) == CS_OK);
	libc_count_set(counted);
	cpg_model_clear();
	MUST(libc_live() == 0 && transport_is_idle());
}

/* The table of handles is never freed. */
static void table_create(void)
{
	static bool is_there;

	if (is_there)
		return;
	handle_open(0);
	MUST(cpg_finalize(handle) == CS_OK);
	is_there = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool counted;

	input = (struct input){ .at = data, .left = size };
	table_create();
	libc_hooks_reset();
	events_begin();
	events = 0;
	counted = libc_count_set(true);
	handle_open(input_u8(&input));
	libc_count_set(counted);
	live_before = libc_live();
	while (input.left > 0 && !is_closed && events < EVENTS_MAX)
		step_run();
	handle_close();
	return 0;
}
