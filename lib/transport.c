/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <poll.h>

#include "transport_kind.h"

/* In bytes; every reply is smaller. */
#define REPLY_MAX 12288

int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport)
{
	struct handshake handshake;
	int res;

	res = handshake_run(service, message_max, &handshake);
	if (res < 0)
		return res;
	res = handshake.is_shm ?
		      transport_rings_open(&handshake, ret_transport) :
		      transport_sockets_open(&handshake, ret_transport);
	if (res < 0)
		handshake_clear(&handshake);
	else
		(*ret_transport)->shared = shared;
	return res;
}

void transport_close(struct transport *transport)
{
	transport->kind->close(transport);
}

void transport_release(struct transport *transport)
{
	transport->kind->release(transport);
}

ssize_t transport_event(struct transport *transport, void *room,
			unsigned int hints, void **ret_bytes)
{
	ssize_t len;

	/* A daemon that has hung up may send more, for a while. */
	if (transport->events_ended)
		return -ENOTCONN;
	len = transport->kind->event(transport, room, hints, ret_bytes);
	transport->events_ended = len == -ENOTCONN || len == -EPROTO;
	return len;
}

void transport_event_done(struct transport *transport)
{
	if (transport->kind->event_done != NULL)
		transport->kind->event_done(transport);
}

void transport_batch_end(struct transport *transport)
{
	if (transport->kind->batch_end != NULL)
		transport->kind->batch_end(transport);
}

/* If the send fails because the daemon is gone, returns -ENOTCONN. */
static int request_send(struct transport *transport, const struct iovec *iov,
			size_t iov_len, bool ordered)
{
	size_t size = 0;
	int res;

	if (transport->dead)
		return -ENOTCONN;
	for (size_t i = 0; i < iov_len; i++)
		size += iov[i].iov_len;
	if (size > transport->request_max)
		return -EMSGSIZE;
	res = transport->kind->send(transport, iov, iov_len, size, ordered);
	if (res < 0 && transport_check(transport) < 0)
		return -ENOTCONN;
	return res;
}

int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len)
{
	return request_send(transport, iov, iov_len, true);
}

ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size)
{
	ssize_t res;

	transport->shared->reply_due = true;
	res = request_send(transport, iov, iov_len, ordered);
	if (res == 0)
		res = transport->kind->receive(transport, reply, size, -1);
	transport->shared->reply_due = false;
	return res;
}

void transport_room_await(const struct transport *transport,
			  const struct timespec *limit)
{
	struct pollfd fds[] = {
		{ .fd = transport->request_fd, .events = POLLOUT },
		{ .fd = transport->handshake.fd },
	};

	ppoll(fds, 2, limit, NULL);
}

/* Takes the reply to the request of the process that ended, if one is due. */
void transport_recover(struct transport *transport)
{
	char reply[REPLY_MAX];

	struct transport_shared *shared = transport->shared;
	int res = transport->dead ? -ENOTCONN : 0;

	if (res == 0 && shared->request_due)
		res = transport->kind->request_check(transport);
	if (res == 0 && shared->reply_due)
		transport->kind->receive(transport, reply, sizeof(reply),
					 RECOVER_MS);
	shared->request_due = false;
	shared->reply_due = false;
}
