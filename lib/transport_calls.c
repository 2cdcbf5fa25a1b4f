/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <qb/qbipcc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport_kind.h"
#include "wire.h"

/* What libqb needs while it connects, and one for us. */
#define DESCRIPTORS 4

/* How often a wait for an event does that, where the fd does not show it. */
#define EVENT_POLL_MS 1000

/* Rings are rounded up, and a broken member can make use of that. */
#define EVENT_ROOM 8192

struct calls {
	struct transport transport;
	qb_ipcc_connection_t *connection;
	bool is_stream;		/* shm: the fd is the doorbell, and shows HUP */
};

static struct calls *calls_of(struct transport *transport)
{
	return (struct calls *)transport;
}

/* libqb fails to connect when a signal arrives; those that end remain. */
static void signals_put_off(sigset_t *ret_old)
{
	static const int remain[] = { SIGHUP,  SIGINT,	SIGQUIT, SIGILL,
				      SIGTRAP, SIGABRT, SIGBUS,	 SIGFPE,
				      SIGSEGV, SIGTERM, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(remain) / sizeof(remain[0]); i++)
		sigdelset(&set, remain[i]);
	pthread_sigmask(SIG_BLOCK, &set, ret_old);
}

/* Where it runs out of descriptors libqb closes one that is not its own. */
static int descriptors_check(void)
{
	int fds[DESCRIPTORS];
	int count = 0;

	while (count < DESCRIPTORS) {
		fds[count] = eventfd(0, EFD_CLOEXEC);
		if (fds[count] < 0)
			break;
		count++;
	}
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return count == DESCRIPTORS ? 0 : -EMFILE;
}

/* Where the daemon dies while it connects libqb closes descriptor 0. */
struct descriptor_0 {
	int copy;
	int flags;
};

static struct descriptor_0 descriptor_0_hold(void)
{
	return (struct descriptor_0){
		.copy = fcntl(0, F_DUPFD_CLOEXEC, 3),
		.flags = fcntl(0, F_GETFD),
	};
}

static void descriptor_0_release(const struct descriptor_0 *held)
{
	if (held->copy < 0)
		return;
	if (fcntl(0, F_GETFD) < 0) {
		dup2(held->copy, 0);
		fcntl(0, F_SETFD, held->flags);
	}
	close(held->copy);
}

static int connection_open(const char *service, size_t message_max,
			   qb_ipcc_connection_t **ret_connection)
{
	qb_ipcc_connection_t *connection;
	struct descriptor_0 held;
	sigset_t old;
	int res;

	res = descriptors_check();
	if (res < 0)
		return res;
	held = descriptor_0_hold();
	signals_put_off(&old);
	do {
		errno = 0;
		connection = qb_ipcc_connect(service, message_max);
		res = connection != NULL ? 0 : -errno;
	} while (res == -EINTR);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	descriptor_0_release(&held);
	if (connection != NULL)
		*ret_connection = connection;
	else if (res == 0 || res == -ENOENT)
		res = -ECONNREFUSED;
	return res;
}

static bool fd_is_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_STREAM;
}

static void calls_close(struct transport *transport)
{
	qb_ipcc_disconnect(calls_of(transport)->connection);
	free(transport);
}

/*
 * libqb's way to give up a connection would end it for the other processes:
 * the copy stays until this process ends.
 */
static void calls_release(struct transport *transport)
{
	(void)transport;
}

static bool is_later(ssize_t res)
{
	return res == -EAGAIN || res == -ETIMEDOUT || res == -EINTR ||
	       res == -ENOMSG;
}

/* Whatever is not "later" is the end of the connection. */
static ssize_t result_of_receive(struct transport *transport, ssize_t res)
{
	if (res >= 0)
		return res;
	if (is_later(res))
		return -EAGAIN;
	transport_abandon(transport);
	return res == -ENOBUFS || res == -EMSGSIZE ? -EPROTO : -ENOTCONN;
}

static ssize_t calls_event(struct transport *transport, void *event,
			   size_t size, unsigned int hints)
{
	ssize_t res;

	(void)hints;
	if (transport->dead)
		return -ENOTCONN;
	res = qb_ipcc_event_recv(calls_of(transport)->connection, event, size,
				 0);
	return result_of_receive(transport, res);
}

static int calls_check(struct transport *transport)
{
	struct wire_reply stray;
	ssize_t res;

	/* No reply is due: what this answers is the connection's state. */
	res = qb_ipcc_recv(calls_of(transport)->connection, &stray,
			   sizeof(stray), 0);
	res = result_of_receive(transport, res);
	return res == -EAGAIN ? 0 : -ENOTCONN;
}

/* libqb would spin until the daemon has read its doorbell. */
static bool doorbell_is_full(struct transport *transport)
{
	struct pollfd fd = { .fd = transport->fd, .events = POLLOUT };

	return calls_of(transport)->is_stream && poll(&fd, 1, 0) == 0;
}

static int calls_send(struct transport *transport, const struct iovec *iov,
		      size_t iov_len, bool ordered)
{
	qb_ipcc_connection_t *connection = calls_of(transport)->connection;
	ssize_t res = -EAGAIN;

	qb_ipcc_fc_enable_max_set(connection, ordered ? FLOW_CONTROL_ORDERED :
							FLOW_CONTROL_ALL);
	if (!doorbell_is_full(transport))
		res = qb_ipcc_sendv(connection, iov, iov_len);
	if (res >= 0)
		return 0;
	if (is_later(res) || res == -ENOBUFS) {
		res = calls_check(transport);
		return res < 0 ? (int)res : -EAGAIN;
	}
	if (res == -EMSGSIZE || res == -ENOMEM)
		return (int)res;
	transport_abandon(transport);
	return -ENOTCONN;
}

static ssize_t calls_receive(struct transport *transport, void *reply,
			     size_t size, unsigned int looks)
{
	ssize_t res;

	do {
		res = qb_ipcc_recv(calls_of(transport)->connection, reply,
				   size, REPLY_POLL_MS);
		res = result_of_receive(transport, res);
	} while (res == -EAGAIN && --looks > 0);
	return res;
}

static int calls_request_check(struct transport *transport)
{
	(void)transport;
	return 0;
}

static const struct transport_kind calls_kind = {
	.close = calls_close,
	.release = calls_release,
	.event = calls_event,
	.send = calls_send,
	.receive = calls_receive,
	.check = calls_check,
	.request_check = calls_request_check,
};

int transport_calls_open(const char *service, size_t message_max,
			 struct transport **ret_transport)
{
	struct calls *calls = calloc(1, sizeof(*calls));
	struct transport *transport;
	int res;

	if (calls == NULL)
		return -ENOMEM;
	transport = &calls->transport;
	res = connection_open(service, message_max, &calls->connection);
	if (res < 0) {
		free(calls);
		return res;
	}
	qb_ipcc_fd_get(calls->connection, &transport->fd);
	calls->is_stream = fd_is_stream(transport->fd);
	transport->kind = &calls_kind;
	transport->poll_ms = calls->is_stream ? -1 : EVENT_POLL_MS;
	transport->event_max = EVENT_ROOM +
		(size_t)qb_ipcc_get_buffer_size(calls->connection);
	*ret_transport = transport;
	return 0;
}
