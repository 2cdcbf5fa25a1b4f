/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Runs cases against the libcpg and libquorum that the loader finds. It needs
 * no files but its own and corosync's public headers:
 *
 *     cc -o coroclient-conformance *.c -lcpg -lquorum -pthread
 */
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

static void subject_find(const struct options *options,
			 struct subject *subject, struct result *probe)
{
	library_find(&subject->cpg, "libcpg.so.");
	library_find(&subject->quorum, "libquorum.so.");
	corosync_version(subject->corosync, sizeof(subject->corosync));
	runner_probe(options, probe);
	subject->ipc = probe->outcome == OUTCOME_SKIP ? probe->text : "unknown";
	if (probe->outcome != OUTCOME_FAIL)
		return;
	fprintf(stderr, "coroclient-conformance: cannot connect to corosync: "
		"%s\n", probe->text);
	exit(STATUS_NOT_RUN);
}

int main(int argc, char **argv)
{
	struct options options;
	struct subject subject;
	struct result probe, *results = calloc((size_t)cases_count(),
					       sizeof(*results));

	options_parse(&options, argc, argv);
	if (options.one != NULL)
		runner_case(&options);
	if (options.list) {
		list_print(&options);
		return STATUS_PASSED;
	}
	library_select(options.library, argv);
	subject_find(&options, &subject, &probe);
	runner_run(&options, results);
	return report_print(&options, &subject, results) ? STATUS_PASSED :
							   STATUS_FAILED;
}
