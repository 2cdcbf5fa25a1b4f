/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Signals interrupt system calls all the time. No function fails because of
 * that, and nothing is lost.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "calls.h"
#include "scenarios.h"
#include "suites.h"
#include "support.h"

/* Under valgrind, signals at a higher rate would allow no progress. */
#define TICK_US (valgrind_is_there() ? 10000 : 1000)
#define TICKS 150
#define ROUNDS_MIN 3

static atomic_int ticks;

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

static void work_repeat(const struct scenario *scenario)
{
	struct job job;
	cs_error_t err;
	int rounds = 0;

	job_open(&job, scenario, 0);
	while (rounds++ < ROUNDS_MIN || ticks < TICKS) {
		err = scenario->run(&job);
		ck_assert_msg(err == CS_OK, "%s: %s", scenario->name,
			      cs_strerror(err));
	}
	assert_cs(CS_OK, job_close(&job));
}

START_TEST(scenarios_go_on)
{
	timer_start(TICK_US, tick);
	work_repeat(&scenarios[_i]);
	timer_stop();
}
END_TEST

static void alarms_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(how, &set, NULL);
}

/* The main thread blocks the signals, so this thread receives them. */
static void *work_run(void *data)
{
	alarms_mask(SIG_UNBLOCK);
	work_repeat(data);
	return NULL;
}

START_TEST(scenarios_go_on_in_a_thread)
{
	pthread_t thread;

	alarms_mask(SIG_BLOCK);
	timer_start(TICK_US, tick);
	ck_assert_int_eq(
		pthread_create(&thread, NULL, work_run, (void *)&scenarios[_i]),
		0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	timer_stop();
	alarms_mask(SIG_UNBLOCK);
}
END_TEST

/* Functions that do not ask the daemon each time. */
START_TEST(calls_go_on)
{
	cpg_handle_t cpg = cpg_open();
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);

	timer_start(TICK_US, tick);
	while (ticks < TICKS) {
		calls_run_local(cpg_calls, CPG_CALLS, cpg);
		calls_run_local(quorum_calls, QUORUM_CALLS, quorum);
	}
	timer_stop();
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

struct number {
	uint32_t value;
	bool is_last;
};

static uint32_t received;
static bool last_was_received;

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	const struct number *number = msg;

	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	ck_assert_uint_eq(msg_len, sizeof(*number));
	ck_assert_uint_eq(number->value, received);
	received++;
	last_was_received = number->is_last;
}

static void *numbers_send(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	struct number number = { 0 };
	struct iovec iov = { &number, sizeof(number) };

	while (!number.is_last) {
		number.is_last = ticks >= TICKS;
		assert_ok(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
		number.value++;
	}
	return NULL;
}

static void *numbers_receive(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;

	while (!last_was_received)
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	return NULL;
}

/* Both threads are interrupted all the time until they have ended. */
START_TEST(nothing_is_lost)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = deliver };
	struct cpg_name group = name_unique("numbers");
	pthread_t sender, receiver;
	cpg_handle_t handle;

	assert_ok(cpg_initialize(&handle, &callbacks));
	assert_ok(cpg_join(handle, &group));
	/* To install the handler: the alarms come from here. */
	timer_start(TICK_US, tick);
	timer_stop();
	ck_assert_int_eq(pthread_create(&sender, NULL, numbers_send, &handle),
			 0);
	ck_assert_int_eq(pthread_create(&receiver, NULL, numbers_receive,
					&handle),
			 0);
	while (pthread_tryjoin_np(receiver, NULL) == EBUSY) {
		pthread_kill(sender, SIGALRM);
		pthread_kill(receiver, SIGALRM);
		poll(NULL, 0, 1);
	}
	ck_assert_int_eq(pthread_join(sender, NULL), 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

Suite *signals_suite(void)
{
	Suite *suite = suite_create("signals");
	TCase *tcase = case_add(suite, "signals");

	tcase_add_loop_test(tcase, scenarios_go_on, 0, SCENARIOS);
	tcase_add_loop_test(tcase, scenarios_go_on_in_a_thread, 0, SCENARIOS);
	tcase_add_test(tcase, calls_go_on);
	tcase_add_test(tcase, nothing_is_lost);
	return suite;
}
