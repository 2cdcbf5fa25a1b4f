/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "measures.h"
#include "messages.h"
#include "support.h"

static cpg_handle_t handle;
static atomic_int dispatcher_tid;

static void last_deliver(cpg_handle_t from, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *data, size_t len)
{
	message_deliver(from, group, nodeid, pid, data, len);
	INSIST(cpg_finalize(from));
}

static void *blocking_run(void *data)
{
	cs_error_t error;

	(void)data;
	dispatcher_tid = (int)syscall(SYS_gettid);
	error = cpg_dispatch(handle, CS_DISPATCH_BLOCKING);
	if (messages.delivered < 1)
		errx(1, "cpg_dispatch: error %d while idle", error);
	return NULL;
}

/* Waits until the thread sleeps, and stores the path of its status in /proc. */
static void sleep_await(char *path, size_t size)
{
	char state[64];

	while (dispatcher_tid == 0)
		pause_briefly();
	snprintf(path, size, "/proc/self/task/%d/status", dispatcher_tid);
	do {
		pause_briefly();
		field_read(path, "State", state, sizeof(state));
	} while (state[1] != 'S');
}

static double switches_get(const char *path)
{
	return field_number(path, "voluntary_ctxt_switches") +
	       field_number(path, "nonvoluntary_ctxt_switches");
}

static double thread_seconds(pthread_t thread)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) != 0 ||
	    clock_gettime(clock, &used) < 0)
		errx(1, "the dispatching thread has no clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void measure_idle(char **arguments)
{
	unsigned long seconds = number_parse(arguments[0], 1);
	struct cpg_name group = group_name(0);
	double switches, cpu;
	pthread_t thread;
	char path[64];

	messages_begin(64);
	handle = member_open(&group, last_deliver);
	if (pthread_create(&thread, NULL, blocking_run, NULL) != 0)
		errx(1, "cannot create a thread");
	sleep_await(path, sizeof(path));
	switches = switches_get(path);
	cpu = thread_seconds(thread);
	sleep((unsigned int)seconds);
	result_print("wakeups", switches_get(path) - switches);
	result_print("cpu_us", (thread_seconds(thread) - cpu) * 1e6);
	while (!message_send(handle))
		pause_briefly();
	pthread_join(thread, NULL);
}
