/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Measures the time from the call that sends a message to its callback, in a
 * process that dispatches BLOCKING.
 */

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>

#include "measures.h"
#include "messages.h"
#include "support.h"

#define MESSAGE_SIZE 64

static unsigned long count;
static unsigned long lot;	/* messages that are sent at once */
static unsigned long interval_us;
static double *times;		/* of sending; after a callback, the latency */
static atomic_bool all_sent;

static void time_note(cpg_handle_t handle, const struct cpg_name *group,
		      uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	double *time = &times[messages.delivered];

	*time = (time_get() - *time) * 1e6;
	message_deliver_ordered(handle, group, nodeid, pid, data, len);
}

static void timed_send(cpg_handle_t handle)
{
	times[messages.sent] = time_get();
	while (!message_send(handle))
		pause_briefly();
}

static void last_deliver(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	time_note(handle, group, nodeid, pid, data, len);
	if (messages.delivered < count)
		return;
	while (!all_sent)
		pause_briefly();
	INSIST(cpg_finalize(handle));
}

static void next_send(cpg_handle_t handle, const struct cpg_name *group,
		      uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	time_note(handle, group, nodeid, pid, data, len);
	if (messages.delivered < count)
		timed_send(handle);
	else
		INSIST(cpg_finalize(handle));
}

static void *lots_send(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	struct timespec next;

	if (prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) != 0)
		err(1, "timer slack");
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (messages.sent < count) {
		for (unsigned long i = 0; i < lot && messages.sent < count; i++)
			timed_send(handle);
		next.tv_nsec += (long)interval_us * 1000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next,
				       NULL) == EINTR)
			;
	}
	all_sent = true;
	return NULL;
}

static cpg_handle_t latency_begin(const char *messages_count,
				  cpg_deliver_fn_t deliver)
{
	struct cpg_name group = group_name(0);

	count = number_parse(messages_count, 1);
	times = array_make(count, sizeof(*times));
	messages_begin(MESSAGE_SIZE);
	return member_open(&group, deliver);
}

static void latency_end(cpg_handle_t handle)
{
	cs_error_t error = cpg_dispatch(handle, CS_DISPATCH_BLOCKING);

	if (messages.delivered < count)
		errx(1, "cpg_dispatch: error %d after %lu messages of %lu",
		     error, messages.delivered, count);
}

static void latency_print(void)
{
	result_print("p50_us", percentile(times, count, 50));
	result_print("p99_us", percentile(times, count, 99));
	result_print("max_us", percentile(times, count, 100));
}

void measure_lots(char **arguments)
{
	cpg_handle_t handle = latency_begin(arguments[2], last_deliver);
	pthread_t sender;

	lot = number_parse(arguments[0], 1);
	interval_us = number_parse(arguments[1], 1);
	if (pthread_create(&sender, NULL, lots_send, &handle) != 0)
		errx(1, "cannot create a thread");
	latency_end(handle);
	pthread_join(sender, NULL);
	latency_print();
}

void measure_pingpong(char **arguments)
{
	cpg_handle_t handle = latency_begin(arguments[0], next_send);

	timed_send(handle);
	latency_end(handle);
	latency_print();
}
