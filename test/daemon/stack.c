/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <limits.h>
#include <pthread.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define SMALL_STACK (64 * 1024)
#define BIG_MESSAGE (3u * 1024 * 1024)

static void calls_run(const struct call *calls, int count, uint64_t handle)
{
	cs_error_t err;
	int i;

	for (i = 0; i < count; i++) {
		err = patiently(calls[i].run(handle));
		ck_assert_msg(err == calls[i].expected, "%s: %s",
			      calls[i].name, cs_strerror(err));
	}
}

static void *cpg_everything(void *data)
{
	cpg_iteration_handle_t iteration;
	cpg_handle_t handle = cpg_open();

	(void)data;
	calls_group = name_unique("stack");
	assert_ok(cpg_join(handle, &calls_group));
	assert_ok(pattern_send(handle, BIG_MESSAGE, 1, 100));
	assert_ok(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					   &iteration));
	calls_run(iteration_calls, ITERATION_CALLS, iteration);
	calls_run(cpg_calls, CPG_CALLS, handle);
	return NULL;
}

static void *quorum_everything(void *data)
{
	quorum_model_t model;

	(void)data;
	for (model = QUORUM_MODEL_V0; model <= QUORUM_MODEL_V1; model++)
		calls_run(quorum_calls, QUORUM_CALLS, quorum_open(model));
	return NULL;
}

static void *(*const everything[SERVICES])(void *data) = {
	cpg_everything,
	quorum_everything,
};

/* From initialize to finalize. */
START_TEST(every_call)
{
	size_t stack = SMALL_STACK;
	pthread_attr_t attr;
	pthread_t thread;

	if ((long)stack < PTHREAD_STACK_MIN)
		stack = (size_t)PTHREAD_STACK_MIN;
	pthread_attr_init(&attr);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack), 0);
	ck_assert_int_eq(pthread_create(&thread, &attr, everything[_i], NULL),
			 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	events_clear();
}
END_TEST

Suite *stack_suite(void)
{
	Suite *suite = suite_create("stack");
	TCase *tcase = case_add(suite, "stack");

	tcase_add_loop_test(tcase, every_call, 0, SERVICES);
	return suite;
}
