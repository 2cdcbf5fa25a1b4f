/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "probe.h"
#include "support.h"

struct probe probe;

static unsigned char filling(uint32_t number, size_t at)
{
	return (unsigned char)(number * 7 + at);
}

bool probe_event_is_intact(const struct probe_event *event)
{
	for (size_t at = 8; at < PROBE_EVENT_SIZE; at++)
		if (event->bytes[at] != filling(event->number, at))
			return false;
	return get_u32(event->bytes, 4) == event->number;
}

static int event_decode(struct client *client, const void *bytes, size_t size,
			void *room, void *ret_event)
{
	struct probe_event *event = ret_event;
	uint32_t kind = get_u32(bytes, 0);

	(void)client;
	if (kind == PROBE_CONSUMED)
		return 0;
	if (kind == PROBE_NO_MEMORY)
		return -ENOMEM;
	*event = (struct probe_event){
		.number = get_u32(bytes, 4),
		.bytes = memcpy(room, bytes, size),
		.owned = kind == PROBE_OWNING ? malloc(100) : NULL,
	};
	probe.decoded++;
	if (size != PROBE_EVENT_SIZE || (uintptr_t)room % 8 != 0 ||
	    !probe_event_is_intact(event))
		probe.broken++;
	return 1;
}

static void event_deliver(struct client *client, void *data)
{
	const struct probe_event *event = data;

	probe.delivered++;
	probe.deliveries[event->number]++;
	if (probe.deliver != NULL)
		probe.deliver(client->handle, event);
	if (!probe_event_is_intact(event))
		probe.broken++;
}

static void event_release(void *data)
{
	const struct probe_event *event = data;

	probe.released++;
	free(event->owned);
}

static void client_clear(struct client *client)
{
	(void)client;
	probe.cleared++;
}

const struct service probe_service = {
	.name = "probe",
	.client_size = sizeof(struct client) + 64,
	.shared_size = sizeof(struct client_shared),
	.event_size = sizeof(struct probe_event),
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

void probe_setup(void)
{
	fake_setup();
	libc_hooks_reset();
	memset(&probe, 0, sizeof(probe));
}

void probe_teardown(void)
{
	ck_assert_uint_eq(probe.broken, 0);
	ck_assert_uint_eq(probe.released, probe.decoded);
	ck_assert_uint_eq(probe.cleared, fake.opens);
	fake_teardown();
}

static void counted_put(struct client_use *use)
{
	bool before = libc_count_set(true);

	client_put(use);
	libc_count_set(before);
}

uint64_t probe_open(void)
{
	struct client_use use;
	uint64_t handle = 0;

	ck_assert_int_eq(COUNTED(client_open(&probe_service, NULL, &use)),
			 CS_OK);
	ck_assert_int_eq(COUNTED(client_publish(use.client, &handle)), CS_OK);
	counted_put(&use);
	return handle;
}

void probe_close(uint64_t handle)
{
	struct client_use use;

	ck_assert_int_eq(client_close(handle, &probe_service, &use), CS_OK);
	counted_put(&use);
}

void probe_event_queue(enum probe_kind kind, uint32_t number)
{
	unsigned char bytes[PROBE_EVENT_SIZE];

	put_u32(bytes, 0, kind);
	put_u32(bytes, 4, number);
	for (size_t at = 8; at < sizeof(bytes); at++)
		bytes[at] = filling(number, at);
	fake_event_queue(bytes, sizeof(bytes));
}

void probe_events_queue(uint32_t count)
{
	for (uint32_t number = 0; number < count; number++)
		probe_event_queue(PROBE_DELIVERED, number);
}

static void *dispatcher_run(void *data)
{
	struct dispatcher *dispatcher = data;

	dispatcher->result = dispatch_run(dispatcher->handle, &probe_service,
					  dispatcher->mode);
	return NULL;
}

void dispatcher_start(struct dispatcher *dispatcher, uint64_t handle,
		      cs_dispatch_flags_t mode)
{
	dispatcher->handle = handle;
	dispatcher->mode = mode;
	thread_start(&dispatcher->thread, dispatcher_run, dispatcher);
}

cs_error_t dispatcher_join(struct dispatcher *dispatcher)
{
	ck_assert_ptr_null(thread_join(dispatcher->thread));
	return dispatcher->result;
}

void dispatcher_cancel(struct dispatcher *dispatcher)
{
	ck_assert_int_eq(pthread_cancel(dispatcher->thread), 0);
	ck_assert_ptr_eq(thread_join(dispatcher->thread), PTHREAD_CANCELED);
}
