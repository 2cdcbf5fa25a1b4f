/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "openers.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define HANDLES 20
#define TICK_US 200
#define TIMES 100

static const int cpg_models_bad[] = { 0, 2, 99, -1 };
static const int quorum_models_bad[] = { 2, 99, -1 };
static const unsigned int flags_bad[] = { 0x2, 0x3, 0x80000000u, ~0u };

static volatile int ticks;

START_TEST(handles_differ_and_are_not_0)
{
	const struct opener *opener = &openers[_i];
	uint64_t handles[HANDLES];
	int i, j;

	for (i = 0; i < HANDLES; i++) {
		assert_ok(opener->initialize(&handles[i]));
		ck_assert_uint_ne(handles[i], 0);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(handles[i], handles[j]);
	}
	for (i = 0; i < HANDLES; i++)
		assert_cs(CS_OK, opener->finalize(handles[i]));
}
END_TEST

START_TEST(callbacks_may_be_missing)
{
	quorum_handle_t quorum;
	cpg_handle_t cpg;

	assert_ok(cpg_initialize(&cpg, NULL));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_ok(cpg_model_initialize(&cpg, CPG_MODEL_V1, NULL, NULL));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_ok(quorum_initialize(&quorum, NULL, NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_ok(quorum_model_initialize(&quorum, QUORUM_MODEL_V0, NULL, NULL,
					  NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_ok(quorum_model_initialize(&quorum, QUORUM_MODEL_V1, NULL, NULL,
					  NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(quorum_type_is_set)
{
	quorum_handle_t handle;
	uint32_t type = 99;

	assert_ok(quorum_initialize(&handle, &events_quorum, &type));
	ck_assert_uint_eq(type, QUORUM_SET);
	assert_cs(CS_OK, quorum_finalize(handle));
	type = 99;
	assert_ok(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, &type, NULL));
	ck_assert_uint_eq(type, QUORUM_SET);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(cpg_model_bad)
{
	cpg_handle_t handle = 0;

	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&handle,
				       (cpg_model_t)cpg_models_bad[_i],
				       (cpg_model_data_t *)&events_cpg_v1,
				       NULL));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}
END_TEST

START_TEST(cpg_flags_bad)
{
	cpg_model_v1_data_t model = events_cpg_v1;
	cpg_handle_t handle = 0;

	model.flags = flags_bad[_i];
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_model_bad)
{
	quorum_handle_t handle = 0;
	uint32_t type;

	assert_cs(CS_ERR_INVALID_PARAM,
		  quorum_model_initialize(
			  &handle, (quorum_model_t)quorum_models_bad[_i],
			  (quorum_model_data_t *)&events_quorum_v1, &type,
			  NULL));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(handle));
}
END_TEST

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

START_TEST(signals_do_not_disturb)
{
	uint64_t handle;
	int i;

	timer_start(TICK_US, tick);
	for (i = 0; i < TIMES || ticks < TIMES; i++) {
		assert_cs(CS_OK, openers[_i].initialize(&handle));
		assert_cs(CS_OK, openers[_i].finalize(handle));
	}
	timer_stop();
}
END_TEST

Suite *initialize_suite(void)
{
	Suite *suite = suite_create("initialize");
	TCase *good = case_add(suite, "good");
	TCase *bad = case_add(suite, "bad");

	tcase_add_loop_test(good, handles_differ_and_are_not_0, 0, OPENERS);
	tcase_add_test(good, callbacks_may_be_missing);
	tcase_add_test(good, quorum_type_is_set);
	tcase_add_loop_test(good, signals_do_not_disturb, 0, OPENERS);
	tcase_add_loop_test(bad, cpg_model_bad, 0, ARRAY_SIZE(cpg_models_bad));
	tcase_add_loop_test(bad, cpg_flags_bad, 0, ARRAY_SIZE(flags_bad));
	tcase_add_loop_test(bad, quorum_model_bad, 0,
			    ARRAY_SIZE(quorum_models_bad));
	return suite;
}
