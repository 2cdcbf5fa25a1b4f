/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What the kinds of transport share, and what each of them does its own way. */
#ifndef TRANSPORT_KIND_H
#define TRANSPORT_KIND_H

#include <stdatomic.h>
#include <stdint.h>

#include "handshake.h"
#include "transport.h"

/* How long a request may take that a process left when it ended. */
#define RECOVER_MS 1000

/*
 * The functions of transport.h. Only close, release and those of events are
 * called once the transport is dead. event_done and batch_end may be NULL.
 */
struct transport_kind {
	void (*close)(struct transport *transport);
	void (*release)(struct transport *transport);
	ssize_t (*event)(struct transport *transport, void *room,
			 unsigned int hints, void **ret_bytes);
	void (*event_done)(struct transport *transport);
	void (*batch_end)(struct transport *transport);
	/* @size: of all pieces together, not more than request_max. */
	int (*send)(struct transport *transport, const struct iovec *iov,
		    size_t iov_len, size_t size, bool ordered);
	/* -EAGAIN after that time; -1: as long as the daemon lives. */
	ssize_t (*receive)(struct transport *transport, void *reply,
			   size_t size, int timeout_ms);
	/* The last request may be half sent. 0, or -ENOTCONN: it is. */
	int (*request_check)(struct transport *transport);
};

/* Each kind has one of its own that begins with this. */
struct transport {
	const struct transport_kind *kind;
	struct transport_shared *shared;
	struct handshake handshake;
	int poll_fd;		/* the application's: an event, or the end */
	int request_fd;		/* requests go out here, or their bytes */
	size_t event_max;
	size_t request_max;
	atomic_bool dead;
};

/* Has the daemon hung up? */
bool transport_is_hung_up(const struct transport *transport);

/* The connection is dead from now on: -ENOTCONN. */
int transport_death_note(struct transport *transport);

/* Does this level of the daemon's flow control refuse the request? */
bool transport_flow_is_held(const int32_t *level, bool ordered);

/* The connection of that handshake, which it takes over with success. */
int transport_rings_open(const struct handshake *handshake,
			 struct transport **ret_transport);
int transport_sockets_open(const struct handshake *handshake,
			   struct transport **ret_transport);

#endif
