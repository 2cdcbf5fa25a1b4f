/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "call.h"
#include "members.h"
#include "mode.h"
#include "options.h"
#include "output.h"
#include <stdlib.h>

static void group_print(const struct cpg_name *group,
			const struct cpg_iteration_description_t *list,
			size_t count)
{
	struct cpg_address *addresses = members_addresses(list, count);

	output_get()->group(group, addresses, count);
	free(addresses);
}

static void groups_print(const struct members *members)
{
	size_t begin = 0;

	for (size_t i = 1; i <= members->count; i++) {
		if (i < members->count &&
		    members_same_group(&members->list[i],
				       &members->list[begin]))
			continue;
		group_print(&members->list[begin].group, &members->list[begin],
			    i - begin);
		begin = i;
	}
}

static bool list_run(const struct connection *connection)
{
	const struct cpg_name *group =
		options.all_groups ? NULL : &options.group;
	struct members members = { 0 };

	while (!members_read(connection->cpg, group, &members))
		call_may_retry();
	if (group != NULL)
		group_print(group, members.list, members.count);
	else
		groups_print(&members);
	free(members.list);
	return true;
}

const struct mode mode_list = {
	.model = { .model = CPG_MODEL_V1 },
	.run = list_run,
};
