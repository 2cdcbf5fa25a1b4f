/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static char first, second;

static void *cpg_context(cpg_handle_t handle)
{
	void *context = &context;

	assert_cs(CS_OK, cpg_context_get(handle, &context));
	return context;
}

static const void *quorum_context(quorum_handle_t handle)
{
	const void *context = &context;

	assert_cs(CS_OK, quorum_context_get(handle, &context));
	return context;
}

START_TEST(cpg_starts_with)
{
	cpg_handle_t handle;

	assert_ok(cpg_initialize(&handle, &events_cpg));
	ck_assert_ptr_null(cpg_context(handle));
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&events_cpg_v1,
				       NULL));
	ck_assert_ptr_null(cpg_context(handle));
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&events_cpg_v1,
				       &first));
	ck_assert_ptr_eq(cpg_context(handle), &first);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_starts_with)
{
	quorum_handle_t handle;

	assert_ok(quorum_initialize(&handle, &events_quorum, NULL));
	ck_assert_ptr_null(quorum_context(handle));
	assert_cs(CS_OK, quorum_finalize(handle));
	assert_ok(quorum_model_initialize(
		&handle, QUORUM_MODEL_V0,
		(quorum_model_data_t *)&events_quorum_v0, NULL, NULL));
	ck_assert_ptr_null(quorum_context(handle));
	assert_cs(CS_OK, quorum_finalize(handle));
	assert_ok(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, NULL, &first));
	ck_assert_ptr_eq(quorum_context(handle), &first);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

/* Each handle has a context of its own. */
START_TEST(set_and_get)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);
	cpg_handle_t cpg = cpg_open(), other = cpg_open();

	assert_cs(CS_OK, cpg_context_set(cpg, &first));
	assert_cs(CS_OK, cpg_context_set(other, &second));
	assert_cs(CS_OK, quorum_context_set(quorum, &second));
	ck_assert_ptr_eq(cpg_context(cpg), &first);
	ck_assert_ptr_eq(cpg_context(other), &second);
	ck_assert_ptr_eq(quorum_context(quorum), &second);
	assert_cs(CS_OK, cpg_context_set(cpg, NULL));
	assert_cs(CS_OK, quorum_context_set(quorum, NULL));
	ck_assert_ptr_null(cpg_context(cpg));
	ck_assert_ptr_eq(cpg_context(other), &second);
	ck_assert_ptr_null(quorum_context(quorum));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, cpg_finalize(other));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

static void hook_set_second(struct event *event)
{
	assert_cs(CS_OK, cpg_context_set(event->handle, &second));
}

static void hook_quorum_set_second(struct event *event)
{
	assert_cs(CS_OK, quorum_context_set(event->handle, &second));
}

START_TEST(cpg_next_callback_sees_it)
{
	struct cpg_name group = name_unique("context");
	cpg_handle_t handle = cpg_open_joined(&group);
	int i;

	for (i = 0; i < 3; i++)
		assert_ok(pattern_send(handle, 10, 1, 1));
	dispatch_until(handle, events_count() == 3);
	ck_assert_ptr_null(event_get(2)->context);
	events_clear();
	event_hook = hook_set_second;
	assert_cs(CS_OK, cpg_context_set(handle, &first));
	for (i = 0; i < 3; i++)
		assert_ok(pattern_send(handle, 10, 1, 1));
	dispatch_until(handle, events_count() == 3);
	ck_assert_ptr_eq(event_get(0)->context, &first);
	ck_assert_ptr_eq(event_get(1)->context, &second);
	ck_assert_ptr_eq(event_get(2)->context, &second);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_next_callback_sees_it)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V1);

	event_hook = hook_quorum_set_second;
	assert_cs(CS_OK, quorum_context_set(handle, &first));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 2);
	ck_assert_ptr_eq(event_get(0)->context, &first);
	ck_assert_ptr_eq(event_get(1)->context, &second);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

Suite *context_suite(void)
{
	Suite *suite = suite_create("context");
	TCase *tcase = case_add(suite, "context");

	tcase_add_test(tcase, cpg_starts_with);
	tcase_add_test(tcase, quorum_starts_with);
	tcase_add_test(tcase, set_and_get);
	tcase_add_test(tcase, cpg_next_callback_sees_it);
	tcase_add_test(tcase, quorum_next_callback_sees_it);
	return suite;
}
