/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../error_log.h"
#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

/* Initialize and finalize. */

START_TEST(initialize_arguments)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1 };
	cpg_model_data_t *data = (cpg_model_data_t *)&model;
	cpg_handle_t handle = 77;

	ck_assert_int_eq(cpg_initialize(NULL, NULL), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_model_initialize(NULL, CPG_MODEL_V1, data, NULL),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_model_initialize(&handle, (cpg_model_t)2, data,
					      NULL), CS_ERR_INVALID_PARAM);
	model.flags = 2;
	ck_assert_int_eq(cpg_model_initialize(&handle, CPG_MODEL_V1, data,
					      NULL), CS_ERR_INVALID_PARAM);
	ck_assert_uint_eq(handle, 77);
	ck_assert_uint_eq(fake.opens, 0);
}
END_TEST

START_TEST(initialize_without_callbacks)
{
	cpg_callbacks_t none = { NULL, NULL };
	struct wire wire;
	cpg_handle_t handles[3];

	ck_assert_int_eq(cpg_initialize(&handles[0], NULL), CS_OK);
	ck_assert_int_eq(cpg_initialize(&handles[1], &none), CS_OK);
	ck_assert_int_eq(cpg_model_initialize(&handles[2], CPG_MODEL_V1, NULL,
					      NULL), CS_OK);
	wire_deliver(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_confchg(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_totem(&wire);
	fake_event_queue(wire.bytes, wire.size);
	ck_assert_int_eq(cpg_dispatch(handles[2], CS_DISPATCH_ONE), CS_OK);
	ck_assert_uint_eq(fake.pending, 2);
	ck_assert_int_eq(cpg_dispatch(handles[2], CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(fake.pending, 0);
	for (int i = 0; i < 3; i++)
		cpg_close(handles[i]);
}
END_TEST

START_TEST(initialize_fails)
{
	cpg_handle_t handle = 77;

	fake.open_error = -EACCES;
	ck_assert_int_eq(COUNTED(cpg_initialize(&handle, NULL)), CS_ERR_ACCESS);
	ck_assert_uint_eq(handle, 77);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

START_TEST(initialize_asks_for_room)
{
	cpg_close(cpg_open(NULL));
	ck_assert_uint_ge(fake.message_max, 1024 * 1024);
}
END_TEST

START_TEST(finalize)
{
	unsigned char expected[16] = { 0 };
	cpg_handle_t handle = cpg_open(NULL);

	cpg_close(handle);
	put_request(expected, 8, 16);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_FINALIZE, 16)->bytes, expected,
			 16);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL),
			 CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake_request_count(), 1);
}
END_TEST

START_TEST(finalize_after_death)
{
	cpg_handle_t handle = cpg_open(NULL);

	fake_die(_i == 0);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(finalize_that_is_refused)
{
	cpg_handle_t handle = cpg_open(NULL);

	cpg_daemon_refuse(DAEMON_FINALIZE, CS_ERR_TRY_AGAIN, 1);
	cpg_close(handle);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

/* Join and leave. */

static void join_expect(unsigned char *expected, uint32_t flags)
{
	memset(expected, 0, 168);
	put_request(expected, 0, 168);
	put_name(expected, 16, GROUP);
	put_u32(expected, 152, (uint32_t)getpid());
	put_u32(expected, 160, flags);
}

START_TEST(join_and_leave)
{
	struct cpg_name group = name_of(GROUP);
	unsigned char expected[168];
	cpg_handle_t handle = cpg_open(NULL);

	join_expect(expected, 0);
	ck_assert_int_eq(cpg_join(handle, &group), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_JOIN, 168)->bytes, expected,
			 168);
	put_request(expected, 1, 160);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_LEAVE, 160)->bytes, expected,
			 160);
	cpg_close(handle);
}
END_TEST

START_TEST(join_with_flags)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	struct cpg_name group = name_of(GROUP);
	unsigned char expected[168];
	cpg_handle_t handle;

	ck_assert_int_eq(cpg_model_initialize(&handle, CPG_MODEL_V1,
					      (cpg_model_data_t *)&model,
					      NULL), CS_OK);
	join_expect(expected, 1);
	ck_assert_int_eq(cpg_join(handle, &group), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_JOIN, 168)->bytes, expected,
			 168);
	cpg_close(handle);
}
END_TEST

/* Names that the daemon would accept. */
START_TEST(leave_of_another_group)
{
	struct cpg_name group = name_of(GROUP);
	struct cpg_name others[] = { name_of(""), name_of("a grouP"),
				     name_of("a grou"), group };
	cpg_handle_t handle = cpg_open_joined(NULL);

	others[3].length++;
	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_int_eq(cpg_leave(handle, &others[i]),
				 CS_ERR_NOT_EXIST);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_LEAVE), 0);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_OK);
	ck_assert_int_eq(cpg_leave(handle, &others[0]), CS_OK);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_LEAVE), 2);
	ck_assert_int_eq(cpg_join(handle, &others[1]), CS_OK);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_ERR_NOT_EXIST);
	fake_die(true);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
}
END_TEST

static void process_end(const struct fake_request *request,
			struct fake_reply *reply)
{
	(void)request;
	(void)reply;
	_exit(0);
}

/* The daemon may have got the join, so the other process can leave. */
START_TEST(process_ends_during_a_join)
{
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = cpg_open(NULL);
	struct child child = child_fork();

	if (child.pid == 0) {
		fake.answer = process_end;
		cpg_join(handle, &group);
		_exit(1);
	}
	ck_assert_int_eq(child_wait(&child), 0);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_OK);
	ck_assert_uint_eq(
		get_u32(cpg_daemon_last(DAEMON_LEAVE, 160)->bytes, 152),
		(uint32_t)child.pid);
	cpg_close(handle);
}
END_TEST

typedef cs_error_t (*group_fn)(cpg_handle_t handle,
			       const struct cpg_name *group);

static const group_fn group_fns[] = { cpg_join, cpg_leave };
static const enum cpg_daemon_request group_ids[] = { DAEMON_JOIN,
						     DAEMON_LEAVE };

START_TEST(names)
{
	group_fn call = group_fns[_i];
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_name name;
	const struct fake_request *request;

	memset(&name, 'n', sizeof(name));
	name.length = 129;
	ck_assert_int_eq(call(handle, NULL), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(call(handle, &name), CS_ERR_NAME_TOO_LONG);
	ck_assert_int_eq(call(0, &name), CS_ERR_NAME_TOO_LONG);
	name.length = UINT32_MAX;
	ck_assert_int_eq(call(handle, &name), CS_ERR_NAME_TOO_LONG);
	ck_assert_uint_eq(fake_request_count(), 0);
	for (uint32_t length = 0; length <= 128; length += 32) {
		name.length = length;
		ck_assert_int_eq(call(handle, &name), CS_OK);
		request = fake_request_get(fake_request_count() - 1);
		ck_assert_uint_eq(get_u32(request->bytes, 16), length);
		for (uint32_t i = 0; i < 128; i++)
			ck_assert_uint_eq(request->bytes[24 + i],
					  i < length ? 'n' : 0);
	}
	ck_assert_int_eq(call(0, &name), CS_ERR_BAD_HANDLE);
	cpg_close(handle);
}
END_TEST

static const cs_error_t daemon_errors[] = {
	CS_ERR_EXIST,	  CS_ERR_TRY_AGAIN, CS_ERR_NAME_TOO_LONG,
	CS_ERR_NOT_EXIST, CS_ERR_ACCESS,
};

START_TEST(daemon_error)
{
	struct cpg_name group = name_of(GROUP);
	cs_error_t error = daemon_errors[_i];
	cpg_handle_t handle = cpg_open(NULL);

	error_log_pause(true);
	for (size_t i = 0; i < COUNT(group_fns); i++) {
		cpg_daemon_refuse(group_ids[i], error, 1);
		ck_assert_int_eq(group_fns[i](handle, &group), error);
		ck_assert_uint_eq(cpg_daemon_count(group_ids[i]), 1);
	}
	cpg_close(handle);
}
END_TEST

START_TEST(busy_passes)
{
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = cpg_open(NULL);

	cpg_daemon_refuse(group_ids[_i], CS_ERR_BUSY, 3);
	ck_assert_int_eq(group_fns[_i](handle, &group), CS_OK);
	ck_assert_uint_eq(cpg_daemon_count(group_ids[_i]), 4);
	cpg_close(handle);
}
END_TEST

START_TEST(busy_stays)
{
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = cpg_open(NULL);
	uint64_t start = now_ms();

	libc_sleeps_skip(true);
	cpg_daemon_refuse(group_ids[_i], CS_ERR_BUSY, UINT32_MAX);
	ck_assert_int_eq(group_fns[_i](handle, &group), CS_ERR_BUSY);
	ck_assert_uint_ge(now_ms() - start, 59500);
	ck_assert_uint_le(now_ms() - start, (60 + DEADLINE_S) * 1000);
	ck_assert_uint_lt(cpg_daemon_count(group_ids[_i]), 5000);
	cpg_close(handle);
}
END_TEST

static void *join_run(void *data)
{
	struct cpg_name group = name_of(GROUP);

	return cpg_join(*(cpg_handle_t *)data, &group) == CS_ERR_BAD_HANDLE ?
		       NULL :
		       data;
}

static bool has_asked_twice(void)
{
	return cpg_daemon_count(DAEMON_JOIN) >= 2;
}

START_TEST(busy_ends_at_finalize)
{
	cpg_handle_t handle = cpg_open(NULL);
	pthread_t thread;

	cpg_daemon_refuse(DAEMON_JOIN, CS_ERR_BUSY, UINT32_MAX);
	thread_start(&thread, join_run, &handle);
	wait_for(has_asked_twice());
	cpg_close(handle);
	ck_assert_ptr_null(thread_join(thread));
}
END_TEST

/* Membership, local address and flow control. */

static const struct {
	unsigned int count;
	int entries;
	cs_error_t expected;
} memberships[] = {
	{ 0, 0, CS_OK },
	{ 1, 1, CS_OK },
	{ 128, 128, CS_OK },
	{ 129, 128, CS_ERR_NO_SPACE },
	{ 384, 128, CS_ERR_NO_SPACE },
	{ UINT32_MAX, 128, CS_ERR_NO_SPACE },
};

START_TEST(membership)
{
	struct cpg_name group = name_of(GROUP);
	struct cpg_address list[CPG_MEMBERS_MAX + 1];
	cpg_handle_t handle = cpg_open(NULL);
	unsigned char expected[152] = { 0 };
	int entries = -7;

	memset(list, 0x5a, sizeof(list));
	cpg_daemon.member_count = memberships[_i].count;
	ck_assert_int_eq(cpg_membership_get(handle, &group, list, &entries),
			 memberships[_i].expected);
	put_request(expected, 3, 152);
	put_name(expected, 16, GROUP);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_MEMBERSHIP_GET, 152)->bytes,
			 expected, 152);
	ck_assert_int_eq(entries, memberships[_i].entries);
	for (uint32_t i = 0; i < (uint32_t)entries; i++) {
		ck_assert_uint_eq(list[i].nodeid, 101 + i);
		ck_assert_uint_eq(list[i].pid, 201 + i);
		ck_assert_uint_eq(list[i].reason, i);
	}
	ck_assert_uint_eq(list[entries].nodeid, 0x5a5a5a5a);
	cpg_close(handle);
}
END_TEST

START_TEST(membership_fails)
{
	struct cpg_name group = name_of(GROUP);
	struct cpg_address list[CPG_MEMBERS_MAX];
	cpg_handle_t handle = cpg_open(NULL);
	int entries = -7;

	ck_assert_int_eq(cpg_membership_get(handle, NULL, list, &entries),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_membership_get(handle, &group, NULL, &entries),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_membership_get(handle, &group, list, NULL),
			 CS_ERR_INVALID_PARAM);
	cpg_daemon_refuse(DAEMON_MEMBERSHIP_GET, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(cpg_membership_get(handle, &group, list, &entries),
			 CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(entries, -7);
	cpg_close(handle);
}
END_TEST

START_TEST(local)
{
	unsigned char expected[16] = { 0 };
	cpg_handle_t handle = cpg_open(NULL);
	unsigned int nodeid = 77;

	ck_assert_int_eq(cpg_local_get(handle, NULL), CS_ERR_INVALID_PARAM);
	cpg_daemon_refuse(DAEMON_LOCAL_GET, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(cpg_local_get(handle, &nodeid), CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(nodeid, 77);
	ck_assert_int_eq(cpg_local_get(handle, &nodeid), CS_OK);
	ck_assert_uint_eq(nodeid, DAEMON_NODEID);
	put_request(expected, 4, 16);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_LOCAL_GET, 16)->bytes,
			 expected, 16);
	cpg_close(handle);
	ck_assert_int_eq(cpg_local_get(handle, &nodeid), CS_ERR_BAD_HANDLE);
}
END_TEST

TCase *cpg_case(void)
{
	TCase *tcase = tcase_create("cpg");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, cpg_daemon_setup,
				  cpg_daemon_teardown);
	tcase_add_test(tcase, initialize_arguments);
	tcase_add_test(tcase, initialize_without_callbacks);
	tcase_add_test(tcase, initialize_fails);
	tcase_add_test(tcase, initialize_asks_for_room);
	tcase_add_test(tcase, finalize);
	tcase_add_loop_test(tcase, finalize_after_death, 0, 2);
	tcase_add_test(tcase, finalize_that_is_refused);
	tcase_add_test(tcase, join_and_leave);
	tcase_add_test(tcase, join_with_flags);
	tcase_add_test(tcase, leave_of_another_group);
	tcase_add_test(tcase, process_ends_during_a_join);
	tcase_add_loop_test(tcase, names, 0, 2);
	tcase_add_loop_test(tcase, daemon_error, 0, (int)COUNT(daemon_errors));
	tcase_add_loop_test(tcase, busy_passes, 0, 2);
	tcase_add_loop_test(tcase, busy_stays, 0, 2);
	tcase_add_test(tcase, busy_ends_at_finalize);
	tcase_add_loop_test(tcase, membership, 0, (int)COUNT(memberships));
	tcase_add_test(tcase, membership_fails);
	tcase_add_test(tcase, local);
	return tcase;
}
