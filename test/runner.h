/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What every program of tests ends with. */
#ifndef RUNNER_H
#define RUNNER_H

#include <check.h>

/*
 * Run what the environment picks (see check's manual), each test in a process
 * of its own, and free the runner. The exit status; it is a failure, too, if
 * there was nothing to run.
 */
int runner_run(SRunner *runner);

#endif
