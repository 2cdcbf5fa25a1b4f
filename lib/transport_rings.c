/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <qb/qbrb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shm_files.h"
#include "transport_kind.h"

/*
 * Requests, replies and events are chunks in three rings. The socket is the
 * doorbell: after the chunk of a request or an event, its sender writes one
 * byte to the socket. The byte makes the socket readable for the receiver;
 * its value has no meaning.
 *
 * The daemon blocks until it has read the byte of a chunk that it finds. So
 * the byte must follow the chunk at once: a request is placed only if the
 * socket has room for its byte.
 *
 * An event is taken only after its byte has arrived. In a batch the bytes are
 * counted first, and read with the last of their events, many at a time. So the
 * fd is readable as long as an event is pending, and not readable in the
 * callback for the last one. Once the daemon is gone, events are taken without
 * their bytes.
 */

/* In bytes: more of the socket's buffer than one byte uses on any machine. */
#define BYTE_COST 4096

/* How long to wait for the daemon to read a byte. */
#define BELL_MS 1000

/* A wait for a reply checks at this interval whether the daemon is alive. */
#define REPLY_POLL_MS 50

/* In bytes: more than libqb adds to the size of a ring before it rounds up. */
#define RING_MARGIN 64

/* libqb rounds the size up to whole pages, on some machines to 4 MiB. */
#define RING_SURPLUS_MAX (8 * 1024 * 1024)

struct rings {
	struct transport transport;
	qb_ringbuffer_t *request;
	qb_ringbuffer_t *response;
	qb_ringbuffer_t *event;
	int send_buffer;	/* of the socket, in bytes */
	ssize_t event_pending;	/* number of events at the last check */
};

static struct rings *rings_of(struct transport *transport)
{
	return (struct rings *)transport;
}

static int socket_of(const struct rings *rings)
{
	return rings->transport.handshake.fd;
}

static int death_note(struct rings *rings)
{
	return transport_death_note(&rings->transport);
}

/* Events. */

/*
 * Set around a call of libqb that has several steps. If it is set later, a
 * process has ended between the steps.
 */
static void doubt_set(struct rings *rings, bool in_doubt)
{
	__atomic_store_n(&rings->transport.shared->events_in_doubt, in_doubt,
			 __ATOMIC_RELEASE);
}

static ssize_t events_give_up(struct rings *rings)
{
	death_note(rings);
	return -EPROTO;
}

/* Afterwards the chunk is still in the ring, but libqb does not count it. */
static ssize_t chunk_peek(struct rings *rings)
{
	struct transport_shared *shared = rings->transport.shared;
	void *chunk;
	ssize_t len;

	doubt_set(rings, true);
	len = qb_rb_chunk_peek(rings->event, &chunk, 0);
	if (len >= 0) {
		shared->event = chunk;
		shared->event_len = len;
	}
	doubt_set(rings, false);
	return len;
}

static ssize_t event_peek(struct rings *rings, void **ret_chunk)
{
	struct transport_shared *shared = rings->transport.shared;

	rings->event_pending = qb_rb_chunks_used(rings->event);
	if (shared->events_in_doubt)
		return events_give_up(rings);
	/* Another process may have found one, and ended. */
	if (shared->event == NULL &&
	    (rings->event_pending <= 0 || chunk_peek(rings) < 0))
		return -EAGAIN;
	if ((size_t)shared->event_len > rings->transport.event_max)
		return events_give_up(rings);
	*ret_chunk = shared->event;
	return shared->event_len;
}

static ssize_t bytes_receive(struct rings *rings, void *bytes, size_t count,
			     int flags)
{
	ssize_t len;

	do
		len = recv(socket_of(rings), bytes, count,
			   MSG_DONTWAIT | flags);
	while (len < 0 && errno == EINTR);
	if (len == 0 || (len < 0 && errno != EAGAIN))
		death_note(rings);
	return len;
}

/*
 * Read the bytes of the events that were taken. The count is cleared first: if
 * the process ends in between, there are bytes without events, and not the
 * reverse.
 */
static void bytes_read(struct rings *rings)
{
	struct transport_shared *shared = rings->transport.shared;
	size_t left = shared->taken;
	char bytes[256];
	ssize_t len;

	shared->bytes = 0;
	shared->taken = 0;
	while (left > 0) {
		len = bytes_receive(rings, bytes,
				    left < sizeof(bytes) ? left : sizeof(bytes),
				    0);
		left -= len > 0 ? (size_t)len : left;
	}
}

static void taken_count(struct rings *rings)
{
	struct transport_shared *shared = rings->transport.shared;

	if (++shared->taken == shared->bytes)
		bytes_read(rings);
}

/*
 * Count the bytes in the socket. Returns false if there is none. To peek costs
 * time for each byte, to ask for their number does not, but hides the end of
 * the connection.
 */
static bool bytes_count(struct rings *rings)
{
	char bytes[16];
	ssize_t len = bytes_receive(rings, bytes, sizeof(bytes), MSG_PEEK);
	int count = 0;

	if (len <= 0)
		return false;
	if (len == sizeof(bytes))
		ioctl(socket_of(rings), SIOCINQ, &count);
	rings->transport.shared->bytes =
		count > len ? (unsigned int)count : (unsigned int)len;
	return true;
}

/* Finds an event of a batch. Its byte is read with the last one. */
static ssize_t event_find_of_many(struct rings *rings, bool waits,
				  void **ret_chunk)
{
	struct transport_shared *shared = rings->transport.shared;
	ssize_t len = -EAGAIN;

	while (len == -EAGAIN) {
		if (shared->taken == shared->bytes &&
		    (waits || !bytes_count(rings)))
			return -EAGAIN;
		len = event_peek(rings, ret_chunk);
		/* A byte without an event must be read, too. */
		if (len == -EAGAIN)
			taken_count(rings);
	}
	return len;
}

/* Reads one byte, and finds its event. */
static ssize_t event_find_one(struct rings *rings, bool waits,
			      void **ret_chunk)
{
	struct transport_shared *shared = rings->transport.shared;
	ssize_t len = -EAGAIN;
	char byte;

	bytes_read(rings);
	while (len == -EAGAIN && !waits) {
		shared->event_due = true;
		if (bytes_receive(rings, &byte, 1, 0) > 0)
			len = event_peek(rings, ret_chunk);
		else
			waits = true;
		shared->event_due = len >= 0;
	}
	return len;
}

/* Finds the event of a process that read its byte and then ended. */
static ssize_t event_find_due(struct rings *rings, void **ret_chunk)
{
	ssize_t len = event_peek(rings, ret_chunk);

	rings->transport.shared->event_due = len >= 0;
	return len;
}

static ssize_t rings_event(struct transport *transport, void *room,
			   unsigned int hints, void **ret_bytes)
{
	struct rings *rings = rings_of(transport);
	bool waits = (hints & TRANSPORT_WAITS) != 0;
	ssize_t len = -EAGAIN;

	(void)room;
	if (transport->shared->event_due)
		len = event_find_due(rings, ret_bytes);
	if (len == -EAGAIN && !transport->dead)
		len = (hints & TRANSPORT_BATCH) != 0 ?
			      event_find_of_many(rings, waits, ret_bytes) :
			      event_find_one(rings, waits, ret_bytes);
	if (len == -EAGAIN && transport->dead) {
		len = event_peek(rings, ret_bytes);
		return len == -EAGAIN ? -ENOTCONN : len;
	}
	return len;
}

static void rings_event_done(struct transport *transport)
{
	struct transport_shared *shared = transport->shared;
	struct rings *rings = rings_of(transport);

	doubt_set(rings, true);
	qb_rb_chunk_reclaim(rings->event);
	shared->event = NULL;
	doubt_set(rings, false);
	/* A corrupt chunk cannot be reclaimed. */
	if (shared->event_len == 0 &&
	    qb_rb_chunks_used(rings->event) >= rings->event_pending)
		death_note(rings);
	if (!shared->event_due)
		taken_count(rings);
	shared->event_due = false;
}

static void rings_batch_end(struct transport *transport)
{
	bytes_read(rings_of(transport));
}

/* Requests. */

/* One ioctl finds room for several bytes, which saves it for the next ones. */
static bool doorbell_has_room(struct rings *rings)
{
	struct transport_shared *shared = rings->transport.shared;
	int used = 0;

	if (shared->bell_room > 0)
		return true;
	ioctl(socket_of(rings), SIOCOUTQ, &used);
	if (used >= rings->send_buffer)
		return false;
	shared->bell_room =
		1 + (unsigned int)(rings->send_buffer - used) / BYTE_COST;
	return true;
}

/* Writes the byte, or gives up the connection: the daemon may wait for it. */
static int doorbell_ring(struct rings *rings)
{
	struct pollfd poll_fd = { .fd = socket_of(rings),
				  .events = POLLOUT };
	const char byte = 1;
	ssize_t len;

	do
		len = send(poll_fd.fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (len < 0 &&
	       (errno == EINTR ||
		(errno == EAGAIN && poll(&poll_fd, 1, BELL_MS) > 0)));
	rings->transport.shared->bell_room--;
	return len == 1 ? 0 : death_note(rings);
}

static void chunk_fill(char *chunk, const struct iovec *iov, size_t iov_len)
{
	for (size_t i = 0; i < iov_len; i++) {
		memcpy(chunk, iov[i].iov_base, iov[i].iov_len);
		chunk += iov[i].iov_len;
	}
}

static int request_place(struct rings *rings, const struct iovec *iov,
			 size_t iov_len, size_t size)
{
	void *chunk = qb_rb_chunk_alloc(rings->request, size);
	int res;

	if (chunk == NULL)
		return -EAGAIN;
	chunk_fill(chunk, iov, iov_len);
	rings->transport.shared->request_due = true;
	if (qb_rb_chunk_commit(rings->request, size) < 0)
		return death_note(rings);
	res = doorbell_ring(rings);
	rings->transport.shared->request_due = false;
	return res;
}

static int rings_send(struct transport *transport, const struct iovec *iov,
		      size_t iov_len, size_t size, bool ordered)
{
	struct rings *rings = rings_of(transport);

	/* A stray reply would be taken for the reply to this request. */
	if (qb_rb_chunks_used(rings->response) > 0)
		return death_note(rings);
	if (transport_flow_is_held(qb_rb_shared_user_data_get(rings->request),
				   ordered))
		return -EAGAIN;
	if (!doorbell_has_room(rings))
		return -ENOBUFS;
	return request_place(rings, iov, iov_len, size);
}

/*
 * The byte of the request may be missing. One too many does no harm: the
 * daemon reads it when there is no request. If the daemon does not take the
 * request then, it is half a request.
 */
static int rings_request_check(struct transport *transport)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct rings *rings = rings_of(transport);
	int res = doorbell_ring(rings);

	transport->shared->bell_room = 0;
	for (int ms = 0; ms < BELL_MS && res == 0; ms++) {
		if (qb_rb_space_used(rings->request) == 0)
			return 0;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return death_note(rings);
}

/* A process that ended may have begun to take the reply; no other can. */
static ssize_t reply_drop(struct rings *rings)
{
	if (qb_rb_space_used(rings->response) > 0)
		qb_rb_chunk_reclaim(rings->response);
	return qb_rb_space_used(rings->response) > 0 ? death_note(rings) :
						       -EAGAIN;
}

static ssize_t rings_receive(struct transport *transport, void *reply,
			     size_t size, int timeout_ms)
{
	struct rings *rings = rings_of(transport);
	int waited_ms = 0;
	bool hung_up = false;
	ssize_t len;

	do {
		len = qb_rb_chunk_read(rings->response, reply, size,
				       hung_up ? 0 : REPLY_POLL_MS);
		if (len > 0)
			return len;
		if (len == -ENOBUFS) {
			death_note(rings);
			return -EPROTO;
		}
		if (hung_up)
			return death_note(rings);
		/* Read once more: the reply may have come before the end. */
		hung_up = transport_is_hung_up(transport);
		if (timeout_ms >= 0)
			waited_ms += REPLY_POLL_MS;
	} while (hung_up || waited_ms < timeout_ms || timeout_ms < 0);
	return reply_drop(rings);
}

/* Open and close. */

/*
 * The daemon removes the files as well, but it may be killed before it knows of
 * the end of the connection.
 */
static void files_remove(const struct transport *transport)
{
	const struct handshake *handshake = &transport->handshake;
	const char *const names[] = { handshake->request, handshake->response,
				      handshake->event };

	for (size_t i = 0; i < 3; i++)
		ring_files_remove(names[i], handshake->server_uid,
				  transport->dead);
	shm_directory_remove(handshake->event, handshake->server_uid);
}

static void rings_free(struct rings *rings)
{
	qb_rb_close(rings->event);
	qb_rb_close(rings->response);
	qb_rb_close(rings->request);
	handshake_clear(&rings->transport.handshake);
	free(rings);
}

static void rings_close(struct transport *transport)
{
	struct rings *rings = rings_of(transport);

	transport_check(transport);
	files_remove(transport);
	/* Another process may have the socket open, so close is not enough. */
	shutdown(socket_of(rings), SHUT_RDWR);
	rings_free(rings);
}

static void rings_release(struct transport *transport)
{
	rings_free(rings_of(transport));
}

/*
 * The daemon chooses the size of the file. libqb truncates or extends the file
 * to the size that it computes from its argument, so both must be the same.
 */
static int ring_open(const struct rings *rings, const char *name,
		     size_t user_size, qb_ringbuffer_t **ret_ring,
		     size_t *ret_size)
{
	const uid_t owner = rings->transport.handshake.server_uid;
	const size_t max = rings->transport.handshake.message_max;
	qb_ringbuffer_t *ring;
	size_t size, after;
	int res;

	res = ring_files_check(name, owner, &size);
	if (res < 0)
		return res;
	if (size <= max || size > max + RING_SURPLUS_MAX)
		return -EPROTO;
	errno = 0;
	ring = qb_rb_open(name, size - RING_MARGIN,
			  QB_RB_FLAG_SHARED_PROCESS, user_size);
	if (ring == NULL)
		return errno != 0 && errno != ENOENT ? -errno : -EPROTO;
	if (ring_files_check(name, owner, &after) < 0 || after != size) {
		qb_rb_close(ring);
		return -EPROTO;
	}
	*ret_ring = ring;
	*ret_size = size;
	return 0;
}

static int rings_open(struct rings *rings)
{
	const struct handshake *shake = &rings->transport.handshake;
	size_t size;
	int res;

	res = ring_open(rings, shake->request, sizeof(int32_t),
			&rings->request, &size);
	if (res < 0)
		return res;
	res = ring_open(rings, shake->response, 0, &rings->response, &size);
	if (res < 0)
		goto close_request;
	res = ring_open(rings, shake->event, 0, &rings->event,
			&rings->transport.event_max);
	if (res < 0)
		goto close_response;
	return 0;

close_response:
	qb_rb_close(rings->response);
close_request:
	qb_rb_close(rings->request);
	return res;
}

static const struct transport_kind rings_kind = {
	.close = rings_close,
	.release = rings_release,
	.event = rings_event,
	.event_done = rings_event_done,
	.batch_end = rings_batch_end,
	.send = rings_send,
	.receive = rings_receive,
	.request_check = rings_request_check,
};

int transport_rings_open(const struct handshake *handshake,
			 struct transport **ret_transport)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	socklen_t len = sizeof(rings->send_buffer);
	struct transport *transport;
	int res;

	if (rings == NULL)
		return -ENOMEM;
	transport = &rings->transport;
	transport->kind = &rings_kind;
	transport->handshake = *handshake;
	transport->poll_fd = transport->request_fd = handshake->fd;
	transport->request_max = handshake->message_max;
	res = rings_open(rings);
	if (res < 0) {
		free(rings);
		return res;
	}
	getsockopt(handshake->fd, SOL_SOCKET, SO_SNDBUF, &rings->send_buffer,
		   &len);
	*ret_transport = transport;
	return 0;
}
