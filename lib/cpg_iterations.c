/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>

#include "cpg_iterations.h"
#include "error.h"
#include "lock.h"

const char cpg_iteration_kind;

static void iteration_destroy(struct handle_object *object)
{
	free(object);
}

cs_error_t cpg_iteration_publish(struct cpg *cpg, cpg_handle_t cpg_handle,
				 uint64_t remote,
				 cpg_iteration_handle_t *ret_handle)
{
	struct cpg_iteration *iteration = calloc(1, sizeof(*iteration));
	int res;

	if (iteration == NULL)
		return CS_ERR_NO_MEMORY;
	handle_init(&iteration->object, &cpg_iteration_kind, iteration_destroy);
	iteration->cpg_handle = cpg_handle;
	iteration->remote = remote;
	lock_take(&cpg_shared(cpg)->iterations_lock);
	res = handle_open(&iteration->object, &iteration->handle);
	if (res == 0) {
		*ret_handle = iteration->handle;
		iteration->next = cpg->iterations;
		cpg->iterations = iteration;
	}
	lock_give(&cpg_shared(cpg)->iterations_lock);
	handle_put(&iteration->object);
	return error_from_errno(res);
}

void cpg_iteration_drop(struct cpg *cpg, struct cpg_iteration *iteration)
{
	struct cpg_iteration **link = &cpg->iterations;

	lock_take(&cpg_shared(cpg)->iterations_lock);
	while (*link != iteration)
		link = &(*link)->next;
	*link = iteration->next;
	lock_give(&cpg_shared(cpg)->iterations_lock);
	handle_put(&iteration->object);
}

void cpg_iterations_clear(struct cpg *cpg)
{
	struct cpg_iteration *iteration;

	while ((iteration = cpg->iterations) != NULL) {
		cpg->iterations = iteration->next;
		if (handle_close(iteration->handle, &cpg_iteration_kind) != NULL)
			handle_put(&iteration->object);
	}
}
