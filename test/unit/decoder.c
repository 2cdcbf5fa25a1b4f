/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "decoder.h"
#include "support.h"

#define EVENT_SIZE_MAX 1024

static void page_place(struct block *block, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t usable = (size + page) / page * page;

	block->map_size = usable + page;
	block->map = mmap(NULL, block->map_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(block->map, MAP_FAILED);
	ck_assert_int_eq(mprotect((char *)block->map + usable, page,
				  PROT_NONE), 0);
	block->bytes = (char *)block->map + usable - (size + 7) / 8 * 8;
}

struct block block_create(enum block_kind kind, const void *bytes, size_t size)
{
	struct block block = { .map = NULL };

	if (kind == BLOCK_PAGE)
		page_place(&block, size);
	else
		block.bytes = malloc(size);
	memcpy(block.bytes, bytes, size);
	return block;
}

void block_destroy(struct block *block)
{
	if (block->map != NULL)
		munmap(block->map, block->map_size);
	else
		free(block->bytes);
}

int decoder_run(const struct decoder *decoder, const void *bytes, size_t size)
{
	unsigned char event[EVENT_SIZE_MAX] __attribute__((aligned));
	struct block block;
	int res[BLOCK_KINDS];

	for (int kind = 0; kind < BLOCK_KINDS; kind++) {
		block = block_create((enum block_kind)kind, bytes, size);
		res[kind] = decoder->decode(block.bytes, size, event);
		block_destroy(&block);
	}
	ck_assert_int_eq(res[0], res[1]);
	return res[0];
}

struct block decoder_run_good(const struct decoder *decoder,
			      const struct wire *wire, void *ret_event)
{
	struct block block =
		block_create(BLOCK_PAGE, wire->bytes, wire->size);

	memset(ret_event, 0x5a, decoder->event_size);
	ck_assert_int_eq(decoder->decode(block.bytes, wire->size, ret_event),
			 0);
	return block;
}

static void good(const struct decoder *decoder, const struct wire *wire,
		 size_t size)
{
	ck_assert_int_eq(decoder_run(decoder, wire->bytes, size), 0);
}

static void malformed(const struct decoder *decoder, const struct wire *wire,
		      size_t size)
{
	ck_assert_int_eq(decoder_run(decoder, wire->bytes, size), -EBADMSG);
}

static void size_say(struct wire *wire, size_t size)
{
	put_u32(wire->bytes, 8, (uint32_t)size);
}

void decoder_check_truncated(const struct decoder *decoder,
			     wire_build_fn build)
{
	struct wire wire;

	build(&wire);
	for (size_t size = 0; size < wire.size; size++) {
		size_say(&wire, wire.size);
		malformed(decoder, &wire, size);
		size_say(&wire, size);
		malformed(decoder, &wire, size);
		malformed(decoder, &wire, wire.size);
	}
	/* The daemon pads some with four bytes. */
	size_say(&wire, wire.size + 4);
	good(decoder, &wire, wire.size + 4);
	size_say(&wire, wire.size);
	good(decoder, &wire, wire.size);
	good(decoder, &wire, wire.size + 9);
}

void decoder_check_failure(const struct decoder *decoder, wire_build_fn build)
{
	unsigned char event[EVENT_SIZE_MAX] __attribute__((aligned));
	unsigned char untouched[EVENT_SIZE_MAX];
	struct wire wire;

	ck_assert_uint_le(decoder->event_size, sizeof(event));
	memset(untouched, 0x5a, sizeof(untouched));
	build(&wire);
	for (size_t size = 0; size < wire.size; size++) {
		memset(event, 0x5a, sizeof(event));
		size_say(&wire, size);
		ck_assert_int_lt(decoder->decode(wire.bytes, size, event), 0);
		ck_assert(memcmp(event, untouched, sizeof(event)) == 0);
	}
}

void decoder_check_header_size(const struct decoder *decoder,
			       wire_build_fn build)
{
	static const int32_t bad[] = { -1, -24, INT_MIN, INT_MIN + 200,
				       INT_MAX };
	struct wire wire;

	build(&wire);
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_u32(wire.bytes, 8, (uint32_t)bad[i]);
		malformed(decoder, &wire, wire.size);
	}
	size_say(&wire, wire.size + 1);
	malformed(decoder, &wire, wire.size);
}

static bool id_is_known(const struct decoder *decoder, int32_t id)
{
	for (size_t i = 0; i < decoder->id_count; i++)
		if (decoder->ids[i] == id)
			return true;
	return false;
}

void decoder_check_ids(const struct decoder *decoder, wire_build_fn build)
{
	struct wire wire;

	build(&wire);
	for (int32_t id = -300; id <= 300; id++) {
		put_u32(wire.bytes, 0, (uint32_t)id);
		if (!id_is_known(decoder, id))
			malformed(decoder, &wire, wire.size);
	}
}

static int number_run(const struct decoder *decoder,
		      const struct decoder_number *number, uint32_t value)
{
	struct wire wire;

	number->build(&wire);
	put_u32(wire.bytes, number->offset, value);
	return decoder_run(decoder, wire.bytes, wire.size);
}

void decoder_check_number(const struct decoder *decoder,
			  const struct decoder_number *number)
{
	/* Numbers that overflow when multiplied by four. */
	static const uint32_t wraps[] = { 0, 1u << 30, 1u << 31, 3u << 30 };

	for (uint32_t value = 0; value <= number->largest; value++)
		ck_assert_int_eq(number_run(decoder, number, value), 0);
	for (uint32_t more = 1; more < 300; more++)
		ck_assert_int_eq(number_run(decoder, number,
					    number->largest + more),
				 -EBADMSG);
	for (size_t i = 0; i < COUNT(wraps); i++)
		for (uint32_t less = 1; less <= 101; less++)
			ck_assert_int_eq(number_run(decoder, number,
						    wraps[i] - less),
					 -EBADMSG);
	for (size_t i = 1; i < COUNT(wraps); i++)
		for (uint32_t more = 0; more < 100; more++)
			ck_assert_int_eq(number_run(decoder, number,
						    wraps[i] + more),
					 -EBADMSG);
}

struct row {
	uint32_t members;
	uint32_t joined;
	uint32_t left;
	int expected;
};

static const struct row rows[DECODER_COUNTS_ROWS] = {
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
	/* Sums that overflow. */
	{ UINT32_MAX, 1, 0, -EBADMSG },
	{ 1, UINT32_MAX, 0, -EBADMSG },
	{ 1, 0, UINT32_MAX, -EBADMSG },
	{ 6, 1, UINT32_MAX, -EBADMSG },
	{ 6, UINT32_MAX, 1, -EBADMSG },
	{ 1u << 31, 1u << 31, 0, -EBADMSG },
	{ 0, 1u << 31, 1u << 31, -EBADMSG },
	{ UINT32_MAX, UINT32_MAX, UINT32_MAX, -EBADMSG },
	{ UINT32_MAX, UINT32_MAX, 2, -EBADMSG },
	/* Products with 24, 12 and 4 that overflow. */
	{ 0x0aaaaaab, 0, 0, -EBADMSG },
	{ 0, 0x0aaaaaab, 0, -EBADMSG },
	{ 0, 0, 0x0aaaaaab, -EBADMSG },
	{ 0x15555556, 0, 0, -EBADMSG },
	{ 0x05555556, 0x05555555, 0, -EBADMSG },
	{ 1u << 30, 0, 0, -EBADMSG },
	{ 0, 1u << 30, 0, -EBADMSG },
	{ 0, 0, 1u << 30, -EBADMSG },
	{ 1u << 29, 1u << 29, 0, -EBADMSG },
};

void decoder_check_counts(const struct decoder *decoder,
			  const struct decoder_counts *counts, int number)
{
	const struct row *row = &rows[number];
	struct wire wire;

	counts->build(&wire);
	put_u32(wire.bytes, counts->members, row->members);
	put_u32(wire.bytes, counts->joined, row->joined);
	put_u32(wire.bytes, counts->left, row->left);
	ck_assert_int_eq(decoder_run(decoder, wire.bytes, wire.size),
			 row->expected);
}
