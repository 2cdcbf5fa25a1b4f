/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <unistd.h>

#include "../unit/bytes.h"
#include "cpg_events.h"
#include "cpg_model.h"
#include "transport.h"

#define FIRST 1
#define LAST 3

#define ADDRESSES_MAX 100
#define ADDRESSES_READ 4
#define MESSAGE_MAX (EVENT_MAX - 184)
#define FRAGMENT_MAX (EVENT_MAX - 200)

/* Few senders, so that they meet; the first is this process. */
static uint32_t sender_nodeid(uint8_t sender)
{
	return TRANSPORT_NODEID + (sender >> 1 & 1);
}

static uint32_t sender_pid(uint8_t sender)
{
	return (uint32_t)getpid() + (sender & 1);
}

static void group_build(struct event *event, uint8_t length)
{
	event_fill(event, 32, 128);
	put_u32(event->bytes, 24, length);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A few senders, by a u8 each: bits 0-1 which, 2-7 the reason; and others. */
static void addresses_build(struct event *event, size_t offset, size_t count,
			    struct input *input)
{
	uint8_t sender;

	event_fill(event, offset, count * 24);
	for (size_t i = 0; i < count && i < ADDRESSES_READ; i++) {
		sender = input_u8(input);
		put_address(event->bytes, offset + i * 24,
			    sender_nodeid(sender), sender_pid(sender),
			    sender >> 2);
	}
}

/* u8 name length, u8 members, u8 left, u8 joined, addresses. */
static void confchg_build(struct event *event, struct input *input)
{
	uint8_t name = input_u8(input);
	uint32_t members = input_u8(input) % (ADDRESSES_MAX + 1);
	uint32_t left = input_u8(input) % (ADDRESSES_MAX + 1);
	uint32_t joined = input_u8(input) % (ADDRESSES_MAX + 1);
	size_t offset = 184;

	event_begin(event, 4, offset + 24 * (size_t)(members + left + joined));
	group_build(event, name);
	put_u32(event->bytes, 160, members);
	put_u32(event->bytes, 168, joined);
	put_u32(event->bytes, 176, left);
	addresses_build(event, offset, members, input);
	offset += members * 24;
	addresses_build(event, offset, left, input);
	offset += left * 24;
	addresses_build(event, offset, joined, input);
}

/* u8 name length, u8 sender, u16 message length. */
static void deliver_build(struct event *event, struct input *input)
{
	uint8_t name = input_u8(input);
	uint8_t sender = input_u8(input);
	uint32_t length = smaller(input_u16(input), MESSAGE_MAX);

	event_begin(event, 5, 184 + length);
	group_build(event, name);
	put_u32(event->bytes, 160, length);
	put_u32(event->bytes, 168, sender_nodeid(sender));
	put_u32(event->bytes, 176, sender_pid(sender));
	event_fill(event, 184, length);
}

struct fragment {
	uint32_t nodeid;
	uint32_t pid;
	uint32_t type;
	uint32_t announced;
	uint32_t length;
};

/* As a good sender would go on. */
static void fragment_fit(struct fragment *fragment)
{
	struct cpg_unfinished unfinished =
		cpg_model_unfinished(fragment->nodeid, fragment->pid);
	uint32_t missing = unfinished.announced - unfinished.arrived;

	if (fragment->type == FIRST) {
		fragment->length = smaller(fragment->length,
					   fragment->announced);
		return;
	}
	fragment->announced = unfinished.announced;
	if (fragment->type == LAST)
		fragment->length = smaller(missing, FRAGMENT_MAX);
	else
		fragment->length = smaller(fragment->length, missing);
}

/*
 * u8 name length, u8 how: bits 0-1 the sender, 2-3 the type, 4 it fits what
 * came before; u16 fragment length, u16 message length.
 */
static void partial_build(struct event *event, struct input *input)
{
	uint8_t name = input_u8(input);
	uint8_t how = input_u8(input);
	struct fragment fragment = {
		.nodeid = sender_nodeid(how),
		.pid = sender_pid(how),
		.type = how >> 2 & 3,
	};

	fragment.length = smaller(input_u16(input), FRAGMENT_MAX);
	fragment.announced = input_u16(input);
	if ((how & 0x10) != 0)
		fragment_fit(&fragment);
	event_begin(event, 17, 200 + fragment.length);
	group_build(event, name);
	put_u32(event->bytes, 160, fragment.announced);
	put_u32(event->bytes, 168, fragment.length);
	put_u32(event->bytes, 176, fragment.nodeid);
	put_u32(event->bytes, 184, fragment.pid);
	put_u32(event->bytes, 192, fragment.type);
	event_fill(event, 200, fragment.length);
}

/* u8 members. */
static void totem_build(struct event *event, struct input *input)
{
	uint8_t members = input_u8(input);
	size_t size = 44 + 4 * (size_t)members;

	event_begin(event, 13, size);
	event_fill(event, 24, size - 24);
	put_u32(event->bytes, 40, members);
}

const event_build_fn cpg_events_builds[EVENT_KINDS] = {
	[1] = confchg_build,
	[2] = deliver_build,
	[3] = partial_build,
	[4] = totem_build,
	[5] = partial_build,
	[6] = partial_build,
	[7] = partial_build,
};
