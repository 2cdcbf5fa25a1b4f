/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../../lib/cpg_decode.h"
#include "bytes.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

static void (*const builds[])(struct wire *wire) = {
	wire_confchg,
	wire_deliver,
	wire_partial,
	wire_totem,
};

/* What becomes of a copy at the end of memory, of either kind. */
static int decode(const void *bytes, size_t size)
{
	struct cpg_event event;
	struct block block;
	int res[BLOCK_KINDS];

	for (int kind = 0; kind < BLOCK_KINDS; kind++) {
		block = block_create((enum block_kind)kind, bytes, size);
		res[kind] = cpg_decode(block.bytes, size, &event);
		block_destroy(&block);
	}
	ck_assert_int_eq(res[0], res[1]);
	return res[0];
}

static struct block decode_good(const struct wire *wire,
				struct cpg_event *ret_event)
{
	struct block block =
		block_create(BLOCK_PAGE, wire->bytes, wire->size);

	memset(ret_event, 0x5a, sizeof(*ret_event));
	ck_assert_int_eq(cpg_decode(block.bytes, wire->size, ret_event), 0);
	return block;
}

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
	block = decode_good(&wire, &event);
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

START_TEST(confchg_of_many)
{
	static unsigned char bytes[184 + 1000 * 24];
	struct cpg_event event;

	put_reply(bytes, 4, sizeof(bytes), CS_OK);
	put_u32(bytes, 160, 999);
	put_u32(bytes, 176, 1);
	for (uint32_t i = 0; i < 1000; i++)
		put_address(bytes, 184 + i * 24, 101 + i, 201 + i, i);
	ck_assert_int_eq(cpg_decode(bytes, sizeof(bytes), &event), 0);
	ck_assert_uint_eq(event.confchg.member_count, 999);
	addresses_are(event.confchg.members, 0, 999);
	addresses_are(event.confchg.left, 999, 1);
}
END_TEST

START_TEST(deliver)
{
	struct wire wire;
	struct cpg_event event;
	struct block block;

	wire_deliver(&wire);
	block = decode_good(&wire, &event);
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
	block = decode_good(&wire, &event);
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
	block = decode_good(&wire, &event);
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
	block = decode_good(&wire, &event);
	ck_assert_int_eq(event.type, CPG_EVENT_TOTEM_CONFCHG);
	ck_assert_uint_eq(event.totem_confchg.ring_id.nodeid, RING_NODE);
	ck_assert_uint_eq(event.totem_confchg.ring_id.seq, RING_SEQ);
	ck_assert_uint_eq(event.totem_confchg.member_count, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(event.totem_confchg.members[i], 301 + i);
	block_destroy(&block);
}
END_TEST

/* Of the kind of event number _i from here on. */

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
	put_u32(wire.bytes, 8, (uint32_t)wire.size);
	ck_assert_int_eq(decode(wire.bytes, wire.size), 0);
	ck_assert_int_eq(decode(wire.bytes, wire.size + 9), 0);
}
END_TEST

START_TEST(failure_writes_nothing)
{
	struct cpg_event untouched;
	struct cpg_event event;
	struct wire wire;

	memset(&untouched, 0x5a, sizeof(untouched));
	builds[_i](&wire);
	for (size_t size = 0; size < wire.size; size++) {
		memset(&event, 0x5a, sizeof(event));
		put_u32(wire.bytes, 8, (uint32_t)size);
		ck_assert_int_lt(cpg_decode(wire.bytes, size, &event), 0);
		ck_assert(memcmp(&event, &untouched, sizeof(event)) == 0);
	}
}
END_TEST

START_TEST(header_size)
{
	static const int32_t bad[] = { -1, -24, INT_MIN, INT_MIN + 200 };
	struct wire wire;

	builds[_i](&wire);
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, 8, (uint32_t)bad[i]);
		ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	}
	put_u32(wire.bytes, 8, (uint32_t)wire.size + 1);
	ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	put_u32(wire.bytes, 8, INT_MAX);
	ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
}
END_TEST

static bool id_is_known(int32_t id)
{
	return id == 4 || id == 5 || id == 13 || id == 17;
}

START_TEST(unknown_ids)
{
	struct wire wire;

	builds[_i](&wire);
	for (int32_t id = -300; id <= 300; id++) {
		put_u32(wire.bytes, 0, (uint32_t)id);
		if (!id_is_known(id))
			ck_assert_int_eq(decode(wire.bytes, wire.size),
					 -EBADMSG);
	}
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
		block = decode_good(&wire, &event);
		name_is(&event.group, wire.bytes + 32, length);
		block_destroy(&block);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, 24, bad[i]);
		ck_assert_int_eq(decode(wire.bytes, wire.size), -EBADMSG);
	}
}
END_TEST

/* Counts, against what there is room for. */

struct counts {
	uint32_t members;
	uint32_t joined;
	uint32_t left;
	int expected;
};

static const struct counts confchg_counts[] = {
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
	{ UINT32_MAX, UINT32_MAX, UINT32_MAX, -EBADMSG },
	{ UINT32_MAX, UINT32_MAX, 2, -EBADMSG },
	/* Products, with 24 and with 12, that wrap. */
	{ 0x0aaaaaab, 0, 0, -EBADMSG },
	{ 0, 0x0aaaaaab, 0, -EBADMSG },
	{ 0, 0, 0x0aaaaaab, -EBADMSG },
	{ 0x15555556, 0, 0, -EBADMSG },
	{ 0x05555556, 0x05555555, 0, -EBADMSG },
};

START_TEST(confchg_count)
{
	const struct counts *counts = &confchg_counts[_i];
	struct wire wire;

	wire_confchg(&wire);
	put_u32(wire.bytes, 160, counts->members);
	put_u32(wire.bytes, 168, counts->joined);
	put_u32(wire.bytes, 176, counts->left);
	ck_assert_int_eq(decode(wire.bytes, wire.size), counts->expected);
}
END_TEST

struct length {
	void (*build)(struct wire *wire);
	size_t offset;
	uint32_t largest;
	uint32_t unit;
};

static const struct length lengths[] = {
	{ wire_deliver, 160, 13, 1 },
	{ wire_partial, 168, 11, 1 },
	{ wire_totem, 40, 5, 4 },
};

static int decode_with(const struct length *length, uint32_t value)
{
	struct wire wire;

	length->build(&wire);
	put_u32(wire.bytes, length->offset, value);
	return decode(wire.bytes, wire.size);
}

START_TEST(length_in_the_event)
{
	const struct length *length = &lengths[_i];
	uint32_t wraps = length->unit == 1 ? UINT32_MAX - 100 : 1u << 30;

	for (uint32_t value = 0; value <= length->largest; value++)
		ck_assert_int_eq(decode_with(length, value), 0);
	for (uint32_t value = 1; value < 300; value++)
		ck_assert_int_eq(decode_with(length, length->largest + value),
				 -EBADMSG);
	for (uint32_t value = wraps; value < wraps + 100; value++)
		ck_assert_int_eq(decode_with(length, value), -EBADMSG);
	ck_assert_int_eq(decode_with(length, INT_MAX), -EBADMSG);
	ck_assert_int_eq(decode_with(length, 1u << 31), -EBADMSG);
	ck_assert_int_eq(decode_with(length, UINT32_MAX), -EBADMSG);
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
		block = decode_good(&wire, &event);
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

	tcase_add_test(tcase, confchg);
	tcase_add_test(tcase, confchg_of_many);
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
			    (int)COUNT(confchg_counts));
	tcase_add_loop_test(tcase, length_in_the_event, 0,
			    (int)COUNT(lengths));
	tcase_add_test(tcase, partial_numbers_are_passed_on);
	return tcase;
}
