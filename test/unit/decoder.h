/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What every decoder must do with damaged events. Each function fails the test
 * if the decoder does something else.
 */
#ifndef DECODER_H
#define DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* Bytes at the end of readable memory, aligned to 8 bytes. */
struct block {
	void *bytes;
	void *map; /* NULL: from malloc, for a sanitizer to check */
	size_t map_size;
};

enum block_kind {
	BLOCK_PAGE,	/* before a page that cannot be read */
	BLOCK_MALLOC,
	BLOCK_KINDS,
};

/* Make a block with a copy of the bytes. */
struct block block_create(enum block_kind kind, const void *bytes,
			  size_t size);
void block_destroy(struct block *block);

struct decoder {
	int (*decode)(void *bytes, size_t size, void *ret_event);
	size_t event_size;
	const int32_t *ids; /* of the events that it decodes */
	size_t id_count;
};

typedef void (*wire_build_fn)(struct wire *wire);

/* The result of decoding a copy in a block, of each kind of block. */
int decoder_run(const struct decoder *decoder, const void *bytes,
		size_t size);

/* Decode a copy, which must be well formed; returns the block. */
struct block decoder_run_good(const struct decoder *decoder,
			      const struct wire *wire, void *ret_event);

/* An event is malformed if it is cut off, but not if bytes follow it. */
void decoder_check_truncated(const struct decoder *decoder,
			     wire_build_fn build);

/* Decoding an event that is cut off changes no output. */
void decoder_check_failure(const struct decoder *decoder,
			   wire_build_fn build);

/* An event is malformed if its header's size is too large or negative. */
void decoder_check_header_size(const struct decoder *decoder,
			       wire_build_fn build);

/* So is an event with any other id. */
void decoder_check_ids(const struct decoder *decoder, wire_build_fn build);

/* A count in an event, and the largest that the event has room for. */
struct decoder_number {
	wire_build_fn build;
	size_t offset;
	uint32_t largest;
};

/* Zero to the largest are valid; more, or an overflow, is malformed. */
void decoder_check_number(const struct decoder *decoder,
			  const struct decoder_number *number);

/* The counts of three lists; the event has room for 6 entries in all. */
struct decoder_counts {
	wire_build_fn build;
	size_t members;
	size_t joined;
	size_t left;
};

/* Case number @row, of DECODER_COUNTS_ROWS. */
#define DECODER_COUNTS_ROWS 35
void decoder_check_counts(const struct decoder *decoder,
			  const struct decoder_counts *counts, int row);

#endif
