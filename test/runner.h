/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The start and the end of each program of tests. */
#ifndef RUNNER_H
#define RUNNER_H

#include <check.h>

/*
 * Print a usage text and exit if there is an argument. @how is the command
 * that starts the program.
 */
void runner_arguments(int argc, char **argv, const char *how);

/*
 * Run the tests that the environment selects, and free the runner. Each test
 * runs in a process of its own, unless CK_FORK=no. Returns the exit status, a
 * failure if no test ran.
 */
int runner_run(SRunner *runner);

#endif
