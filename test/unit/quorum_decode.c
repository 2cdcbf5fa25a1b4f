/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../../lib/quorum_decode.h"
#include "bytes.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

static void (*const builds[])(struct wire *wire) = {
	wire_notification,
	wire_quorum,
	wire_nodelist,
};

/* What becomes of a copy at the end of memory, of either kind. */
static int decode(const void *bytes, size_t size)
{
	struct quorum_event event;
	struct block block;
	int res[BLOCK_KINDS];

	for (int kind = 0; kind < BLOCK_KINDS; kind++) {
		block = block_create((enum block_kind)kind, bytes, size);
		res[kind] = quorum_decode(block.bytes, size, &event);
		block_destroy(&block);
	}
	ck_assert_int_eq(res[0], res[1]);
	return res[0];
}

static struct block decode_good(const struct wire *wire,
				struct quorum_event *ret_event)
{
	struct block block =
		block_create(BLOCK_PAGE, wire->bytes, wire->size);

	memset(ret_event, 0x5a, sizeof(*ret_event));
	ck_assert_int_eq(quorum_decode(block.bytes, wire->size, ret_event), 0);
	return block;
}

static void nodes_are(const uint32_t *list, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(list[i], first + i);
}

START_TEST(notification)
{
	struct wire wire;
	struct quorum_event event;
	struct block block;

	wire_notification(&wire);
	block = decode_good(&wire, &event);
	ck_assert_int_eq(event.type, QUORUM_EVENT_NOTIFICATION);
	ck_assert_uint_eq(event.notification.quorate, 1);
	ck_assert_uint_eq(event.notification.ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(event.notification.view_count, 5);
	nodes_are(event.notification.view, 401, 5);
	block_destroy(&block);
}
END_TEST

START_TEST(quorum_notification)
{
	struct wire wire;
	struct quorum_event event;
	struct block block;

	wire_quorum(&wire);
	put_u32(wire.bytes, 24, 0);
	block = decode_good(&wire, &event);
	ck_assert_int_eq(event.type, QUORUM_EVENT_QUORUM_NOTIFICATION);
	ck_assert_uint_eq(event.notification.quorate, 0);
	ck_assert_uint_eq(event.notification.ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(event.notification.ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(event.notification.view_count, 5);
	nodes_are(event.notification.view, 401, 5);
	block_destroy(&block);
}
END_TEST

START_TEST(nodelist_notification)
{
	struct wire wire;
	struct quorum_event event;
	struct block block;

	wire_nodelist(&wire);
	block = decode_good(&wire, &event);
	ck_assert_int_eq(event.type, QUORUM_EVENT_NODELIST_NOTIFICATION);
	ck_assert_uint_eq(event.nodelist.ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(event.nodelist.ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(event.nodelist.member_count, 3);
	ck_assert_uint_eq(event.nodelist.joined_count, 1);
	ck_assert_uint_eq(event.nodelist.left_count, 2);
	nodes_are(event.nodelist.members, 501, 3);
	nodes_are(event.nodelist.joined, 504, 1);
	nodes_are(event.nodelist.left, 505, 2);
	block_destroy(&block);
}
END_TEST

START_TEST(empty_lists_are_not_null)
{
	struct wire wire;
	struct quorum_event event;
	struct block block;

	wire_nodelist(&wire);
	wire.size = 60;
	put_u32(wire.bytes, 8, 60);
	for (size_t offset = 40; offset <= 56; offset += 8)
		put_u32(wire.bytes, offset, 0);
	block = decode_good(&wire, &event);
	ck_assert_ptr_nonnull(event.nodelist.members);
	ck_assert_ptr_nonnull(event.nodelist.joined);
	ck_assert_ptr_nonnull(event.nodelist.left);
	block_destroy(&block);
}
END_TEST

/* Of the kind of event number _i. */

START_TEST(truncated_anywhere)
{
	struct wire wire;

	builds[_i](&wire);
	for (size_t size = 0; size < wire.size; size++) {
		put_u32(wire.bytes, 8, (uint32_t)wire.size);
		ck_assert_int_eq(decode(wire.bytes, size), -EBADMSG);
		put_u32(wire.bytes, 8, (uint32_t)size);
		ck_assert_int_eq(decode(wire.bytes, size), -EBADMSG);
		ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	}
	/* The daemon pads with four bytes. */
	put_u32(wire.bytes, 8, (uint32_t)wire.size + 4);
	ck_assert_int_eq(decode(wire.bytes, wire.size + 4), 0);
	put_u32(wire.bytes, 8, (uint32_t)wire.size);
	ck_assert_int_eq(decode(wire.bytes, wire.size), 0);
}
END_TEST

START_TEST(failure_writes_nothing)
{
	struct quorum_event untouched;
	struct quorum_event event;
	struct wire wire;

	memset(&untouched, 0x5a, sizeof(untouched));
	builds[_i](&wire);
	for (size_t size = 0; size < wire.size; size++) {
		memset(&event, 0x5a, sizeof(event));
		put_u32(wire.bytes, 8, (uint32_t)size);
		ck_assert_int_lt(quorum_decode(wire.bytes, size, &event), 0);
		ck_assert(memcmp(&event, &untouched, sizeof(event)) == 0);
	}
}
END_TEST

START_TEST(header_size)
{
	static const int32_t bad[] = { -1, -24, INT_MIN, INT_MIN + 200,
				       INT_MAX };
	struct wire wire;

	builds[_i](&wire);
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, 8, (uint32_t)bad[i]);
		ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	}
	put_u32(wire.bytes, 8, (uint32_t)wire.size + 1);
	ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
}
END_TEST

START_TEST(unknown_ids)
{
	struct wire wire;

	builds[_i](&wire);
	for (int32_t id = -300; id <= 300; id++) {
		put_u32(wire.bytes, 0, (uint32_t)id);
		if (id != 3 && id != 6 && id != 7)
			ck_assert_int_eq(decode(wire.bytes, wire.size),
					 -EBADMSG);
	}
}
END_TEST

struct view {
	void (*build)(struct wire *wire);
	size_t offset;
};

static const struct view views[] = {
	{ wire_notification, 40 },
	{ wire_quorum, 48 },
};

START_TEST(view_count)
{
	static const uint32_t bad[] = { 6, 7, 255, INT_MAX, 1u << 31,
					(1u << 30) - 10, (1u << 30) - 1,
					1u << 30, (1u << 30) + 5,
					3u << 30, UINT32_MAX - 1, UINT32_MAX };
	struct wire wire;

	views[_i].build(&wire);
	for (uint32_t count = 0; count <= 5; count++) {
		put_u32(wire.bytes, views[_i].offset, count);
		ck_assert_int_eq(decode(wire.bytes, wire.size), 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, views[_i].offset, bad[i]);
		ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	}
}
END_TEST

struct counts {
	uint32_t members;
	uint32_t joined;
	uint32_t left;
	int expected;
};

static const struct counts nodelist_counts[] = {
	{ 0, 0, 0, 0 },
	{ 1, 0, 0, 0 },
	{ 0, 1, 0, 0 },
	{ 0, 0, 1, 0 },
	{ 6, 0, 0, 0 },
	{ 0, 6, 0, 0 },
	{ 0, 0, 6, 0 },
	{ 2, 2, 2, 0 },
	{ 7, 0, 0, -EBADMSG },
	{ 0, 7, 0, -EBADMSG },
	{ 0, 0, 7, -EBADMSG },
	{ 3, 3, 1, -EBADMSG },
	{ 3, 1, 3, -EBADMSG },
	{ 1, 3, 3, -EBADMSG },
	{ UINT32_MAX, 0, 0, -EBADMSG },
	{ 0, UINT32_MAX, 0, -EBADMSG },
	{ 0, 0, UINT32_MAX, -EBADMSG },
	/* Sums that wrap. */
	{ UINT32_MAX, 1, 0, -EBADMSG },
	{ 1, UINT32_MAX, 0, -EBADMSG },
	{ 1, 0, UINT32_MAX, -EBADMSG },
	{ 6, 1, UINT32_MAX, -EBADMSG },
	{ 6, UINT32_MAX, 1, -EBADMSG },
	{ 1u << 31, 1u << 31, 0, -EBADMSG },
	{ 0, 1u << 31, 1u << 31, -EBADMSG },
	{ UINT32_MAX, UINT32_MAX, 2, -EBADMSG },
	{ UINT32_MAX, UINT32_MAX, UINT32_MAX, -EBADMSG },
	/* Products that wrap. */
	{ 1u << 30, 0, 0, -EBADMSG },
	{ 0, 1u << 30, 0, -EBADMSG },
	{ 0, 0, 1u << 30, -EBADMSG },
	{ 1u << 29, 1u << 29, 0, -EBADMSG },
};

START_TEST(nodelist_count)
{
	const struct counts *counts = &nodelist_counts[_i];
	struct wire wire;

	wire_nodelist(&wire);
	put_u32(wire.bytes, 40, counts->members);
	put_u32(wire.bytes, 48, counts->joined);
	put_u32(wire.bytes, 56, counts->left);
	ck_assert_int_eq(decode(wire.bytes, wire.size), counts->expected);
}
END_TEST

TCase *quorum_decode_case(void)
{
	const int kinds = (int)COUNT(builds);
	TCase *tcase = tcase_create("quorum_decode");

	tcase_add_test(tcase, notification);
	tcase_add_test(tcase, quorum_notification);
	tcase_add_test(tcase, nodelist_notification);
	tcase_add_test(tcase, empty_lists_are_not_null);
	tcase_add_loop_test(tcase, truncated_anywhere, 0, kinds);
	tcase_add_loop_test(tcase, failure_writes_nothing, 0, kinds);
	tcase_add_loop_test(tcase, header_size, 0, kinds);
	tcase_add_loop_test(tcase, unknown_ids, 0, kinds);
	tcase_add_loop_test(tcase, view_count, 0, (int)COUNT(views));
	tcase_add_loop_test(tcase, nodelist_count, 0,
			    (int)COUNT(nodelist_counts));
	return tcase;
}
