/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Daemons of other versions: an older one without model 1 of quorum, and newer
 * ones, with events, fields and values that the library does not know.
 * refusals.c has the requests that a daemon no longer supports.
 */

#include <string.h>
#include <sys/uio.h>

#include "../error_log.h"
#include "client.h"
#include "kinds.h"
#include "suites.h"

#define GETQUORATE 0
#define MCAST 2
#define GETTYPE 3
#define MODEL_GETTYPE 4
#define RETIRED_FIRST 9
#define RETIRED_LAST 11
#define PARTIAL_MCAST 12

#define REASON_AT 16
#define APPENDED 64

static cs_error_t model_initialize(quorum_model_t model,
				   quorum_handle_t *ret_handle,
				   uint32_t *ret_type)
{
	return quorum_model_initialize(ret_handle, model, NULL, ret_type, NULL);
}

static void model_0_assert(void)
{
	quorum_handle_t handle;
	uint32_t type = 77;

	server_start();
	assert_cs(CS_OK, model_initialize(QUORUM_MODEL_V0, &handle, &type));
	ck_assert_uint_eq(type, SERVER_NODEID);
	ck_assert_uint_eq(server->requests[MODEL_GETTYPE], 0);
	assert_cs(CS_OK, quorum_finalize(handle));
	server_stop();
}

static void model_1_assert(cs_error_t want)
{
	quorum_handle_t handle = 77;
	uint32_t type = 77;

	server_start();
	assert_cs(want, model_initialize(QUORUM_MODEL_V1, &handle, &type));
	ck_assert_uint_eq(handle, 77);
	ck_assert_uint_eq(type, 77);
	ck_assert_uint_eq(server->requests[MODEL_GETTYPE], 1);
	server_stop();
}

START_TEST(model_1_refused)
{
	static const cs_error_t errors[] = { CS_ERR_INVALID_PARAM,
					     CS_ERR_NOT_SUPPORTED };

	error_log_pause(true);
	server_plan_quorum();
	server_answer_header(MODEL_GETTYPE, 0, (int32_t)errors[_i], UINT_MAX);
	model_0_assert();
	model_1_assert(errors[_i]);
}
END_TEST

/* A daemon may terminate when it receives a request that it does not know. */
START_TEST(model_1_ends_the_connection)
{
	struct server_answer *answer;

	server_plan_quorum();
	answer = server_answer_header(MODEL_GETTYPE, 0, CS_OK, UINT_MAX);
	answer->copies = 0;
	answer->hangs_up = true;
	model_0_assert();
	model_1_assert(CS_ERR_LIBRARY);
}
END_TEST

static void zcb_send(cpg_handle_t handle, size_t size)
{
	void *buffer;

	assert_cs(CS_OK, cpg_zcb_alloc(handle, size, &buffer));
	memset(buffer, 0, size);
	assert_cs(CS_OK, cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer,
					      size));
	assert_cs(CS_OK, cpg_zcb_free(handle, buffer));
}

START_TEST(no_zero_copy_requests)
{
	cpg_handle_t handle = fake_open_joined();

	zcb_send(handle, 100);
	zcb_send(handle, 2 * 1024 * 1024);
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->requests[MCAST], 1);
	ck_assert_uint_ge(server->requests[PARTIAL_MCAST], 2);
	for (int id = RETIRED_FIRST; id <= RETIRED_LAST; id++)
		ck_assert_uint_eq(server->requests[id], 0);
}
END_TEST

/* Each is between 0 and the next id that a daemon might use, or beyond. */
static const uint32_t unknown_ids[] = { 2, 8, 14, 18, 19, 1000 };

static void known_send(void)
{
	struct wire wire;

	(kind->is_partial ? wire_deliver : kind->make)(&wire);
	server_event(wire.bytes, wire.size);
}

static void unknown_between_known_send(void)
{
	struct wire wire;

	known_send();
	kind->make(&wire);
	for (int i = 0; i < ARRAY_SIZE(unknown_ids); i++) {
		put_u32(wire.bytes, 0, unknown_ids[i]);
		server_event(wire.bytes, wire.size);
	}
	known_send();
}

START_TEST(unknown_events_all)
{
	kind_open(_i);
	unknown_between_known_send();
	assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 2);
	kind_close();
}
END_TEST

START_TEST(unknown_events_one_by_one)
{
	kind_open(_i);
	unknown_between_known_send();
	for (int i = 0; i < ARRAY_SIZE(unknown_ids) + 2; i++)
		assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ONE_NONBLOCKING));
	ck_assert_uint_eq(events_count(), 2);
	assert_cs(CS_ERR_TRY_AGAIN,
		  kind_dispatch(CS_DISPATCH_ONE_NONBLOCKING));
	kind_close();
}
END_TEST

static cs_error_t blocking_dispatch(uint64_t unused)
{
	(void)unused;
	return kind_dispatch(CS_DISPATCH_BLOCKING);
}

START_TEST(unknown_events_blocking)
{
	struct caller caller;

	kind_open(_i);
	caller_start_asleep(&caller, blocking_dispatch, 0);
	unknown_between_known_send();
	wait_for(events_count() == 2);
	ck_assert(!caller.done);
	kind_close();
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&caller));
}
END_TEST

static void contents_assert_same(const struct event *one,
				 const struct event *other)
{
	ck_assert_int_eq(one->kind, other->kind);
	ck_assert_mem_eq(&one->group, &other->group, sizeof(one->group));
	ck_assert_uint_eq(one->nodeid, other->nodeid);
	ck_assert_uint_eq(one->pid, other->pid);
	ck_assert_uint_eq(one->ring_seq, other->ring_seq);
	ck_assert_uint_eq(one->quorate, other->quorate);
	ck_assert_uint_eq(one->msg_len, other->msg_len);
	if (one->msg_len > 0)
		ck_assert_mem_eq(one->msg, other->msg, one->msg_len);
	ck_assert_uint_eq(one->members_len, other->members_len);
	ck_assert_uint_eq(one->left_len, other->left_len);
	ck_assert_uint_eq(one->joined_len, other->joined_len);
	ck_assert_mem_eq(one->members, other->members, sizeof(one->members));
	ck_assert_mem_eq(one->left, other->left, sizeof(one->left));
	ck_assert_mem_eq(one->joined, other->joined, sizeof(one->joined));
	ck_assert_mem_eq(one->nodes, other->nodes, sizeof(one->nodes));
}

/* A field of a newer daemon, behind those that the library knows. */
static void field_append(struct wire *wire)
{
	memset(wire->bytes + wire->size, 0x77, APPENDED);
	wire->size += APPENDED;
	put_u32(wire->bytes, 8, (uint32_t)wire->size);
}

START_TEST(longer_event)
{
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	server_event(wire.bytes, wire.size);
	field_append(&wire);
	server_event(wire.bytes, wire.size);
	assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 2);
	contents_assert_same(event_get(0), event_get(1));
	kind_close();
}
END_TEST

/* The first and the last fragment of a message, which are equal. */
START_TEST(longer_fragments)
{
	cpg_handle_t handle = fake_open();
	struct wire wire;
	size_t len;

	wire_partial(&wire);
	len = get_u32(wire.bytes, 168);
	put_u32(wire.bytes, 160, 2 * (uint32_t)len);
	field_append(&wire);
	put_u32(wire.bytes, 192, 1);
	server_event(wire.bytes, wire.size);
	put_u32(wire.bytes, 192, 3);
	server_event(wire.bytes, wire.size);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 1);
	ck_assert_uint_eq(event_get(0)->msg_len, 2 * len);
	ck_assert_mem_eq(event_get(0)->msg, wire.bytes + 200, len);
	ck_assert_mem_eq(event_get(0)->msg + len, wire.bytes + 200, len);
	fake_close(handle, CS_OK);
}
END_TEST

START_TEST(unknown_reasons)
{
	static const uint32_t reasons[] = { 6, 255, 0x7fffffff, 0x80000000,
					    UINT32_MAX };
	cpg_handle_t handle = fake_open();
	struct wire wire;

	for (int i = 0; i < ARRAY_SIZE(reasons); i++) {
		wire_confchg(&wire);
		for (size_t at = 184; at < wire.size; at += 24)
			put_u32(wire.bytes, at + REASON_AT, reasons[i]);
		server_event(wire.bytes, wire.size);
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		ck_assert_uint_eq(event_get(0)->members[2].reason, reasons[i]);
		ck_assert_uint_eq(event_get(0)->left[1].reason, reasons[i]);
		ck_assert_uint_eq(event_get(0)->joined[0].reason, reasons[i]);
		events_clear();
	}
	fake_close(handle, CS_OK);
}
END_TEST

/* Neither of the types and states that a daemon has today. */
static const uint32_t unknown_values[] = { 2, 77, 0x80000000, UINT32_MAX };

static void number_answer(int32_t request, int32_t reply, uint32_t value)
{
	unsigned char bytes[32] = { 0 };

	put_reply(bytes, reply, sizeof(bytes), CS_OK);
	put_u32(bytes, 24, value);
	server_answer_set(request, bytes, sizeof(bytes), UINT_MAX);
}

START_TEST(unknown_quorum_type)
{
	quorum_handle_t handle;
	uint32_t type = 1;

	server_plan_quorum();
	number_answer(GETTYPE, 4, unknown_values[_i]);
	number_answer(MODEL_GETTYPE, 5, unknown_values[_i]);
	for (int model = QUORUM_MODEL_V0; model <= QUORUM_MODEL_V1; model++) {
		server_start();
		assert_cs(CS_OK, model_initialize(model, &handle, &type));
		ck_assert_uint_eq(type, unknown_values[_i]);
		assert_cs(CS_OK, quorum_finalize(handle));
		server_stop();
	}
}
END_TEST

START_TEST(unknown_quorate)
{
	const uint32_t value = unknown_values[_i];
	quorum_handle_t handle;
	struct wire wire;
	int quorate = 1;

	server_plan_quorum();
	number_answer(GETQUORATE, 0, value);
	server_start();
	assert_cs(CS_OK, quorum_initialize(&handle, &events_quorum, NULL));
	assert_cs(CS_OK, quorum_getquorate(handle, &quorate));
	ck_assert_int_eq(quorate, (int)value);
	wire_notification(&wire);
	put_u32(wire.bytes, 24, value);
	server_event(wire.bytes, wire.size);
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_uint_eq(event_get(0)->quorate, value);
	assert_cs(CS_OK, quorum_finalize(handle));
	server_stop();
	events_clear();
}
END_TEST

Suite *versions_suite(void)
{
	Suite *suite = suite_create("versions");
	TCase *older = fake_case_add(suite, "older");
	TCase *newer = fake_case_add(suite, "newer");

	tcase_add_loop_test(older, model_1_refused, 0, 2);
	tcase_add_test(older, model_1_ends_the_connection);
	tcase_add_test(newer, no_zero_copy_requests);
	tcase_add_loop_test(newer, unknown_events_all, 0, KINDS);
	tcase_add_loop_test(newer, unknown_events_one_by_one, 0, KINDS);
	tcase_add_loop_test(newer, unknown_events_blocking, 0, KINDS);
	tcase_add_loop_test(newer, longer_event, 0, KINDS_WHOLE);
	tcase_add_test(newer, longer_fragments);
	tcase_add_test(newer, unknown_reasons);
	tcase_add_loop_test(newer, unknown_quorum_type, 0,
			    ARRAY_SIZE(unknown_values));
	tcase_add_loop_test(newer, unknown_quorate, 0,
			    ARRAY_SIZE(unknown_values));
	return suite;
}
