/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(handshake_suite());
	int failed;

	unsetenv("COROCLIENT_TRANSPORT");
	srunner_add_suite(runner, doorbell_suite());
	srunner_add_suite(runner, malformed_suite());
	srunner_add_suite(runner, death_suite());
	srunner_add_suite(runner, requests_suite());
	srunner_add_suite(runner, replies_suite());
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
