/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The daemon is stopped for a while, and continues. Calls that need it sleep
 * meanwhile, or return TRY_AGAIN, and no accepted message is lost.
 */

#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "pending_call.h"
#include "suites.h"
#include "support.h"

/* The length of a measurement, and the share of CPU time allowed in it. */
#define WATCH_MS 500
#define INTERVALS_MAX 3
#define BUSY_MAX 0.2	/* of the time */
#define SIGNALS 100

static const size_t sizes[] = {
	0, 64, 1024, 8192, 102400, 1047552, 8388608,
};

static struct iovec message;

static double seconds_of(clockid_t clock)
{
	struct timespec time;

	ck_assert_int_eq(clock_gettime(clock, &time), 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu_seconds(const struct pending_call *pending)
{
	clockid_t clock;

	ck_assert_int_eq(pthread_getcpuclockid(pending->thread, &clock), 0);
	return seconds_of(clock);
}

/* The name of a call that was busy during an interval; NULL: none. */
static const char *busy_pending(const struct pending_call *list, int count)
{
	double begin = seconds_of(CLOCK_MONOTONIC), cpu[PENDING_CALLS_MAX],
	       passed;
	int i;

	for (i = 0; i < count; i++)
		cpu[i] = cpu_seconds(&list[i]);
	wait_for((seconds_of(CLOCK_MONOTONIC) - begin) * 1000 > WATCH_MS);
	passed = seconds_of(CLOCK_MONOTONIC) - begin;
	for (i = 0; i < count; i++)
		if (cpu_seconds(&list[i]) - cpu[i] > BUSY_MAX * passed)
			return list[i].call->name;
	return NULL;
}

/* On a busy machine, the first measurements may be too high. */
static void pending_calls_assert_asleep(const struct pending_call *list,
					int count)
{
	const char *busy;
	int i = 0;

	do
		busy = busy_pending(list, count);
	while (busy != NULL && ++i < INTERVALS_MAX);
	ck_assert_msg(busy == NULL, "%s does not sleep", busy);
}

static void signal_ignore(int signal)
{
	(void)signal;
}

/* Interrupt the threads in the system calls in which they wait. */
static void pending_calls_interrupt(const struct pending_call *list, int count)
{
	const struct sigaction action = { .sa_handler = signal_ignore };
	int i, j;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < SIGNALS; i++) {
		for (j = 0; j < count; j++)
			pthread_kill(list[j].thread, SIGUSR1);
		poll(NULL, 0, 1);
	}
}

/* Dispatching pending events needs neither the daemon nor a wait. */
static bool pending_call_needs_daemon(const struct pending_call *pending)
{
	return strstr(pending->call->name, "_dispatch") == NULL;
}

static void pending_call_assert_went_on(struct pending_call *pending)
{
	cs_error_t err = pending_call_join(pending);

	if (pending->refusals > 0 && err == CS_ERR_TRY_AGAIN)
		err = CS_OK;
	ck_assert_msg(err == pending->call->expected, "%s: %s",
		      pending->call->name, cs_strerror(err));
}

static void pending_call_close(const struct pending_call *pending)
{
	if (pending->handle == pending->owner &&
	    strstr(pending->call->name, "_finalize") != NULL)
		assert_cs(CS_ERR_BAD_HANDLE,
			  pending->service->finalize(pending->owner));
	else
		assert_cs(CS_OK, pending->service->finalize(pending->owner));
}

START_TEST(calls_go_on)
{
	struct pending_call list[PENDING_CALLS_MAX];
	int count = 0, i;

	pending_calls_open();
	daemon_stop();
	for (i = 0; i < pending_calls_count; i++)
		if (pending_call_needs_daemon(&pending_calls[i])) {
			list[count] = pending_calls[i];
			pending_call_start(&list[count++]);
		}
	pending_calls_interrupt(list, count);
	pending_calls_assert_asleep(list, count);
	for (i = 0; i < count; i++)
		list[i].enough = true;
	daemon_continue();
	for (i = 0; i < count; i++)
		pending_call_assert_went_on(&list[i]);
	for (i = 0; i < count; i++)
		pending_call_close(&list[i]);
	for (i = 0; i < pending_calls_count; i++)
		if (!pending_call_needs_daemon(&pending_calls[i]))
			pending_call_close(&pending_calls[i]);
}
END_TEST

static cs_error_t cpg_initialize_call(uint64_t handle)
{
	cs_error_t err = cpg_initialize(&handle, NULL);

	return err == CS_OK ? cpg_finalize(handle) : err;
}

static cs_error_t quorum_initialize_call(uint64_t handle)
{
	cs_error_t err = quorum_initialize(&handle, NULL, NULL);

	return err == CS_OK ? quorum_finalize(handle) : err;
}

START_TEST(initialize_goes_on)
{
	static const struct call calls[] = {
		{ "cpg_initialize", cpg_initialize_call, CS_OK, true },
		{ "quorum_initialize", quorum_initialize_call, CS_OK, true },
	};
	struct pending_call list[] = { { .call = &calls[0] },
				       { .call = &calls[1] } };
	int i;

	daemon_stop();
	for (i = 0; i < ARRAY_SIZE(list); i++)
		pending_call_start(&list[i]);
	pending_calls_interrupt(list, ARRAY_SIZE(list));
	pending_calls_assert_asleep(list, ARRAY_SIZE(list));
	for (i = 0; i < ARRAY_SIZE(list); i++)
		list[i].enough = true;
	daemon_continue();
	for (i = 0; i < ARRAY_SIZE(list); i++)
		pending_call_assert_went_on(&list[i]);
}
END_TEST

static cs_error_t message_send(uint64_t handle)
{
	return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &message, 1);
}

static void messages_assert_delivered(cpg_handle_t handle, size_t count)
{
	struct event *event;
	size_t i;

	assert_ok(pattern_send(handle, sizeof(count), 1, 1));
	dispatch_until(handle, event_was_delivered(sizeof(count), 1));
	ck_assert_uint_eq(events_count_of(EVENT_DELIVER), count + 1);
	for (i = 0; i < count; i++) {
		event = event_get_of(EVENT_DELIVER, i);
		ck_assert_uint_eq(event->msg_len, message.iov_len);
		ck_assert_mem_eq(event->msg, message.iov_base, message.iov_len);
	}
}

/* Better 11: a sender fills whatever there is to fill, and then sleeps. */
START_TEST(messages_of_each_size)
{
	static const struct call call = { "cpg_mcast_joined", message_send,
					  CS_OK, true };
	struct pending_call pending = { .call = &call,
					.handle = cpg_open_numbered(0) };

	message.iov_len = sizes[_i];
	message.iov_base = malloc(sizes[_i] + 1);
	pattern_fill(message.iov_base, message.iov_len, 2);
	daemon_stop();
	pending_call_start(&pending);
	wait_for(pending.refusals > 0 || process_state(pending.tid) == 'S');
	pending_calls_interrupt(&pending, 1);
	pending_calls_assert_asleep(&pending, 1);
	pending.enough = true;
	daemon_continue();
	pending_call_assert_went_on(&pending);
	messages_assert_delivered(pending.handle, (size_t)pending.oks);
	assert_cs(CS_OK, cpg_finalize(pending.handle));
	free(message.iov_base);
}
END_TEST

Suite *stopped_suite(void)
{
	Suite *suite = suite_create("stopped");
	TCase *tcase = case_add(suite, "stopped");

	tcase_add_checked_fixture(tcase, daemon_continue, NULL);
	tcase_add_unchecked_fixture(tcase, NULL, daemon_continue);
	tcase_add_test(tcase, calls_go_on);
	tcase_add_test(tcase, initialize_goes_on);
	tcase_add_loop_test(tcase, messages_of_each_size, 0,
			    ARRAY_SIZE(sizes));
	return suite;
}
