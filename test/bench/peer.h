/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Another process that sends. It runs this program with the libraries in
 * $PEER_LIBRARY_PATH, which are the same for all measurements.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <corosync/cpg.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	int fd;
};

/* Start the peer. Returns when it is a member of the group. */
void peer_start(struct peer *peer, const struct cpg_name *group);

/* Make the peer send @count messages of @size bytes. Returns at once. */
void peer_send(const struct peer *peer, size_t size, unsigned long count);

/* Wait until these messages have been delivered to the peer, too. */
void peer_wait(const struct peer *peer);

/* End the peer. Ends the program if the peer has failed. */
void peer_end(struct peer *peer);

#endif
