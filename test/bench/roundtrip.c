/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "measures.h"
#include "messages.h"
#include "support.h"

#define MESSAGE_SIZE 64

static double roundtrip_us(cpg_handle_t handle)
{
	double begin = time_get();

	while (!message_send(handle))
		pause_briefly();
	while (messages.delivered < messages.sent)
		INSIST(cpg_dispatch(handle, CS_DISPATCH_ONE));
	return (time_get() - begin) * 1e6;
}

void measure_roundtrip(char **arguments)
{
	unsigned long count = number_parse(arguments[0], 1);
	double *times = array_make(count, sizeof(*times));
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_open(&group, message_deliver_ordered);

	messages_begin(MESSAGE_SIZE);
	for (unsigned long i = 0; i < count; i++)
		times[i] = roundtrip_us(handle);
	result_print("p50_us", percentile(times, count, 50));
	result_print("p99_us", percentile(times, count, 99));
	result_print("max_us", percentile(times, count, 100));
	INSIST(cpg_finalize(handle));
}
