/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Every public function that takes a handle, called with arguments that are
 * good but for the handle.
 */
#ifndef CALLS_H
#define CALLS_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stdint.h>

struct call {
	const char *name;
	cs_error_t (*run)(uint64_t handle);
	/*
	 * What it answers when all of a table are called in this order, on a
	 * handle that has joined calls_group.
	 */
	cs_error_t expected;
	bool asks; /* it uses the connection to the daemon */
};

#define CPG_CALLS	16
#define ITERATION_CALLS 2
#define QUORUM_CALLS	8

extern const struct call cpg_calls[CPG_CALLS];
extern const struct call iteration_calls[ITERATION_CALLS];
extern const struct call quorum_calls[QUORUM_CALLS];

/* The group that they join, leave and ask for, in this thread. */
extern _Thread_local struct cpg_name calls_group;

/*
 * Where the functions put their answers: fill it with a pattern, and see
 * whether it is still there.
 */
void calls_outputs_mark(void);
bool calls_outputs_are_untouched(void);

/* Make the call, once; it has to return @want. */
void call_assert(cs_error_t want, const struct call *call, uint64_t handle);

/* Make those calls in this order; each has to answer what is expected. */
void calls_run(const struct call *calls, int count, uint64_t handle);

/* Make those that do not ask, except finalize; each has to return CS_OK. */
void calls_run_local(const struct call *calls, int count, uint64_t handle);

/* Every function says CS_ERR_BAD_HANDLE, and leaves its outputs alone. */
void cpg_assert_bad(uint64_t handle);
void iteration_assert_bad(uint64_t handle);
void quorum_assert_bad(uint64_t handle);

#endif
