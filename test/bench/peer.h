/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Another process that sends. It runs this program with the libraries of
 * $PEER_LIBRARY_PATH: the same ones, whatever is measured.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <corosync/cpg.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	int fd;
};

/* Returns when the peer is a member of the group. */
void peer_start(struct peer *peer, const struct cpg_name *group);

/* Have it send, and return at once. */
void peer_send(const struct peer *peer, size_t size, unsigned long count);

/* Wait until all of that has also been delivered to the peer. */
void peer_wait(const struct peer *peer);

void peer_end(struct peer *peer);

#endif
