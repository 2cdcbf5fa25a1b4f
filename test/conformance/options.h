/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "cases.h"

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_TAP };

/* Exit statuses of the program. */
enum status {
	STATUS_PASSED = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_RUN = 3,
};

struct options {
	const char *library;	/* a directory, or NULL */
	const char *only;	/* names and tags, separated by commas */
	const char *one;	/* the case to run in this process */
	enum format format;
	bool list;
	bool private;
	bool verbose;
	int timeout;		/* in seconds, of a case */
	int jobs;
};

/* Exits if the arguments are wrong, and after --help. */
void options_parse(struct options *options, int argc, char **argv);
bool options_select(const struct options *options,
		    const struct conf_case *conf_case);

#endif
