/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <limits.h>
#include <string.h>

#include "../error_log.h"
#include "client.h"
#include "suites.h"

#define JOIN 0
#define MEMBERSHIP_GET 3
#define LOCAL_GET 4
#define ITERATION_NEXT 6
#define FINALIZE 8
#define PARTIAL_MCAST 12

#define LOCAL_REPLY 7
#define LOCAL_SIZE 32

/* About a second, on a busy machine. */
#define PATIENCE_MIN_MS 500
#define PATIENCE_MAX_MS 10000
/* Far more than the pauses allow, far less than without any. */
#define REQUESTS_MAX 300

/* The pauses between them take a second in all, and more. */
#define BUSY_ANSWERS 250

static cpg_handle_t handle;
static unsigned char reply[SERVER_ANSWER_MAX];

static void local_answer(int32_t id, size_t size, int32_t error,
			 unsigned int times)
{
	memset(reply, 0, sizeof(reply));
	put_reply(reply, id, size, error);
	put_u32(reply, 24, SERVER_NODEID);
	server_answer_set(LOCAL_GET, reply, size, times);
}

/* After a malformed reply, every later request fails. */
static void nonsense_assert(void)
{
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	fake_close(handle, CS_ERR_LIBRARY);
}

START_TEST(wrong_id)
{
	static const int32_t ids[] = { 0, 4, 8, 12, -1, INT32_MIN, INT32_MAX };

	handle = fake_open();
	local_answer(ids[_i], LOCAL_SIZE, CS_OK, 1);
	nonsense_assert();
}
END_TEST

START_TEST(wrong_length)
{
	static const size_t sizes[] = { 1,  8,	20, 23, 24,  25,
					31, 33, 40, 64, 9248 };

	handle = fake_open();
	local_answer(LOCAL_REPLY, sizes[_i], CS_OK, 1);
	nonsense_assert();
}
END_TEST

/*
 * Nothing. A chunk without a byte is no chunk: no worse than no reply. A
 * datagram without a byte is a reply that is too short.
 */
START_TEST(empty)
{
	struct caller caller;

	handle = fake_open();
	server_answer_set(LOCAL_GET, reply, 0, 1);
	if (ipc_is_socket()) {
		nonsense_assert();
		return;
	}
	caller_start_asleep(&caller, local_ask, handle);
	idle_assert();
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

START_TEST(not_an_error)
{
	static const int32_t errors[] = { 0, -1, -CS_ERR_EXIST, INT32_MIN };

	handle = fake_open();
	local_answer(LOCAL_REPLY, LOCAL_SIZE, errors[_i], 1);
	nonsense_assert();
}
END_TEST

/* As corosync's IPC layer refuses: a header of id 0. */
START_TEST(refused)
{
	static const cs_error_t errors[] = { CS_ERR_INVALID_PARAM,
					     CS_ERR_TRY_AGAIN, CS_ERR_EXIST,
					     CS_ERR_SECURITY };
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = fake_group;
	int count = 77;

	error_log_pause(true);
	handle = fake_open();
	for (int i = 0; i < ARRAY_SIZE(errors); i++) {
		server_answer_header(LOCAL_GET, 0, (int32_t)errors[i], 1);
		assert_cs(errors[i], local_ask(handle));
		assert_cs(CS_OK, local_ask(handle));
		server_answer_header(MEMBERSHIP_GET, 0, (int32_t)errors[i], 1);
		assert_cs(errors[i], cpg_membership_get(handle, &group,
							members, &count));
		ck_assert_int_eq(count, 77);
	}
	fake_close(handle, CS_OK);
}
END_TEST

static void twice_answer(void)
{
	handle = fake_open();
	local_answer(LOCAL_REPLY, LOCAL_SIZE, CS_OK, 1);
	server->answers[LOCAL_GET].copies = 2;
	assert_cs(CS_OK, local_ask(handle));
	server_requests_assert(0);
}

/* The next call is another one. */
START_TEST(twice_then_another)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = fake_group;
	int count = 77;
	cs_error_t err;

	twice_answer();
	err = cpg_membership_get(handle, &group, members, &count);
	ck_assert(err == CS_ERR_LIBRARY || err == CS_OK);
	ck_assert_int_eq(count, err == CS_OK ? 0 : 77);
	fake_close(handle, err);
}
END_TEST

/* The next call is the same one, but its reply is different. */
START_TEST(twice_then_the_same)
{
	unsigned int nodeid = 0;
	cs_error_t err;

	twice_answer();
	put_u32(reply, 24, 4711);
	server_answer_set(LOCAL_GET, reply, LOCAL_SIZE, UINT_MAX);
	err = cpg_local_get(handle, &nodeid);
	ck_assert(err == CS_ERR_LIBRARY || err == CS_OK);
	ck_assert_uint_eq(nodeid, err == CS_OK ? 4711 : 0);
	fake_close(handle, err);
}
END_TEST

START_TEST(unasked)
{
	cs_error_t err;

	handle = fake_open();
	memset(reply, 0, sizeof(reply));
	put_reply(reply, LOCAL_REPLY, LOCAL_SIZE, CS_OK);
	put_u32(reply, 24, 4711);
	server_reply_put(reply, LOCAL_SIZE);
	err = local_ask(handle);
	ck_assert(err == CS_ERR_LIBRARY || err == CS_OK);
	fake_close(handle, err);
}
END_TEST

START_TEST(too_many_members)
{
	static const uint32_t counts[] = { 129, 384, 385, 0x7fffffff,
					   0x80000000, UINT32_MAX };
	struct cpg_address members[CPG_MEMBERS_MAX + 1];
	struct cpg_name group = fake_group;
	int count = 77;

	handle = fake_open();
	memset(reply, 0x11, 9248);
	put_reply(reply, 3, 9248, CS_OK);
	put_u32(reply, 24, counts[_i]);
	server_answer_set(MEMBERSHIP_GET, reply, 9248, 1);
	memset(members, 0x22, sizeof(members));
	assert_cs(CS_ERR_NO_SPACE,
		  cpg_membership_get(handle, &group, members, &count));
	ck_assert_int_eq(count, CPG_MEMBERS_MAX);
	ck_assert_uint_eq(members[CPG_MEMBERS_MAX - 1].pid, 0x11111111);
	ck_assert_uint_eq(members[CPG_MEMBERS_MAX].nodeid, 0x22222222);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(iteration_name_too_long)
{
	static const uint32_t lengths[] = { 129, 136, 0x7fffffff, 0x80000000,
					    UINT32_MAX };
	struct cpg_iteration_description_t description, untouched;
	cpg_iteration_handle_t iteration;

	handle = fake_open();
	assert_cs(CS_OK, cpg_iteration_initialize(handle, CPG_ITERATION_ALL,
						  NULL, &iteration));
	memset(reply, 0x11, 168);
	put_reply(reply, 10, 168, CS_OK);
	put_u32(reply, 24, lengths[_i]);
	server_answer_set(ITERATION_NEXT, reply, 168, 1);
	memset(&description, 0x22, sizeof(description));
	untouched = description;
	assert_cs(CS_ERR_LIBRARY, cpg_iteration_next(iteration, &description));
	ck_assert_mem_eq(&description, &untouched, sizeof(description));
	cpg_iteration_finalize(iteration);
	fake_close(handle, CS_OK);
}
END_TEST

static void patience_assert(cs_error_t want, int32_t request,
			    cs_error_t (*run)(uint64_t handle))
{
	uint64_t start = now_ms();
	long cpu = cpu_ms();

	assert_cs(want, run(handle));
	ck_assert_uint_ge(now_ms() - start, PATIENCE_MIN_MS);
	ck_assert_uint_le(now_ms() - start, PATIENCE_MAX_MS);
	ck_assert_int_lt(cpu_ms() - cpu, PATIENCE_MIN_MS);
	ck_assert_uint_ge(server->requests[request], 2);
	ck_assert_uint_le(server->requests[request], REQUESTS_MAX);
}

static cs_error_t group_join(uint64_t of)
{
	return cpg_join(of, &fake_group);
}

static cs_error_t big_send(uint64_t of)
{
	return zeroes_send(of, 2 * 1024 * 1024);
}

/* As long as a ring takes to form: some seconds. */
START_TEST(busy_for_a_while)
{
	handle = fake_open();
	server_answer_header(JOIN, 0, CS_ERR_BUSY, BUSY_ANSWERS);
	patience_assert(CS_OK, JOIN, group_join);
	ck_assert_uint_eq(server->requests[JOIN], BUSY_ANSWERS + 1);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(partial_try_again_for_ever)
{
	handle = fake_open_joined();
	server_answer_header(PARTIAL_MCAST, 18, CS_ERR_TRY_AGAIN, UINT_MAX);
	patience_assert(CS_ERR_TRY_AGAIN, PARTIAL_MCAST, big_send);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(partial_try_again_twice)
{
	unsigned int count;

	handle = fake_open_joined();
	assert_cs(CS_OK, big_send(handle));
	count = server->requests[PARTIAL_MCAST];
	server_answer_header(PARTIAL_MCAST, 18, CS_ERR_TRY_AGAIN, 2);
	assert_cs(CS_OK, big_send(handle));
	ck_assert_uint_eq(server->requests[PARTIAL_MCAST], 2 * count + 2);
	fake_close(handle, CS_OK);
}
END_TEST

/* Whatever it is, the handle is closed. */
START_TEST(finalize_refused)
{
	static const cs_error_t errors[] = { CS_ERR_TRY_AGAIN, CS_ERR_BUSY,
					     CS_ERR_INVALID_PARAM };

	handle = fake_open();
	server_answer_header(FINALIZE, 12, (int32_t)errors[_i], 1);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(quorum_type_refused)
{
	static const cs_error_t errors[] = { CS_ERR_INVALID_PARAM,
					     CS_ERR_TRY_AGAIN };
	quorum_handle_t quorum = 0;
	uint32_t type = 77;

	server_plan_quorum();
	server_answer_header(4, 0, (int32_t)errors[_i], 1);
	server_start();
	assert_cs(errors[_i], quorum_model_initialize(&quorum, QUORUM_MODEL_V1,
						      NULL, &type, NULL));
	ck_assert_uint_eq(quorum, 0);
	ck_assert_uint_eq(type, 77);
	server_stop();
}
END_TEST

Suite *replies_suite(void)
{
	Suite *suite = suite_create("replies");
	TCase *tcase = fake_case_add(suite, "replies");

	tcase_add_loop_test(tcase, wrong_id, 0, 7);
	tcase_add_loop_test(tcase, wrong_length, 0, 11);
	tcase_add_test(tcase, empty);
	tcase_add_loop_test(tcase, not_an_error, 0, 4);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, twice_then_another);
	tcase_add_test(tcase, twice_then_the_same);
	tcase_add_test(tcase, unasked);
	tcase_add_loop_test(tcase, too_many_members, 0, 6);
	tcase_add_loop_test(tcase, iteration_name_too_long, 0, 5);
	tcase_add_test(tcase, busy_for_a_while);
	tcase_add_test(tcase, partial_try_again_for_ever);
	tcase_add_test(tcase, partial_try_again_twice);
	tcase_add_loop_test(tcase, finalize_refused, 0, 3);
	tcase_add_loop_test(tcase, quorum_type_refused, 0, 2);
	return suite;
}
