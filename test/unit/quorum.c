/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/quorum.h>
#include <errno.h>
#include <string.h>

#include "../error_log.h"
#include "bytes.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

#define QUORATE 4711

static quorum_handle_t expected_handle;
static unsigned int notifications;
static unsigned int nodelists;

/* The daemon's error for all requests of an id; CS_OK: none. */
static struct {
	uint32_t id;
	cs_error_t error;
} refusal;

struct answer {
	int32_t id;
	size_t size;
	uint32_t number;
};

static const struct answer answers[] = {
	{ 0, 32, QUORATE },
	{ 1, 24, 0 },
	{ 2, 24, 0 },
	{ 4, 32, QUORUM_SET },
	{ 5, 32, QUORUM_SET },
};

static void daemon_answer(const struct fake_request *request,
			  struct fake_reply *reply)
{
	uint32_t id = get_u32(request->bytes, 0);

	reply->size = 24;
	if (id >= COUNT(answers)) {
		put_reply(reply->bytes, 0, 24, CS_ERR_INVALID_PARAM);
	} else if (refusal.error != CS_OK && refusal.id == id) {
		put_reply(reply->bytes, 0, 24, (int32_t)refusal.error);
	} else {
		reply->size = answers[id].size;
		put_reply(reply->bytes, answers[id].id, reply->size, CS_OK);
		put_u32(reply->bytes, 24, answers[id].number);
	}
}

/* The last request must consist of these bytes. */
static void sent_is(int32_t id, size_t size, uint32_t number)
{
	const struct fake_request *request =
		fake_request_get(fake_request_count() - 1);
	unsigned char expected[24] = { 0 };

	put_request(expected, id, size);
	put_u32(expected, 16, number);
	ck_assert(request->called && !request->ordered);
	ck_assert_uint_eq(request->size, size);
	ck_assert_mem_eq(request->bytes, expected, size);
}

static quorum_handle_t quorum_open(void)
{
	ck_assert_int_eq(quorum_initialize(&expected_handle, NULL, NULL),
			 CS_OK);
	return expected_handle;
}

START_TEST(initialize)
{
	uint32_t type = 77;
	quorum_handle_t handle;

	ck_assert_int_eq(quorum_initialize(&handle, NULL, &type), CS_OK);
	ck_assert_uint_eq(type, QUORUM_SET);
	sent_is(3, 16, 0);
	ck_assert_int_eq(quorum_finalize(handle), CS_OK);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_int_eq(quorum_finalize(handle), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake_request_count(), 1);
}
END_TEST

static cs_error_t model_initialize(quorum_handle_t *ret_handle, int model,
				   uint32_t *ret_type)
{
	return COUNTED(quorum_model_initialize(
		ret_handle, (quorum_model_t)model, NULL, ret_type, NULL));
}

START_TEST(initialize_of_model)
{
	uint32_t type = 77;
	quorum_handle_t handle;

	ck_assert_int_eq(model_initialize(&handle, _i, &type), CS_OK);
	ck_assert_uint_eq(type, QUORUM_SET);
	if (_i == 0)
		sent_is(3, 16, 0);
	else
		sent_is(4, 24, 1);
	ck_assert_int_eq(quorum_finalize(handle), CS_OK);
}
END_TEST

START_TEST(initialize_requests_small_rings)
{
	ck_assert_int_eq(quorum_finalize(quorum_open()), CS_OK);
	ck_assert_uint_eq(fake.message_max, 64 * 1024);
}
END_TEST

START_TEST(initialize_arguments)
{
	static const int bad[] = { 2, 3, -1 };
	quorum_handle_t handle = 77;

	ck_assert_int_eq(quorum_initialize(NULL, NULL, NULL),
			 CS_ERR_INVALID_PARAM);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(model_initialize(&handle, bad[i], NULL),
				 CS_ERR_INVALID_PARAM);
	ck_assert_uint_eq(handle, 77);
	ck_assert_uint_eq(fake.opens, 0);
}
END_TEST

static const cs_error_t errors[] = {
	CS_ERR_INVALID_PARAM,
	CS_ERR_TRY_AGAIN,
	CS_ERR_ACCESS,
};

/* A handle that the daemon refused leaves nothing behind. */
START_TEST(initialize_is_refused)
{
	int model = _i % 2;
	int fds = fds_count();
	quorum_handle_t handle = 77;
	uint32_t type = 77;

	refusal.id = model == 0 ? 3 : 4;
	refusal.error = errors[_i / 2];
	ck_assert_int_eq(model_initialize(&handle, model, &type),
			 refusal.error);
	ck_assert_uint_eq(handle, 77);
	ck_assert_uint_eq(type, 77);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_int_eq(fds_count(), fds);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

START_TEST(initialize_fails)
{
	quorum_handle_t handle = 77;

	fake.open_error = -ECONNREFUSED;
	ck_assert_int_eq(COUNTED(quorum_initialize(&handle, NULL, NULL)),
			 CS_ERR_LIBRARY);
	ck_assert_uint_eq(handle, 77);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

START_TEST(requests)
{
	quorum_handle_t handle = quorum_open();
	int quorate = 77;

	ck_assert_int_eq(quorum_getquorate(handle, NULL),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(quorum_getquorate(handle, &quorate), CS_OK);
	ck_assert_int_eq(quorate, QUORATE);
	sent_is(0, 16, 0);
	ck_assert_int_eq(quorum_trackstart(handle, CS_TRACK_CHANGES), CS_OK);
	sent_is(1, 24, CS_TRACK_CHANGES);
	ck_assert_int_eq(quorum_trackstop(handle), CS_OK);
	sent_is(2, 16, 0);
	ck_assert_int_eq(quorum_finalize(handle), CS_OK);
	ck_assert_int_eq(quorum_trackstop(handle), CS_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(requests_are_refused)
{
	quorum_handle_t handle = quorum_open();
	int quorate = 77;

	error_log_pause(true);
	refusal.error = CS_ERR_EXIST;
	refusal.id = 0;
	ck_assert_int_eq(quorum_getquorate(handle, &quorate), CS_ERR_EXIST);
	ck_assert_int_eq(quorate, 77);
	refusal.id = 1;
	ck_assert_int_eq(quorum_trackstart(handle, 1), CS_ERR_EXIST);
	refusal.id = 2;
	ck_assert_int_eq(quorum_trackstop(handle), CS_ERR_EXIST);
	fake_die(false);
	ck_assert_int_eq(quorum_trackstop(handle), CS_ERR_LIBRARY);
	ck_assert_int_eq(quorum_finalize(handle), CS_OK);
}
END_TEST

/* Events. */

static void nodes_are(const uint32_t *list, uint32_t count, uint32_t first,
		      uint32_t expected)
{
	ck_assert_uint_eq(count, expected);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(list[i], first + i);
}

static void on_notification(quorum_handle_t handle, uint32_t quorate,
			    uint64_t ring_seq, uint32_t count, uint32_t *view)
{
	ck_assert_uint_eq(handle, expected_handle);
	ck_assert_uint_eq(quorate, 1);
	ck_assert_uint_eq(ring_seq, RING_SEQ);
	nodes_are(view, count, 401, 5);
	notifications++;
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate,
		      struct quorum_ring_id ring_id, uint32_t count,
		      const uint32_t *members)
{
	ck_assert_uint_eq(ring_id.nodeid, RING_NODE);
	on_notification(handle, quorate, ring_id.seq, count,
			(uint32_t *)members);
}

static void on_nodelist(quorum_handle_t handle, struct quorum_ring_id ring_id,
			uint32_t member_count, const uint32_t *members,
			uint32_t joined_count, const uint32_t *joined,
			uint32_t left_count, const uint32_t *left)
{
	ck_assert_uint_eq(handle, expected_handle);
	ck_assert_uint_eq(ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(ring_id.seq, RING_SEQ);
	nodes_are(members, member_count, 501, 3);
	nodes_are(joined, joined_count, 504, 1);
	nodes_are(left, left_count, 505, 2);
	nodelists++;
}

static void all_events_queue(void)
{
	struct wire wire;

	wire_notification(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_quorum(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_nodelist(&wire);
	fake_event_queue(wire.bytes, wire.size);
	/* Malformed events, and unknown ones. */
	fake_event_queue(wire.bytes, wire.size - 1);
	wire_begin(&wire, 99, 100);
	fake_event_queue(wire.bytes, wire.size);
}

START_TEST(events_of_model_0)
{
	quorum_callbacks_t callbacks = { .quorum_notify_fn = on_notification };

	ck_assert_int_eq(quorum_initialize(&expected_handle, &callbacks, NULL),
			 CS_OK);
	all_events_queue();
	for (unsigned int left = 5; left > 0; left--) {
		ck_assert_uint_eq(fake.pending, left);
		ck_assert_int_eq(quorum_dispatch(expected_handle,
						 CS_DISPATCH_ONE), CS_OK);
	}
	ck_assert_uint_eq(notifications, 1);
	ck_assert_int_eq(quorum_finalize(expected_handle), CS_OK);
}
END_TEST

START_TEST(events_of_model_1)
{
	quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = on_quorum,
		.nodelist_notify_fn = on_nodelist,
	};

	ck_assert_int_eq(quorum_model_initialize(&expected_handle,
						 QUORUM_MODEL_V1,
						 (quorum_model_data_t *)&model,
						 NULL, NULL), CS_OK);
	all_events_queue();
	ck_assert_int_eq(quorum_dispatch(expected_handle, CS_DISPATCH_ALL),
			 CS_OK);
	ck_assert_uint_eq(notifications, 1);
	ck_assert_uint_eq(nodelists, 1);
	ck_assert_int_eq(quorum_finalize(expected_handle), CS_OK);
}
END_TEST

START_TEST(events_without_callbacks)
{
	quorum_handle_t handles[2];

	for (int model = 0; model < 2; model++) {
		ck_assert_int_eq(model_initialize(&handles[model], model,
						  NULL), CS_OK);
		all_events_queue();
		ck_assert_int_eq(quorum_dispatch(handles[model],
						 CS_DISPATCH_ALL), CS_OK);
		ck_assert_uint_eq(fake.pending, 0);
	}
	for (int model = 0; model < 2; model++)
		ck_assert_int_eq(quorum_finalize(handles[model]), CS_OK);
}
END_TEST

START_TEST(dispatch_without_memory)
{
	quorum_handle_t handle = quorum_open();

	all_events_queue();
	libc_fail_after(0);
	ck_assert_int_eq(COUNTED(quorum_dispatch(handle, CS_DISPATCH_ALL)),
			 CS_ERR_NO_MEMORY);
	libc_fail_after(-1);
	ck_assert_int_eq(quorum_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(fake.pending, 0);
	ck_assert_int_eq(quorum_finalize(handle), CS_OK);
}
END_TEST

static void setup(void)
{
	fake_setup();
	libc_hooks_reset();
	fake.answer = daemon_answer;
	refusal.error = CS_OK;
	notifications = 0;
	nodelists = 0;
}

TCase *quorum_case(void)
{
	TCase *tcase = tcase_create("quorum");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, fake_teardown);
	tcase_add_test(tcase, initialize);
	tcase_add_loop_test(tcase, initialize_of_model, 0, 2);
	tcase_add_test(tcase, initialize_requests_small_rings);
	tcase_add_test(tcase, initialize_arguments);
	tcase_add_loop_test(tcase, initialize_is_refused, 0,
			    2 * (int)COUNT(errors));
	tcase_add_test(tcase, initialize_fails);
	tcase_add_test(tcase, requests);
	tcase_add_test(tcase, requests_are_refused);
	tcase_add_test(tcase, events_of_model_0);
	tcase_add_test(tcase, events_of_model_1);
	tcase_add_test(tcase, events_without_callbacks);
	tcase_add_test(tcase, dispatch_without_memory);
	return tcase;
}
