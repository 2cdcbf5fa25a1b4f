/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Runs cases, each in a process of its own, and with what it starts in a
 * process group of its own, which is killed at the end.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "options.h"

/* The worst is the last. A skip is none if another case of a line ran. */
enum outcome {
	OUTCOME_NONE,	/* not selected */
	OUTCOME_SKIP,
	OUTCOME_PASS,
	OUTCOME_FAIL,
	OUTCOME_HANG,
	OUTCOME_CRASH,
};

struct result {
	enum outcome outcome;
	double seconds;
	char text[1200];	/* one line; empty after a pass */
};

extern const char *const outcome_names[];

/* Connects to the daemon. The text is the kind of IPC, or the failure. */
void runner_probe(const struct options *options, struct result *result);
/* "results" has an element for each case, in the order of case_at(). */
void runner_run(const struct options *options, struct result *results);
/* In the process of a case, or of the probe. Does not return. */
void runner_case(const struct options *options) __attribute__((noreturn));

#endif
