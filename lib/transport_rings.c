/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <qb/qbrb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handshake.h"
#include "transport_kind.h"

/*
 * Requests, replies and events are chunks in three rings. The socket is the
 * doorbell: each request and each event is announced by one byte, written
 * after its chunk. The daemon waits for the byte of a chunk that it sees, so
 * nothing may come between the two.
 *
 * Events are taken as the ring has them, and their bytes are read together,
 * later: "owed" are those of events taken already. A byte may come later than
 * its event, and then makes the fd readable for nothing, once.
 */

/* In the flags that the kernel tells of a process (proc(5)). */
#define PF_EXITING 4

/* How long a daemon that hung up is given to be dead, if it does not show. */
#define DEATH_MS 50

/* How often to look for an event whose byte came before it. */
#define EVENT_POLL_MS 50

struct rings {
	struct transport transport;
	qb_ringbuffer_t *request;
	qb_ringbuffer_t *response;
	qb_ringbuffer_t *event;
	ssize_t owed;		/* bytes; negative: read ahead of events */
	struct handshake handshake;
};

static struct rings *rings_of(struct transport *transport)
{
	return (struct rings *)transport;
}

static bool fd_is_hung_up(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 0) > 0;
}

static int death_note(struct rings *rings)
{
	transport_abandon(&rings->transport);
	return -ENOTCONN;
}

static int rings_check(struct transport *transport)
{
	struct rings *rings = rings_of(transport);

	return fd_is_hung_up(transport->fd) ? death_note(rings) : 0;
}

/* Events. */

static ssize_t event_take(struct rings *rings, void *event, size_t size)
{
	void *chunk;
	ssize_t pending = qb_rb_chunks_used(rings->event);
	ssize_t len;

	if (pending <= 0)
		return -EAGAIN;
	len = qb_rb_chunk_peek(rings->event, &chunk, 0);
	if (len < 0)
		return -EAGAIN;
	if ((size_t)len > size) {
		death_note(rings);
		return -EPROTO;
	}
	memcpy(event, chunk, (size_t)len);
	qb_rb_chunk_reclaim(rings->event);
	/* What is no chunk cannot be taken away. */
	if (len == 0 && qb_rb_chunks_used(rings->event) >= pending) {
		death_note(rings);
		return -EPROTO;
	}
	rings->owed++;
	return len;
}

/* Read up to @count bytes of the doorbell. How many there were. */
static ssize_t bytes_read(struct rings *rings, ssize_t count)
{
	char bytes[256];
	ssize_t total = 0;
	ssize_t len;

	while (total < count) {
		len = count - total;
		if (len > (ssize_t)sizeof(bytes))
			len = sizeof(bytes);
		len = recv(rings->transport.fd, bytes, (size_t)len,
			   MSG_DONTWAIT);
		if (len > 0)
			total += len;
		else if (len == 0 || errno != EINTR)
			break;
	}
	rings->owed -= total;
	return total;
}

/* The ring was empty. Is there anything at the door? */
static ssize_t door_look(struct rings *rings, void *event, size_t size,
			 bool waits)
{
	struct pollfd poll_fd = { .fd = rings->transport.fd, .events = POLLIN };
	ssize_t len;

	if (rings->owed > 0 && bytes_read(rings, rings->owed) > 0)
		return event_take(rings, event, size);
	if (waits && !rings->transport.dead)
		return -EAGAIN;
	if (poll(&poll_fd, 1, 0) <= 0)
		return rings->transport.dead ? -ENOTCONN : -EAGAIN;
	len = event_take(rings, event, size);
	if (len != -EAGAIN)
		return len;
	if ((poll_fd.revents & ~POLLIN) != 0)
		return death_note(rings);
	/* A byte too early would make the fd readable until its event comes. */
	bytes_read(rings, 1);
	return -EAGAIN;
}

static ssize_t rings_event(struct transport *transport, void *event,
			   size_t size, unsigned int hints)
{
	struct rings *rings = rings_of(transport);
	ssize_t len;

	len = event_take(rings, event, size);
	if (len == -EAGAIN)
		len = door_look(rings, event, size,
				(hints & TRANSPORT_WAITS) != 0);
	if (len >= 0 && (hints & TRANSPORT_BATCH) == 0)
		bytes_read(rings, rings->owed);
	transport->poll_ms = rings->owed < 0 ? EVENT_POLL_MS : -1;
	return len;
}

/* Requests. */

/* The byte that the daemon waits for, whatever it takes. */
static int doorbell_ring(struct rings *rings)
{
	struct pollfd poll_fd = { .fd = rings->transport.fd,
				  .events = POLLOUT };
	const char byte = 1;

	while (send(poll_fd.fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
		if (errno == EAGAIN)
			poll(&poll_fd, 1, -1);
		else if (errno != EINTR)
			return death_note(rings);
	}
	return 0;
}

static bool flow_is_held(const struct rings *rings, bool ordered)
{
	const int32_t *level = qb_rb_shared_user_data_get(rings->request);
	int32_t now = __atomic_load_n(level, __ATOMIC_RELAXED);

	return now > 0 &&
	       now <= (ordered ? FLOW_CONTROL_ORDERED : FLOW_CONTROL_ALL);
}

static void chunk_fill(char *chunk, const struct iovec *iov, size_t iov_len)
{
	for (size_t i = 0; i < iov_len; i++) {
		memcpy(chunk, iov[i].iov_base, iov[i].iov_len);
		chunk += iov[i].iov_len;
	}
}

static int rings_send(struct transport *transport, const struct iovec *iov,
		      size_t iov_len, bool ordered)
{
	struct rings *rings = rings_of(transport);
	void *chunk = NULL;
	size_t size = 0;

	for (size_t i = 0; i < iov_len; i++)
		size += iov[i].iov_len;
	if (size > rings->handshake.message_max)
		return -EMSGSIZE;
	/* A reply that nobody waits for would be taken for the next one. */
	if (qb_rb_chunks_used(rings->response) > 0)
		return death_note(rings);
	if (!flow_is_held(rings, ordered))
		chunk = qb_rb_chunk_alloc(rings->request, size);
	if (chunk == NULL)
		return rings_check(transport) < 0 ? -ENOTCONN : -EAGAIN;
	chunk_fill(chunk, iov, iov_len);
	if (qb_rb_chunk_commit(rings->request, size) < 0)
		return death_note(rings);
	return doorbell_ring(rings);
}

static ssize_t rings_receive(struct transport *transport, void *reply,
			     size_t size)
{
	struct rings *rings = rings_of(transport);
	bool hung_up = false;
	ssize_t len;

	for (;;) {
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
		/* What was said before the end still counts. */
		hung_up = fd_is_hung_up(transport->fd);
	}
}

/* Open and close. */

/* It does nothing any more, though it may not be dead yet. */
static bool process_is_exiting(pid_t pid)
{
	char text[512];
	unsigned int flags;
	const char *end;
	ssize_t len;
	int fd;

	snprintf(text, sizeof(text), "/proc/%d/stat", (int)pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	/* The name, in parentheses, may be any. */
	end = strrchr(text, ')');
	return end != NULL &&
	       sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & PF_EXITING;
}

/* Waits a millisecond; without a descriptor the process id has to do. */
static bool process_is_dead(pid_t pid, int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 1) > 0 ||
	       (pidfd < 0 && kill(pid, 0) < 0 && errno == ESRCH);
}

/* The sockets of a process that dies are closed a little before it is dead. */
static bool daemon_is_dead(const struct rings *rings)
{
	pid_t pid = rings->handshake.server_pid;
	bool dead = false;
	int pidfd;

	if (!rings->transport.dead || pid <= 0)
		return false;
	if (process_is_exiting(pid))
		return true;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (int ms = 0; ms < DEATH_MS && !dead; ms++)
		dead = process_is_dead(pid, pidfd);
	if (pidfd >= 0)
		close(pidfd);
	return dead;
}

struct ring_path {
	char name[PATH_MAX + 32];
};

static struct ring_path ring_path(const char *ring, const char *part)
{
	struct ring_path path;

	snprintf(path.name, sizeof(path.name), "%s%s%s",
		 ring[0] == '/' ? "" : "/dev/shm/qb-", ring, part);
	return path;
}

static void file_remove(const char *ring, const char *part)
{
	const struct ring_path path = ring_path(ring, part);

	/* Who may not remove it can at least give the memory back. */
	if (unlink(path.name) < 0 && truncate(path.name, 0) < 0)
		return;
}

/* Nobody else will: the daemon that made them is dead. */
static void files_remove(struct handshake *handshake)
{
	const char *const rings[] = { handshake->request, handshake->response,
				      handshake->event };
	char *slash;

	for (size_t i = 0; i < 3; i++) {
		file_remove(rings[i], "-header");
		file_remove(rings[i], "-data");
	}
	slash = strrchr(handshake->event, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	rmdir(handshake->event);
}

static void rings_close(struct transport *transport)
{
	struct rings *rings = rings_of(transport);
	bool remove;

	rings_check(transport);
	remove = daemon_is_dead(rings);
	/*
	 * First: the daemon cleans up meanwhile. A child after fork may still
	 * have the socket.
	 */
	shutdown(transport->fd, SHUT_RDWR);
	close(transport->fd);
	rings->handshake.fd = -1;
	qb_rb_close(rings->event);
	qb_rb_close(rings->response);
	qb_rb_close(rings->request);
	if (remove)
		files_remove(&rings->handshake);
	handshake_clear(&rings->handshake);
	free(rings);
}

/* libqb would give the file the size that belongs to @message_max. */
static bool ring_has_size(const char *name, size_t message_max)
{
	const struct ring_path path = ring_path(name, "-data");
	struct stat file;

	return stat(path.name, &file) == 0 && S_ISREG(file.st_mode) &&
	       (size_t)file.st_size > message_max &&
	       (size_t)file.st_size <= transport_event_room(message_max);
}

static int ring_open(const char *name, size_t message_max, size_t user_size,
		     qb_ringbuffer_t **ret_ring)
{
	if (!ring_has_size(name, message_max))
		return -EPROTO;
	errno = 0;
	*ret_ring = qb_rb_open(name, message_max, QB_RB_FLAG_SHARED_PROCESS,
			       user_size);
	if (*ret_ring != NULL)
		return 0;
	return errno != 0 && errno != ENOENT ? -errno : -EPROTO;
}

static int rings_open(struct rings *rings)
{
	const struct handshake *shake = &rings->handshake;
	size_t max = shake->message_max;
	int res;

	res = ring_open(shake->request, max, sizeof(int32_t), &rings->request);
	if (res < 0)
		return res;
	res = ring_open(shake->response, max, 0, &rings->response);
	if (res < 0)
		goto close_request;
	res = ring_open(shake->event, max, 0, &rings->event);
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
	.event = rings_event,
	.send = rings_send,
	.receive = rings_receive,
	.check = rings_check,
};

int transport_rings_open(const char *service, size_t message_max,
			 struct transport **ret_transport)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	int res;

	if (rings == NULL)
		return -ENOMEM;
	res = handshake_run(service, message_max, &rings->handshake);
	if (res < 0)
		goto free_rings;
	res = rings->handshake.is_shm ? rings_open(rings) : -ENOTSUP;
	if (res < 0)
		goto clear_handshake;
	rings->transport.kind = &rings_kind;
	rings->transport.fd = rings->handshake.fd;
	rings->transport.poll_ms = -1;
	rings->transport.event_max =
		transport_event_room(rings->handshake.message_max);
	*ret_transport = &rings->transport;
	return 0;

clear_handshake:
	handshake_clear(&rings->handshake);
free_rings:
	free(rings);
	return res;
}
