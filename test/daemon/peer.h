/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A process with a cpg handle of its own that follows orders of the test.
 * Start peers before handles are opened: a child keeps the descriptors that it
 * inherits.
 */
#ifndef PEER_H
#define PEER_H

#include <corosync/cpg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum peer_verb {
	PEER_JOIN,	/* group; done when it has seen itself join */
	PEER_LEAVE,	/* group; done when it has seen itself leave */
	PEER_SEND,	/* count patterns of len from seed; until it has them */
	PEER_RECEIVE,	/* wait for the pattern of len and seed */
	PEER_SEE,	/* wait until pid is listed as joined or left: reason */
	PEER_VOTES,	/* make the daemon expect count votes */
	PEER_END,
};

struct peer_order {
	enum peer_verb verb;
	struct cpg_name group;
	size_t len;
	uint32_t seed, count;
	uint32_t pid, reason;
};

struct peer {
	pid_t pid;
	int fd;
};

/* Start a peer; returns when the peer has its handle. */
void peer_start(struct peer *peer);

/* Start a peer of another kind, which gets its orders from @fd and _exits. */
void peer_start_as(struct peer *peer, void (*run)(int fd));

/* Send the peer an order; may be called in a signal handler. */
void peer_order(const struct peer *peer, const struct peer_order *order);

/* Wait until the peer has carried out its order. */
void peer_done(const struct peer *peer);

/* peer_order and peer_done. */
void peer_do(const struct peer *peer, struct peer_order order);

/* End the peer: it finalizes its handle, or is killed by SIGKILL. */
void peer_end(struct peer *peer);
void peer_kill(struct peer *peer);

/* Wait for the end of a peer, which must have this wait status. */
void peer_reap(struct peer *peer, int expected);

#endif
