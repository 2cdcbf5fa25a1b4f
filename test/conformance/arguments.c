/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <sys/uio.h>

#include "cases.h"
#include "service.h"

#define BAD ((uint64_t)0x123456789abcULL)
#define MARK 0x5a

static void null_initialize(void)
{
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_initialize(NULL, &events_cpg));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_model_initialize(NULL, CPG_MODEL_V1,
				      (cpg_model_data_t *)&events_cpg_v1,
				      NULL));
}

static void null_quorum_initialize(void)
{
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 quorum_initialize(NULL, &events_quorum, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 quorum_model_initialize(
			 NULL, QUORUM_MODEL_V1,
			 (quorum_model_data_t *)&events_quorum_v1, NULL,
			 NULL));
}

static void null_get(void)
{
	cpg_handle_t handle = cpg_open();

	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_fd_get(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_max_atomic_msgsize_get(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_context_get(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_local_get(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_flow_control_state_get(handle, NULL));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void null_group(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct cpg_address members[CPG_MEMBERS_MAX];
	int count = 0;

	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_join(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_leave(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_membership_get(handle, NULL, members, &count));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void null_message(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct iovec iov = { NULL, 5 };

	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 1));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_zcb_alloc(handle, 10, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_zcb_free(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 5));
	CHECK_CS(CS_ERR_TRY_AGAIN,
		 cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void null_iteration(void)
{
	cpg_handle_t handle = cpg_open();
	cpg_iteration_handle_t iteration;

	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					  NULL, &iteration));
	CHECK_OK(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
	CHECK_CS(CS_ERR_INVALID_PARAM, cpg_iteration_next(iteration, NULL));
	CHECK_CS(CS_OK, cpg_iteration_finalize(iteration));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void null_quorum(void)
{
	quorum_handle_t handle = quorum_open();

	CHECK_CS(CS_ERR_INVALID_PARAM, quorum_fd_get(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, quorum_getquorate(handle, NULL));
	CHECK_CS(CS_ERR_INVALID_PARAM, quorum_context_get(handle, NULL));
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

#define UNCHANGED(variable)                                                 \
	CHECK(memchr_inverse(&(variable), sizeof(variable)) == NULL)

/* The first byte that is not the mark. */
static const void *memchr_inverse(const void *memory, size_t len)
{
	const unsigned char *byte = memory, *end = byte + len;

	for (; byte < end; byte++)
		if (*byte != MARK)
			return byte;
	return NULL;
}

static struct {
	int number;
	uint32_t size;
	unsigned int nodeid;
	void *pointer;
	cpg_flow_control_state_t flow;
	cpg_iteration_handle_t iteration;
	struct cpg_iteration_description_t description;
	struct cpg_address members[CPG_MEMBERS_MAX];
} out;

static void outputs_on_failure(void)
{
	struct cpg_name group = name_unique("output");

	memset(&out, MARK, sizeof(out));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_fd_get(BAD, &out.number));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_max_atomic_msgsize_get(BAD, &out.size));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_context_get(BAD, &out.pointer));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_local_get(BAD, &out.nodeid));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_flow_control_state_get(BAD, &out.flow));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_zcb_alloc(BAD, 10, &out.pointer));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 cpg_membership_get(BAD, &group, out.members, &out.number));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 cpg_iteration_initialize(BAD, CPG_ITERATION_ALL, NULL,
					  &out.iteration));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_iteration_next(BAD, &out.description));
	UNCHANGED(out);
}

static void outputs_of_initialize(void)
{
	quorum_handle_t quorum;
	cpg_handle_t handle;
	uint32_t type;

	memset(&quorum, MARK, sizeof(quorum));
	memset(&handle, MARK, sizeof(handle));
	memset(&type, MARK, sizeof(type));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_model_initialize(&handle, (cpg_model_t)99, NULL, NULL));
	UNCHANGED(handle);
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 quorum_model_initialize(&quorum, (quorum_model_t)99, NULL,
					 &type, NULL));
	UNCHANGED(quorum);
	UNCHANGED(type);
}

static void outputs_of_requests(void)
{
	struct cpg_name group = name_unique("output");
	cpg_iteration_handle_t iteration;
	cpg_handle_t handle = cpg_open();

	memset(&out, MARK, sizeof(out));
	CHECK_OK(cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					  &group, &iteration));
	CHECK_CS_LATER(CS_ERR_NO_SECTIONS,
		       cpg_iteration_next(iteration, &out.description));
	UNCHANGED(out.description);
	group.length = CPG_MAX_NAME_LENGTH + 1;
	CHECK_CS(CS_ERR_NAME_TOO_LONG,
		 cpg_membership_get(handle, &group, out.members, &out.number));
	CHECK_CS(CS_ERR_NAME_TOO_LONG,
		 cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					  &group, &out.iteration));
	UNCHANGED(out);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case arguments_cases[] = {
	{ "null_cpg_initialize", "B19", "NULL as the handle of cpg_initialize",
	  0, null_initialize },
	{ "null_quorum_initialize", "B19",
	  "NULL as the handle of quorum_initialize", 0,
	  null_quorum_initialize },
	{ "null_cpg_get", "B19", "NULL as the result of functions that get", 0,
	  null_get },
	{ "null_group", "B19", "NULL as a group", 0, null_group },
	{ "null_message", "B19", "NULL as a message", 0, null_message },
	{ "null_iteration", "B19", "NULL for an iteration", 0,
	  null_iteration },
	{ "null_quorum", "B19", "NULL as the result of quorum functions", 0,
	  null_quorum },
	{ "outputs_bad_handle", "B21",
	  "output arguments are unchanged after CS_ERR_BAD_HANDLE", 0,
	  outputs_on_failure },
	{ "outputs_initialize", "B21",
	  "output arguments are unchanged after a failed initialize", 0,
	  outputs_of_initialize },
	{ "outputs_requests", "B21",
	  "output arguments are unchanged after failed requests", 0,
	  outputs_of_requests },
	{ 0 },
};
