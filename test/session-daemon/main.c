/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../daemon/support.h"
#include "../runner.h"
#include "suites.h"

int main(int argc, char **argv)
{
	SRunner *runner;

	runner_arguments(argc, argv,
			 "TEST_IPC=TYPE test/with-corosync --ipc TYPE "
			 "test/session-daemon/session-daemon\n"
			 "TYPE is shm or socket.");
	environment_get("COROSYNC_RESTART");
	if (kill(daemon_pid(), 0) != 0) {
		perror("the daemon");
		return EXIT_FAILURE;
	}
	runner = srunner_create(use_suite());
	srunner_add_suite(runner, deadlines_suite());
	srunner_add_suite(runner, words_suite());
	srunner_add_suite(runner, threads_suite());
	srunner_add_suite(runner, forks_suite());
	srunner_add_suite(runner, loops_suite());
	srunner_add_suite(runner, restarts_suite());
	return runner_run(runner);
}
