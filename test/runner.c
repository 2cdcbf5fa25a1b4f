/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

/* The linker's names for check's function that tcase_add_test calls. */
void __real__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end);
void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end);

/* If TEST_NAME is set, add only the test of this name. */
void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal,
			    int exit_value, int start, int end)
{
	const char *name = getenv("TEST_NAME");

	if (name == NULL || strcmp(name, test->name) == 0)
		__real__tcase_add_test(tcase, test, signal, exit_value, start,
				       end);
}

static void usage_print(FILE *file, const char *how)
{
	fprintf(file,
		"Usage: [VARIABLE=VALUE]... %s\n"
		"Run the tests. Variables of the environment:\n"
		"\n"
		"  CK_RUN_SUITE=NAME     run this suite only: "
		"suite_create(NAME)\n"
		"  CK_RUN_CASE=NAME      run the test cases of this name "
		"only:\n"
		"                        tcase_create(NAME), case_add(..., "
		"NAME)\n"
		"  CK_EXCLUDE_TAGS=long  leave out tests that take long\n"
		"  TEST_NAME=NAME        run one test only: START_TEST(NAME)\n"
		"  CK_FORK=no            run the tests in the program's own "
		"process,\n"
		"                        for a debugger\n"
		"  CK_VERBOSITY=verbose  print the name of each test\n"
		"  TEST_DEADLINE=N       a test waits for N seconds, not 60, "
		"before it\n"
		"                        fails\n",
		how);
}

void runner_arguments(int argc, char **argv, const char *how)
{
	if (argc == 1)
		return;
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage_print(stdout, how);
		exit(EXIT_SUCCESS);
	}
	usage_print(stderr, how);
	exit(EXIT_FAILURE);
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
