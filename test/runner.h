/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What every program of tests ends with. */
#ifndef RUNNER_H
#define RUNNER_H

#include <check.h>

/*
 * Run what the environment picks, and free the runner: TEST_NAME names a
 * START_TEST, for other variables see check's manual. Each test runs in a
 * process of its own, unless CK_FORK=no. The exit status; it is a failure, too,
 * if there was nothing to run.
 */
int runner_run(SRunner *runner);

#endif
