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
#define MIB (1024u * 1024)
#define BIG_MESSAGE (3 * MIB)

static void *cpg_everything(void *data)
{
	cpg_iteration_handle_t iteration;
	cpg_handle_t handle;

	(void)data;
	calls_group = name_unique("stack");
	handle = cpg_open_joined(&calls_group);
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

/* Some machines have a larger minimum. */
static size_t stack_size(void)
{
	return SMALL_STACK < PTHREAD_STACK_MIN ? (size_t)PTHREAD_STACK_MIN :
						 SMALL_STACK;
}

/* From initialize to finalize. */
START_TEST(every_call)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack_size()), 0);
	ck_assert_int_eq(pthread_create(&thread, &attr, everything[_i], NULL),
			 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	events_clear();
}
END_TEST

START_TEST(small_stack)
{
	static const size_t lens[] = { 0, 100, 1000000, 5 * MIB };
	struct cpg_name group = name_unique("stack");
	cpg_handle_t handle = cpg_open_joined(&group);
	struct caller dispatcher;

	assert_ok(pattern_send(handle, lens[_i], 1, 1));
	while (events_count() == 0) {
		caller_dispatch_on_stack(&dispatcher,
					 services[SERVICE_CPG].dispatch, handle,
					 CS_DISPATCH_ONE, stack_size());
		assert_cs(CS_OK, caller_join(&dispatcher));
	}
	ck_assert(event_was_delivered(lens[_i], 1));
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

START_TEST(quorum_small_stack)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);
	struct caller dispatcher;

	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	caller_dispatch_on_stack(&dispatcher, services[SERVICE_QUORUM].dispatch,
				 handle, CS_DISPATCH_ONE, stack_size());
	assert_cs(CS_OK, caller_join(&dispatcher));
	ck_assert_uint_eq(events_count(), 1);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

Suite *stack_suite(void)
{
	Suite *suite = suite_create("stack");
	TCase *tcase = case_add(suite, "stack");

	tcase_add_loop_test(tcase, every_call, 0, SERVICES);
	tcase_add_loop_test(tcase, small_stack, 0, 4);
	tcase_add_test(tcase, quorum_small_stack);
	return suite;
}
