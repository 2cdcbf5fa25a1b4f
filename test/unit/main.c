/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>

#include "suites.h"

static Suite *unit_suite(void)
{
	Suite *suite = suite_create("unit");

	suite_add_tcase(suite, error_case());
	suite_add_tcase(suite, handle_case());
	suite_add_tcase(suite, handle_fork_case());
	suite_add_tcase(suite, cpg_decode_case());
	suite_add_tcase(suite, cpg_assembly_case());
	suite_add_tcase(suite, quorum_decode_case());
	suite_add_tcase(suite, dispatch_case());
	suite_add_tcase(suite, dispatch_wait_case());
	suite_add_tcase(suite, dispatch_nest_case());
	suite_add_tcase(suite, dispatch_cancel_case());
	suite_add_tcase(suite, client_case());
	suite_add_tcase(suite, cpg_case());
	suite_add_tcase(suite, cpg_event_case());
	suite_add_tcase(suite, cpg_iteration_case());
	suite_add_tcase(suite, cpg_mcast_case());
	suite_add_tcase(suite, cpg_fragment_case());
	suite_add_tcase(suite, quorum_case());
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(unit_suite());
	int failed;
	int run;

	/* Tests rely on a fresh process. */
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	run = srunner_ntests_run(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("no test case of that name\n", stderr);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
