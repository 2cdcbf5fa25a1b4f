/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "members.h"
#include "call.h"
#include <err.h>
#include <stdlib.h>
#include <string.h>

static int names_compare(const struct cpg_name *a, const struct cpg_name *b)
{
	size_t len = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->value, b->value, len);

	if (order != 0)
		return order;
	return (a->length > b->length) - (a->length < b->length);
}

int members_compare(const void *first, const void *second)
{
	const struct cpg_iteration_description_t *a = first, *b = second;
	int order = names_compare(&a->group, &b->group);

	if (order != 0)
		return order;
	if (a->nodeid != b->nodeid)
		return a->nodeid < b->nodeid ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

bool members_same_group(const struct cpg_iteration_description_t *a,
			const struct cpg_iteration_description_t *b)
{
	return names_compare(&a->group, &b->group) == 0;
}

static void member_add(struct members *members,
		       const struct cpg_iteration_description_t *member)
{
	if (members->count == members->size) {
		members->size = 2 * members->size + 16;
		members->list = reallocarray(members->list, members->size,
					     sizeof(*members->list));
		if (members->list == NULL)
			err(1, "members");
	}
	members->list[members->count++] = *member;
}

static bool iteration_read(cpg_iteration_handle_t iteration,
			   struct members *members)
{
	struct cpg_iteration_description_t member;
	cs_error_t error;

	while ((error = cpg_iteration_next(iteration, &member)) == CS_OK)
		member_add(members, &member);
	return error == CS_ERR_NO_SECTIONS ||
	       call_check("cpg_iteration_next", error);
}

bool members_read(cpg_handle_t cpg, const struct cpg_name *group,
		  struct members *members)
{
	cpg_iteration_type_t type = group != NULL ? CPG_ITERATION_ONE_GROUP :
						    CPG_ITERATION_ALL;
	cpg_iteration_handle_t iteration;
	bool complete;

	members->count = 0;
	if (!TRY(cpg_iteration_initialize(cpg, type, group, &iteration)))
		return false;
	complete = iteration_read(iteration, members);
	cpg_iteration_finalize(iteration);
	if (complete && members->count > 0)
		qsort(members->list, members->count, sizeof(*members->list),
		      members_compare);
	return complete;
}

struct cpg_address *
members_addresses(const struct cpg_iteration_description_t *list, size_t count)
{
	struct cpg_address *addresses = calloc(count + 1, sizeof(*addresses));

	if (addresses == NULL)
		err(1, "members");
	for (size_t i = 0; i < count; i++) {
		addresses[i].nodeid = list[i].nodeid;
		addresses[i].pid = list[i].pid;
	}
	return addresses;
}
