/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <qb/qbipcc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../lib/cpg_wire.h"
#include "pattern.h"
#include "raw.h"
#include "support.h"

#define REPLY_MS 10000
#define EVENT_MAX (2 * CPG_WIRE_IPC_MAX)
#define JUNK_SEED 4711

enum raw_verb {
	RAW_JOIN,
	RAW_LEAVE,
	RAW_SEND,
	RAW_PATTERN,
	RAW_END,
};

struct raw_order {
	enum raw_verb verb;
	struct cpg_name group;
	struct raw_piece piece;
	uint32_t seed;		/* of what the piece is a part of */
	size_t offset;		/* of the piece in that */
	uint32_t pid;		/* to leave under; 0: that of the process */
};

/* The other process. */

static qb_ipcc_connection_t *connection;

static struct cpg_wire_name wire_name(const struct cpg_name *name)
{
	struct cpg_wire_name wire = { .length = name->length };

	memcpy(wire.value, name->value, name->length);
	return wire;
}

static cs_error_t request_make(const struct iovec *iov, uint32_t iov_len)
{
	struct wire_reply reply = { 0 };
	ssize_t len;

	len = qb_ipcc_sendv_recv(connection, iov, iov_len, &reply,
				 sizeof(reply), REPLY_MS);
	if (len < 0)
		return qb_to_cs_error((int)len);
	return (cs_error_t)reply.error;
}

static char event[EVENT_MAX] __attribute__((aligned(8)));

static bool event_get(int32_t timeout_ms)
{
	return qb_ipcc_event_recv(connection, event, sizeof(event),
				  timeout_ms) > 0;
}

static void events_drop(void)
{
	while (event_get(0))
		;
}

/* The join would interrupt a message whose fragment is sent before it. */
static void join_await(void)
{
	const struct wire_reply *header = (const void *)event;

	do
		ck_assert(event_get(REPLY_MS));
	while (header->id != CPG_WIRE_CONFCHG);
}

static void group_join(const struct cpg_name *group)
{
	struct cpg_wire_join request = {
		.header = { .id = CPG_REQUEST_JOIN, .size = sizeof(request) },
		.group = wire_name(group),
		.pid = (uint32_t)getpid(),
	};
	struct iovec iov = { &request, sizeof(request) };

	assert_ok(request_make(&iov, 1));
	join_await();
}

static void group_leave(const struct raw_order *order)
{
	struct cpg_wire_leave request = {
		.header = { .id = CPG_REQUEST_LEAVE, .size = sizeof(request) },
		.group = wire_name(&order->group),
		.pid = order->pid != 0 ? order->pid : (uint32_t)getpid(),
	};
	struct iovec iov = { &request, sizeof(request) };

	assert_ok(request_make(&iov, 1));
}

static cs_error_t whole_send(const struct raw_piece *piece, void *bytes)
{
	struct cpg_wire_mcast request = {
		.header = { .id = CPG_REQUEST_MCAST,
			    .size = (int32_t)(sizeof(request) + piece->len) },
		.guarantee = CPG_TYPE_AGREED,
		.msglen = piece->msglen,
	};
	struct iovec iov[2] = { { &request, sizeof(request) },
				{ bytes, piece->len } };

	return qb_to_cs_error((int)qb_ipcc_sendv(connection, iov, 2));
}

static cs_error_t fragment_send(const struct raw_piece *piece, void *bytes)
{
	struct cpg_wire_partial_mcast request = {
		.header = { .id = CPG_REQUEST_PARTIAL_MCAST,
			    .size = (int32_t)(sizeof(request) + piece->len) },
		.guarantee = CPG_TYPE_AGREED,
		.msglen = piece->msglen,
		.fraglen = piece->fraglen,
		.type = (uint32_t)piece->type,
	};
	struct iovec iov[2] = { { &request, sizeof(request) },
				{ bytes, piece->len } };

	return request_make(iov, 2);
}

static void piece_send(const struct raw_piece *piece, void *bytes)
{
	if (piece->type == RAW_WHOLE)
		assert_ok(whole_send(piece, bytes));
	else
		assert_ok(fragment_send(piece, bytes));
}

/* The piece of a good message, as large as may be. */
static struct raw_piece piece_at(size_t offset, size_t len)
{
	size_t size = len - offset;
	struct raw_piece piece = { .msglen = (uint32_t)len };

	if (size > RAW_FRAGMENT_MAX)
		size = RAW_FRAGMENT_MAX;
	piece.fraglen = (uint32_t)size;
	piece.len = (uint32_t)size;
	piece.type = size == len	  ? RAW_WHOLE :
		     offset == 0	  ? RAW_FIRST :
		     offset + size == len ? RAW_LAST :
					    RAW_CONTINUED;
	return piece;
}

static void pattern_pieces_send(char *bytes, size_t len)
{
	struct raw_piece piece;
	size_t offset = 0;

	do {
		piece = piece_at(offset, len);
		piece_send(&piece, bytes + offset);
		offset += piece.len;
	} while (offset < len);
}

static void bytes_send(const struct raw_order *order)
{
	size_t len = order->offset + order->piece.len;
	char *bytes = malloc(len + 1);

	ck_assert_ptr_nonnull(bytes);
	pattern_fill(bytes, len, order->seed);
	if (order->verb == RAW_PATTERN)
		pattern_pieces_send(bytes, len);
	else
		piece_send(&order->piece, bytes + order->offset);
	free(bytes);
}

static void order_obey(const struct raw_order *order)
{
	switch (order->verb) {
	case RAW_JOIN:
		group_join(&order->group);
		break;
	case RAW_LEAVE:
		group_leave(order);
		break;
	case RAW_SEND:
	case RAW_PATTERN:
		bytes_send(order);
		break;
	case RAW_END:
		qb_ipcc_disconnect(connection);
		return;
	}
	events_drop();
}

static void raw_run(int fd)
{
	struct raw_order order;

	connection = qb_ipcc_connect("cpg", CPG_WIRE_IPC_MAX);
	ck_assert_ptr_nonnull(connection);
	/* Let libqb return EAGAIN whenever flow control is on. */
	qb_ipcc_fc_enable_max_set(connection, 2);
	do {
		if (recv(fd, &order, sizeof(order), 0) != sizeof(order))
			_exit(1);
		order_obey(&order);
		if (send(fd, &order, 1, MSG_NOSIGNAL) != 1)
			_exit(1);
	} while (order.verb != RAW_END);
	_exit(0);
}

/* This process. */

static void raw_do(const struct peer *peer, const struct raw_order *order)
{
	ck_assert_int_eq(send(peer->fd, order, sizeof(*order), MSG_NOSIGNAL),
			 sizeof(*order));
	peer_done(peer);
}

void raw_start(struct peer *peer)
{
	peer_start_as(peer, raw_run);
}

void raw_end(struct peer *peer)
{
	const struct raw_order order = { .verb = RAW_END };

	raw_do(peer, &order);
	peer_reap(peer, 0);
}

void raw_join(const struct peer *peer, const struct cpg_name *group)
{
	const struct raw_order order = { .verb = RAW_JOIN, .group = *group };

	raw_do(peer, &order);
}

void raw_leave(const struct peer *peer, const struct cpg_name *group,
	       uint32_t pid)
{
	const struct raw_order order = { .verb = RAW_LEAVE,
					 .group = *group,
					 .pid = pid };

	raw_do(peer, &order);
}

void raw_send(const struct peer *peer, struct raw_piece piece)
{
	const struct raw_order order = { .verb = RAW_SEND,
					 .piece = piece,
					 .seed = JUNK_SEED };

	raw_do(peer, &order);
}

void raw_slice(const struct peer *peer, size_t len, uint32_t seed,
	       size_t offset, size_t size)
{
	const struct raw_order order = {
		.verb = RAW_SEND,
		.piece = {
			.type = offset == 0	    ? RAW_FIRST :
				offset + size < len ? RAW_CONTINUED :
						      RAW_LAST,
			.msglen = (uint32_t)len,
			.fraglen = (uint32_t)size,
			.len = (uint32_t)size,
		},
		.seed = seed,
		.offset = offset,
	};

	raw_do(peer, &order);
}

void raw_pattern(const struct peer *peer, size_t len, uint32_t seed)
{
	const struct raw_order order = { .verb = RAW_PATTERN,
					 .piece = { .len = (uint32_t)len },
					 .seed = seed };

	raw_do(peer, &order);
}
