/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <sys/wait.h>

#include "../unit/wire.h"
#include "client.h"
#include "suites.h"

#define EVENTS 3
#define SOON_MS 2000
#define CPU_MS 500
#define CPG_LOCAL_GET 4

static cpg_handle_t handle;

static void events_put(bool with_bytes)
{
	struct wire wire;

	wire_deliver(&wire);
	for (int i = 0; i < EVENTS; i++) {
		if (with_bytes)
			server_event(wire.bytes, wire.size);
		else
			server_event_put(wire.bytes, wire.size);
	}
}

/* Each mode of dispatch, and each request, must fail. */
static void dead_assert(void)
{
	for (int mode = 1; mode <= MODES; mode++)
		assert_cs(CS_ERR_LIBRARY, cpg_dispatch(handle, mode));
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	assert_cs(CS_ERR_LIBRARY, cpg_join(handle, &fake_group));
	assert_cs(CS_ERR_LIBRARY, cpg_leave(handle, &fake_group));
	assert_cs(CS_ERR_LIBRARY, number_send(handle, 0));
	assert_cs(CS_ERR_LIBRARY, zeroes_send(handle, 2 * 1024 * 1024));
}

/* Each mode, with the bytes and without. */
START_TEST(events_come_first)
{
	int mode = _i % MODES + 1;
	cs_error_t err;

	handle = fake_open();
	events_put(_i < MODES);
	server_hang_up();
	do
		err = cpg_dispatch(handle, mode);
	while (err == CS_OK);
	assert_cs(CS_ERR_LIBRARY, err);
	ck_assert_uint_eq(events_count(), EVENTS);
	dead_assert();
	ck_assert_uint_eq(events_count(), EVENTS);
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

/* No events of a daemon that has closed the connection and still runs. */
START_TEST(no_events_after_the_end)
{
	handle = fake_open();
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, cpg_dispatch(handle, _i));
	events_put(false);
	dead_assert();
	ck_assert_uint_eq(events_count(), 0);
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

/* Even if a request has noticed the end before. */
START_TEST(events_come_after_a_request)
{
	cs_error_t err;

	handle = fake_open();
	events_put(true);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	do
		err = cpg_dispatch(handle, _i);
	while (err == CS_OK);
	assert_cs(CS_ERR_LIBRARY, err);
	ck_assert_uint_eq(events_count(), EVENTS);
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(while_dispatch_waits)
{
	struct caller caller;

	handle = fake_open();
	caller_dispatch_asleep(&caller, handle, _i);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(while_a_call_waits)
{
	struct caller caller;
	uint64_t start;
	long cpu;

	handle = fake_open();
	server_serve(false);
	caller_start_asleep(&caller, local_ask, handle);
	idle_assert();
	ck_assert(!caller.done);
	start = now_ms();
	cpu = cpu_ms();
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	ck_assert_uint_lt(now_ms() - start, SOON_MS);
	ck_assert_int_lt(cpu_ms() - cpu, CPU_MS);
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

static void last_answer_set(unsigned int copies)
{
	unsigned char bytes[32] = { 0 };
	struct server_answer *answer;

	put_reply(bytes, 7, sizeof(bytes), CS_OK);
	put_u32(bytes, 24, SERVER_NODEID);
	answer = server_answer_set(CPG_LOCAL_GET, bytes, sizeof(bytes), 1);
	answer->copies = copies;
	answer->hangs_up = true;
}

START_TEST(after_the_reply)
{
	handle = fake_open();
	last_answer_set(1);
	assert_cs(CS_OK, local_ask(handle));
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(instead_of_the_reply)
{
	uint64_t start = now_ms();

	handle = fake_open();
	last_answer_set(0);
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	ck_assert_uint_lt(now_ms() - start, SOON_MS);
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(no_room)
{
	const size_t size = 300 * 1024;

	handle = fake_open_joined();
	server_serve(false);
	while (zeroes_send(handle, size) == CS_OK)
		;
	assert_cs(CS_ERR_TRY_AGAIN, zeroes_send(handle, size));
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, zeroes_send(handle, size));
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(flow_is_held)
{
	handle = fake_open_joined();
	server_flow_set(_i);
	assert_cs(CS_ERR_TRY_AGAIN, number_send(handle, 0));
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, number_send(handle, 0));
	dead_assert();
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

/* The client removes the files of a killed daemon; no one else does. */
START_TEST(killed)
{
	handle = fake_open();
	events_put(true);
	server_kill();
	ck_assert(WIFSIGNALED(server_reap()));
	ck_assert_uint_eq(server_files_count(), server_files_max());
	if (_i == 1) {
		assert_cs(CS_ERR_LIBRARY,
			  cpg_dispatch(handle, CS_DISPATCH_BLOCKING));
		dead_assert();
	}
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	ck_assert_uint_eq(server_files_count(), 0);
	events_clear();
}
END_TEST

/* It still has a process id. */
START_TEST(killed_and_not_reaped)
{
	handle = fake_open();
	server_kill();
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	ck_assert_uint_eq(server_files_count(), 0);
	ck_assert(WIFSIGNALED(server_reap()));
}
END_TEST

/* It has hung up: it needs the files no more, and does not mind. */
START_TEST(alive)
{
	handle = fake_open();
	server_hang_up();
	ck_assert_uint_eq(server_files_count(), server_files_max());
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	ck_assert_uint_eq(server_files_count(), 0);
	server_stop();
}
END_TEST

Suite *death_suite(void)
{
	Suite *suite = suite_create("death");
	TCase *tcase = fake_case_add(suite, "death");

	tcase_add_loop_test(tcase, events_come_first, 0, 2 * MODES);
	tcase_add_loop_test(tcase, no_events_after_the_end, 1, MODES + 1);
	tcase_add_loop_test(tcase, events_come_after_a_request, 1, MODES + 1);
	tcase_add_loop_test(tcase, while_dispatch_waits, CS_DISPATCH_ONE,
			    CS_DISPATCH_ONE + 1);
	tcase_add_loop_test(tcase, while_dispatch_waits, CS_DISPATCH_BLOCKING,
			    CS_DISPATCH_BLOCKING + 1);
	tcase_add_test(tcase, while_a_call_waits);
	tcase_add_test(tcase, after_the_reply);
	tcase_add_test(tcase, instead_of_the_reply);
	tcase_add_test(tcase, no_room);
	tcase_add_loop_test(tcase, flow_is_held, 1, 3);
	tcase_add_loop_test(tcase, killed, 0, 2);
	tcase_add_test(tcase, killed_and_not_reaped);
	tcase_add_test(tcase, alive);
	return suite;
}
