/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* secure_getenv, ppoll */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport_kind.h"

/* "libqb" picks libqb's client calls where rings would do. */
#define TRANSPORT_VARIABLE "COROCLIENT_TRANSPORT"

/* No reply is larger. */
#define REPLY_MAX 12288

/* A second; the process may have taken the reply before it ended. */
#define RECOVER_LOOKS (1000 / REPLY_POLL_MS)

/*
 * Where the daemon dies while libqb's calls connect, libqb closes descriptor
 * 0 twice. Whoever opens one in between gets that number and loses it: no
 * other thread of this library connects meanwhile. Handshakes alone share it.
 */
static pthread_rwlock_t connect_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t connect_once = PTHREAD_ONCE_INIT;

/* In a child: whoever held the lock is not there. */
static void connect_lock_renew(void)
{
	pthread_rwlock_init(&connect_lock, NULL);
}

static void connect_prepare(void)
{
	pthread_atfork(NULL, NULL, connect_lock_renew);
}

static bool rings_are_wanted(void)
{
	const char *variable = secure_getenv(TRANSPORT_VARIABLE);

	return variable == NULL || strcmp(variable, "libqb") != 0;
}

int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport)
{
	int res = -ENOTSUP;

	pthread_once(&connect_once, connect_prepare);
	if (rings_are_wanted()) {
		pthread_rwlock_rdlock(&connect_lock);
		res = transport_rings_open(service, message_max, ret_transport);
		pthread_rwlock_unlock(&connect_lock);
	}
	if (res == -ENOTSUP) {
		pthread_rwlock_wrlock(&connect_lock);
		res = transport_calls_open(service, message_max, ret_transport);
		pthread_rwlock_unlock(&connect_lock);
	}
	if (res == 0)
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

void transport_batch_end(struct transport *transport)
{
	if (transport->kind->batch_end != NULL)
		transport->kind->batch_end(transport);
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
	ssize_t res;

	if (transport->dead)
		return -ENOTCONN;
	transport->shared->reply_due = true;
	res = transport->kind->send(transport, iov, iov_len, ordered);
	if (res == 0)
		res = transport->kind->receive(transport, reply, size,
					       UINT_MAX);
	transport->shared->reply_due = false;
	return res;
}

void transport_room_await(const struct transport *transport,
			  const struct timespec *limit)
{
	struct pollfd fd = { .fd = transport->fd, .events = POLLOUT };

	ppoll(&fd, 1, limit, NULL);
}

/* The reply to the request of the process that ended, if one is to come. */
void transport_recover(struct transport *transport)
{
	char reply[REPLY_MAX];

	struct transport_shared *shared = transport->shared;
	int res = transport->dead ? -ENOTCONN : 0;

	if (res == 0 && shared->bell_due)
		res = transport->kind->request_check(transport);
	if (res == 0 && shared->reply_due)
		transport->kind->receive(transport, reply, sizeof(reply),
					 RECOVER_LOOKS);
	shared->bell_due = false;
	shared->reply_due = false;
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
