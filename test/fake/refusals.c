/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A daemon that is out of memory or busy refuses a request, and carries out the
 * next one. A newer daemon may no longer support a request, or may send a reply
 * that is longer.
 */

#include <corosync/quorum.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../daemon/calls.h"
#include "../error_log.h"
#include "client.h"
#include "suites.h"

#define PARTIAL_MCAST 12
#define QUORUM_GETTYPE 3
#define QUORUM_MODEL_GETTYPE 4

struct refusal {
	const char *function;
	int32_t request;
	int32_t reply;	/* its id */
	size_t size;	/* of the reply */
};

static const struct refusal cpg_refusals[] = {
	{ "cpg_join", 0, 0, 24 },
	{ "cpg_leave", 1, 1, 24 },
	{ "cpg_membership_get", 3, 3, 9248 },
	{ "cpg_local_get", 4, 7, 32 },
	{ "cpg_iteration_initialize", 5, 9, 32 },
};

static const struct refusal iteration_refusals[] = {
	{ "cpg_iteration_next", 6, 10, 168 },
	{ "cpg_iteration_finalize", 7, 11, 24 },
};

static const struct refusal quorum_refusals[] = {
	{ "quorum_getquorate", 0, 0, 32 },
	{ "quorum_trackstart", 1, 1, 24 },
	{ "quorum_trackstop", 2, 2, 24 },
};

/* Those of a daemon of today, then those of others. */
static const cs_error_t errors[] = { CS_ERR_NO_MEMORY, CS_ERR_TRY_AGAIN,
				     CS_ERR_INVALID_PARAM, CS_ERR_NOT_SUPPORTED,
				     (cs_error_t)4711 };

#define ERRORS ARRAY_SIZE(errors)
#define ERRORS_TODAY 2

/* The other errors are not in the pages. */
static cs_error_t error_choose(int number)
{
	error_log_pause(number >= ERRORS_TODAY);
	return errors[number];
}

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
		       handle, refusal, error_choose(_i % ERRORS));
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
		       iteration, refusal, error_choose(_i % ERRORS));
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
		       handle, refusal, error_choose(_i % ERRORS));
	assert_cs(CS_OK, quorum_finalize(handle));
	server_stop();
}
END_TEST

START_TEST(quorum_type)
{
	cs_error_t want = error_choose(_i % ERRORS);
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
	static const cs_error_t wants[] = { CS_ERR_NO_MEMORY, CS_ERR_INTERRUPT,
					    CS_ERR_INVALID_PARAM,
					    CS_ERR_NOT_SUPPORTED };
	cpg_handle_t handle = fake_open_joined();
	size_t size = 2 * 1024 * 1024;
	struct iovec iov = { calloc(1, size), size };

	error_log_pause(_i >= 2);
	server_answer_header(PARTIAL_MCAST, 0, (int32_t)wants[_i], 2);
	assert_cs(wants[_i], cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	assert_cs(wants[_i], cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED,
						  iov.iov_base, size));
	assert_cs(CS_OK, cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	free(iov.iov_base);
	fake_close(handle, CS_OK);
}
END_TEST

/* How a reply ends the connection. */
enum last_reply { REPLY_LONGER, REPLY_MUCH_LONGER, REPLY_MISSING };

#define LAST_REPLIES 3

static void last_reply_plan(const struct refusal *refusal, int how)
{
	unsigned char bytes[SERVER_ANSWER_MAX] = { 0 };
	size_t size = refusal->size + (how == REPLY_LONGER ? 8 : 40);
	struct server_answer *answer;

	put_reply(bytes, refusal->reply, size, CS_OK);
	answer = server_answer_set(refusal->request, bytes, size, 1);
	if (how != REPLY_MISSING)
		return;
	answer->copies = 0;
	answer->hangs_up = true;
}

/* The call fails, writes nothing, and so do those after it. */
static void last_reply_assert(const struct call *call, uint64_t handle,
			      const struct refusal *refusal, int how)
{
	last_reply_plan(refusal, how);
	calls_outputs_mark();
	call_assert(CS_ERR_LIBRARY, call, handle);
	ck_assert(calls_outputs_are_untouched());
}

START_TEST(cpg_last_reply)
{
	const struct refusal *refusal = &cpg_refusals[_i / LAST_REPLIES];
	bool joins = strcmp(refusal->function, "cpg_join") == 0;
	cpg_handle_t handle = joins ? fake_open() : fake_open_joined();

	calls_group = fake_group;
	last_reply_assert(call_find(cpg_calls, CPG_CALLS, refusal->function),
			  handle, refusal, _i % LAST_REPLIES);
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(iteration_last_reply)
{
	const struct refusal *refusal = &iteration_refusals[_i / LAST_REPLIES];
	cpg_handle_t handle = fake_open();
	cpg_iteration_handle_t iteration;

	assert_cs(CS_OK, cpg_iteration_initialize(handle, CPG_ITERATION_ALL,
						  NULL, &iteration));
	last_reply_assert(call_find(iteration_calls, ITERATION_CALLS,
				    refusal->function),
			  iteration, refusal, _i % LAST_REPLIES);
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(quorum_last_reply)
{
	const struct refusal *refusal = &quorum_refusals[_i / LAST_REPLIES];
	quorum_handle_t handle;

	server_plan_quorum();
	server_start();
	assert_cs(CS_OK, quorum_initialize(&handle, NULL, NULL));
	last_reply_assert(call_find(quorum_calls, QUORUM_CALLS,
				    refusal->function),
			  handle, refusal, _i % LAST_REPLIES);
	assert_cs(CS_ERR_LIBRARY, quorum_trackstop(handle));
	assert_cs(CS_OK, quorum_finalize(handle));
	server_stop();
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
	tcase_add_loop_test(tcase, fragment, 0, 4);
	tcase_add_loop_test(tcase, cpg_last_reply, 0,
			    ARRAY_SIZE(cpg_refusals) * LAST_REPLIES);
	tcase_add_loop_test(tcase, iteration_last_reply, 0,
			    ARRAY_SIZE(iteration_refusals) * LAST_REPLIES);
	tcase_add_loop_test(tcase, quorum_last_reply, 0,
			    ARRAY_SIZE(quorum_refusals) * LAST_REPLIES);
	return suite;
}
