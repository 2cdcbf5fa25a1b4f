/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A call that asks the daemon, on a handle of its own, and a thread that
 * repeats the call until it fails or @enough is set.
 */
#ifndef PENDING_CALL_H
#define PENDING_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include "calls.h"
#include "service.h"

struct pending_call {
	const struct call *call;
	uint64_t handle;
	struct cpg_name group;		   /* that the handle has joined */
	const struct service_api *service; /* of the owner */
	uint64_t owner; /* the handle to finalize at the end */
	pthread_t thread;
	_Atomic pid_t tid;
	atomic_int oks, refusals;
	atomic_bool enough;
	cs_error_t result;   /* of the last call */
	struct timespec end; /* of the thread, monotonic */
};

/* Filled by pending_calls_open: one for each function that asks the daemon. */
#define PENDING_CALLS_MAX (CPG_CALLS + ITERATION_CALLS + QUORUM_CALLS)
extern struct pending_call pending_calls[PENDING_CALLS_MAX];
extern int pending_calls_count;

void pending_calls_open(void);

/* A handle in a group of its own, which is then calls_group. */
cpg_handle_t cpg_open_numbered(int number);

/* Make the call, once, in this thread; it has to return @want. */
void pending_call_assert(cs_error_t want, const struct pending_call *pending);

/* Start the thread; wait until it waits, is refused, or succeeds often. */
void pending_call_start(struct pending_call *pending);

/* Wait for the end of the thread; returns the result of the last call. */
cs_error_t pending_call_join(struct pending_call *pending);

#endif
