/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "../unit/bytes.h"
#include "event.h"

#define DAMAGE_CUTS 0x80
#define DAMAGE_IS_TOLD 0x40

static uint32_t serial;
static unsigned char noise[8 * EVENT_MAX];

static void noise_make(void)
{
	uint32_t value = 1;

	for (size_t i = 0; i < sizeof(noise); i++) {
		value = value * 0x19660d + 0x3c6ef35f;
		noise[i] = (unsigned char)(value >> 24);
	}
}

void events_begin(void)
{
	serial = 0;
	if (noise[0] == 0)
		noise_make();
}

void event_begin(struct event *event, int32_t id, size_t size)
{
	MUST(size >= 24 && size <= EVENT_MAX);
	memset(event->bytes, 0xee, size);
	event->size = size;
	put_reply(event->bytes, id, size, 1);
}

void event_fill(struct event *event, size_t offset, size_t size)
{
	size_t from = serial * 1021 % (sizeof(noise) - EVENT_MAX);

	MUST(offset + size <= event->size);
	memcpy(event->bytes + offset, noise + from + offset, size);
}

static void raw_build(struct event *event, struct input *input)
{
	size_t size = input_u16(input);

	if (size > EVENT_MAX)
		size = EVENT_MAX;
	event->size = input_bytes(input, event->bytes, size);
}

static void event_damage(struct event *event, struct input *input)
{
	uint8_t where = input_u8(input);
	uint32_t value = input_u32(input);
	size_t offset = (size_t)where * 4;

	if ((where & DAMAGE_CUTS) == 0) {
		if (offset + sizeof(value) <= event->size)
			put_u32(event->bytes, offset, value);
		return;
	}
	event->size -= value < event->size ? value : event->size;
	if ((where & DAMAGE_IS_TOLD) != 0 && event->size >= 12)
		put_u32(event->bytes, 8, (uint32_t)event->size);
}

void event_read(struct event *event, struct input *input,
		const event_build_fn builds[EVENT_KINDS])
{
	uint8_t what = input_u8(input);
	event_build_fn build = builds[what & 7];

	serial++;
	event->at = NULL;
	event->fail_after = (what >> 3 & 3) - 2;
	if (event->fail_after < 0)
		event->fail_after = -1;
	event->nests = (what & 0x20) != 0;
	event->finalizes = (what & 0x40) != 0;
	(build != NULL ? build : raw_build)(event, input);
	if ((what & 0x80) != 0)
		event_damage(event, input);
}

size_t event_length(const struct event *event)
{
	uint32_t length;

	if (event->size < 24)
		return 0;
	length = get_u32(event->bytes, 8);
	return length <= INT32_MAX && length <= event->size ? length : 0;
}

bool event_has(const struct event *event, const void *bytes, size_t size)
{
	uintptr_t from = (uintptr_t)event->at;
	uintptr_t at = (uintptr_t)bytes;
	size_t length = event_length(event);

	return at >= from && at - from <= length &&
	       size <= length - (at - from);
}
