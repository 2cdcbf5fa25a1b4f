/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_OPTIONS_H
#define CPGCAT_OPTIONS_H

#include <corosync/cpg.h>
#include <stdbool.h>

/* What the command line requests. */
struct options {
	enum { MODE_JOIN, MODE_LIST, MODE_WATCH } mode;
	enum { FORMAT_TEXT, FORMAT_RAW, FORMAT_JSON } format;
	bool time, no_names, no_quorum, reconnect, stay;
	unsigned long count; /* 0: no limit */
	int interval_ms;
	bool all_groups; /* for MODE_LIST; otherwise there is a group */
	struct cpg_name group;
};

extern struct options options;

/* Sets options; ends the process on a usage error and after --help. */
void options_parse(int argc, char **argv);

#endif
