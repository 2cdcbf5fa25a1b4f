/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <sys/uio.h>

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static struct cpg_name name_long(void)
{
	struct cpg_name name = { .length = CPG_MAX_NAME_LENGTH + 1 };

	return name;
}

START_TEST(initialize_null)
{
	uint32_t type;

	assert_cs(CS_ERR_INVALID_PARAM, cpg_initialize(NULL, &events_cpg));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(NULL, CPG_MODEL_V1,
				       (cpg_model_data_t *)&events_cpg_v1,
				       NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  quorum_initialize(NULL, &events_quorum, &type));
	assert_cs(CS_ERR_INVALID_PARAM,
		  quorum_model_initialize(
			  NULL, QUORUM_MODEL_V1,
			  (quorum_model_data_t *)&events_quorum_v1, &type,
			  NULL));
}
END_TEST

START_TEST(cpg_get_null)
{
	cpg_handle_t handle = cpg_open();

	assert_cs(CS_ERR_INVALID_PARAM, cpg_fd_get(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_max_atomic_msgsize_get(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_context_get(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_local_get(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_flow_control_state_get(handle, NULL));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(group_null)
{
	struct cpg_name group = name_unique("null");
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t handle = cpg_open_joined(&group);
	int count = 12345;

	assert_cs(CS_ERR_INVALID_PARAM, cpg_join(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_leave(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(handle, NULL, members, &count));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(handle, &group, NULL, &count));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(handle, &group, members, NULL));
	ck_assert_int_eq(count, 12345);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(message_null)
{
	struct cpg_name group = name_unique("null");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct iovec iov = { .iov_base = NULL, .iov_len = 5 };
	void *buffer;

	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 1));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_zcb_alloc(handle, 10, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_zcb_free(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 5));
	assert_ok(cpg_zcb_alloc(handle, 10, &buffer));
	assert_ok(cpg_zcb_free(handle, buffer));
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(iteration_null)
{
	struct cpg_name group = name_unique("null");
	cpg_handle_t handle = cpg_open();
	cpg_iteration_handle_t iteration;

	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					   NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					   &group, NULL));
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					   NULL, &iteration));
	assert_ok(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					   &iteration));
	assert_cs(CS_ERR_INVALID_PARAM, cpg_iteration_next(iteration, NULL));
	assert_cs(CS_OK, cpg_iteration_finalize(iteration));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_get_null)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);

	assert_cs(CS_ERR_INVALID_PARAM, quorum_fd_get(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, quorum_getquorate(handle, NULL));
	assert_cs(CS_ERR_INVALID_PARAM, quorum_context_get(handle, NULL));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

/* The length of the name is checked first, even with a bad handle. */
START_TEST(join_name_too_long)
{
	struct cpg_name group = name_long();
	cpg_handle_t handle = cpg_open();

	assert_cs(CS_ERR_NAME_TOO_LONG, cpg_join(0, &group));
	assert_cs(CS_ERR_NAME_TOO_LONG, cpg_join(handle, &group));
	group.length = UINT32_MAX;
	assert_cs(CS_ERR_NAME_TOO_LONG, cpg_join(handle, &group));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(name_too_long_elsewhere)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = name_long();
	cpg_handle_t handle = cpg_open();
	cpg_iteration_handle_t iteration;
	int count;

	assert_cs(CS_ERR_NAME_TOO_LONG, cpg_leave(handle, &group));
	assert_cs(CS_ERR_NAME_TOO_LONG,
		  cpg_membership_get(handle, &group, members, &count));
	assert_cs(CS_ERR_NAME_TOO_LONG,
		  cpg_membership_get(handle, &group, NULL, NULL));
	assert_cs(CS_ERR_NAME_TOO_LONG,
		  cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					   &group, &iteration));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

Suite *arguments_suite(void)
{
	Suite *suite = suite_create("arguments");
	TCase *null = case_add(suite, "null");
	TCase *name = case_add(suite, "name");

	tcase_add_test(null, initialize_null);
	tcase_add_test(null, cpg_get_null);
	tcase_add_test(null, group_null);
	tcase_add_test(null, message_null);
	tcase_add_test(null, iteration_null);
	tcase_add_test(null, quorum_get_null);
	tcase_add_test(name, join_name_too_long);
	tcase_add_test(name, name_too_long_elsewhere);
	return suite;
}
