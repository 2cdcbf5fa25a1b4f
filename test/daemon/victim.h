/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A call that asks the daemon, on a handle of its own; and a thread that
 * makes it again and again, until it fails or is told that it is enough.
 * A handle of the library in one group with raw peers: it has to deliver
 * their good messages, and nothing else.
 */
#ifndef VICTIM_H
#define VICTIM_H

#include <pthread.h>
#include <stdatomic.h>

#include "calls.h"
#include "service.h"

struct victim {
	const struct call *call;
	uint64_t handle;
	struct cpg_name group;		/* that it is in */
	const struct service *service;	/* of the owner */
	uint64_t owner;			/* what to finalize in the end */
	pthread_t thread;
	_Atomic pid_t tid;
	atomic_int oks, refusals;
	atomic_bool enough;
	cs_error_t result;		/* of the last call */
	struct timespec end;		/* of the thread, monotonic */
};

/* One for each function that asks the daemon. */
#define VICTIMS                                                                \
	(CPG_ASK_END - CPG_ASK + ITERATION_CALLS + QUORUM_ASK_END - QUORUM_ASK)

extern struct victim victims[VICTIMS];

void victims_open(void);

/* A handle in a group of its own, which is then calls_group. */
cpg_handle_t cpg_open_numbered(int number);

/* Make the call, once, in this thread; it has to answer @want. */
void call_assert(cs_error_t want, const struct call *call, uint64_t handle);
void victim_assert(cs_error_t want, const struct victim *victim);

/* Start the thread; wait until it waits, is refused, or succeeds often. */
void victim_start(struct victim *victim);

/* Wait for the end of the thread; what the last call answered. */
cs_error_t victim_join(struct victim *victim);
#include <stdbool.h>

#include "raw.h"

/* A handle in the group, with or without a callback for changes of it. */
cpg_handle_t victim_open(const struct cpg_name *group, bool confchg);

/*
 * Let the peer join, and say something: before its first whole message the
 * daemon refuses fragments that do not begin one. No event is left.
 */
void victim_meet(cpg_handle_t handle, const struct peer *peer,
		 const struct cpg_name *group);

/* Dispatch until that many messages are recorded. */
void victim_await(cpg_handle_t handle, size_t messages);

/* No event is pending. */
void victim_assert_idle(cpg_handle_t handle);

/* The n-th message is that pattern, from that peer. */
void victim_assert_message(size_t n, const struct peer *peer, size_t len,
			   uint32_t seed);

/*
 * A small and a big message of the peer's are delivered as they were sent,
 * and before them that many good ones; but of @what came before nothing.
 */
void victim_assert_well(cpg_handle_t handle, const struct peer *peer,
			size_t before, const char *what);

#endif
