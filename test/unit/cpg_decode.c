/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../../lib/cpg_decode.h"
#include "bytes.h"
#include "decoder.h"
#include "suites.h"
#include "support.h"

static const wire_build_fn builds[] = {
	wire_confchg,
	wire_deliver,
	wire_partial,
	wire_totem,
};

static int decode(void *bytes, size_t size, void *ret_event)
{
	if (cpg_decode_partial(bytes, size, ret_event))
		return 0;
	return cpg_decode(bytes, size, ret_event);
}

static const int32_t ids[] = { 4, 5, 13, 17 };

static const struct decoder decoder = {
	.decode = decode,
	.event_size = sizeof(struct cpg_event),
	.ids = ids,
	.id_count = COUNT(ids),
};

static void name_is(const struct cpg_name *name, const void *value,
		    uint32_t length)
{
	static const char zeroes[CPG_MAX_NAME_LENGTH];

	ck_assert_uint_eq(name->length, length);
	ck_assert_mem_eq(name->value, value, length);
	ck_assert_mem_eq(name->value + length, zeroes, sizeof(zeroes) - length);
}

static void addresses_are(const struct cpg_address *list, uint32_t first,
			  uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++, list++) {
		ck_assert_uint_eq(list->nodeid, 101 + i);
		ck_assert_uint_eq(list->pid, 201 + i);
		ck_assert_uint_eq(list->reason, i);
	}
}

START_TEST(confchg)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_confchg(&wire);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_int_eq(event.type, CPG_EVENT_CONFCHG);
	name_is(&event.group, GROUP, sizeof(GROUP) - 1);
	ck_assert_uint_eq(event.confchg.member_count, 3);
	ck_assert_uint_eq(event.confchg.left_count, 2);
	ck_assert_uint_eq(event.confchg.joined_count, 1);
	addresses_are(event.confchg.members, 0, 3);
	addresses_are(event.confchg.left, 3, 2);
	addresses_are(event.confchg.joined, 5, 1);
	block_destroy(&block);
}
END_TEST

/* List number _i is the long one. */
START_TEST(confchg_of_many)
{
	static unsigned char bytes[184 + 1000 * 24];
	const uint32_t members = _i == 0 ? 998 : 1;
	const uint32_t left = _i == 1 ? 998 : 1;
	const uint32_t joined = _i == 2 ? 998 : 1;
	struct cpg_event event;

	put_reply(bytes, 4, sizeof(bytes), CS_OK);
	put_u32(bytes, 160, members);
	put_u32(bytes, 168, joined);
	put_u32(bytes, 176, left);
	for (uint32_t i = 0; i < 1000; i++)
		put_address(bytes, 184 + i * 24, 101 + i, 201 + i, i);
	ck_assert_int_eq(cpg_decode(bytes, sizeof(bytes), &event), 0);
	ck_assert_uint_eq(event.confchg.member_count, members);
	ck_assert_uint_eq(event.confchg.left_count, left);
	ck_assert_uint_eq(event.confchg.joined_count, joined);
	addresses_are(event.confchg.members, 0, members);
	addresses_are(event.confchg.left, members, left);
	addresses_are(event.confchg.joined, members + left, joined);
}
END_TEST

START_TEST(deliver)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_deliver(&wire);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_int_eq(event.type, CPG_EVENT_DELIVER);
	name_is(&event.group, GROUP, sizeof(GROUP) - 1);
	ck_assert_uint_eq(event.deliver.nodeid, 0x11223344);
	ck_assert_uint_eq(event.deliver.pid, 0x55667788);
	ck_assert_uint_eq(event.deliver.msg_len, 13);
	ck_assert_ptr_eq(event.deliver.msg, (char *)block.bytes + 184);
	ck_assert_uint_eq((uintptr_t)event.deliver.msg % 8, 0);
	ck_assert_mem_eq(event.deliver.msg, "thirteen byte", 13);
	ck_assert_ptr_null(event.deliver.owned);
	block_destroy(&block);
}
END_TEST

START_TEST(deliver_of_nothing)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_deliver(&wire);
	wire.size = 184;
	put_u32(wire.bytes, 8, 184);
	put_u32(wire.bytes, 160, 0);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_uint_eq(event.deliver.msg_len, 0);
	ck_assert_ptr_nonnull(event.deliver.msg);
	ck_assert_uint_eq((uintptr_t)event.deliver.msg % 8, 0);
	block_destroy(&block);
}
END_TEST

START_TEST(partial)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_partial(&wire);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_int_eq(event.type, CPG_EVENT_PARTIAL);
	name_is(&event.group, GROUP, sizeof(GROUP) - 1);
	ck_assert_uint_eq(event.partial.nodeid, 0x11223344);
	ck_assert_uint_eq(event.partial.pid, 0x55667788);
	ck_assert_uint_eq(event.partial.msglen, 3000000000u);
	ck_assert_uint_eq(event.partial.fraglen, 11);
	ck_assert_uint_eq(event.partial.type, 2);
	ck_assert_ptr_eq(event.partial.fragment, (char *)block.bytes + 200);
	ck_assert_mem_eq(event.partial.fragment, "eleven byte", 11);
	block_destroy(&block);
}
END_TEST

START_TEST(totem_confchg)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_totem(&wire);
	block = decoder_run_good(&decoder, &wire, &event);
	ck_assert_int_eq(event.type, CPG_EVENT_TOTEM_CONFCHG);
	ck_assert_uint_eq(event.totem_confchg.ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(event.totem_confchg.ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(event.totem_confchg.member_count, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(event.totem_confchg.members[i], 301 + i);
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

START_TEST(name_lengths)
{
	static const uint32_t bad[] = { 129, 136, 255, INT_MAX, 1u << 31,
					UINT32_MAX };
	struct cpg_event event;
	struct block block;
	struct wire wire;

	builds[_i](&wire);
	memset(wire.bytes + 32, 'n', CPG_MAX_NAME_LENGTH);
	for (uint32_t length = 0; length <= CPG_MAX_NAME_LENGTH; length++) {
		put_u32(wire.bytes, 24, length);
		block = decoder_run_good(&decoder, &wire, &event);
		name_is(&event.group, wire.bytes + 32, length);
		block_destroy(&block);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, 24, bad[i]);
		ck_assert_int_eq(decoder_run(&decoder, wire.bytes, wire.size),
				 -EBADMSG);
	}
}
END_TEST

/* Counts, and the counts that the event has room for. */

START_TEST(confchg_count)
{
	static const struct decoder_counts counts = {
		wire_confchg, 160, 168, 176,
	};

	decoder_check_counts(&decoder, &counts, _i);
}
END_TEST

static const struct decoder_number lengths[] = {
	{ wire_deliver, 160, 13 },
	{ wire_partial, 168, 11 },
	{ wire_totem, 40, 5 },
};

START_TEST(length_in_the_event)
{
	decoder_check_number(&decoder, &lengths[_i]);
}
END_TEST

START_TEST(partial_numbers_are_passed_on)
{
	static const uint32_t any[] = { 0, 1, 3, 4, 99, 1u << 31, UINT32_MAX };
	struct cpg_event event;
	struct block block;
	struct wire wire;

	wire_partial(&wire);
	for (size_t i = 0; i < COUNT(any); i++) {
		put_u32(wire.bytes, 160, any[i]);
		put_u32(wire.bytes, 192, any[i]);
		block = decoder_run_good(&decoder, &wire, &event);
		ck_assert_uint_eq(event.partial.msglen, any[i]);
		ck_assert_uint_eq(event.partial.type, any[i]);
		block_destroy(&block);
	}
}
END_TEST

TCase *cpg_decode_case(void)
{
	const int kinds = (int)COUNT(builds);
	TCase *tcase = tcase_create("cpg_decode");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_test(tcase, confchg);
	tcase_add_loop_test(tcase, confchg_of_many, 0, 3);
	tcase_add_test(tcase, deliver);
	tcase_add_test(tcase, deliver_of_nothing);
	tcase_add_test(tcase, partial);
	tcase_add_test(tcase, totem_confchg);
	tcase_add_loop_test(tcase, truncated_anywhere, 0, kinds);
	tcase_add_loop_test(tcase, failure_writes_nothing, 0, kinds);
	tcase_add_loop_test(tcase, header_size, 0, kinds);
	tcase_add_loop_test(tcase, unknown_ids, 0, kinds);
	tcase_add_loop_test(tcase, name_lengths, 0, kinds - 1);
	tcase_add_loop_test(tcase, confchg_count, 0,
			    DECODER_COUNTS_ROWS);
	tcase_add_loop_test(tcase, length_in_the_event, 0,
			    (int)COUNT(lengths));
	tcase_add_test(tcase, partial_numbers_are_passed_on);
	return tcase;
}
