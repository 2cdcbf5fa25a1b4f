/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_MEMBERS_H
#define CPGCAT_MEMBERS_H

#include <corosync/cpg.h>
#include <stdbool.h>

/* A list of members of groups. */
struct members {
	struct cpg_iteration_description_t *list;
	size_t count, size;
};

/*
 * Reads the members of a group, or of all groups if it is NULL, sorted by group
 * and process. False, with an incomplete list, if it must be retried.
 */
bool members_read(cpg_handle_t cpg, const struct cpg_name *group,
		  struct members *members);

/* Orders two members by group, node id and process id. */
int members_compare(const void *a, const void *b);

bool members_same_group(const struct cpg_iteration_description_t *a,
			const struct cpg_iteration_description_t *b);

/* The processes of "count" members, for the caller to free. */
struct cpg_address *
members_addresses(const struct cpg_iteration_description_t *list, size_t count);

#endif
