/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "../runner.h"
#include "suites.h"

static Suite *session_suite(void)
{
	Suite *suite = suite_create("session");

	suite_add_tcase(suite, backlog_case());
	suite_add_tcase(suite, open_case());
	suite_add_tcase(suite, close_case());
	suite_add_tcase(suite, dispatch_case());
	suite_add_tcase(suite, dispatch_threads_case());
	suite_add_tcase(suite, group_case());
	suite_add_tcase(suite, send_case());
	suite_add_tcase(suite, loss_case());
	suite_add_tcase(suite, reconnect_case());
	suite_add_tcase(suite, reason_case());
	suite_add_tcase(suite, memory_case());
	suite_add_tcase(suite, forks_case());
	return suite;
}

int main(int argc, char **argv)
{
	runner_arguments(argc, argv, "test/session/session");
	return runner_run(srunner_create(session_suite()));
}
