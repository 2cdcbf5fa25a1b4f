/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

#define NODE 0x11223344
#define PID 0x55667788
#define FIRST 1
#define CONTINUED 2
#define LAST 3

static cpg_handle_t expected_handle;
static unsigned int confchgs;
static unsigned int totems;
static unsigned int delivers;
static char last_text[64];
static bool nests;

static void group_is_good(const struct cpg_name *group)
{
	static const char zeroes[CPG_MAX_NAME_LENGTH];
	const size_t length = sizeof(GROUP) - 1;

	ck_assert_uint_eq(group->length, length);
	ck_assert_mem_eq(group->value, GROUP, length);
	ck_assert_mem_eq(group->value + length, zeroes,
			 sizeof(zeroes) - length);
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group,
		       uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	bool counted = libc_count_set(false);
	char text[64] = "";

	ck_assert_uint_eq(handle, expected_handle);
	group_is_good(group);
	ck_assert_uint_eq(nodeid, NODE);
	ck_assert_uint_eq(pid, PID);
	ck_assert_ptr_nonnull(msg);
	ck_assert_uint_eq((uintptr_t)msg % 8, 0);
	ck_assert_uint_lt(len, sizeof(text));
	memcpy(text, msg, len);
	delivers++;
	if (nests && delivers == 1)
		ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_mem_eq(text, msg, len);
	memcpy(last_text, text, sizeof(text));
	memset(msg, '?', len);
	libc_count_set(counted);
}

static void addresses_are(const struct cpg_address *list, size_t count,
			  uint32_t first, size_t expected)
{
	ck_assert_uint_eq(count, expected);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(list[i].nodeid, 101 + first + i);
		ck_assert_uint_eq(list[i].pid, 201 + first + i);
		ck_assert_uint_eq(list[i].reason, first + i);
	}
}

static void on_confchg(cpg_handle_t handle, const struct cpg_name *group,
		       const struct cpg_address *members, size_t member_count,
		       const struct cpg_address *left, size_t left_count,
		       const struct cpg_address *joined, size_t joined_count)
{
	ck_assert_uint_eq(handle, expected_handle);
	group_is_good(group);
	addresses_are(members, member_count, 0, 3);
	addresses_are(left, left_count, 3, 2);
	addresses_are(joined, joined_count, 5, 1);
	confchgs++;
}

static void on_totem(cpg_handle_t handle, struct cpg_ring_id ring_id,
		     uint32_t count, const uint32_t *members)
{
	ck_assert_uint_eq(handle, expected_handle);
	ck_assert_uint_eq(ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(count, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(members[i], 301 + i);
	totems++;
}

static cpg_callbacks_t deliver_only = { .cpg_deliver_fn = on_deliver };

static cpg_handle_t deliver_open(void)
{
	expected_handle = cpg_open_joined(&deliver_only);
	return expected_handle;
}

START_TEST(each_callback)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = on_deliver,
		.cpg_confchg_fn = on_confchg,
		.cpg_totem_confchg_fn = on_totem,
	};
	struct wire wire;

	ck_assert_int_eq(cpg_model_initialize(&expected_handle, CPG_MODEL_V1,
					      (cpg_model_data_t *)&model,
					      NULL), CS_OK);
	wire_deliver(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_confchg(&wire);
	fake_event_queue(wire.bytes, wire.size);
	wire_totem(&wire);
	fake_event_queue(wire.bytes, wire.size);
	ck_assert_int_eq(cpg_dispatch(expected_handle, CS_DISPATCH_ALL),
			 CS_OK);
	ck_assert_uint_eq(delivers, 1);
	ck_assert_str_eq(last_text, "thirteen byte");
	ck_assert_uint_eq(confchgs, 1);
	ck_assert_uint_eq(totems, 1);
	cpg_close(expected_handle);
}
END_TEST

START_TEST(empty_message)
{
	cpg_handle_t handle = deliver_open();
	struct wire wire;

	wire_deliver(&wire);
	put_u32(wire.bytes, 8, 184);
	put_u32(wire.bytes, 160, 0);
	fake_event_queue(wire.bytes, 184);
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	ck_assert_uint_eq(delivers, 1);
	cpg_close(handle);
}
END_TEST

/* A malformed event, an unknown one, and one without a callback. */
START_TEST(consumed_silently)
{
	static void (*const builds[])(struct wire *wire) = {
		wire_confchg, wire_deliver, wire_partial, wire_totem,
	};
	cpg_handle_t handle = deliver_open();
	struct wire wire;

	for (size_t i = 0; i < COUNT(builds); i++) {
		builds[i](&wire);
		fake_event_queue(wire.bytes, wire.size - 1);
	}
	wire_begin(&wire, 99, 184);
	fake_event_queue(wire.bytes, wire.size);
	fake_event_queue(wire.bytes, 3);
	wire_confchg(&wire);
	fake_event_queue(wire.bytes, wire.size);
	for (unsigned int left = fake.pending; left > 0; left--) {
		ck_assert_uint_eq(fake.pending, left);
		ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	}
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING),
			 CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(delivers, 0);
	cpg_close(handle);
}
END_TEST

/* Fragments. */

static void fragment_queue(uint32_t type, uint32_t msglen, const char *text)
{
	struct wire wire;

	wire_partial(&wire);
	wire.size = 200 + strlen(text);
	put_u32(wire.bytes, 8, (uint32_t)wire.size);
	put_u32(wire.bytes, 160, msglen);
	put_u32(wire.bytes, 168, (uint32_t)strlen(text));
	put_u32(wire.bytes, 192, type);
	memcpy(wire.bytes + 200, text, strlen(text));
	fake_event_queue(wire.bytes, wire.size);
}

START_TEST(fragments)
{
	cpg_handle_t handle = deliver_open();
	long live;

	/* The message buffer is kept. */
	ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ALL)), CS_OK);
	live = libc_live();
	fragment_queue(FIRST, 9, "abc");
	fragment_queue(CONTINUED, 9, "def");
	fragment_queue(LAST, 9, "ghi");
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_uint_eq(fake.pending, 3 - i);
		ck_assert_uint_eq(delivers, 0);
		ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ONE)),
				 CS_OK);
	}
	ck_assert_int_eq(libc_live(), live);
	ck_assert_uint_eq(delivers, 1);
	ck_assert_str_eq(last_text, "abcdefghi");
	cpg_close(handle);
}
END_TEST

/* A nested dispatch delivers another message of the same sender. */
START_TEST(fragments_nested)
{
	cpg_handle_t handle = deliver_open();

	nests = true;
	fragment_queue(FIRST, 6, "abc");
	fragment_queue(LAST, 6, "def");
	fragment_queue(FIRST, 9, "123");
	fragment_queue(CONTINUED, 9, "456");
	fragment_queue(LAST, 9, "789");
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(delivers, 2);
	ck_assert_str_eq(last_text, "abcdef");
	cpg_close(handle);
}
END_TEST

START_TEST(fragments_without_memory)
{
	cpg_handle_t handle = deliver_open();

	fragment_queue(FIRST, 9, "abc");
	fragment_queue(LAST, 9, "defghi");
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	fragment_queue(FIRST, 6, "abc");
	fragment_queue(LAST, 6, "def");
	libc_fail_after(0);
	ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ALL)),
			 CS_ERR_NO_MEMORY);
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(delivers, 1);
	ck_assert_str_eq(last_text, "abcdef");
	cpg_close(handle);
}
END_TEST

/* A fragment is not kept if there is no callback for its message. */
START_TEST(fragments_without_callback)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	libc_hooks_reset();
	fragment_queue(FIRST, 9, "abc");
	ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ONE)), CS_OK);
	ck_assert_uint_eq(libc_allocations(), 0);
	cpg_close(handle);
}
END_TEST

/* One member, and one process that joined or left. */
static void confchg_queue(uint32_t member_pid, uint32_t joined, uint32_t left,
			  uint32_t nodeid, uint32_t pid)
{
	struct wire wire;

	wire_confchg(&wire);
	put_u32(wire.bytes, 160, 1);
	put_u32(wire.bytes, 168, joined);
	put_u32(wire.bytes, 176, left);
	put_address(wire.bytes, 184, NODE, member_pid, 0);
	put_address(wire.bytes, 184 + 24, nodeid, pid, 1);
	fake_event_queue(wire.bytes, wire.size);
}

static const struct {
	uint32_t member_pid;
	uint32_t joined;
	uint32_t left;
	uint32_t nodeid;
	uint32_t pid;
	unsigned int delivered;
} confchg_cases[] = {
	{ PID, 0, 1, NODE, PID, 0 },
	{ PID, 0, 1, NODE + 1, PID, 1 },
	{ PID, 0, 1, NODE, PID + 1, 1 },
	{ PID, 1, 0, NODE, PID, 1 },
	{ PID, 0, 0, NODE, PID, 1 },
	/* A process that has left, whatever pid its leave event has. */
	{ PID + 1, 0, 1, NODE, PID + 2, 0 },
	{ PID + 1, 1, 0, NODE, PID + 1, 0 },
	{ PID + 1, 0, 0, NODE, PID, 0 },
};

/* Even if there is no callback for confchg. */
START_TEST(fragments_of_one_that_left)
{
	cpg_handle_t handle = deliver_open();

	fragment_queue(FIRST, 6, "abc");
	confchg_queue(confchg_cases[_i].member_pid, confchg_cases[_i].joined,
		      confchg_cases[_i].left, confchg_cases[_i].nodeid,
		      confchg_cases[_i].pid);
	fragment_queue(LAST, 6, "def");
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(delivers, confchg_cases[_i].delivered);
	cpg_close(handle);
}
END_TEST

/* The handle missed the rest of a message between leave and join. */
START_TEST(fragments_from_before_a_rejoin)
{
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = deliver_open();
	uint32_t pid = (uint32_t)getpid() + (_i == 1);

	fragment_queue(FIRST, 6, "abc");
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_OK);
	ck_assert_int_eq(cpg_join(handle, &group), CS_OK);
	confchg_queue(PID, 1, 0, DAEMON_NODEID, pid);
	fragment_queue(LAST, 6, "def");
	ck_assert_int_eq(cpg_dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_uint_eq(delivers, _i == 1);
	cpg_close(handle);
}
END_TEST

START_TEST(fragments_left_at_finalize)
{
	cpg_handle_t handle;

	cpg_close(cpg_open(NULL));
	libc_hooks_reset();
	handle = deliver_open();
	fragment_queue(FIRST, 1000000,
		       "fifty bytes or so, of which the library keeps a copy");
	ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ALL)), CS_OK);
	ck_assert_int_gt(libc_live(), 0);
	cpg_close(handle);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

static void setup(void)
{
	cpg_daemon_setup();
	confchgs = 0;
	totems = 0;
	delivers = 0;
	nests = false;
}

TCase *cpg_event_case(void)
{
	TCase *tcase = tcase_create("cpg_event");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, cpg_daemon_teardown);
	tcase_add_test(tcase, each_callback);
	tcase_add_test(tcase, empty_message);
	tcase_add_test(tcase, consumed_silently);
	tcase_add_test(tcase, fragments);
	tcase_add_test(tcase, fragments_nested);
	tcase_add_test(tcase, fragments_without_memory);
	tcase_add_test(tcase, fragments_without_callback);
	tcase_add_loop_test(tcase, fragments_of_one_that_left, 0,
			    (int)COUNT(confchg_cases));
	tcase_add_loop_test(tcase, fragments_from_before_a_rejoin, 0, 2);
	tcase_add_test(tcase, fragments_left_at_finalize);
	return tcase;
}
