/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fake_service.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define CROWD 4

/* The modes that wait; a test uses number _i. */
static const cs_dispatch_flags_t modes[] = {
	CS_DISPATCH_ONE,
	CS_DISPATCH_BLOCKING,
};

START_TEST(close_wakes_all)
{
	uint64_t handle = fake_service_open();
	struct caller dispatchers[CROWD];

	for (unsigned int i = 0; i < CROWD; i++)
		caller_dispatch(&dispatchers[i], fake_service_dispatch, handle,
				modes[_i]);
	fake_empties_await(CROWD);
	fake_service_close(handle);
	for (unsigned int i = 0; i < CROWD; i++)
		ck_assert_int_eq(caller_join(&dispatchers[i]),
				 CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

/* Finalize at about the time at which a dispatcher begins to wait. */
START_TEST(close_and_wait_race)
{
	for (int round = 0; round < 200; round++) {
		uint64_t handle = fake_service_open();
		unsigned int empties = fake.empties;
		struct caller dispatcher;

		caller_dispatch(&dispatcher, fake_service_dispatch, handle,
				modes[_i]);
		if (round % 2 == 0)
			fake_empties_await(empties + 1);
		fake_service_close(handle);
		ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_BAD_HANDLE);
	}
	ck_assert_uint_eq(fake.closes, 200);
}
END_TEST

START_TEST(use_keeps_the_connection)
{
	uint64_t handle = fake_service_open();
	struct client_use use;
	struct client_use close_use;

	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	numbered_events_queue(1);
	ck_assert_int_eq(client_close(handle, &fake_service, &close_use),
			 CS_OK);
	ck_assert_int_eq(dispatch_run(handle, &fake_service, modes[_i]),
			 CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake.looks, 0);
	client_put(&close_use);
	ck_assert_uint_eq(fake.closes, 0);
	client_put(&use);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

START_TEST(death_ends_the_wait)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	fake_empties_await(1);
	fake_die(false);
	ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_LIBRARY);
	ck_assert_int_eq(libc_poll_timeout(), -1);
	ck_assert_uint_eq(libc_polls(), 1);
	fake_service_close(handle);
}
END_TEST

static void signal_take(int number)
{
	(void)number;
}

struct interruption {
	pthread_t thread;
	unsigned int polls;
};

/* A signal just before a poll does not interrupt it: send several. */
static bool interrupt(const void *data)
{
	const struct interruption *interruption = data;

	pthread_kill(interruption->thread, SIGUSR1);
	return libc_polls() >= interruption->polls;
}

START_TEST(signals_are_no_end)
{
	const struct sigaction action = { .sa_handler = signal_take };
	uint64_t handle = fake_service_open();
	struct interruption interruption = { .polls = 20 };
	struct caller dispatcher;

	sigaction(SIGUSR1, &action, NULL);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	interruption.thread = dispatcher.thread;
	wait_for(interrupt(&interruption));
	fake_service_close(handle);
	ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_BAD_HANDLE);
}
END_TEST

/* After this, no descriptor can be opened. */
static void descriptors_end(struct rlimit *ret_before)
{
	struct rlimit limit;
	int lowest = dup(0);

	ck_assert_int_ge(lowest, 0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, ret_before), 0);
	limit = *ret_before;
	limit.rlim_cur = (rlim_t)lowest;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_lt(dup(0), 0);
}

START_TEST(without_descriptors)
{
	uint64_t handle = fake_service_open();
	struct caller dispatchers[2];
	struct rlimit before;

	descriptors_end(&before);
	caller_dispatch(&dispatchers[0], fake_service_dispatch, handle,
			CS_DISPATCH_ONE);
	fake_empties_await(1);
	numbered_events_queue(1);
	ck_assert_int_eq(caller_join(&dispatchers[0]), CS_OK);
	ck_assert_uint_eq(numbered_events.delivered, 1);
	for (int i = 0; i < 2; i++)
		caller_dispatch(&dispatchers[i], fake_service_dispatch, handle,
				modes[_i]);
	fake_empties_await(3);
	fake_service_close(handle);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(caller_join(&dispatchers[i]),
				 CS_ERR_BAD_HANDLE);
	setrlimit(RLIMIT_NOFILE, &before);
}
END_TEST

START_TEST(descriptors_are_given_back)
{
	int before = fds_count();
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	fake_empties_await(1);
	fake_service_close(handle);
	caller_join(&dispatcher);
	ck_assert_int_eq(fds_count(), before);
}
END_TEST

static bool all_are_delivered(void)
{
	return numbered_events.delivered == EVENT_NUMBERS;
}

START_TEST(each_event_once)
{
	uint64_t handle = fake_service_open();
	struct caller dispatchers[CROWD];

	for (int i = 0; i < CROWD; i++)
		caller_dispatch(&dispatchers[i], fake_service_dispatch, handle,
				CS_DISPATCH_BLOCKING);
	numbered_events_queue(EVENT_NUMBERS);
	wait_for(all_are_delivered());
	fake_service_close(handle);
	for (int i = 0; i < CROWD; i++)
		ck_assert_int_eq(caller_join(&dispatchers[i]),
				 CS_ERR_BAD_HANDLE);
	for (int number = 0; number < EVENT_NUMBERS; number++)
		ck_assert_uint_eq(numbered_events.deliveries[number], 1);
}
END_TEST

TCase *dispatch_wait_case(void)
{
	const int both = (int)COUNT(modes);
	TCase *tcase = tcase_create("dispatch_wait");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	tcase_add_loop_test(tcase, close_wakes_all, 0, both);
	tcase_add_loop_test(tcase, close_and_wait_race, 0, both);
	tcase_add_loop_test(tcase, use_keeps_the_connection, 0, both);
	tcase_add_loop_test(tcase, death_ends_the_wait, 0, both);
	tcase_add_loop_test(tcase, signals_are_no_end, 0, both);
	tcase_add_loop_test(tcase, without_descriptors, 0, both);
	tcase_add_loop_test(tcase, descriptors_are_given_back, 0, both);
	tcase_add_test(tcase, each_event_once);
	return tcase;
}
