// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026 The coroclient authors

/*
 * A process that libsam supervises as long as there is a quorum. It waits for
 * the quorum, prints a line and ends with its input.
 */

#include <stdio.h>
#include <unistd.h>

#include <corosync/corotypes.h>
#include <corosync/sam.h>

static int check(const char *call, cs_error_t error)
{
	if (error != CS_OK)
		printf("%s: error %d\n", call, error);
	return error != CS_OK;
}

int main(void)
{
	unsigned int instance;
	char byte;

	if (check("sam_initialize",
		  sam_initialize(0, SAM_RECOVERY_POLICY_QUORUM_QUIT)) ||
	    check("sam_register", sam_register(&instance)) ||
	    check("sam_start", sam_start()))
		return 1;
	printf("started as instance %u\n", instance);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return check("sam_stop", sam_stop());
}
