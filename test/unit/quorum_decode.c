/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "../../lib/quorum_decode.h"
#include "bytes.h"
#include "decoder.h"
#include "suites.h"
#include "support.h"

static const wire_build_fn builds[] = {
	wire_notification,
	wire_quorum,
	wire_nodelist,
};

static int decode(void *bytes, size_t size, void *ret_event)
{
	return quorum_decode(bytes, size, ret_event);
}

static const int32_t ids[] = { 3, 6, 7 };

static const struct decoder decoder = {
	.decode = decode,
	.event_size = sizeof(struct quorum_event),
	.ids = ids,
	.id_count = COUNT(ids),
};

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
	block = decoder_run_good(&decoder, &wire, &event);
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
	block = decoder_run_good(&decoder, &wire, &event);
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
	block = decoder_run_good(&decoder, &wire, &event);
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

static void view_is_not_null(struct wire *wire, size_t size)
{
	struct quorum_event event;
	struct block block;

	wire->size = size;
	put_u32(wire->bytes, 8, (uint32_t)size);
	put_u32(wire->bytes, size - 4, 0);
	block = decoder_run_good(&decoder, wire, &event);
	ck_assert_uint_eq(event.notification.view_count, 0);
	ck_assert_ptr_nonnull(event.notification.view);
	block_destroy(&block);
}

START_TEST(empty_lists_are_not_null)
{
	struct wire wire;
	struct quorum_event event;
	struct block block;

	wire_notification(&wire);
	view_is_not_null(&wire, 44);
	wire_quorum(&wire);
	view_is_not_null(&wire, 52);
	wire_nodelist(&wire);
	wire.size = 60;
	put_u32(wire.bytes, 8, 60);
	for (size_t offset = 40; offset <= 56; offset += 8)
		put_u32(wire.bytes, offset, 0);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_ptr_nonnull(event.nodelist.members);
	ck_assert_ptr_nonnull(event.nodelist.joined);
	ck_assert_ptr_nonnull(event.nodelist.left);
	block_destroy(&block);
}
END_TEST

/* The following tests use the kind of event number _i. */

START_TEST(truncated_anywhere)
{
	decoder_check_truncated(&decoder, builds[_i]);
}
END_TEST

START_TEST(failure_writes_nothing)
{
	decoder_check_failure(&decoder, builds[_i]);
}
END_TEST

START_TEST(header_size)
{
	decoder_check_header_size(&decoder, builds[_i]);
}
END_TEST

START_TEST(unknown_ids)
{
	decoder_check_ids(&decoder, builds[_i]);
}
END_TEST

/* Counts, and the counts that the event has room for. */

static const struct decoder_number views[] = {
	{ wire_notification, 40, 5 },
	{ wire_quorum, 48, 5 },
};

START_TEST(view_count)
{
	decoder_check_number(&decoder, &views[_i]);
}
END_TEST

START_TEST(nodelist_count)
{
	static const struct decoder_counts counts = {
		wire_nodelist, 40, 48, 56,
	};

	decoder_check_counts(&decoder, &counts, _i);
}
END_TEST

TCase *quorum_decode_case(void)
{
	const int kinds = (int)COUNT(builds);
	TCase *tcase = tcase_create("quorum_decode");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
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
			    DECODER_COUNTS_ROWS);
	return tcase;
}
