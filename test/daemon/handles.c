/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "calls.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static const uint64_t handles_bad[] = {
	0,
	1,
	0x7fffffff,
	0x100000000,
	0xffffffff00000000,
	0xffffffff00000001,
	0xdeadbeefdeadbeef,
	UINT64_MAX,
};

START_TEST(handle_bad)
{
	cpg_assert_bad(handles_bad[_i]);
	iteration_assert_bad(handles_bad[_i]);
	quorum_assert_bad(handles_bad[_i]);
}
END_TEST

/* Handles are open, so a wrong number could be mistaken for one of them. */
START_TEST(handle_nearly_right)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
	cpg_handle_t cpg = cpg_open();
	int bit;

	for (bit = 0; bit < 64; bit++) {
		cpg_assert_bad(cpg ^ (1ull << bit));
		quorum_assert_bad(quorum ^ (1ull << bit));
	}
	cpg_assert_bad(cpg | 0xffffffff00000000);
	quorum_assert_bad(quorum | 0xffffffff00000000);
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(handle_of_another_kind)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);
	cpg_handle_t cpg = cpg_open();
	cpg_iteration_handle_t iteration;

	assert_ok(cpg_iteration_initialize(cpg, CPG_ITERATION_ALL, NULL,
					   &iteration));
	quorum_assert_bad(cpg);
	iteration_assert_bad(cpg);
	cpg_assert_bad(quorum);
	iteration_assert_bad(quorum);
	cpg_assert_bad(iteration);
	quorum_assert_bad(iteration);
	assert_cs(CS_OK, cpg_iteration_finalize(iteration));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(handle_finalized)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);
	cpg_handle_t cpg = cpg_open();

	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	cpg_assert_bad(cpg);
	quorum_assert_bad(quorum);
}
END_TEST

/* A new handle in the slot of a finalized one has a different value. */
START_TEST(handle_finalized_and_another_opened)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1), quorum_next;
	cpg_handle_t cpg = cpg_open(), cpg_next;

	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	cpg_next = cpg_open();
	quorum_next = quorum_open(QUORUM_MODEL_V1);
	cpg_assert_bad(cpg);
	quorum_assert_bad(quorum);
	assert_cs(CS_OK, cpg_finalize(cpg_next));
	assert_cs(CS_OK, quorum_finalize(quorum_next));
}
END_TEST

Suite *handles_suite(void)
{
	Suite *suite = suite_create("handles");
	TCase *bad = case_add(suite, "bad");

	tcase_add_loop_test(bad, handle_bad, 0, ARRAY_SIZE(handles_bad));
	tcase_add_test(bad, handle_nearly_right);
	tcase_add_test(bad, handle_of_another_kind);
	tcase_add_test(bad, handle_finalized);
	tcase_add_test(bad, handle_finalized_and_another_opened);
	return suite;
}
