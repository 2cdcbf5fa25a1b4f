/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "call.h"
#include "members.h"
#include "mode.h"
#include "options.h"
#include "output.h"
#include "stop.h"
#include <stdlib.h>
#include <time.h>

/* The members that were printed, if "known", and those that were read last. */
static struct members shown, members;
static bool known;

/* When to read the members. */
static int64_t due_ms;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	(void)handle;
	output_get()->ring(ring, nodes, count);
	due_ms = 0;
}

/* Prints the members of "list" that are not in "other". */
static void difference_print(const char *what, const struct members *list,
			     const struct members *other,
			     const struct cpg_address *addresses)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cpg_iteration_description_t *member =
			&list->list[i];
		struct cpg_address who = {
			.nodeid = member->nodeid,
			.pid = member->pid,
		};

		if (other->count > 0 &&
		    bsearch(member, other->list, other->count, sizeof(*member),
			    members_compare) != NULL)
			continue;
		output_get()->change(what, &who, NULL, addresses,
				     members.count);
	}
}

static void members_print(void)
{
	struct cpg_address *addresses =
		members_addresses(members.list, members.count);

	if (!known) {
		output_get()->group(&options.group, addresses, members.count);
	} else {
		difference_print("left", &shown, &members, addresses);
		difference_print("joined", &members, &shown, addresses);
	}
	free(addresses);
}

static void members_update(const struct connection *connection)
{
	struct members old = shown;

	if (!members_read(connection->cpg, &options.group, &members)) {
		due_ms = now_ms() + RETRY_MS_MAX;
		return;
	}
	members_print();
	known = true;
	shown = members;
	members = old;
	due_ms = now_ms() + options.interval_ms;
}

static void events_wait(const struct connection *connection)
{
	struct pollfd input = { .fd = -1 };
	int64_t wait_ms = due_ms - now_ms();

	connection_wait(connection, &input, wait_ms < 0 ? 0 : (int)wait_ms);
	connection_dispatch(connection);
}

static bool watch_run(const struct connection *connection)
{
	known = false;
	due_ms = 0;
	while (!stop_requested() && call_lost() == NULL) {
		if (now_ms() >= due_ms)
			members_update(connection);
		if (call_lost() == NULL)
			events_wait(connection);
	}
	return call_lost() == NULL;
}

const struct mode mode_watch = {
	.model = {
		.model = CPG_MODEL_V1,
		.cpg_totem_confchg_fn = ring_change,
	},
	.run = watch_run,
};
