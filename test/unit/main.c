/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "../runner.h"
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
	suite_add_tcase(suite, dispatch_pace_case());
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

int main(int argc, char **argv)
{
	runner_arguments(argc, argv, "test/unit/unit");
	return runner_run(srunner_create(unit_suite()));
}
