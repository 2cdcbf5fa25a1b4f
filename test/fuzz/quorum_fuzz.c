/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * quorum_dispatch gets events, one after the other, on one handle. An input
 * describes the use of one handle: u8 setup (bit 0 the model, 1 no callback for
 * quorum, 2 none for node lists), then events in the format of event.h. The
 * callbacks must get each event that is well formed and of the handle's model,
 * as it was sent, and no other event.
 */

#include <corosync/quorum.h>
#include <string.h>

#include "../unit/bytes.h"
#include "../unit/libc_hooks.h"
#include "transport.h"

enum outcome {
	OUTCOME_NONE,
	OUTCOME_NOTIFICATION,
	OUTCOME_QUORUM,
	OUTCOME_NODELIST,
};

static struct event event;
static struct input input;
static quorum_handle_t handle;
static quorum_model_v0_data_t v0;
static quorum_model_v1_data_t v1;
static unsigned int model;
static enum outcome called;	/* the callback, of this event */

/* Kinds of events. */

/* u8 nodes. */
static void notification_build(struct event *into, struct input *from)
{
	uint8_t nodes = input_u8(from);
	size_t size = 44 + 4 * (size_t)nodes;

	event_begin(into, 3, size);
	event_fill(into, 24, size - 24);
	put_u32(into->bytes, 40, nodes);
}

/* u8 nodes. */
static void quorum_build(struct event *into, struct input *from)
{
	uint8_t nodes = input_u8(from);
	size_t size = 52 + 4 * (size_t)nodes;

	event_begin(into, 6, size);
	event_fill(into, 24, size - 24);
	put_u32(into->bytes, 48, nodes);
}

/* u8 members, u8 joined, u8 left. */
static void nodelist_build(struct event *into, struct input *from)
{
	uint8_t members = input_u8(from);
	uint8_t joined = input_u8(from);
	uint8_t left = input_u8(from);
	size_t size = 60 + 4 * ((size_t)members + joined + left);

	event_begin(into, 7, size);
	event_fill(into, 24, size - 24);
	put_u32(into->bytes, 40, members);
	put_u32(into->bytes, 48, joined);
	put_u32(into->bytes, 56, left);
}

static const event_build_fn builds[EVENT_KINDS] = {
	[1] = notification_build,
	[2] = quorum_build,
	[3] = nodelist_build,
	[4] = notification_build,
	[5] = quorum_build,
	[6] = nodelist_build,
	[7] = nodelist_build,
};

/* What has to come of an event. */

static bool list_is_whole(size_t offset, uint64_t count)
{
	return offset + count * 4 <= event_length(&event);
}

static uint32_t number(size_t offset)
{
	return get_u32(event.bytes, offset);
}

static enum outcome outcome_of_event(void)
{
	size_t length = event_length(&event);
	uint64_t nodes;

	if (length >= 44 && number(0) == 3 && model == 0)
		return list_is_whole(44, number(40)) ? OUTCOME_NOTIFICATION :
						       OUTCOME_NONE;
	if (length >= 52 && number(0) == 6 && model == 1)
		return list_is_whole(52, number(48)) ? OUTCOME_QUORUM :
						       OUTCOME_NONE;
	if (length < 60 || number(0) != 7 || model != 1)
		return OUTCOME_NONE;
	nodes = (uint64_t)number(40) + number(48) + number(56);
	return list_is_whole(60, nodes) ? OUTCOME_NODELIST : OUTCOME_NONE;
}

static bool is_called_for(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NOTIFICATION:
		return v0.quorum_notify_fn != NULL;
	case OUTCOME_QUORUM:
		return v1.quorum_notify_fn != NULL;
	case OUTCOME_NODELIST:
		return v1.nodelist_notify_fn != NULL;
	default:
		return false;
	}
}

/* Callbacks. */

static void callback_begin(quorum_handle_t in, enum outcome outcome)
{
	MUST(in == handle && called == OUTCOME_NONE);
	MUST(outcome_of_event() == outcome);
	called = outcome;
}

static void list_check(const uint32_t *list, uint32_t count, size_t offset,
		       uint32_t expected)
{
	MUST(count == expected && list != NULL);
	MUST(event_has(&event, list, (size_t)count * 4));
	MUST(memcmp(list, event.bytes + offset, (size_t)count * 4) == 0);
}

static void ring_check(struct quorum_ring_id ring_id, size_t offset)
{
	MUST(ring_id.nodeid == number(offset));
	MUST(memcmp(&ring_id.seq, event.bytes + offset + 8, 8) == 0);
}

static void on_notification(quorum_handle_t in, uint32_t quorate,
			    uint64_t ring_seq, uint32_t count, uint32_t *view)
{
	callback_begin(in, OUTCOME_NOTIFICATION);
	MUST(quorate == number(24));
	MUST(memcmp(&ring_seq, event.bytes + 32, 8) == 0);
	list_check(view, count, 44, number(40));
	memset(view, '?', (size_t)count * 4);
}

static void on_quorum(quorum_handle_t in, uint32_t quorate,
		      struct quorum_ring_id ring_id, uint32_t count,
		      const uint32_t *view)
{
	callback_begin(in, OUTCOME_QUORUM);
	MUST(quorate == number(24));
	ring_check(ring_id, 32);
	list_check(view, count, 52, number(48));
}

static void on_nodelist(quorum_handle_t in, struct quorum_ring_id ring_id,
			uint32_t member_count, const uint32_t *members,
			uint32_t joined_count, const uint32_t *joined,
			uint32_t left_count, const uint32_t *left)
{
	size_t offset = 60;

	callback_begin(in, OUTCOME_NODELIST);
	ring_check(ring_id, 24);
	list_check(members, member_count, offset, number(40));
	offset += (size_t)member_count * 4;
	list_check(joined, joined_count, offset, number(48));
	offset += (size_t)joined_count * 4;
	list_check(left, left_count, offset, number(56));
}

/* One input. */

static void step_run(void)
{
	unsigned int allocations = libc_allocations();
	cs_error_t err;

	event_read(&event, &input, builds);
	called = OUTCOME_NONE;
	transport_give(&event);
	err = COUNTED(quorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	libc_fail_after(-1);
	MUST(err == CS_OK && libc_allocations() == allocations);
	MUST((called != OUTCOME_NONE) == is_called_for(outcome_of_event()));
}

static void handle_open(uint8_t setup)
{
	quorum_model_data_t *data = (quorum_model_data_t *)&v0;

	model = setup & 1;
	v0 = (quorum_model_v0_data_t){
		.model = QUORUM_MODEL_V0,
		.quorum_notify_fn = setup & 2 ? NULL : on_notification,
	};
	v1 = (quorum_model_v1_data_t){
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = setup & 2 ? NULL : on_quorum,
		.nodelist_notify_fn = setup & 4 ? NULL : on_nodelist,
	};
	if (model == 1)
		data = (quorum_model_data_t *)&v1;
	MUST(quorum_model_initialize(&handle, model, data, NULL, NULL) ==
	     CS_OK);
	/* The buffer stays. */
	MUST(quorum_dispatch(handle, CS_DISPATCH_ALL) == CS_OK);
}

/* The table of handles is never freed. */
static void table_create(void)
{
	static bool is_there;

	if (is_there)
		return;
	handle_open(0);
	MUST(quorum_finalize(handle) == CS_OK);
	is_there = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool counted;

	input = (struct input){ .at = data, .left = size };
	table_create();
	libc_hooks_reset();
	events_begin();
	counted = libc_count_set(true);
	handle_open(input_u8(&input));
	libc_count_set(counted);
	for (unsigned int i = 0; i < EVENTS_MAX && input.left > 0; i++)
		step_run();
	MUST(COUNTED(quorum_finalize(handle)) == CS_OK);
	MUST(libc_live() == 0 && transport_is_idle());
	return 0;
}
