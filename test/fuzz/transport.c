/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#endif
#endif

#include "../../lib/transport.h"
#include "../unit/bytes.h"
#include "../unit/libc_hooks.h"
#include "transport.h"

#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#endif

struct transport {
	const char *service;
};

struct answer {
	const char *service;
	uint32_t request;
	int32_t reply;
	uint32_t number;
};

static const struct answer answers[] = {
	{ "cpg", 0, 0, 0 },
	{ "cpg", 1, 1, 0 },
	{ "cpg", 4, 7, TRANSPORT_NODEID },
	{ "cpg", 8, 12, 0 },
	{ "quorum", 3, 4, 1 },
	{ "quorum", 4, 5, 1 },
};

static struct event *pending;
static unsigned int connections;

void transport_give(struct event *event)
{
	pending = event;
}

bool transport_is_idle(void)
{
	return pending == NULL && connections == 0;
}

int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport)
{
	(void)message_max;
	(void)shared;
	*ret_transport = calloc(1, sizeof(**ret_transport));
	MUST(*ret_transport != NULL);
	(*ret_transport)->service = service;
	connections++;
	return 0;
}

void transport_close(struct transport *transport)
{
	connections--;
	free(transport);
}

int transport_fd(const struct transport *transport)
{
	(void)transport;
	return -1;
}

size_t transport_event_max(const struct transport *transport)
{
	(void)transport;
	return EVENT_MAX;
}

/* Nothing but the event can be read, as if memory ended with it. */
/* At the room of the caller, as with socket IPC. */
ssize_t transport_event(struct transport *transport, void *room,
			unsigned int hints, void **ret_bytes)
{
	const size_t size = transport_event_max(transport);
	struct event *given = pending;

	(void)transport;
	(void)hints;
	if (given == NULL)
		return -EAGAIN;
	MUST(size >= given->size && (uintptr_t)room % 8 == 0);
	ASAN_UNPOISON_MEMORY_REGION(room, size);
	memset(room, 0xdd, size);
	memcpy(room, given->bytes, given->size);
	ASAN_POISON_MEMORY_REGION((char *)room + given->size,
				  size - given->size);
	given->at = room;
	*ret_bytes = room;
	pending = NULL;
	libc_fail_after(given->fail_after);
	return (ssize_t)given->size;
}

size_t transport_request_max(const struct transport *transport)
{
	(void)transport;
	return 1024 * 1024;
}

void transport_event_done(struct transport *transport)
{
	(void)transport;
}

void transport_batch_end(struct transport *transport)
{
	(void)transport;
}

static const struct answer *answer_find(const struct transport *transport,
					uint32_t request)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(answers[i].service, transport->service) == 0 &&
		    answers[i].request == request)
			return &answers[i];
	return NULL;
}

ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size)
{
	const struct answer *answer;

	(void)ordered;
	MUST(iov_len == 1 && iov->iov_len >= 16 && size >= 24);
	answer = answer_find(transport, get_u32(iov->iov_base, 0));
	MUST(answer != NULL);
	memset(reply, 0, size);
	put_reply(reply, answer->reply, size, 1);
	if (size > 24)
		put_u32(reply, 24, answer->number);
	return (ssize_t)size;
}

/* What no fuzzer does. */

int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len)
{
	(void)transport;
	(void)iov;
	(void)iov_len;
	MUST(!"a multicast");
	return -ENOTCONN;
}

int transport_check(struct transport *transport)
{
	(void)transport;
	return 0;
}

void transport_release(struct transport *transport)
{
	(void)transport;
	MUST(!"a child");
}

void transport_recover(struct transport *transport)
{
	(void)transport;
	MUST(!"another process");
}

void transport_room_await(const struct transport *transport,
			  const struct timespec *limit)
{
	(void)transport;
	(void)limit;
	MUST(!"a request too many");
}

void transport_abandon(struct transport *transport)
{
	(void)transport;
	MUST(!"the connection given up");
}
