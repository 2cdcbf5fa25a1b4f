/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "fake_service.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "support.h"

struct numbered_events numbered_events;

static unsigned char filling(uint32_t number, size_t at)
{
	return (unsigned char)(number * 7 + at);
}

bool numbered_event_is_intact(const struct numbered_event *event)
{
	for (size_t at = 8; at < EVENT_SIZE; at++)
		if (event->bytes[at] != filling(event->number, at))
			return false;
	return get_u32(event->bytes, 4) == event->number;
}

static int event_decode(struct client *client, const void *bytes, size_t size,
			void *room, void *ret_event)
{
	struct numbered_event *event = ret_event;
	uint32_t kind = get_u32(bytes, 0);

	(void)client;
	if (kind == EVENT_CONSUMED)
		return 0;
	if (kind == EVENT_NO_MEMORY)
		return -ENOMEM;
	*event = (struct numbered_event){
		.number = get_u32(bytes, 4),
		.bytes = memcpy(room, bytes, size),
		.owned = kind == EVENT_OWNING ? malloc(100) : NULL,
	};
	numbered_events.decoded++;
	if (size != EVENT_SIZE || (uintptr_t)room % 8 != 0 ||
	    !numbered_event_is_intact(event))
		numbered_events.broken++;
	return 1;
}

static void event_deliver(struct client *client, void *data)
{
	const struct numbered_event *event = data;

	numbered_events.delivered++;
	numbered_events.deliveries[event->number]++;
	if (numbered_events.deliver != NULL)
		numbered_events.deliver(client->handle, event);
	if (!numbered_event_is_intact(event))
		numbered_events.broken++;
}

static void event_release(void *data)
{
	const struct numbered_event *event = data;

	numbered_events.released++;
	free(event->owned);
}

static void client_clear(struct client *client)
{
	(void)client;
	numbered_events.cleared++;
}

const struct service fake_service = {
	.name = "fake",
	.client_size = sizeof(struct client) + 64,
	.shared_size = sizeof(struct client_shared),
	.event_size = sizeof(struct numbered_event),
	.event_decode = event_decode,
	.event_deliver = event_deliver,
	.event_release = event_release,
	.client_clear = client_clear,
};

const struct service other_service = {
	.name = "other",
	.client_size = sizeof(struct client),
	.shared_size = sizeof(struct client_shared),
	.client_clear = client_clear,
};

void fake_service_setup(void)
{
	fake_setup();
	libc_hooks_reset();
	memset(&numbered_events, 0, sizeof(numbered_events));
}

void fake_service_teardown(void)
{
	ck_assert_uint_eq(numbered_events.broken, 0);
	ck_assert_uint_eq(numbered_events.released, numbered_events.decoded);
	ck_assert_uint_eq(numbered_events.cleared, fake.opens);
	fake_teardown();
}

static void counted_put(struct client_use *use)
{
	bool before = libc_count_set(true);

	client_put(use);
	libc_count_set(before);
}

uint64_t fake_service_open(void)
{
	struct client_use use;
	uint64_t handle = 0;

	ck_assert_int_eq(COUNTED(client_open(&fake_service, NULL, &use)),
			 CS_OK);
	ck_assert_int_eq(COUNTED(client_publish(use.client, &handle)), CS_OK);
	counted_put(&use);
	return handle;
}

void fake_service_close(uint64_t handle)
{
	struct client_use use;

	ck_assert_int_eq(client_close(handle, &fake_service, &use), CS_OK);
	counted_put(&use);
}

void numbered_event_queue(enum numbered_kind kind, uint32_t number)
{
	unsigned char bytes[EVENT_SIZE];

	put_u32(bytes, 0, kind);
	put_u32(bytes, 4, number);
	for (size_t at = 8; at < sizeof(bytes); at++)
		bytes[at] = filling(number, at);
	fake_event_queue(bytes, sizeof(bytes));
}

void numbered_events_queue(uint32_t count)
{
	for (uint32_t number = 0; number < count; number++)
		numbered_event_queue(EVENT_DELIVERED, number);
}

cs_error_t fake_service_dispatch(uint64_t handle, cs_dispatch_flags_t mode)
{
	return dispatch_run(handle, &fake_service, mode);
}
