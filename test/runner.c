/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

/* The linker gives these names to check's function behind tcase_add_test. */
void __real__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end);
void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end);

/* Only the test that TEST_NAME names, if it is set. */
void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end)
{
	const char *name = getenv("TEST_NAME");

	if (name == NULL || strcmp(name, test->name) == 0)
		__real__tcase_add_test(tcase, test, signal, exit_value, start,
				       end);
}

int runner_run(SRunner *runner)
{
	int failed, run;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	run = srunner_ntests_run(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("no test, suite or case of that name\n", stderr);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
