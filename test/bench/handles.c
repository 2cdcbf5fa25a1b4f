/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <poll.h>

#include "backlog.h"
#include "measures.h"
#include "messages.h"
#include "support.h"

#define MESSAGE_SIZE 64
/* Few enough that their doorbell bytes fit into a socket. */
#define LAP 250

static cpg_handle_t *handles;
static struct pollfd *fds;
static unsigned long opened, turn, laps;
static double *lap_us, *lap_time_us;

static void handles_open(unsigned long count)
{
	for (; opened < count; opened++) {
		struct cpg_name group = group_name(opened);

		handles[opened] = member_open(&group, message_deliver);
		fds[opened].events = POLLIN;
		INSIST(cpg_fd_get(handles[opened], &fds[opened].fd));
	}
}

static void handles_close(void)
{
	while (opened > 0)
		INSIST(cpg_finalize(handles[--opened]));
}

static double each_us(double seconds)
{
	return seconds / LAP * 1e6;
}

static void laps_print(const char *name, double *values)
{
	result_print_of(name, opened, percentile(values, laps, 50));
}

static void one_send_and_dispatch(void)
{
	cpg_handle_t handle = handles[opened / 2];
	struct usage usage;

	for (unsigned long i = 0; i < laps; i++) {
		usage = usage_get();
		backlog_send(handle, LAP);
		lap_us[i] = each_us(usage_since(&usage).client);
		backlog_wait();
		usage = usage_get();
		backlog_drain(handle);
		lap_us[i] += each_us(usage_since(&usage).client);
	}
}

static void one_call(void)
{
	cpg_handle_t handle = handles[opened / 2];
	unsigned int nodeid;
	struct usage usage;

	for (unsigned long i = 0; i < laps; i++) {
		usage = usage_get();
		for (unsigned long n = 0; n < LAP; n++)
			INSIST(cpg_local_get(handle, &nodeid));
		usage = usage_since(&usage);
		lap_us[i] = each_us(usage.client);
		lap_time_us[i] = each_us(usage.time);
	}
}

static void all_poll(void)
{
	while (messages.delivered < messages.sent) {
		if (poll(fds, opened, -1) < 0)
			err(1, "poll");
		for (unsigned long i = 0; i < opened; i++)
			if (fds[i].revents != 0)
				TRY(cpg_dispatch(handles[i],
						 CS_DISPATCH_ONE_NONBLOCKING));
	}
}

/* Spreads the messages over all handles. */
static void all_dispatch(void)
{
	struct usage usage;

	for (unsigned long i = 0; i < laps; i++) {
		for (unsigned long n = 0; n < LAP; n++)
			backlog_send(handles[turn++ % opened], 1);
		backlog_wait();
		usage = usage_get();
		all_poll();
		lap_us[i] = each_us(usage_since(&usage).client);
	}
}

static void handles_measure(void)
{
	one_send_and_dispatch();
	laps_print("one_message_us", lap_us);
	one_call();
	laps_print("one_call_us", lap_us);
	laps_print("one_call_time_us", lap_time_us);
	all_dispatch();
	laps_print("all_event_us", lap_us);
}

static void arrays_make(char **counts)
{
	unsigned long most = 0;

	for (; *counts != NULL; counts++)
		if (number_parse(*counts, 1) > most)
			most = number_parse(*counts, 1);
	handles = array_make(most, sizeof(*handles));
	fds = array_make(most, sizeof(*fds));
	lap_us = array_make(laps, sizeof(*lap_us));
	lap_time_us = array_make(laps, sizeof(*lap_time_us));
}

void measure_handles(char **arguments)
{
	char **counts = arguments + 1;

	laps = number_parse(arguments[0], 1);
	arrays_make(counts);
	messages_begin(MESSAGE_SIZE);
	marker_open();
	/* The first laps of a process cost more than later ones. */
	handles_open(number_parse(*counts, 1));
	one_send_and_dispatch();
	one_call();
	for (; *counts != NULL; counts++) {
		handles_open(number_parse(*counts, opened));
		handles_measure();
	}
	handles_close();
	marker_close();
}
