/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The daemon orders the messages of all groups, and delivers each to all
 * members before it reads another request. So when a message of the witness has
 * come back, and the daemon has replied to a request, the events of earlier
 * requests are pending.
 */

#include "calls.h"

#include <stdio.h>

static cpg_handle_t witness;
static struct cpg_name own;
static unsigned int events;

static void succeed(cs_error_t error, const char *call)
{
	if (error != CS_OK)
		fail("the witness: %s returns %d", call, (int)error);
}

#define SUCCEED(call)                                                          \
	do {                                                                   \
		cs_error_t error_;                                             \
		int waited_ = 0;                                               \
		do                                                             \
			error_ = (call);                                       \
		while (is_later(error_, &waited_));                            \
		succeed(error_, #call);                                        \
	} while (0)

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t nodeid, uint32_t pid, void *message,
			    size_t len)
{
	(void)handle, (void)group, (void)nodeid, (void)pid, (void)message;
	(void)len;
	events++;
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	(void)handle, (void)group, (void)members, (void)count, (void)left;
	(void)left_count, (void)joined, (void)joined_count;
	events++;
}

static void event_wait(unsigned int wanted)
{
	int fd;

	succeed(cpg_fd_get(witness, &fd), "cpg_fd_get");
	while (events < wanted) {
		if (!wait_readable(fd))
			fail("the witness does not receive an event");
		SUCCEED(cpg_dispatch(witness, CS_DISPATCH_ALL));
	}
}

void witness_open(void)
{
	cpg_callbacks_t callbacks = { message_deliver, members_change };

	own.length = (uint32_t)snprintf(own.value, sizeof(own.value),
					"witness%d", process_number);
	SUCCEED(cpg_initialize(&witness, &callbacks));
	SUCCEED(cpg_join(witness, &own));
	event_wait(1);
}

void witness_close(void)
{
	succeed(cpg_finalize(witness), "cpg_finalize");
}

void witness_wait_empty(void)
{
	struct cpg_iteration_description_t step;
	cpg_iteration_handle_t iteration;
	cs_error_t error;
	cpg_handle_t handle;
	int waited = 0;

	SUCCEED(cpg_initialize(&handle, NULL));
	do {
		SUCCEED(cpg_iteration_initialize(
			handle, CPG_ITERATION_NAME_ONLY, NULL, &iteration));
		error = cpg_iteration_next(iteration, &step);
		SUCCEED(cpg_iteration_finalize(iteration));
	} while (error != CS_ERR_NO_SECTIONS && wait_more(&waited));
	if (error != CS_ERR_NO_SECTIONS)
		fail("the daemon has groups");
	SUCCEED(cpg_finalize(handle));
}

void witness_round(void)
{
	unsigned int nodeid, wanted = events + 1;

	SUCCEED(cpg_mcast_joined(witness, CPG_TYPE_AGREED, NULL, 0));
	event_wait(wanted);
	SUCCEED(cpg_local_get(witness, &nodeid));
}

static bool is_member(struct cpg_name *name)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	int count;

	SUCCEED(cpg_membership_get(witness, name, members, &count));
	for (int i = 0; i < count; i++)
		if (members[i].pid == shared->pids[process_number])
			return true;
	return false;
}

void witness_wait_left(const struct cpg_name *name)
{
	struct cpg_name copy = *name;
	int waited = 0;

	while (is_member(&copy))
		if (!wait_more(&waited))
			fail("the daemon has a member after its finalize");
}
