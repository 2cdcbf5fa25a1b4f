/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <qb/qbipc_common.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "channels.h"
#include "control.h"
#include "server.h"

/* Numbers of names. */
enum {
	CONTROL,
	BASE,
	NAMES
};

/* How long a request may be there before it is counted. */
#define COUNT_MS 30000

/* A socket of the server, and the client's socket that it sends to. */
struct pair {
	const char *ours, *theirs; /* ends of their addresses */
	int fd;
	bool is_connected;
};

static struct pair requests = { "request", "response", -1, false };
static struct pair events = { "event-tx", "event", -1, false };
static struct control *control;

struct control *control_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return NULL;
	memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

void control_unmap(struct control *control_file)
{
	munmap(control_file, sizeof(*control_file));
}

static void control_create(void)
{
	char path[PATH_MAX];
	int fd;

	channels_path(CONTROL, path, sizeof(path));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	server_need(fd >= 0 && ftruncate(fd, sizeof(*control)) == 0,
		    "cannot make the control file");
	close(fd);
	control = control_map(path);
	server_need(control != NULL, "cannot map the control file");
}

struct sockaddr_un channels_address(const char *end)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char base[80];

	channels_path(BASE, base, sizeof(base));
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s-%s",
		 base, end);
	return address;
}

static void buffer_enlarge(int fd, int wanted)
{
	socklen_t len = sizeof(int);
	int size = 0;

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len);
	if (size < wanted)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
}

static void pair_open(struct pair *pair)
{
	const struct sockaddr_un address = channels_address(pair->ours);

	pair->fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	server_need(pair->fd >= 0, "cannot make a socket");
	buffer_enlarge(pair->fd, (int)server->ring_size);
	server_need(bind(pair->fd, (const struct sockaddr *)&address,
			 sizeof(address)) == 0,
		    "cannot bind a socket");
}

static void sockets_create(void)
{
	control_create();
	pair_open(&requests);
	pair_open(&events);
}

static void sockets_destroy(void)
{
	char path[PATH_MAX];

	close(requests.fd);
	close(events.fd);
	control_unmap(control);
	channels_path(CONTROL, path, sizeof(path));
	/* A client may have done it. */
	server_need(unlink(path) == 0 || errno == ENOENT,
		    "cannot remove the control file");
}

static int sockets_request_fd(int connection)
{
	(void)connection;
	return requests.fd;
}

/* A daemon takes only what is counted; that may be a moment later. */
static bool request_is_counted(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	static int waited_ms;

	if (control->request.sent > 0) {
		waited_ms = 0;
		return true;
	}
	server_need(waited_ms++ < COUNT_MS, "a request that is not counted");
	nanosleep(&pause, NULL);
	return false;
}

/* The requests that came before the end are served. */
static ssize_t sockets_request_take(int connection, void *bytes, size_t size)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	char byte;
	ssize_t len = recv(requests.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)connection;
	if (len < 0)
		return -1;
	if (!request_is_counted())
		return 0;
	len = recv(requests.fd, bytes, size, MSG_DONTWAIT | MSG_TRUNC);
	server_need(len > 0 && (size_t)len <= size, "a request that is large");
	if (server->counts_late)
		nanosleep(&pause, NULL);
	__atomic_fetch_sub(&control->request.sent, 1, __ATOMIC_RELAXED);
	return len;
}

/* Read each datagram with MSG_PEEK. */
static int sockets_requests_count(void)
{
	static char bytes[1024 * 1024];
	int count = 0, offset = 0;

	server_need(setsockopt(requests.fd, SOL_SOCKET, SO_PEEK_OFF, &offset,
			       sizeof(offset)) == 0,
		    "cannot peek");
	while (recv(requests.fd, bytes, sizeof(bytes),
		    MSG_PEEK | MSG_DONTWAIT) >= 0)
		count++;
	offset = -1;
	setsockopt(requests.fd, SOL_SOCKET, SO_PEEK_OFF, &offset,
		   sizeof(offset));
	return count;
}

static int sockets_requests_announced(int connection)
{
	(void)connection;
	return control->request.sent;
}

static void sockets_flow_set(int level)
{
	control->request.flow_control = level;
}

/* Connect at the first datagram: the client's socket is there by then. */
static ssize_t pair_send(struct pair *pair, const void *bytes, size_t size)
{
	const struct sockaddr_un address = channels_address(pair->theirs);
	const struct sockaddr *theirs = (const struct sockaddr *)&address;

	if (server->stays_unconnected)
		return sendto(pair->fd, bytes, size, MSG_NOSIGNAL, theirs,
			      sizeof(address));
	if (!pair->is_connected &&
	    connect(pair->fd, theirs, sizeof(address)) < 0)
		return -1;
	pair->is_connected = true;
	return send(pair->fd, bytes, size, MSG_NOSIGNAL);
}

/* False: the client is gone. */
static bool datagram_send(struct pair *pair, const void *bytes, size_t size)
{
	bool is_sent = pair_send(pair, bytes, size) == (ssize_t)size;

	server_need(is_sent || errno == ECONNREFUSED || errno == ENOTCONN,
		    "no room for a datagram");
	return is_sent;
}

static void sockets_reply_write(const void *bytes, size_t size)
{
	if (datagram_send(&requests, bytes, size))
		__atomic_fetch_add(&control->reply.sent, 1, __ATOMIC_RELAXED);
}

static void sockets_event_write(const void *bytes, size_t size)
{
	datagram_send(&events, bytes, size);
}

static void sockets_events_announce(int connection, int count)
{
	(void)connection;
	__atomic_fetch_add(&control->event.sent, count, __ATOMIC_RELAXED);
}

const struct channels channels_sockets = {
	.type = QB_IPC_SOCKET,
	.names_count = NAMES,
	.file_names_count = 1,
	.names = { "control", "base" },
	.parts_count = 1,
	.parts = { "" },
	.create = sockets_create,
	.destroy = sockets_destroy,
	.request_fd = sockets_request_fd,
	.request_take = sockets_request_take,
	.requests_count = sockets_requests_count,
	.requests_announced = sockets_requests_announced,
	.flow_set = sockets_flow_set,
	.reply_write = sockets_reply_write,
	.event_write = sockets_event_write,
	.events_announce = sockets_events_announce,
};
