/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "backlog.h"
#include "measures.h"
#include "messages.h"
#include "support.h"

#define MARKER_GROUP 1000000
#define MESSAGE_SIZE 64

static cpg_handle_t marker;
static unsigned long marks;

static void mark_deliver(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	(void)data;
	(void)len;
	marks++;
}

void marker_open(void)
{
	struct cpg_name group = group_name(MARKER_GROUP);

	marker = member_open(&group, mark_deliver);
}

void marker_close(void)
{
	INSIST(cpg_finalize(marker));
}

void backlog_send(cpg_handle_t handle, unsigned long count)
{
	unsigned int nodeid;

	for (; count > 0; count--)
		while (!message_send(handle))
			pause_briefly();
	/* The daemon reads the requests of a handle in order. */
	INSIST(cpg_local_get(handle, &nodeid));
}

void backlog_wait(void)
{
	unsigned long before = marks;

	INSIST(cpg_mcast_joined(marker, CPG_TYPE_AGREED, NULL, 0));
	while (marks == before)
		INSIST(cpg_dispatch(marker, CS_DISPATCH_ONE));
}

void backlog_drain(cpg_handle_t handle)
{
	int fd;

	INSIST(cpg_fd_get(handle, &fd));
	for (;;) {
		INSIST(cpg_dispatch(handle, CS_DISPATCH_ALL));
		if (messages.delivered == messages.sent)
			return;
		fd_wait(fd);
	}
}

void measure_backlog(char **arguments)
{
	unsigned long events = number_parse(arguments[0], 1);
	unsigned long times = number_parse(arguments[1], 1);
	double *time_us = array_make(times, sizeof(*time_us));
	double *client_us = array_make(times, sizeof(*client_us));
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_open(&group, message_deliver_ordered);
	struct usage usage;

	marker_open();
	messages_begin(MESSAGE_SIZE);
	for (unsigned long i = 0; i < times; i++) {
		backlog_send(handle, events);
		backlog_wait();
		usage = usage_get();
		backlog_drain(handle);
		usage = usage_since(&usage);
		time_us[i] = usage.time / (double)events * 1e6;
		client_us[i] = usage.client / (double)events * 1e6;
	}
	result_print("event_us", percentile(time_us, times, 50));
	result_print("client_us", percentile(client_us, times, 50));
	INSIST(cpg_finalize(handle));
	marker_close();
}
