/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The beginning of an IPC connection: who asks for a service of corosync is
 * told what kind of IPC it is and, for shm, where its rings are.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct handshake {
	int fd;			/* the connection; the doorbell of shm IPC */
	bool is_shm;		/* the rings below are there */
	uid_t server_uid;	/* who made the rings */
	size_t message_max;	/* in bytes, of requests, replies and events */
	char *request;		/* names of rings */
	char *response;
	char *event;
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
