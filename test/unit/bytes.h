/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Requests, replies and events, built from offsets and values. The tests do
 * not use the library's own description of the layouts.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

void put_u32(void *bytes, size_t offset, uint32_t value);
void put_u64(void *bytes, size_t offset, uint64_t value);

/* A header of 16 bytes, and one of 24. */
void put_request(void *bytes, int32_t id, size_t size);
void put_reply(void *bytes, int32_t id, size_t size, int32_t error);

/* A name of 136 bytes: the string, padded with zeros. */
void put_name(void *bytes, size_t offset, const char *name);

/* An address of 24 bytes. */
void put_address(void *bytes, size_t offset, uint32_t nodeid, uint32_t pid,
		 uint32_t reason);

uint32_t get_u32(const void *bytes, size_t offset);

#endif
