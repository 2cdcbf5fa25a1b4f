/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The headers of requests, replies and events. Numbers are in host byte order.
 * Padding is in fields, so that an initializer clears it.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_request {
	int32_t id;
	int32_t pad_id;
	int32_t size;	/* of the whole message, header included */
	int32_t pad_size;
};

struct wire_reply {
	int32_t id;
	int32_t pad_id;
	int32_t size;
	int32_t pad_size;
	int32_t error;	/* a cs_error_t */
	int32_t pad_error;
};

/* Whether the event has as many bytes as its header announces. */
static inline bool wire_event_is_whole(const void *bytes, size_t size)
{
	const struct wire_reply *header = bytes;

	return size >= sizeof(*header) && header->size >= 0 &&
	       (size_t)header->size <= size;
}

_Static_assert(sizeof(struct wire_request) == 16, "request header");
_Static_assert(sizeof(struct wire_reply) == 24, "reply header");

#endif
