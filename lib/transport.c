/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* secure_getenv */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport_kind.h"

/* "libqb" picks libqb's client calls where rings would do. */
#define TRANSPORT_VARIABLE "COROCLIENT_TRANSPORT"

int transport_open(const char *service, size_t message_max,
		   struct transport **ret_transport)
{
	const char *variable = secure_getenv(TRANSPORT_VARIABLE);
	int res = -ENOTSUP;

	if (variable == NULL || strcmp(variable, "libqb") != 0)
		res = transport_rings_open(service, message_max, ret_transport);
	if (res == -ENOTSUP)
		res = transport_calls_open(service, message_max, ret_transport);
	return res;
}

/* libqb's rings are whole pages, with a word or two to spare. */
size_t transport_event_room(size_t message_max)
{
	return message_max + 2 * (size_t)sysconf(_SC_PAGESIZE);
}

void transport_close(struct transport *transport)
{
	transport->kind->close(transport);
}

int transport_fd(const struct transport *transport)
{
	return transport->fd;
}

int transport_poll_ms(const struct transport *transport)
{
	return transport->poll_ms;
}

size_t transport_event_max(const struct transport *transport)
{
	return transport->event_max;
}

ssize_t transport_event(struct transport *transport, void *event, size_t size,
			unsigned int hints)
{
	return transport->kind->event(transport, event, size, hints);
}

int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len)
{
	if (transport->dead)
		return -ENOTCONN;
	return transport->kind->send(transport, iov, iov_len, true);
}

ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size)
{
	int res;

	if (transport->dead)
		return -ENOTCONN;
	res = transport->kind->send(transport, iov, iov_len, ordered);
	return res < 0 ? res : transport->kind->receive(transport, reply, size);
}

int transport_check(struct transport *transport)
{
	if (transport->dead)
		return -ENOTCONN;
	return transport->kind->check(transport);
}

/* Who waits for an event has to see it on the fd. */
void transport_abandon(struct transport *transport)
{
	transport->dead = true;
	shutdown(transport->fd, SHUT_RDWR);
}
