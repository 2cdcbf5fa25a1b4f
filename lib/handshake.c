/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <qb/qbipc_common.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "handshake.h"

/* If this file exists, libqb uses sockets in the file system. */
#define FILESYSTEM_SOCKETS "/etc/libqb/force-filesystem-sockets"

/* In bytes, more than any real daemon grants; the default is 1 MiB. */
#define MESSAGE_MAX_MAX (256 * 1024 * 1024)

/* The kernel's default, in case its setting cannot be read. */
#define OVERFLOW_UID 65534

/* Where libqb puts sockets in the file system, depending on its build. */
static const char *const socket_directories[] = { "/var/run", "/run", "/tmp" };

struct handshake_request {
	struct qb_ipc_request_header header;
	uint32_t message_max;
	uint32_t pad_message_max;
};

struct handshake_reply {
	struct qb_ipc_response_header header;
	int32_t type;		/* enum qb_ipc_type */
	uint32_t message_max;
	intptr_t connection;	/* a pointer of the daemon, unused */
	char request[PATH_MAX];
	char response[PATH_MAX];
	char event[PATH_MAX];
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct handshake_request) == 24, "handshake request");
_Static_assert(offsetof(struct handshake_reply, type) == 24, "handshake reply");
_Static_assert(offsetof(struct handshake_reply, request) ==
		       32 + sizeof(intptr_t),
	       "handshake reply");

static int address_connect(int fd, const struct sockaddr_un *address,
			   socklen_t len)
{
	int res;

	do
		res = connect(fd, (const struct sockaddr *)address, len);
	while (res < 0 && errno == EINTR);
	return res < 0 && errno != EISCONN ? -errno : 0;
}

static int abstract_connect(int fd, const char *service)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s",
		 service);
	return address_connect(fd, &address, sizeof(address));
}

static int filesystem_connect(int fd, const char *service)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t directories =
		sizeof(socket_directories) / sizeof(socket_directories[0]);
	int res = -ENOENT;

	/*
	 * Try the next directory only if there is no socket in this one. If
	 * there is one without a server, the daemon is down, and a socket in
	 * /tmp may be that of any user.
	 */
	for (size_t i = 0; i < directories && res == -ENOENT; i++) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
			 socket_directories[i], service);
		res = address_connect(fd, &address, sizeof(address));
	}
	return res;
}

static bool file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

/*
 * Whether @uid stands for all users that have no id in this user namespace,
 * such as the system's root. The initial namespace has an id for every user.
 */
static bool uid_is_unnamed(uid_t uid)
{
	unsigned int overflow = OVERFLOW_UID;
	unsigned int first, parent, count;
	char text[128];

	if (file_read("/proc/sys/kernel/overflowuid", text, sizeof(text)))
		sscanf(text, "%u", &overflow);
	return uid == overflow &&
	       file_read("/proc/self/uid_map", text, sizeof(text)) &&
	       sscanf(text, "%u %u %u", &first, &parent, &count) == 3 &&
	       count != UINT_MAX;
}

bool handshake_accepts(uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid_is_unnamed(uid);
}

static int peer_uid(int fd, uid_t *ret_uid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	*ret_uid = peer.uid;
	return 0;
}

static int peer_check(int fd, uid_t *ret_uid)
{
	int res = peer_uid(fd, ret_uid);

	return res == 0 && !handshake_accepts(*ret_uid) ? -EACCES : res;
}

static int service_connect(struct handshake *handshake, const char *service)
{
	int res;

	handshake->has_file_sockets = access(FILESYSTEM_SOCKETS, F_OK) == 0;
	res = handshake->has_file_sockets ?
		      filesystem_connect(handshake->fd, service) :
		      abstract_connect(handshake->fd, service);

	return res == -ENOENT ? -ECONNREFUSED : res;
}

static int request_send(int fd, size_t message_max)
{
	const struct handshake_request request = {
		.header = { .id = QB_IPC_MSG_AUTHENTICATE,
			    .size = sizeof(request) },
		.message_max = (uint32_t)message_max,
	};
	ssize_t len;

	do
		len = send(fd, &request, sizeof(request), MSG_NOSIGNAL);
	while (len < 0 && errno == EINTR);
	return len == sizeof(request) ? 0 : -ECONNREFUSED;
}

static ssize_t piece_receive(int fd, void *piece, size_t size)
{
	ssize_t len;

	do
		len = recv(fd, piece, size, 0);
	while (len < 0 && errno == EINTR);
	return len;
}

/*
 * The errno of a refusal. Initialize never returns CS_ERR_NOT_SUPPORTED, so
 * -ENOTSUP is invalid, like a positive number.
 */
static int refusal_errno(int error)
{
	return error < 0 && error != -ENOTSUP ? error : -EPROTO;
}

/* Receives the whole reply, or its header if that contains an error. */
static int reply_receive(int fd, struct handshake_reply *ret_reply)
{
	size_t used = 0;
	ssize_t len;

	memset(ret_reply, 0, sizeof(*ret_reply));
	while (used < sizeof(*ret_reply)) {
		len = piece_receive(fd, (char *)ret_reply + used,
				    sizeof(*ret_reply) - used);
		if (len <= 0)
			return -ECONNREFUSED;
		used += (size_t)len;
		if (used >= sizeof(ret_reply->header) &&
		    ret_reply->header.error != 0)
			return refusal_errno(ret_reply->header.error);
	}
	return ret_reply->header.size == sizeof(*ret_reply) ? 0 : -EPROTO;
}

static bool name_is_sane(const char *name)
{
	return memchr(name, '\0', PATH_MAX) != NULL && name[0] != '\0';
}

static int reply_check(const struct handshake_reply *reply)
{
	if (reply->type != QB_IPC_SHM && reply->type != QB_IPC_SOCKET)
		return -EPROTO;
	if (reply->message_max < sizeof(struct qb_ipc_response_header) ||
	    reply->message_max > MESSAGE_MAX_MAX ||
	    !name_is_sane(reply->request) || !name_is_sane(reply->response))
		return -EPROTO;
	/* Socket IPC has no third name. */
	return reply->type == QB_IPC_SOCKET || name_is_sane(reply->event) ?
		       0 :
		       -EPROTO;
}

static int reply_copy(const struct handshake_reply *reply,
		      struct handshake *handshake)
{
	handshake->is_shm = reply->type == QB_IPC_SHM;
	handshake->message_max = reply->message_max;
	handshake->request = strdup(reply->request);
	handshake->response = strdup(reply->response);
	if (handshake->is_shm)
		handshake->event = strdup(reply->event);
	return handshake->request == NULL || handshake->response == NULL ||
			       (handshake->is_shm && handshake->event == NULL) ?
		       -ENOMEM :
		       0;
}

static int fd_talk(int fd, size_t message_max, struct handshake_reply *reply)
{
	const int on = 1;
	const int off = 0;
	int res;

	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	res = request_send(fd, message_max);
	if (res == 0)
		res = reply_receive(fd, reply);
	if (res == 0)
		res = reply_check(reply);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
	if (res == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		res = -errno;
	return res;
}

int handshake_peer(const char *service, uid_t *ret_uid)
{
	struct handshake handshake = {
		.fd = socket(AF_UNIX,
			     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	};
	int res = handshake.fd < 0 ? -errno :
				     service_connect(&handshake, service);

	if (res == 0)
		res = peer_uid(handshake.fd, ret_uid);
	handshake_clear(&handshake);
	return res;
}

static int handshake_try(const char *service, size_t message_max,
			 struct handshake_reply *reply,
			 struct handshake *handshake)
{
	int res;

	handshake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (handshake->fd < 0)
		return -errno;
	res = service_connect(handshake, service);
	if (res == 0)
		res = peer_check(handshake->fd, &handshake->server_uid);
	if (res == 0)
		res = fd_talk(handshake->fd, message_max, reply);
	return res < 0 ? res : reply_copy(reply, handshake);
}

int handshake_run(const char *service, size_t message_max,
		  struct handshake *ret_handshake)
{
	struct handshake_reply *reply = malloc(sizeof(*reply));
	struct handshake handshake = { .fd = -1 };
	int res;

	if (reply == NULL)
		return -ENOMEM;
	res = handshake_try(service, message_max, reply, &handshake);
	if (res == 0)
		*ret_handshake = handshake;
	else
		handshake_clear(&handshake);
	free(reply);
	return res;
}

void handshake_clear(struct handshake *handshake)
{
	if (handshake->fd >= 0)
		close(handshake->fd);
	free(handshake->request);
	free(handshake->response);
	free(handshake->event);
}
