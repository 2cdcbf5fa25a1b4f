/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The beginning of an IPC connection: the daemon says which kind of IPC it
 * has, and the names of what it made for this connection.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct handshake {
	int fd;			/* the connection; the doorbell of shm IPC */
	bool is_shm;		/* or else it is socket IPC */
	uid_t server_uid;	/* whose the files are */
	size_t message_max;	/* in bytes, of requests, replies and events */
	char *request;		/* a ring; the control file of socket IPC */
	char *response;		/* a ring; the begin of sockets' names */
	char *event;		/* a ring; NULL with socket IPC */
	bool has_file_sockets;	/* libqb was told to prefer paths to abstract
				   names for its sockets */
};

/*
 * Connect to the service and ask for messages of up to @message_max bytes.
 * Blocks until the daemon answers, signals do not end it. The fd is the
 * caller's, close-on-exec and non-blocking. 0; -EACCES (the server is neither
 * root nor the caller's own user: nothing that it says is read; or it does
 * not let the caller in), -ENOSPC or whatever else the daemon refuses with;
 * -ECONNREFUSED (no daemon), -EPROTO (its
 * answer makes no sense), -ENOMEM, or an errno of socket or connect.
 */
int handshake_run(const char *service, size_t message_max,
		  struct handshake *ret_handshake);

/* Close the fd and free the names. */
void handshake_clear(struct handshake *handshake);

#endif
