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

/* libqb's: the file that makes it use sockets in the file system. */
#define FILESYSTEM_SOCKETS "/etc/libqb/force-filesystem-sockets"

/* Nobody has rings larger than this; the daemon's default is a megabyte. */
#define MESSAGE_MAX_MAX (256 * 1024 * 1024)

/* Where libqb's builds put those sockets. */
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
	int64_t connection;	/* the daemon's pointer */
	char request[PATH_MAX];
	char response[PATH_MAX];
	char event[PATH_MAX];
};

_Static_assert(sizeof(struct handshake_request) == 24, "handshake request");
_Static_assert(offsetof(struct handshake_reply, type) == 24, "handshake reply");
_Static_assert(offsetof(struct handshake_reply, request) == 40,
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

	for (size_t i = 0; i < directories && res < 0; i++) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
			 socket_directories[i], service);
		res = address_connect(fd, &address, sizeof(address));
	}
	return res;
}

static int service_connect(const char *service, int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int res;

	if (fd < 0)
		return -errno;
	res = access(FILESYSTEM_SOCKETS, F_OK) == 0 ?
		      filesystem_connect(fd, service) :
		      abstract_connect(fd, service);
	if (res < 0) {
		close(fd);
		return res == -ENOENT ? -ECONNREFUSED : res;
	}
	*ret_fd = fd;
	return 0;
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

/* The kernel's word on who sent a piece of the reply. */
static pid_t sender_pid(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred credentials;

	if (control == NULL || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_CREDENTIALS ||
	    control->cmsg_len < CMSG_LEN(sizeof(credentials)))
		return 0;
	memcpy(&credentials, CMSG_DATA(control), sizeof(credentials));
	return credentials.pid;
}

static ssize_t piece_receive(int fd, void *piece, size_t size,
			     pid_t *ret_sender)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = piece, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	do
		len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len > 0)
		*ret_sender = sender_pid(&message);
	return len;
}

/* The server may refuse as it likes, but not in words with another meaning. */
static int refusal_errno(int error)
{
	return error < 0 && error != -ENOTSUP ? error : -EPROTO;
}

/* All of the reply, or all that there is if it tells an error. */
static int reply_receive(int fd, struct handshake_reply *ret_reply,
			 pid_t *ret_sender)
{
	size_t used = 0;
	ssize_t len;

	memset(ret_reply, 0, sizeof(*ret_reply));
	while (used < sizeof(*ret_reply)) {
		len = piece_receive(fd, (char *)ret_reply + used,
				    sizeof(*ret_reply) - used, ret_sender);
		if (len <= 0)
			return -ECONNREFUSED;
		used += (size_t)len;
		if (used >= sizeof(ret_reply->header) &&
		    ret_reply->header.error != 0)
			return refusal_errno(ret_reply->header.error);
	}
	return ret_reply->header.size == sizeof(*ret_reply) ? 0 : -EPROTO;
}

static bool ring_name_is_sane(const char *name)
{
	return memchr(name, '\0', PATH_MAX) != NULL && name[0] != '\0' &&
	       strstr(name, "..") == NULL;
}

static int reply_check(const struct handshake_reply *reply)
{
	if (reply->type != QB_IPC_SHM && reply->type != QB_IPC_SOCKET)
		return -EPROTO;
	if (reply->type == QB_IPC_SOCKET)
		return 0;
	if (reply->message_max < sizeof(struct qb_ipc_response_header) ||
	    reply->message_max > MESSAGE_MAX_MAX ||
	    !ring_name_is_sane(reply->request) ||
	    !ring_name_is_sane(reply->response) ||
	    !ring_name_is_sane(reply->event))
		return -EPROTO;
	return 0;
}

static int reply_copy(const struct handshake_reply *reply,
		      struct handshake *handshake)
{
	handshake->is_shm = reply->type == QB_IPC_SHM;
	handshake->message_max = reply->message_max;
	if (!handshake->is_shm)
		return 0;
	handshake->request = strdup(reply->request);
	handshake->response = strdup(reply->response);
	handshake->event = strdup(reply->event);
	return handshake->request == NULL || handshake->response == NULL ||
			       handshake->event == NULL ?
		       -ENOMEM :
		       0;
}

static int fd_talk(int fd, size_t message_max, struct handshake_reply *reply,
		   pid_t *ret_sender)
{
	const int on = 1;
	const int off = 0;
	int res;

	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	res = request_send(fd, message_max);
	if (res == 0)
		res = reply_receive(fd, reply, ret_sender);
	if (res == 0)
		res = reply_check(reply);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
	if (res == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		res = -errno;
	return res;
}

int handshake_run(const char *service, size_t message_max,
		  struct handshake *ret_handshake)
{
	struct handshake_reply *reply = malloc(sizeof(*reply));
	struct handshake handshake = { .fd = -1 };
	int res;

	if (reply == NULL)
		return -ENOMEM;
	res = service_connect(service, &handshake.fd);
	if (res == 0)
		res = fd_talk(handshake.fd, message_max, reply,
			      &handshake.server_pid);
	if (res == 0)
		res = reply_copy(reply, &handshake);
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
