/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shm_files.h"
#include "transport_kind.h"

/*
 * Requests and replies are datagrams of one socket, events are datagrams of
 * another. The stream socket of the handshake hangs up when the daemon is
 * gone. The application gets an epoll descriptor, which is readable in both
 * cases: if an event is pending, and if the daemon is gone.
 *
 * The daemon reads the number of pending requests from a counter in shared
 * memory. The client increments it after each request.
 */

/* The part of a send buffer that the kernel uses itself, in bytes. */
#define DATAGRAM_COST 32

/* In bytes: an event may have a larger header than the request behind it. */
#define EVENT_ROOM 8192

struct channel {
	int32_t sent;		/* datagrams that were not received yet */
	int32_t flow_control;	/* used for requests only */
};

/* The control file. */
struct control {
	struct channel request;
	struct channel reply;
	struct channel event;
};

_Static_assert(sizeof(struct control) == 24, "control file");

struct sockets {
	struct transport transport;
	struct control *control;
	int event_fd;
	bool has_paths;		/* the sockets are in the file system */
};

static struct sockets *sockets_of(struct transport *transport)
{
	return (struct sockets *)transport;
}

/* Events, and replies. */

/* Returns the datagram's length, which may be more than @size, or -EAGAIN. */
static ssize_t datagram_receive(int fd, void *bytes, size_t size,
				struct channel *channel)
{
	ssize_t len;

	do
		len = recv(fd, bytes, size, MSG_DONTWAIT | MSG_TRUNC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -EAGAIN;
	__atomic_fetch_sub(&channel->sent, 1, __ATOMIC_RELAXED);
	return len;
}

/* @is_last: the daemon is gone, and only earlier datagrams are left. */
static ssize_t datagram_take(struct sockets *sockets, int fd, void *bytes,
			     size_t size, struct channel *channel, bool is_last)
{
	ssize_t len = datagram_receive(fd, bytes, size, channel);

	if (len == -EAGAIN && is_last)
		return transport_death_note(&sockets->transport);
	if (len > (ssize_t)size) {
		transport_abandon(&sockets->transport);
		return -EPROTO;
	}
	return len;
}

static ssize_t sockets_event(struct transport *transport, void *room,
			     unsigned int hints, void **ret_bytes)
{
	struct sockets *sockets = sockets_of(transport);
	const size_t size = transport->event_max;
	ssize_t len;

	*ret_bytes = room;
	/* No event is counted. If there is one, poll returns at once. */
	if ((hints & TRANSPORT_WAITS) != 0 && !transport->dead &&
	    __atomic_load_n(&sockets->control->event.sent,
			    __ATOMIC_RELAXED) <= 0)
		return -EAGAIN;
	len = datagram_take(sockets, sockets->event_fd, room, size,
			    &sockets->control->event, transport->dead);
	if (len == -EAGAIN && (hints & TRANSPORT_WAITS) == 0 &&
	    transport_is_hung_up(transport))
		len = datagram_take(sockets, sockets->event_fd, room, size,
				    &sockets->control->event, true);
	return len;
}

/* The daemon counted each request down before it replied: none is pending. */
static void count_correct(struct sockets *sockets)
{
	struct transport_shared *shared = sockets->transport.shared;

	if (shared->count_is_unsure)
		__atomic_store_n(&sockets->control->request.sent, 0,
				 __ATOMIC_RELAXED);
	shared->count_is_unsure = false;
}

static ssize_t sockets_receive(struct transport *transport, void *reply,
			       size_t size, int timeout_ms)
{
	struct sockets *sockets = sockets_of(transport);
	struct pollfd fds[] = {
		{ .fd = transport->request_fd, .events = POLLIN },
		{ .fd = transport->handshake.fd },
	};
	ssize_t len;
	int res;

	do {
		do
			res = poll(fds, 2, timeout_ms);
		while (res < 0 && errno == EINTR);
		len = datagram_take(sockets, transport->request_fd, reply, size,
				    &sockets->control->reply,
				    res > 0 && fds[1].revents != 0);
	} while (len == -EAGAIN && res != 0);
	if (len >= 0)
		count_correct(sockets);
	/* A process may have received the reply and ended before it counted. */
	if (len == -EAGAIN)
		__atomic_store_n(&sockets->control->reply.sent, 0,
				 __ATOMIC_RELAXED);
	return len;
}

/* Requests. */

/*
 * The queue of requests is full. A thread that sends and dispatches in turns
 * has to dispatch now: while it waits here, its events pile up in the daemon.
 * A call has to wait in any case, so it waits here.
 */
static int queue_full_error(const struct sockets *sockets)
{
	bool is_call = sockets->transport.shared->reply_due;
	int32_t events = __atomic_load_n(&sockets->control->event.sent,
					 __ATOMIC_RELAXED);

	return events > 0 && !is_call ? -EAGAIN : -ENOBUFS;
}

static int request_error(struct sockets *sockets)
{
	switch (errno) {
	case EAGAIN:
		return queue_full_error(sockets);
	case ENOBUFS:
		return -EAGAIN;
	case ENOMEM:
	case EMSGSIZE:
		return -errno;
	default:
		return transport_death_note(&sockets->transport);
	}
}

static int sockets_send(struct transport *transport, const struct iovec *iov,
			size_t iov_len, size_t size, bool ordered)
{
	struct sockets *sockets = sockets_of(transport);
	struct control *control = sockets->control;
	const struct msghdr message = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = iov_len,
	};
	ssize_t len;

	(void)size;
	/* A stray reply would be taken for the reply to this request. */
	if (__atomic_load_n(&control->reply.sent, __ATOMIC_RELAXED) > 0)
		return transport_death_note(transport);
	if (transport_flow_is_held(&control->request.flow_control, ordered))
		return -EAGAIN;
	transport->shared->request_due = true;
	do
		len = sendmsg(transport->request_fd, &message,
			      MSG_DONTWAIT | MSG_NOSIGNAL);
	while (len < 0 && errno == EINTR);
	if (len >= 0)
		__atomic_fetch_add(&control->request.sent, 1, __ATOMIC_RELEASE);
	transport->shared->request_due = false;
	return len >= 0 ? 0 : request_error(sockets);
}

/*
 * The process may have sent the datagram and ended before it counted. Keep the
 * counter above 0 until the daemon has received every datagram. The daemon may
 * not have counted the last one down yet. So the counter stays above 0 until
 * the next reply: one too many does no harm, and one too few could make a daemon
 * leave each request where it is.
 */
static int sockets_request_check(struct transport *transport)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct sockets *sockets = sockets_of(transport);
	int32_t *sent = &sockets->control->request.sent;
	int used = 0;

	for (int ms = 0; ms < RECOVER_MS; ms++) {
		if (ioctl(transport->request_fd, SIOCOUTQ, &used) < 0)
			break;
		if (used == 0) {
			__atomic_store_n(sent, 1, __ATOMIC_RELAXED);
			transport->shared->count_is_unsure = true;
			return 0;
		}
		if (__atomic_load_n(sent, __ATOMIC_RELAXED) <= 0)
			__atomic_store_n(sent, 1, __ATOMIC_RELAXED);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return transport_death_note(transport);
}

/* Open and close. */

static void abstract_set(struct sockaddr_un *address,
			 const struct handshake *handshake, const char *suffix)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "%s-%s",
		 handshake->response, suffix);
}

static void path_set(struct sockaddr_un *address,
		     const struct handshake *handshake, const char *suffix)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%s-%s",
		 handshake->response, suffix);
}

/*
 * Some versions of libqb use abstract names for these sockets even if it is
 * configured for sockets in the file system. The daemon has already bound
 * them, so check for a file. Only the daemon can create one there.
 */
static bool paths_are_used(const struct handshake *handshake)
{
	struct sockaddr_un address;

	if (!handshake->has_file_sockets || handshake->response[0] != '/')
		return false;
	path_set(&address, handshake, "request");
	return access(address.sun_path, F_OK) == 0;
}

static void address_set(struct sockaddr_un *address,
			const struct sockets *sockets, const char *suffix)
{
	if (sockets->has_paths)
		path_set(address, &sockets->transport.handshake, suffix);
	else
		abstract_set(address, &sockets->transport.handshake, suffix);
}

/* Enlarge the buffer to @wanted bytes, or as far as the kernel permits. */
static void buffer_enlarge(int fd, int option, size_t wanted)
{
	const int value = (int)wanted;
	socklen_t len = sizeof(value);
	int now = 0;

	getsockopt(fd, SOL_SOCKET, option, &now, &len);
	if (now < value)
		setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

/*
 * Open a socket that is bound to the address @ours and connected to @theirs.
 * It is connected before it is bound, so that it never receives a datagram
 * from another process.
 */
static int pair_open(const struct sockets *sockets, const char *ours,
		     const char *theirs, int *ret_fd)
{
	const size_t max = sockets->transport.handshake.message_max;
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int res;

	if (fd < 0)
		return -errno;
	buffer_enlarge(fd, SO_SNDBUF, max);
	buffer_enlarge(fd, SO_RCVBUF, max);
	address_set(&address, sockets, theirs);
	res = connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (res == 0) {
		address_set(&address, sockets, ours);
		res = bind(fd, (struct sockaddr *)&address, sizeof(address));
	}
	if (res < 0) {
		res = errno == ENOENT ? -ECONNREFUSED : -errno;
		close(fd);
		return res;
	}
	*ret_fd = fd;
	return 0;
}

static int epoll_add(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* epoll reports a hang-up of the stream socket in any case. */
static int epoll_open(struct sockets *sockets)
{
	struct transport *transport = &sockets->transport;
	int res;

	transport->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (transport->poll_fd < 0)
		return -errno;
	res = epoll_add(transport->poll_fd, sockets->event_fd, EPOLLIN);
	if (res == 0)
		res = epoll_add(transport->poll_fd, transport->handshake.fd, 0);
	return res;
}

static int control_open(struct sockets *sockets)
{
	const struct handshake *handshake = &sockets->transport.handshake;
	void *control;
	int fd = control_file_open(handshake->request, handshake->server_uid,
				   sizeof(*sockets->control));

	if (fd < 0)
		return fd;
	control = mmap(NULL, sizeof(*sockets->control), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	close(fd);
	if (control == MAP_FAILED)
		return -errno;
	sockets->control = control;
	return 0;
}

static void sockets_release(struct transport *transport)
{
	struct sockets *sockets = sockets_of(transport);

	if (sockets->control != NULL)
		munmap(sockets->control, sizeof(*sockets->control));
	if (transport->poll_fd >= 0)
		close(transport->poll_fd);
	if (sockets->event_fd >= 0)
		close(sockets->event_fd);
	if (transport->request_fd >= 0)
		close(transport->request_fd);
	handshake_clear(&transport->handshake);
	free(sockets);
}

/* The daemon needs no files now. If alive, it removes its own sockets. */
static void files_remove(const struct sockets *sockets)
{
	static const char *const suffixes[] = { "response", "event", "request",
						"event-tx" };
	const struct handshake *handshake = &sockets->transport.handshake;
	size_t count = sockets->transport.dead ? 4 : 2;
	struct sockaddr_un address;

	for (size_t i = 0; i < count && sockets->has_paths; i++) {
		path_set(&address, handshake, suffixes[i]);
		unlink(address.sun_path);
	}
	control_file_remove(handshake->request, handshake->server_uid,
			    sockets->transport.dead);
	shm_directory_remove(handshake->request, handshake->server_uid);
}

static void sockets_close(struct transport *transport)
{
	transport_check(transport);
	files_remove(sockets_of(transport));
	/* Another process may have the socket open, so close is not enough. */
	shutdown(transport->handshake.fd, SHUT_RDWR);
	sockets_release(transport);
}

static const struct transport_kind sockets_kind = {
	.close = sockets_close,
	.release = sockets_release,
	.event = sockets_event,
	.send = sockets_send,
	.receive = sockets_receive,
	.request_check = sockets_request_check,
};

static size_t request_max(int fd, size_t message_max)
{
	socklen_t len = sizeof(int);
	int size = 0;

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len);
	size -= DATAGRAM_COST;
	return (size_t)size < message_max ? (size_t)size : message_max;
}

/*
 * Any process can bind the daemon's addresses after the daemon has ended. If
 * the daemon runs once the sockets are connected, they are connected to it.
 */
static int daemon_check(const struct transport *transport)
{
	return transport_is_hung_up(transport) ? -ECONNREFUSED : 0;
}

static int all_open(struct sockets *sockets)
{
	struct transport *transport = &sockets->transport;
	int res;

	res = control_open(sockets);
	sockets->has_paths = paths_are_used(&transport->handshake);
	if (res == 0)
		res = pair_open(sockets, "response", "request",
				&transport->request_fd);
	if (res == 0)
		res = pair_open(sockets, "event", "event-tx",
				&sockets->event_fd);
	if (res == 0)
		res = daemon_check(transport);
	return res == 0 ? epoll_open(sockets) : res;
}

int transport_sockets_open(const struct handshake *handshake,
			   struct transport **ret_transport)
{
	struct sockets *sockets = calloc(1, sizeof(*sockets));
	struct transport *transport;
	int res;

	if (sockets == NULL)
		return -ENOMEM;
	transport = &sockets->transport;
	transport->kind = &sockets_kind;
	transport->handshake = *handshake;
	transport->poll_fd = transport->request_fd = sockets->event_fd = -1;
	res = all_open(sockets);
	if (res < 0) {
		transport_check(transport);
		files_remove(sockets);
		/* The caller still owns the handshake. */
		transport->handshake = (struct handshake){ .fd = -1 };
		sockets_release(transport);
		return res;
	}
	transport->event_max = handshake->message_max + EVENT_ROOM;
	transport->request_max = request_max(transport->request_fd,
					     handshake->message_max);
	*ret_transport = transport;
	return 0;
}
