/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The messages of one member of a group that are in flight: sent, and not
 * come back. Messages of one member come back in the order in which they were
 * sent. So if one has come back, those that were sent before it and have not
 * are lost.
 *
 * Several threads may send at the same time. A message was sent before another
 * one only if its send had ended when that of the other one began.
 *
 * The caller serializes the calls.
 */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * What a message counts more than its length, in bytes. If this is large,
 * so few short messages may be in flight that corosync waits for the sender.
 */
#define BACKLOG_OVERHEAD 64

/* Recognizes a message. */
struct backlog_mark {
	uint64_t sum;
	size_t len;
};

struct backlog_entry {
	struct backlog_mark mark;
	uint64_t begin;	/* the time in steps, unique; ascending */
	uint64_t end;	/* 0: the send has not ended */
	bool is_gone;
};

/* Initially zero. */
struct backlog {
	struct backlog_entry *entries;
	size_t room;		/* of entries */
	size_t first;		/* a ring: the index of the oldest entry */
	size_t used;		/* entries, those that are gone included */
	size_t count;		/* of messages */
	size_t bytes;		/* with the overhead */
	uint64_t time;		/* increases with each begin and end */
};

struct backlog_mark backlog_mark_iov(const struct iovec *iov, size_t count);
struct backlog_mark backlog_mark_bytes(const void *bytes, size_t len);

/*
 * A send begins. Returns its time, for the functions below, or 0 if memory ran
 * out.
 */
uint64_t backlog_begin(struct backlog *backlog,
		       const struct backlog_mark *mark);

/* It ended with success. Has no effect if the message has come back. */
void backlog_end(struct backlog *backlog, uint64_t begin);

/* It failed: the message is not in flight. */
void backlog_cancel(struct backlog *backlog, uint64_t begin);

/*
 * A message of this member came back. Returns false if it is not known.
 * *ret_lost is the number of messages that are lost.
 */
bool backlog_return(struct backlog *backlog, const struct backlog_mark *mark,
		    size_t *ret_lost);

/* Remove all. Returns the number of messages whose send had ended. */
size_t backlog_clear(struct backlog *backlog);

/* Free the memory. */
void backlog_free(struct backlog *backlog);

#endif
