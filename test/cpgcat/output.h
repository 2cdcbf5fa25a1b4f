/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_OUTPUT_H
#define CPGCAT_OUTPUT_H

#include <corosync/cpg.h>
#include <stdbool.h>

/* How events are printed to standard output. A write error ends the process. */
struct output {
	void (*message)(uint32_t nodeid, uint32_t pid, const void *msg,
			size_t len);

	/* "joined" or "left"; the reason is NULL if it is not known. */
	void (*change)(const char *what, const struct cpg_address *who,
		       const char *reason, const struct cpg_address *members,
		       size_t count);

	/* All members of a group. */
	void (*group)(const struct cpg_name *group,
		      const struct cpg_address *members, size_t count);

	void (*quorum)(bool quorate, uint64_t ring_seq, const uint32_t *nodes,
		       size_t count);

	void (*ring)(struct cpg_ring_id ring, const uint32_t *nodes,
		     size_t count);

	/* The failed call, or NULL if the daemon is connected again. */
	void (*connection)(const char *lost);
};

extern const struct output output_text, output_raw, output_json;

/* Returns the one that the options select. */
const struct output *output_get(void);

/* Ends a line. */
void output_line_end(void);

/* To be called before the process ends. */
void output_close(void);

/* Ends the process if poll has found an error on standard output. */
void output_check(short revents);

#endif
