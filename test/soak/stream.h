/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The messages of a member: what a worker sends, and logs when it arrives. */
#ifndef SOAK_STREAM_H
#define SOAK_STREAM_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Initially zero, except for the group. */
struct stream {
	struct cpg_name group;
	uint32_t nodeid;
	uint32_t pid;		/* of the process that has joined */
	uint32_t incarnation;
	uint32_t number;	/* of the next message */
	bool is_pending;	/* it was refused, and is sent again */
	uint32_t len;		/* of the pending message */
	uint32_t flight;	/* messages that have not come back */
	uint32_t flight_bytes;
};

uint32_t name_sum(const struct cpg_name *name);

/* The process has joined the group, or is no member. */
void stream_begin(struct stream *stream, uint32_t nodeid, uint32_t pid);
void stream_end(struct stream *stream);

/* Whether the daemon has room for one more message of this process. */
bool streams_have_room(void);

/* The message to send. It stays the same until it is sent. */
struct iovec stream_next(struct stream *stream);
void stream_sent(struct stream *stream);

/* A message has arrived. */
void stream_deliver(struct stream *stream, uint32_t nodeid, uint32_t pid,
		    const void *data, size_t len);

#endif
