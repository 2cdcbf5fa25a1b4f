/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Calls of every public function that takes a handle. All arguments are valid,
 * except that the handle may be bad.
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
	 * Its result if all functions of the table are called in order on a
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

/* The group that the calls of this thread join, leave and request. */
extern _Thread_local struct cpg_name calls_group;

/*
 * Fill the output parameters of the functions with a pattern, and check
 * whether it is unchanged.
 */
void calls_outputs_mark(void);
bool calls_outputs_are_untouched(void);

/* Make the call, once; it has to return @want. */
void call_assert(cs_error_t want, const struct call *call, uint64_t handle);

/* Make the calls in order; each has to return its expected result. */
void calls_run(const struct call *calls, int count, uint64_t handle);

/* Make those that do not ask, except finalize; each has to return CS_OK. */
void calls_run_local(const struct call *calls, int count, uint64_t handle);

/* Each function must return CS_ERR_BAD_HANDLE and change no output. */
void cpg_assert_bad(uint64_t handle);
void iteration_assert_bad(uint64_t handle);
void quorum_assert_bad(uint64_t handle);

#endif
