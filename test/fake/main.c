/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <unistd.h>

#include "../runner.h"
#include "../daemon/support.h"
#include "suites.h"

int main(int argc, char **argv)
{
	SRunner *runner;

	runner_arguments(argc, argv,
			 "TEST_IPC=TYPE test/with-corosync test/fake/fake\n"
			 "TYPE is shm or socket.");
	runner = srunner_create(handshake_suite());
	srunner_add_suite(runner, impostor_suite());
	srunner_add_suite(runner, ipc_is_socket() ? sockets_suite() :
						    rings_suite());
	srunner_add_suite(runner, doorbell_suite());
	srunner_add_suite(runner, malformed_suite());
	srunner_add_suite(runner, death_suite());
	srunner_add_suite(runner, requests_suite());
	srunner_add_suite(runner, replies_suite());
	srunner_add_suite(runner, refusals_suite());
	srunner_add_suite(runner, killed_suite());
	srunner_add_suite(runner, versions_suite());
	if (access("/etc/libqb/force-filesystem-sockets", F_OK) == 0)
		srunner_add_suite(runner, file_sockets_suite());
	return runner_run(runner);
}
