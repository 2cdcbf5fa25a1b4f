/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <limits.h>
#include <poll.h>
#include <qb/qbipc_common.h>
#include <qb/qbrb.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "channels.h"
#include "server.h"

/* How late the byte of a request may be. */
#define BYTE_MS 30000

enum ring { REQUEST, RESPONSE, EVENT, RINGS };

static qb_ringbuffer_t *rings[RINGS];

static void rings_create(void)
{
	char name[PATH_MAX];

	for (int i = 0; i < RINGS; i++) {
		channels_path(i, name, sizeof(name));
		rings[i] = qb_rb_open(name, server->ring_size,
				      QB_RB_FLAG_CREATE |
					      QB_RB_FLAG_SHARED_PROCESS,
				      i == REQUEST ? sizeof(int32_t) : 0);
		server_need(rings[i] != NULL, "cannot make a ring");
	}
}

static void rings_destroy(void)
{
	for (int i = 0; i < RINGS; i++)
		qb_rb_close(rings[i]);
}

static int rings_request_fd(int connection)
{
	return connection;
}

/* Like libqb: it takes a request, and then waits for the byte of it. */
static ssize_t rings_request_take(int connection, void *bytes, size_t size)
{
	struct pollfd fd = { .fd = connection, .events = POLLIN };
	ssize_t len = qb_rb_chunk_read(rings[REQUEST], bytes, size, 0);
	char byte;

	if (len > 0)
		poll(&fd, 1, BYTE_MS);
	if (recv(connection, &byte, 1, MSG_DONTWAIT) != 1) {
		server_need(len <= 0, "a request without a byte");
		return -1;
	}
	server_need(len > 0 || server->spare_bytes, "a byte without a request");
	return len > 0 ? len : 0;
}

static int rings_requests_count(void)
{
	return (int)qb_rb_chunks_used(rings[REQUEST]);
}

static int rings_requests_announced(int connection)
{
	int count = -1;

	server_need(ioctl(connection, FIONREAD, &count) == 0, "ioctl");
	return count;
}

static void rings_flow_set(int level)
{
	*(int32_t *)qb_rb_shared_user_data_get(rings[REQUEST]) = level;
}

static void chunk_write(enum ring ring, const void *bytes, size_t size)
{
	void *chunk = qb_rb_chunk_alloc(rings[ring], size);

	server_need(chunk != NULL, "no room in a ring");
	memcpy(chunk, bytes, size);
	server_need(qb_rb_chunk_commit(rings[ring], size) == 0, "chunk");
}

static void rings_reply_write(const void *bytes, size_t size)
{
	chunk_write(RESPONSE, bytes, size);
}

static void rings_event_write(const void *bytes, size_t size)
{
	chunk_write(EVENT, bytes, size);
}

static void rings_events_announce(int connection, int count)
{
	char bytes[1024] = { 0 };

	server_need(count <= (int)sizeof(bytes), "too many bytes");
	server_need(send(connection, bytes, (size_t)count,
			 MSG_NOSIGNAL | MSG_DONTWAIT) == count, "bytes");
}

const struct channels channels_rings = {
	.type = QB_IPC_SHM,
	.names_count = RINGS,
	.file_names_count = RINGS,
	.names = { "request", "response", "event" },
	.parts_count = 2,
	.parts = { "-header", "-data" },
	.create = rings_create,
	.destroy = rings_destroy,
	.request_fd = rings_request_fd,
	.request_take = rings_request_take,
	.requests_count = rings_requests_count,
	.requests_announced = rings_requests_announced,
	.flow_set = rings_flow_set,
	.reply_write = rings_reply_write,
	.event_write = rings_event_write,
	.events_announce = rings_events_announce,
};
