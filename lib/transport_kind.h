/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What the kinds of transport share, and what each of them does its own way. */
#ifndef TRANSPORT_KIND_H
#define TRANSPORT_KIND_H

#include <stdatomic.h>

#include "transport.h"

/* From which level of the daemon's flow control on a request is refused. */
#define FLOW_CONTROL_ALL 1
#define FLOW_CONTROL_ORDERED 2

/* How often a wait for a reply looks whether the daemon still lives. */
#define REPLY_POLL_MS 50

/*
 * The functions of transport.h. But for close, release, event and batch_end none is
 * called once the transport is dead.
 */
struct transport_kind {
	void (*close)(struct transport *transport);
	void (*release)(struct transport *transport);
	ssize_t (*event)(struct transport *transport, void *event, size_t size,
			 unsigned int hints);
	void (*batch_end)(struct transport *transport);
	int (*send)(struct transport *transport, const struct iovec *iov,
		    size_t iov_len, bool ordered);
	/* Waits @looks times REPLY_POLL_MS, then -EAGAIN. */
	ssize_t (*receive)(struct transport *transport, void *reply,
			   size_t size, unsigned int looks);
	int (*check)(struct transport *transport);
	/* The last request may lack its byte. 0, or -ENOTCONN: it does. */
	int (*request_check)(struct transport *transport);
};

/* Each kind has one of its own that begins with this. */
struct transport {
	const struct transport_kind *kind;
	struct transport_shared *shared;
	int fd;
	int poll_ms;
	size_t event_max;
	atomic_bool dead;
};

/* libqb's client calls: any kind of IPC. */
int transport_calls_open(const char *service, size_t message_max,
			 struct transport **ret_transport);

/* libqb's rings: shm IPC. -ENOTSUP if the daemon has another. */
int transport_rings_open(const char *service, size_t message_max,
			 struct transport **ret_transport);

#endif
