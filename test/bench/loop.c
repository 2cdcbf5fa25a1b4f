/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "measures.h"
#include "messages.h"
#include "peer.h"
#include "support.h"

static unsigned long count;
static atomic_bool all_sent;
static struct usage begin; /* before the first message */

static void last_deliver(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	message_deliver_ordered(handle, group, nodeid, pid, data, len);
	if (messages.delivered < count)
		return;
	usage_print(&begin, count);
	/* The sender's call for this message may not have returned yet. */
	while (!all_sent)
		pause_briefly();
	INSIST(cpg_finalize(handle));
}

static void blocking_run(cpg_handle_t handle)
{
	cs_error_t error = cpg_dispatch(handle, CS_DISPATCH_BLOCKING);

	if (messages.delivered < count)
		errx(1, "cpg_dispatch: error %d after %lu messages of %lu",
		     error, messages.delivered, count);
}

static void *messages_send(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;

	while (messages.sent < count)
		if (!message_send(handle))
			pause_briefly();
	all_sent = true;
	return NULL;
}

void measure_loop(char **arguments)
{
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_open(&group, last_deliver);
	pthread_t sender;

	messages_begin(number_parse(arguments[0], sizeof(messages.sent)));
	count = number_parse(arguments[1], 1);
	begin = usage_get();
	if (pthread_create(&sender, NULL, messages_send, &handle) != 0)
		errx(1, "cannot create a thread");
	blocking_run(handle);
	pthread_join(sender, NULL);
}

void measure_single(char **arguments)
{
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_open(&group, message_deliver_ordered);

	messages_begin(number_parse(arguments[0], sizeof(messages.sent)));
	count = number_parse(arguments[1], 1);
	begin = usage_get();
	messages_pass(handle, count);
	usage_print(&begin, count);
	INSIST(cpg_finalize(handle));
}

void measure_burst(char **arguments)
{
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_open(&group, message_deliver_ordered);
	size_t size = number_parse(arguments[0], sizeof(messages.sent));
	unsigned long times = number_parse(arguments[2], 1);
	double refusals = 0;

	count = number_parse(arguments[1], 1);
	for (unsigned long i = 0; i < times; i++) {
		messages_begin(size);
		while (messages.sent < count) {
			if (message_send(handle))
				continue;
			refusals++;
			pause_briefly();
		}
		messages_pass(handle, count);
	}
	result_print("refusals", refusals / (double)times);
	INSIST(cpg_finalize(handle));
}

void measure_receive(char **arguments)
{
	struct cpg_name group = group_name(0);
	struct peer peer;
	cpg_handle_t handle;

	messages_begin(number_parse(arguments[0], sizeof(messages.sent)));
	count = number_parse(arguments[1], 1);
	peer_start(&peer, &group);
	handle = member_open(&group, last_deliver);
	all_sent = true;
	begin = usage_get();
	peer_send(&peer, messages.message.iov_len, count);
	blocking_run(handle);
	peer_wait(&peer);
	peer_end(&peer);
}
