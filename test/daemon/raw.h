/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A peer that does not use the library: it talks to the daemon by itself, and
 * so can say what no library would. The daemon passes it on, as it came.
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

/* A multicast with numbers that need not be true. */
struct raw_piece {
	int32_t type;		/* enum raw_type, or anything */
	uint32_t msglen;	/* announced: of the whole message */
	uint32_t fraglen;	/* announced: of this fragment */
	uint32_t len;		/* what there is */
};

/* Start it; end it with raw_end, or with peer_kill. */
void raw_start(struct peer *peer);
void raw_end(struct peer *peer);

/*
 * Done when it has seen itself join; or when the leave is on its way. @pid: to
 * leave under, or 0 for the peer's own.
 */
void raw_join(const struct peer *peer, const struct cpg_name *group);
void raw_leave(const struct peer *peer, const struct cpg_name *group,
	       uint32_t pid);

/* Send the piece, full of nothing in particular; the daemon takes it. */
void raw_send(const struct peer *peer, struct raw_piece piece);

/* Send a good message: the pattern of that length and seed. */
void raw_pattern(const struct peer *peer, size_t len, uint32_t seed);

/* Send part of one: those bytes of it, as a fragment of that type. */
void raw_slice(const struct peer *peer, size_t len, uint32_t seed,
	       size_t offset, size_t size);

#endif
