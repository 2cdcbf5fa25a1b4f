/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Message content that is made from a seed, and differs from that of any other
 * seed.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pattern_fill(void *bytes, size_t len, uint32_t seed);
bool pattern_matches(const void *bytes, size_t len, uint32_t seed);

/*
 * Multicast the pattern in that many iovecs of different sizes, the third of
 * them empty. CS_ERR_TRY_AGAIN is not retried.
 */
cs_error_t pattern_send(cpg_handle_t handle, size_t len, uint32_t seed,
			unsigned int iov_len);

#endif
