/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A daemon that is out of memory or busy refuses a request, and carries out the
 * next one.
 */

#include <corosync/quorum.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../daemon/calls.h"
#include "client.h"
#include "suites.h"

#define PARTIAL_MCAST 12
#define QUORUM_GETTYPE 3
#define QUORUM_MODEL_GETTYPE 4

struct refusal {
	const char *function;
	int32_t request;
};

static const struct refusal cpg_refusals[] = {
	{ "cpg_join", 0 },
	{ "cpg_leave", 1 },
	{ "cpg_membership_get", 3 },
	{ "cpg_local_get", 4 },
	{ "cpg_iteration_initialize", 5 },
};

static const struct refusal iteration_refusals[] = {
	{ "cpg_iteration_next", 6 },
	{ "cpg_iteration_finalize", 7 },
};

static const struct refusal quorum_refusals[] = {
	{ "quorum_getquorate", 0 },
	{ "quorum_trackstart", 1 },
	{ "quorum_trackstop", 2 },
};

static const cs_error_t errors[] = { CS_ERR_NO_MEMORY, CS_ERR_TRY_AGAIN };

#define ERRORS ARRAY_SIZE(errors)

static const struct call *call_find(const struct call *calls, int count,
				    const char *function)
{
	int i;

	for (i = 0; i < count; i++)
		if (strcmp(calls[i].name, function) == 0)
			return &calls[i];
	ck_abort_msg("no call of %s", function);
	return NULL;
}

/* An iteration is over, unless it is worth to try again. */
static cs_error_t result_after(const struct call *call, cs_error_t refused)
{
	return call->run == cpg_iteration_finalize &&
			       refused != CS_ERR_TRY_AGAIN ?
		       CS_ERR_BAD_HANDLE :
		       CS_OK;
}

static void refusal_assert(const struct call *call, uint64_t handle,
			   const struct refusal *refusal, cs_error_t want)
{
	cs_error_t err;

	server_answer_header(refusal->request, 0, (int32_t)want, 1);
	calls_outputs_mark();
	err = call->run(handle);
	ck_assert_msg(err == want, "%s: %s", call->name, cs_strerror(err));
	ck_assert(calls_outputs_are_untouched());
	err = call->run(handle);
	ck_assert_msg(err == result_after(call, want), "%s: %s", call->name,
		      cs_strerror(err));
}

START_TEST(cpg_call)
{
	const struct refusal *refusal = &cpg_refusals[_i / ERRORS];
	bool joins = strcmp(refusal->function, "cpg_join") == 0;
	cpg_handle_t handle = joins ? fake_open() : fake_open_joined();

	calls_group = fake_group;
	refusal_assert(call_find(cpg_calls, CPG_CALLS, refusal->function),
		       handle, refusal, errors[_i % ERRORS]);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(iteration_call)
{
	const struct refusal *refusal = &iteration_refusals[_i / ERRORS];
	cpg_handle_t handle = fake_open();
	cpg_iteration_handle_t iteration;

	assert_cs(CS_OK, cpg_iteration_initialize(handle, CPG_ITERATION_ALL,
						  NULL, &iteration));
	refusal_assert(call_find(iteration_calls, ITERATION_CALLS,
				 refusal->function),
		       iteration, refusal, errors[_i % ERRORS]);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(quorum_call)
{
	const struct refusal *refusal = &quorum_refusals[_i / ERRORS];
	quorum_handle_t handle;

	server_plan_quorum();
	server_start();
	assert_cs(CS_OK, quorum_initialize(&handle, NULL, NULL));
	refusal_assert(call_find(quorum_calls, QUORUM_CALLS,
				 refusal->function),
		       handle, refusal, errors[_i % ERRORS]);
	assert_cs(CS_OK, quorum_finalize(handle));
	server_stop();
}
END_TEST

START_TEST(quorum_type)
{
	cs_error_t want = errors[_i % ERRORS];
	bool model = _i / ERRORS == 1;
	quorum_handle_t handle = 77;
	cs_error_t err;

	server_plan_quorum();
	server_answer_header(model ? QUORUM_MODEL_GETTYPE : QUORUM_GETTYPE, 0,
			     (int32_t)want, 1);
	server_start();
	if (model)
		err = quorum_model_initialize(&handle, QUORUM_MODEL_V1, NULL,
					      NULL, NULL);
	else
		err = quorum_initialize(&handle, NULL, NULL);
	assert_cs(want, err);
	ck_assert_uint_eq(handle, 77);
	server_stop();
}
END_TEST

/* Fragments: TRY_AGAIN is retried; replies.c tests for how long. */
START_TEST(fragment)
{
	static const cs_error_t wants[] = { CS_ERR_NO_MEMORY,
					    CS_ERR_INTERRUPT };
	cpg_handle_t handle = fake_open_joined();
	size_t size = 2 * 1024 * 1024;
	struct iovec iov = { calloc(1, size), size };

	server_answer_header(PARTIAL_MCAST, 0, (int32_t)wants[_i], 2);
	assert_cs(wants[_i], cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	assert_cs(wants[_i], cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED,
						  iov.iov_base, size));
	assert_cs(CS_OK, cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	free(iov.iov_base);
	fake_close(handle, CS_OK);
}
END_TEST

Suite *refusals_suite(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tcase = fake_case_add(suite, "refusals");

	tcase_add_loop_test(tcase, cpg_call, 0,
			    ARRAY_SIZE(cpg_refusals) * ERRORS);
	tcase_add_loop_test(tcase, iteration_call, 0,
			    ARRAY_SIZE(iteration_refusals) * ERRORS);
	tcase_add_loop_test(tcase, quorum_call, 0,
			    ARRAY_SIZE(quorum_refusals) * ERRORS);
	tcase_add_loop_test(tcase, quorum_type, 0, 2 * ERRORS);
	tcase_add_loop_test(tcase, fragment, 0, 2);
	return suite;
}
