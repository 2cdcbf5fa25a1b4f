/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>

#include "client.h"
#include "suites.h"

#define SIGNALS 500
#define BIG (300 * 1024)
#define MCAST 2
#define LOCAL_GET 4
#define PARTIAL_MCAST 12

static cpg_handle_t handle;
/* The server ends if a request is not announced, or what is announced none. */
START_TEST(announced_once_each)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration;
	struct cpg_name group = fake_group;
	int count;

	handle = fake_open_joined();
	for (uint32_t i = 0; i < 5; i++)
		assert_cs(CS_OK, number_send(handle, i));
	assert_cs(CS_OK, zeroes_send(handle, 0));
	assert_cs(CS_OK, zeroes_send(handle, 3 * 1024 * 1024));
	assert_cs(CS_OK, local_ask(handle));
	assert_cs(CS_OK, cpg_membership_get(handle, &group, members, &count));
	assert_cs(CS_OK, cpg_iteration_initialize(handle, CPG_ITERATION_ALL,
						  NULL, &iteration));
	assert_cs(CS_OK, cpg_iteration_next(iteration, &description));
	assert_cs(CS_OK, cpg_iteration_finalize(iteration));
	assert_cs(CS_OK, cpg_leave(handle, &group));
	server_requests_assert(0);
	ck_assert_uint_eq(server->requests[MCAST], 6);
	/* Fewer bytes each where the kernel does not let so many through. */
	if (ipc_is_socket())
		ck_assert_uint_ge(server->requests[PARTIAL_MCAST], 4);
	else
		ck_assert_uint_eq(server->requests[PARTIAL_MCAST], 4);
	for (int id = 3; id <= 7; id++)
		ck_assert_uint_eq(server->requests[id], 1);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(announced_at_once)
{
	handle = fake_open_joined();
	server_serve(false);
	for (uint32_t i = 0; i < 100; i++) {
		assert_cs(CS_OK, number_send(handle, i));
		server_requests_assert(i + 1);
	}
	server_serve(true);
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->numbered, 100);
}
END_TEST

/* By level: who may not send. */
START_TEST(flow_control)
{
	cs_error_t call = _i == 1 ? CS_ERR_TRY_AGAIN : CS_OK;

	handle = fake_open_joined();
	server_flow_set(_i);
	assert_cs(CS_ERR_TRY_AGAIN, number_send(handle, 0));
	assert_cs(CS_ERR_TRY_AGAIN, zeroes_send(handle, 2 * 1024 * 1024));
	assert_cs(call, local_ask(handle));
	server_requests_assert(0);
	ck_assert_uint_eq(server->requests[MCAST], 0);
	ck_assert_uint_eq(server->requests[PARTIAL_MCAST], 0);
	ck_assert_uint_eq(server->requests[LOCAL_GET], call == CS_OK);
	server_flow_set(0);
	assert_cs(CS_OK, number_send(handle, 0));
	assert_cs(CS_OK, local_ask(handle));
	fake_close(handle, CS_OK);
}
END_TEST

/* A sender over sockets sleeps for a while, each time. */
START_TEST(no_room)
{
	const int tries = ipc_is_socket() ? 2 : 100;
	unsigned int count = 0;
	long cpu;

	handle = fake_open_joined();
	server_serve(false);
	while (zeroes_send(handle, BIG) == CS_OK)
		count++;
	ck_assert_uint_ge(count, 1);
	cpu = cpu_ms();
	for (int i = 0; i < tries; i++)
		assert_cs(CS_ERR_TRY_AGAIN, zeroes_send(handle, BIG));
	ck_assert_int_lt(cpu_ms() - cpu, 1000);
	server_requests_assert(count);
	server_serve(true);
	assert_cs(CS_OK, local_ask(handle));
	assert_cs(CS_OK, zeroes_send(handle, BIG));
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->requests[MCAST], count + 1);
}
END_TEST

/* A socket holds a few hundred bytes, or a few thousand datagrams. */
static void socket_fill(struct caller *caller)
{
	unsigned int before;

	handle = fake_open_joined();
	server_serve(false);
	numbers_sent = 0;
	caller_start_asleep(caller, numbers_send, handle);
	/* It may have slept for a lock before; this one lasts. */
	do {
		before = numbers_sent;
		idle_assert();
	} while (numbers_sent != before);
	ck_assert(!caller->done);
	ck_assert_uint_gt(numbers_sent, 0);
	ck_assert_uint_lt(numbers_sent, NUMBERS);
	ck_assert_int_eq(process_state(caller->tid), 'S');
}

START_TEST(socket_full)
{
	struct caller caller;

	socket_fill(&caller);
	server_serve(true);
	assert_cs(CS_OK, caller_join(&caller));
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->numbered, NUMBERS);
}
END_TEST

static void signal_ignore(int number)
{
	(void)number;
}

START_TEST(socket_full_signals)
{
	const struct sigaction action = { .sa_handler = signal_ignore };
	struct caller caller;

	sigaction(SIGUSR1, &action, NULL);
	socket_fill(&caller);
	for (int i = 0; i < SIGNALS; i++)
		ck_assert_int_eq(pthread_kill(caller.thread, SIGUSR1), 0);
	idle_assert();
	ck_assert(!caller.done);
	timer_start(1000, signal_ignore);
	server_serve(true);
	assert_cs(CS_OK, caller_join(&caller));
	timer_stop();
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->numbered, NUMBERS);
}
END_TEST

/* The message that is half out is sent before the thread ends. */
START_TEST(socket_full_cancel)
{
	struct caller caller;
	void *result;

	socket_fill(&caller);
	ck_assert_int_eq(pthread_cancel(caller.thread), 0);
	idle_assert();
	ck_assert_int_eq(process_state(caller.tid), 'S');
	server_serve(true);
	wait_for(caller.done || process_state(caller.tid) == 0);
	ck_assert_int_eq(pthread_join(caller.thread, &result), 0);
	assert_cs(CS_OK, local_ask(handle));
	server_requests_assert(0);
	ck_assert_uint_ge(server->numbered, numbers_sent);
	ck_assert_uint_le(server->numbered, numbers_sent + 1);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(socket_full_closed)
{
	struct caller caller;

	socket_fill(&caller);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

Suite *requests_suite(void)
{
	Suite *suite = suite_create("requests");
	TCase *tcase = fake_case_add(suite, "requests");

	tcase_add_test(tcase, announced_once_each);
	tcase_add_test(tcase, announced_at_once);
	tcase_add_loop_test(tcase, flow_control, 1, 3);
	tcase_add_test(tcase, no_room);
	tcase_add_test(tcase, socket_full);
	tcase_add_test(tcase, socket_full_signals);
	tcase_add_test(tcase, socket_full_cancel);
	tcase_add_test(tcase, socket_full_closed);
	return suite;
}
