/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The iterations of a cpg handle: a list, and the handle of each. */
#ifndef CPG_ITERATIONS_H
#define CPG_ITERATIONS_H

#include "cpg_client.h"

/*
 * An iteration is found by a handle of its own, but lives and dies with the
 * cpg handle: it does not hold the connection, and whoever uses it has to
 * find the cpg handle open first.
 */
struct cpg_iteration {
	struct handle_object object;
	struct cpg_iteration *next;	/* iterations_lock of the client */
	cpg_iteration_handle_t handle;
	cpg_handle_t cpg_handle;
	uint64_t remote;	/* the daemon's handle */
};

/* Its address is the kind of iteration handles. */
extern const char cpg_iteration_kind;

/* A new one, with a handle. @remote is the daemon's handle of it. */
cs_error_t cpg_iteration_publish(struct cpg *cpg, cpg_handle_t cpg_handle,
				 uint64_t remote,
				 cpg_iteration_handle_t *ret_handle);

/* Its handle was closed: take it off the list, with the table's reference. */
void cpg_iteration_drop(struct cpg *cpg, struct cpg_iteration *iteration);

/* Close all of a client that nobody uses any more. */
void cpg_iterations_clear(struct cpg *cpg);

#endif
