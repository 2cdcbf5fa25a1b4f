/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A transport without a daemon. It is linked instead of lib/transport.c, and
 * the test controls it. It also checks the locking and the lifetimes that
 * transport.h requires of its callers: a violation fails the test at its end.
 *
 * "The connection" is the one that was opened last. Any thread may call
 * any of these functions.
 */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request that was sent; its pieces are joined. */
struct fake_request {
	bool called;	/* a reply is expected */
	bool ordered;
	size_t pieces;
	size_t size;
	unsigned char bytes[];
};

#define FAKE_REPLY_MAX 9300

/* The reply to a call: bytes, or -errno. */
struct fake_reply {
	int error;
	size_t size;
	unsigned char bytes[FAKE_REPLY_MAX];
};

/* Replies to calls: fills in a zeroed reply. Called without a lock. */
typedef void (*fake_answer_fn)(const struct fake_request *request,
			       struct fake_reply *reply);

extern struct fake {
	/* Set by the test. */
	atomic_int open_error;		/* 0: connections open; or -errno */
	atomic_size_t event_max;
	atomic_size_t request_max;
	atomic_uint refusals;		/* requests to refuse with -EAGAIN */
	atomic_bool is_full;		/* refuse requests with -ENOBUFS */
	atomic_uint room_after;		/* until this many waits for room */
	atomic_bool room_waits_last;	/* each wait lasts until its timeout */
	_Atomic(fake_answer_fn) answer;	/* NULL: no call is allowed */
	/* Read by the test. */
	atomic_size_t message_max; /* of the last open */
	atomic_uint opens;
	atomic_uint closes;
	atomic_uint releases;
	atomic_uint recoveries;
	atomic_uint room_waits;
	atomic_uint abandons;
	atomic_uint looks;   /* checks for an event */
	atomic_uint empties; /* checks while none was pending */
	atomic_uint pending; /* events that were not taken */
	_Atomic(const char *) violation;	/* the first; NULL: none */
} fake;

/* Fixtures: after a test, all is closed, and there was no violation. */
void fake_setup(void);
void fake_teardown(void);

/* Wait until @count checks for an event have found none. */
void fake_empties_await(unsigned int count);

/* Make an event pending. */
void fake_event_queue(const void *bytes, size_t size);

/* The daemon ends. Quietly: the descriptor does not show it. */
void fake_die(bool quietly);

/* The requests in their order; valid until the end of the test. */
unsigned int fake_request_count(void);
const struct fake_request *fake_request_get(unsigned int index);

#endif
