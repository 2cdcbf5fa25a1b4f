/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "messages.h"
#include "support.h"

struct messages messages;

static unsigned long own_joins;

struct cpg_name group_name(unsigned long number)
{
	struct cpg_name group;

	memset(&group, 0, sizeof(group));
	group.length = (uint32_t)snprintf(group.value, sizeof(group.value),
					  "bench-%d-%lu", getpid(), number);
	return group;
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *list, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	(void)handle;
	(void)group;
	(void)list;
	(void)left;
	(void)left_count;
	(void)count;
	for (size_t i = 0; i < joined_count; i++)
		own_joins += joined[i].pid == (uint32_t)getpid();
}

cpg_handle_t member_start(const struct cpg_name *group,
			  cpg_deliver_fn_t deliver)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = members_change,
	};
	cpg_handle_t handle;

	INSIST(cpg_initialize(&handle, &callbacks));
	INSIST(cpg_join(handle, group));
	return handle;
}

cpg_handle_t member_open(const struct cpg_name *group, cpg_deliver_fn_t deliver)
{
	unsigned long before = own_joins;
	cpg_handle_t handle = member_start(group, deliver);

	while (own_joins == before)
		INSIST(cpg_dispatch(handle, CS_DISPATCH_ONE));
	return handle;
}

void messages_begin(size_t size)
{
	free(messages.message.iov_base);
	messages = (struct messages){
		.message = { .iov_base = array_make(1, size), .iov_len = size },
	};
	memset(messages.message.iov_base, 0x5a, size);
}

bool message_send(cpg_handle_t handle)
{
	memcpy(messages.message.iov_base, &messages.sent,
	       sizeof(messages.sent));
	if (!TRY(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &messages.message,
				  1)))
		return false;
	messages.sent++;
	return true;
}

void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
		     uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	(void)data;
	if (len != messages.message.iov_len)
		errx(1, "delivered %zu bytes instead of %zu", len,
		     messages.message.iov_len);
	messages.delivered++;
}

void message_deliver_ordered(cpg_handle_t handle, const struct cpg_name *group,
			     uint32_t nodeid, uint32_t pid, void *data,
			     size_t len)
{
	unsigned long number;

	memcpy(&number, data, sizeof(number));
	if (number != messages.delivered)
		errx(1, "delivered message %lu instead of %lu", number,
		     messages.delivered);
	message_deliver(handle, group, nodeid, pid, data, len);
}

void messages_pass(cpg_handle_t handle, unsigned long count)
{
	unsigned long before;

	while (messages.delivered < count) {
		before = messages.sent + messages.delivered;
		while (messages.sent < count && message_send(handle))
			;
		INSIST(cpg_dispatch(handle, CS_DISPATCH_ALL));
		if (messages.sent + messages.delivered == before)
			pause_briefly();
	}
}
