/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../runner.h"
#include "suites.h"
#include "support.h"

int main(int argc, char **argv)
{
	SRunner *runner;

	runner_arguments(argc, argv,
			 "TEST_IPC=TYPE test/with-corosync --ipc TYPE "
			 "test/daemon/daemon\n"
			 "TYPE is shm or socket.");
	environment_get("COROSYNC_RESTART");
	if (kill(daemon_pid(), 0) != 0) {
		perror("the daemon");
		return EXIT_FAILURE;
	}
	if (getenv("TEST_LEAKS") != NULL)
		return runner_run(srunner_create(leaks_suite()));
	runner = srunner_create(initialize_suite());
	srunner_add_suite(runner, handles_suite());
	srunner_add_suite(runner, arguments_suite());
	srunner_add_suite(runner, fd_suite());
	srunner_add_suite(runner, modes_suite());
	srunner_add_suite(runner, waits_suite());
	srunner_add_suite(runner, messages_suite());
	srunner_add_suite(runner, group_suite());
	srunner_add_suite(runner, membership_suite());
	srunner_add_suite(runner, iteration_suite());
	srunner_add_suite(runner, context_suite());
	srunner_add_suite(runner, callbacks_suite());
	srunner_add_suite(runner, quorum_suite());
	srunner_add_suite(runner, stack_suite());
	srunner_add_suite(runner, threads_suite());
	srunner_add_suite(runner, finalize_suite());
	srunner_add_suite(runner, rejoin_suite());
	srunner_add_suite(runner, hostile_suite());
	srunner_add_suite(runner, unfinished_suite());
	srunner_add_suite(runner, descriptors_suite());
	srunner_add_suite(runner, limits_suite());
	srunner_add_suite(runner, users_suite());
	srunner_add_suite(runner, crowd_suite());
	srunner_add_suite(runner, forks_suite());
	srunner_add_suite(runner, forks_use_suite());
	srunner_add_suite(runner, signals_suite());
	srunner_add_suite(runner, memory_suite());
	srunner_add_suite(runner, client_killed_suite());
	srunner_add_suite(runner, stress_suite());
	srunner_add_suite(runner, stopped_suite());
	srunner_add_suite(runner, daemon_killed_suite());
	srunner_add_suite(runner, daemon_stops_under_load_suite());
	srunner_add_suite(runner, restarts_suite());
	return runner_run(runner);
}
