/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <unistd.h>

#include "cases.h"
#include "service.h"

static cpg_iteration_handle_t iteration_open(cpg_handle_t handle,
					     cpg_iteration_type_t type,
					     const struct cpg_name *group)
{
	cpg_iteration_handle_t iteration = 0;

	CHECK_OK(cpg_iteration_initialize(handle, type, group, &iteration));
	CHECK(iteration != 0);
	return iteration;
}

/* How often the group appears, with this process as the member, or without. */
static int group_count(cpg_iteration_handle_t iteration,
		       const struct cpg_name *group, bool member)
{
	struct cpg_iteration_description_t step;
	cs_error_t err;
	int count = 0;

	for (;;) {
		err = cpg_iteration_next(iteration, &step);
		if (err == CS_ERR_NO_SECTIONS)
			return count;
		if (err == CS_ERR_TRY_AGAIN)
			continue;
		CHECK_CS(CS_OK, err);
		if (!name_equal(&step.group, group))
			continue;
		count++;
		CHECK_INT(member ? getpid() : 0, step.pid);
	}
}

static void types(void)
{
	struct cpg_name group = name_unique("iteration");
	cpg_handle_t handle = cpg_open_joined(&group);
	cpg_iteration_handle_t iteration;

	iteration = iteration_open(handle, CPG_ITERATION_NAME_ONLY, NULL);
	CHECK_INT(1, group_count(iteration, &group, false));
	CHECK_OK(cpg_iteration_finalize(iteration));
	iteration = iteration_open(handle, CPG_ITERATION_ALL, NULL);
	CHECK_INT(1, group_count(iteration, &group, true));
	CHECK_OK(cpg_iteration_finalize(iteration));
	iteration = iteration_open(handle, CPG_ITERATION_ONE_GROUP, &group);
	CHECK_INT(1, group_count(iteration, &group, true));
	CHECK_OK(cpg_iteration_finalize(iteration));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iteration));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void is_snapshot(void)
{
	struct cpg_name group = name_unique("snapshot");
	cpg_handle_t handle = cpg_open_joined(&group);
	cpg_iteration_handle_t iteration;

	iteration = iteration_open(handle, CPG_ITERATION_ONE_GROUP, &group);
	CHECK_OK(cpg_leave(handle, &group));
	dispatch_until(handle, 1);
	CHECK_INT(1, group_count(iteration, &group, true));
	CHECK_OK(cpg_iteration_finalize(iteration));
	iteration = iteration_open(handle, CPG_ITERATION_ONE_GROUP, &group);
	CHECK_INT(0, group_count(iteration, &group, true));
	CHECK_OK(cpg_iteration_finalize(iteration));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void without_callbacks(void)
{
	struct cpg_name group = name_unique("iteration");
	cpg_iteration_handle_t iteration;
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, NULL));
	iteration = iteration_open(handle, CPG_ITERATION_NAME_ONLY, NULL);
	CHECK_INT(0, group_count(iteration, &group, false));
	CHECK_OK(cpg_iteration_finalize(iteration));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void after_finalize(void)
{
	struct cpg_iteration_description_t step;
	cpg_handle_t handle = service_cpg.open();
	cpg_iteration_handle_t iteration;

	iteration = iteration_open(handle, CPG_ITERATION_ALL, NULL);
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_iteration_next(iteration, &step));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iteration));
}

const struct conf_case iteration_cases[] = {
	{ "iteration_types", "K26", "the three types of iterations", 0, types },
	{ "iteration_is_snapshot", "K26", "an iteration is a snapshot", 0,
	  is_snapshot },
	{ "iteration_without_callbacks", "K26",
	  "an iteration on a handle without callbacks", 0, without_callbacks },
	{ "iteration_after_finalize", "B18",
	  "an iteration ends with its cpg handle", 0, after_finalize },
	{ 0 },
};
