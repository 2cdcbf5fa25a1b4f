/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A transport without a daemon: linked instead of lib/transport.c, and run
 * by the test. It also checks the locking and the lifetimes that
 * transport.h asks of its callers: what is wrong fails the test at its end.
 *
 * "The connection" is the one that was opened last. Any thread may call
 * anything here.
 */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request that was sent, in one piece. */
struct fake_request {
	bool called;	/* a reply is expected */
	bool ordered;
	size_t pieces;
	size_t size;
	unsigned char bytes[];
};

#define FAKE_REPLY_MAX 9300

/* What a call gets: bytes, or -errno. */
struct fake_reply {
	int error;
	size_t size;
	unsigned char bytes[FAKE_REPLY_MAX];
};

/* What answers calls: fills in a zeroed reply. No lock is held. */
typedef void (*fake_answer_fn)(const struct fake_request *request,
			       struct fake_reply *reply);

extern struct fake {
	/* For the test to set. */
	atomic_int open_error;		/* 0: connections open; or -errno */
	atomic_size_t event_max;
	atomic_size_t request_max;
	atomic_uint refusals;		/* requests to answer with -EAGAIN */
	atomic_bool is_full;		/* answer requests with -ENOBUFS, */
	atomic_uint room_after;		/* until so many waits for room; */
	atomic_bool room_waits_last;	/* each wait takes all its time */
	_Atomic(fake_answer_fn) answer;	/* NULL: no call is allowed */
	/* For the test to read. */
	atomic_size_t message_max;	/* that of the last open */
	atomic_uint opens;
	atomic_uint closes;
	atomic_uint releases;
	atomic_uint recoveries;
	atomic_uint room_waits;
	atomic_uint abandons;
	atomic_uint looks;		/* for an event */
	atomic_uint empties;		/* of these, when none was pending */
	atomic_uint pending;		/* events that nobody has taken */
	_Atomic(const char *) violation;	/* the first; NULL: none */
} fake;

/* Before each test, and after it: all is closed, and nothing was wrong. */
void fake_setup(void);
void fake_teardown(void);

/* Wait until so many looks for an event have found none. */
void fake_empties_await(unsigned int count);

/* Let an event come. */
void fake_event_queue(const void *bytes, size_t size);

/* The daemon dies; quietly: the descriptor does not show it. */
void fake_die(bool quietly);

/* The requests, in their order; they stay until the test's end. */
unsigned int fake_request_count(void);
const struct fake_request *fake_request_get(unsigned int index);

#endif
