/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A peer that does not use the library. It sends requests to the daemon by
 * itself, including malformed ones. The daemon passes them on unchanged.
 */
#ifndef RAW_H
#define RAW_H

#include <corosync/cpg.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"

/* The largest fragment of good messages; see cpg_max_atomic_msgsize_get. */
#define RAW_FRAGMENT_MAX 1047552

enum raw_type {
	RAW_WHOLE = INT32_MIN,	/* not a fragment: cpg_mcast_joined's */
	RAW_FIRST = 1,
	RAW_CONTINUED,
	RAW_LAST,
};

/* A multicast whose numbers may be wrong. */
struct raw_piece {
	int32_t type;		/* enum raw_type, or anything */
	uint32_t msglen;	/* announced: of the whole message */
	uint32_t fraglen;	/* announced: of this fragment */
	uint32_t len;		/* the true one */
};

/* Start it; end it with raw_end, or with peer_kill. */
void raw_start(struct peer *peer);
void raw_end(struct peer *peer);

/*
 * raw_join waits for the peer's join event; raw_leave returns when the leave
 * was sent. @pid: the pid in the leave, or 0 for the peer's own.
 */
void raw_join(const struct peer *peer, const struct cpg_name *group);
void raw_leave(const struct peer *peer, const struct cpg_name *group,
	       uint32_t pid);

/* Send the piece, with arbitrary content; the daemon accepts it. */
void raw_send(const struct peer *peer, struct raw_piece piece);

/* Send a good message: the pattern of that length and seed. */
void raw_pattern(const struct peer *peer, size_t len, uint32_t seed);

/* Send a part of a message as one fragment. */
void raw_slice(const struct peer *peer, size_t len, uint32_t seed,
	       size_t offset, size_t size);

#endif
