/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The beginning of an IPC connection: the daemon sends the kind of IPC that it
 * uses, and the names of the files and sockets of this connection.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct handshake {
	int fd;			/* the connection; the doorbell of shm IPC */
	bool is_shm;		/* false: socket IPC */
	uid_t server_uid;	/* the owner of the files */
	size_t message_max;	/* in bytes, of requests, replies and events */
	char *request;		/* a ring; the control file of socket IPC */
	char *response;		/* a ring; the prefix of the sockets' names */
	char *event;		/* a ring; NULL with socket IPC */
	bool has_file_sockets;	/* libqb is configured to prefer paths to
				   abstract names for its sockets */
};

/*
 * Connect to the service and ask for messages of up to @message_max bytes.
 * Blocks until the daemon replies; signals do not interrupt it. The caller
 * owns *ret_handshake, whose fd is close-on-exec and non-blocking. Returns:
 *
 *	0		connected
 *	-EACCES		the server runs as neither root nor the caller's user,
 *			and nothing was read from it; or it refuses the caller
 *	-ECONNREFUSED	no daemon
 *	-EPROTO		the reply of the daemon is invalid
 *	-ENOMEM		memory ran out
 *	-ENOSPC, ...	the daemon refuses with this errno
 *	another errno	of socket or connect
 */
int handshake_run(const char *service, size_t message_max,
		  struct handshake *ret_handshake);

/*
 * Connect to the service only to get the user that runs it. Returns 0,
 * -ECONNREFUSED or another errno.
 */
int handshake_peer(const char *service, uid_t *ret_uid);

/*
 * Whether handshake_run accepts a server that runs as this user. While corosync
 * is down, any local process can take the name of a service. So it must be
 * root or the caller's own user.
 */
bool handshake_accepts(uid_t uid);

/* Close the fd and free the names. */
void handshake_clear(struct handshake *handshake);

#endif
