/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Prints results, and the list of cases.
 */
#ifndef REPORT_H
#define REPORT_H

#include "library.h"
#include "runner.h"

/* What was tested. */
struct subject {
	struct library cpg, quorum;
	char corosync[60];	/* empty: unknown */
	const char *ipc;
};

void list_print(const struct options *options);
/* Returns true if all passed, and some ran. */
bool report_print(const struct options *options, const struct subject *subject,
		  const struct result *results);

#endif
