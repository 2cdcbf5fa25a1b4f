/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What every decoder of events has to do with those that are damaged. What
 * fails, fails the test.
 */
#ifndef DECODER_H
#define DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* Bytes that end where memory ends; 8-byte aligned. */
struct block {
	void *bytes;
	void *map;	/* NULL: of malloc, for a sanitizer to look at */
	size_t map_size;
};

enum block_kind {
	BLOCK_PAGE,	/* before a page that cannot be read */
	BLOCK_MALLOC,
	BLOCK_KINDS,
};

/* A copy of the bytes. */
struct block block_create(enum block_kind kind, const void *bytes,
			  size_t size);
void block_destroy(struct block *block);

struct decoder {
	int (*decode)(void *bytes, size_t size, void *ret_event);
	size_t event_size;
	const int32_t *ids;	/* that it knows */
	size_t id_count;
};

typedef void (*wire_build_fn)(struct wire *wire);

/* What becomes of a copy at the end of memory, of either kind. */
int decoder_run(const struct decoder *decoder, const void *bytes,
		size_t size);

/* Decode a copy, which has to be good, and which is returned. */
struct block decoder_run_good(const struct decoder *decoder,
			      const struct wire *wire, void *ret_event);

/* Cut off at any length, an event is malformed; with more behind it, not. */
void decoder_check_truncated(const struct decoder *decoder,
			     wire_build_fn build);

/* Nothing is returned of an event that is cut off. */
void decoder_check_failure(const struct decoder *decoder,
			   wire_build_fn build);

/* What says that it is longer than it is, or negative, is malformed. */
void decoder_check_header_size(const struct decoder *decoder,
			       wire_build_fn build);

/* So is an event with any other id. */
void decoder_check_ids(const struct decoder *decoder, wire_build_fn build);

/* A number in an event, and the largest that there is room for. */
struct decoder_number {
	wire_build_fn build;
	size_t offset;
	uint32_t largest;
};

/* Zero to the largest are good; more, and what wraps, is malformed. */
void decoder_check_number(const struct decoder *decoder,
			  const struct decoder_number *number);

/* The numbers of three lists that there is room in for 6 in all. */
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
