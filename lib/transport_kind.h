/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What the kinds of transport have in common, and what each implements. */
#ifndef TRANSPORT_KIND_H
#define TRANSPORT_KIND_H

#include <stdatomic.h>
#include <stdint.h>

#include "handshake.h"
#include "transport.h"

/* How long to wait for the daemon to finish the request of an ended process. */
#define RECOVER_MS 1000

/*
 * The functions of transport.h. Once the connection is lost, only close,
 * release and the functions for events are called. event_done and batch_end
 * may be NULL.
 */
struct transport_kind {
	void (*close)(struct transport *transport);
	void (*release)(struct transport *transport);
	ssize_t (*event)(struct transport *transport, void *room,
			 unsigned int hints, void **ret_bytes);
	void (*event_done)(struct transport *transport);
	void (*batch_end)(struct transport *transport);
	/* @size: of all pieces together, at most request_max. */
	int (*send)(struct transport *transport, const struct iovec *iov,
		    size_t iov_len, size_t size, bool ordered);
	/* -EAGAIN after @timeout_ms; -1: wait while the daemon is alive. */
	ssize_t (*receive)(struct transport *transport, void *reply,
			   size_t size, int timeout_ms);
	/* The last request may be partly sent. If it is, -ENOTCONN; else 0. */
	int (*request_check)(struct transport *transport);
};

/* The struct of each kind begins with this. */
struct transport {
	const struct transport_kind *kind;
	struct transport_shared *shared;
	struct handshake handshake;
	int poll_fd;		/* for the application, see transport_fd */
	int request_fd;		/* for requests, or their doorbell bytes */
	size_t event_max;
	size_t request_max;
	atomic_bool dead;
	bool events_ended;	/* guarded like the functions of events */
};

/* Whether the daemon has closed the connection. */
bool transport_is_hung_up(const struct transport *transport);

/* Give up the connection, and return -ENOTCONN. */
int transport_death_note(struct transport *transport);

/* Whether the daemon's flow control, at this level, refuses the request. */
bool transport_flow_is_held(const int32_t *level, bool ordered);

/* Open the connection. On success the transport owns what the handshake has. */
int transport_rings_open(const struct handshake *handshake,
			 struct transport **ret_transport);
int transport_sockets_open(const struct handshake *handshake,
			   struct transport **ret_transport);

#endif
