/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <sys/uio.h>

#include "pattern.h"
#include "support.h"

/* With the thread sanitizer, to fill messages would take most of the time. */
#define UNCHECKED __attribute__((no_sanitize("thread")))

UNCHECKED static unsigned char pattern_byte(size_t index, uint32_t seed)
{
	uint32_t mixed = (uint32_t)index * 2654435761u + seed * 40503u;

	mixed ^= mixed >> 15;
	mixed *= 2246822519u;
	return (unsigned char)(mixed >> 24);
}

UNCHECKED void pattern_fill(void *bytes, size_t len, uint32_t seed)
{
	unsigned char *byte = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		byte[i] = pattern_byte(i, seed);
}

bool pattern_matches(const void *bytes, size_t len, uint32_t seed)
{
	const unsigned char *byte = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		if (byte[i] != pattern_byte(i, seed))
			return false;
	return true;
}

static size_t piece_len(size_t rest, unsigned int i, unsigned int count)
{
	size_t share = rest / (count - i);

	if (i == count - 1)
		return rest;
	if (i == 2)
		return 0;
	return i % 2 == 0 ? share / 2 : share + share / 2;
}

static void pieces_cut(struct iovec *iov, unsigned int count,
		       unsigned char *bytes, size_t len)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		iov[i].iov_base = bytes;
		iov[i].iov_len = piece_len(len, i, count);
		bytes += iov[i].iov_len;
		len -= iov[i].iov_len;
	}
}

cs_error_t pattern_send(cpg_handle_t handle, size_t len, uint32_t seed,
			unsigned int iov_len)
{
	struct iovec *iov = calloc(iov_len, sizeof(*iov));
	unsigned char *bytes = malloc(len + 1);
	cs_error_t err;

	ck_assert(iov != NULL && bytes != NULL);
	pattern_fill(bytes, len, seed);
	pieces_cut(iov, iov_len, bytes, len);
	err = cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, iov_len);
	free(bytes);
	free(iov);
	return err;
}
