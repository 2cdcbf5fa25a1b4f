/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The list of the iterations of a cpg handle. */
#ifndef CPG_ITERATIONS_H
#define CPG_ITERATIONS_H

#include "cpg_client.h"

/*
 * An iteration has a handle of its own, but ends with its cpg handle. It holds
 * no reference to the client. So each use of it must first get the client by
 * the cpg handle, which fails if that is closed.
 */
struct cpg_iteration {
	struct handle_object object;
	struct cpg_iteration *next;	/* iterations_lock */
	cpg_iteration_handle_t handle;
	cpg_handle_t cpg_handle;
	uint64_t remote;	/* the daemon's handle */
};

/* The address of this is the kind of iteration handles. */
extern const char cpg_iteration_kind;

/* Create an iteration, and its handle. @remote is the daemon's handle. */
cs_error_t cpg_iteration_publish(struct cpg *cpg, cpg_handle_t cpg_handle,
				 uint64_t remote,
				 cpg_iteration_handle_t *ret_handle);

/*
 * Remove an iteration whose handle was closed from the list, and give back the
 * reference of the handle table.
 */
void cpg_iteration_drop(struct cpg *cpg, struct cpg_iteration *iteration);

/* Close all iterations. No other thread uses the client. */
void cpg_iterations_clear(struct cpg *cpg);

#endif
