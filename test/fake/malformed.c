/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "kinds.h"
#include "suites.h"

#define SMALL_MAX 4096

/* How much larger than that an event of socket IPC may be. */
#define DATAGRAM_SURPLUS 8192

static cpg_handle_t handle;

START_TEST(truncated)
{
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	for (size_t size = 1; size < wire.size; size++)
		kind_dropped_assert(wire.bytes, size);
	kind_next_assert();
	kind_close();
}
END_TEST

/* The header has a size that is too small; the other bytes may follow. */
START_TEST(too_short)
{
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	for (size_t size = 1; size < wire.size; size++) {
		put_u32(wire.bytes, 8, (uint32_t)size);
		kind_dropped_assert(wire.bytes, size);
		kind_dropped_assert(wire.bytes, wire.size);
	}
	kind_next_assert();
	kind_close();
}
END_TEST

START_TEST(wrong_size)
{
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	const uint32_t sizes[] = { 0, 1, 16, 23, 24, (uint32_t)wire.size + 1,
				   INT32_MAX, 0x80000000, UINT32_MAX };

	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		put_u32(wire.bytes, 8, sizes[i]);
		kind_dropped_assert(wire.bytes, wire.size);
	}
	kind_next_assert();
	kind_close();
}
END_TEST

START_TEST(unknown_id)
{
	static const uint32_t ids[] = { 0, 1, 2, 8, 12, 16, 18, 255, 0x10005,
					INT32_MAX, 0x80000005, UINT32_MAX };
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	for (int i = 0; i < ARRAY_SIZE(ids); i++) {
		put_u32(wire.bytes, 0, ids[i]);
		kind_dropped_assert(wire.bytes, wire.size);
	}
	kind_next_assert();
	kind_close();
}
END_TEST

/* More than there is; what wraps around when it is multiplied or added. */
static void count_overflow(struct wire *wire, size_t offset)
{
	const uint32_t honest = get_u32(wire->bytes, offset);
	const uint32_t unit = (uint32_t)kind->unit;
	const uint32_t counts[] = {
		honest + 1,
		0x7fffffff,
		0x80000000,
		UINT32_MAX,
		UINT32_MAX - 1,
		UINT32_MAX - honest,
		UINT32_MAX / unit,
		unit > 1 ? UINT32_MAX / unit + 1 : UINT32_MAX - 200,
		unit > 1 ? UINT32_MAX / unit + 1 + honest : UINT32_MAX - 184,
	};

	for (int i = 0; i < ARRAY_SIZE(counts); i++) {
		put_u32(wire->bytes, offset, counts[i]);
		kind_dropped_assert(wire->bytes, wire->size);
	}
	put_u32(wire->bytes, offset, honest);
}

START_TEST(count_too_large)
{
	struct wire wire;

	kind_open(_i);
	kind->make(&wire);
	for (int i = 0; i < 3 && kind->counts[i] != 0; i++)
		count_overflow(&wire, kind->counts[i]);
	if (kind->counts[1] != 0) {
		for (int i = 0; i < 3; i++)
			put_u32(wire.bytes, kind->counts[i], 0x55555556);
		kind_dropped_assert(wire.bytes, wire.size);
	}
	kind_next_assert();
	kind_close();
}
END_TEST

/* Fewer than there is room for is no error. */
START_TEST(count_small)
{
	size_t want = kinds[_i].is_partial ? 0 : 1;
	struct wire wire;

	kind_open(_i);
	for (int i = 0; i < 3 && kind->counts[i] != 0; i++) {
		for (uint32_t count = 0; count <= 1; count++) {
			kind->make(&wire);
			put_u32(wire.bytes, kind->counts[i], count);
			server_event(wire.bytes, wire.size);
			assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ONE));
			ck_assert_uint_eq(events_count(), want);
			events_clear();
		}
	}
	kind_next_assert();
	kind_close();
}
END_TEST

START_TEST(name_too_long)
{
	static const uint32_t lengths[] = { 129, 256, INT32_MAX, 0x80000000,
					    UINT32_MAX };
	static void (*const makes[])(struct wire *wire) = {
		wire_confchg, wire_deliver, wire_partial
	};
	struct wire wire;

	kind_open(0);
	for (int i = 0; i < ARRAY_SIZE(makes); i++) {
		makes[i](&wire);
		for (int k = 0; k < ARRAY_SIZE(lengths); k++) {
			put_u32(wire.bytes, 24, lengths[k]);
			kind_dropped_assert(wire.bytes, wire.size);
		}
	}
	kind_next_assert();
	kind_close();
}
END_TEST

/* It has no bytes, and the next one is behind it. */
START_TEST(empty)
{
	struct wire wire;
	struct caller caller;

	handle = fake_open();
	wire_deliver(&wire);
	server_event("", 0);
	caller_dispatch_asleep(&caller, handle, CS_DISPATCH_BLOCKING);
	idle_assert();
	server_event(wire.bytes, wire.size);
	wait_for(events_count() == 1);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

static void largest_send(size_t size)
{
	static unsigned char bytes[SMALL_MAX + 2 * DATAGRAM_SURPLUS];

	put_reply(bytes, 5, size, CS_OK);
	put_name(bytes, 24, GROUP);
	put_u32(bytes, 160, (uint32_t)size - 184);
	server_event(bytes, size);
}

/* With a maximum of so many bytes, events may be a little larger. */
START_TEST(as_large_as_may_be)
{
	static const size_t sizes[] = { SMALL_MAX, SMALL_MAX + 1,
					SMALL_MAX + 3000 };

	server_plan_max(SMALL_MAX);
	handle = fake_open();
	largest_send(sizes[_i]);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_uint_eq(event_get(0)->msg_len, sizes[_i] - 184);
	fake_close(handle, CS_OK);
}
END_TEST

/* Increase the size in the header of the first chunk of the ring. */
static void chunk_lie(uint32_t size)
{
	char path[PATH_MAX + 8];
	int file;

	snprintf(path, sizeof(path), "%s-data",
		 (char *)server->shake + SHAKE_NAME_AT(2));
	file = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pwrite(file, &size, sizeof(size), 0), sizeof(size));
	close(file);
}

static void chunk_send(bool is_close)
{
	uint32_t largest = SMALL_MAX + 2 * (uint32_t)sysconf(_SC_PAGESIZE);

	largest_send(SMALL_MAX);
	chunk_lie(is_close ? largest + 1 : INT32_MAX);
}

static void datagram_send(bool is_close)
{
	largest_send(SMALL_MAX +
		     (is_close ? DATAGRAM_SURPLUS + 1 : 2 * DATAGRAM_SURPLUS));
}

/*
 * It cannot be taken: the end of the connection, in every mode, and of the
 * events after it.
 */
START_TEST(too_large)
{
	long before;

	server_plan_max(SMALL_MAX);
	handle = fake_open();
	(ipc_is_socket() ? datagram_send : chunk_send)(_i % 2 == 0);
	largest_send(200);
	before = cpu_ms();
	assert_cs(CS_ERR_LIBRARY, cpg_dispatch(handle, _i));
	for (int mode = 1; mode <= MODES; mode++)
		assert_cs(CS_ERR_LIBRARY, cpg_dispatch(handle, mode));
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	ck_assert_int_lt(cpu_ms() - before, 1000);
	ck_assert_uint_eq(events_count(), 0);
	fake_close(handle, CS_ERR_LIBRARY);
}
END_TEST

Suite *malformed_suite(void)
{
	Suite *suite = suite_create("malformed");
	TCase *tcase = fake_case_add(suite, "malformed");

	tcase_add_loop_test(tcase, truncated, 0, KINDS);
	tcase_add_loop_test(tcase, too_short, 0, KINDS);
	tcase_add_loop_test(tcase, wrong_size, 0, KINDS);
	tcase_add_loop_test(tcase, unknown_id, 0, KINDS);
	tcase_add_loop_test(tcase, count_too_large, 0, KINDS);
	tcase_add_loop_test(tcase, count_small, 0, KINDS);
	tcase_add_test(tcase, name_too_long);
	tcase_add_test(tcase, empty);
	tcase_add_loop_test(tcase, as_large_as_may_be, 0, 3);
	tcase_add_loop_test(tcase, too_large, 1, MODES + 1);
	return suite;
}
