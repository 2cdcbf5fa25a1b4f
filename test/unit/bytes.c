/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "bytes.h"

void put_u32(void *bytes, size_t offset, uint32_t value)
{
	memcpy((char *)bytes + offset, &value, sizeof(value));
}

void put_u64(void *bytes, size_t offset, uint64_t value)
{
	memcpy((char *)bytes + offset, &value, sizeof(value));
}

void put_request(void *bytes, int32_t id, size_t size)
{
	put_u32(bytes, 0, (uint32_t)id);
	put_u32(bytes, 8, (uint32_t)size);
}

void put_reply(void *bytes, int32_t id, size_t size, int32_t error)
{
	put_request(bytes, id, size);
	put_u32(bytes, 16, (uint32_t)error);
}

void put_name(void *bytes, size_t offset, const char *name)
{
	char *at = (char *)bytes + offset;

	memset(at, 0, 136);
	put_u32(at, 0, (uint32_t)strlen(name));
	memcpy(at + 8, name, strlen(name));
}

void put_address(void *bytes, size_t offset, uint32_t nodeid, uint32_t pid,
		 uint32_t reason)
{
	put_u32(bytes, offset, nodeid);
	put_u32(bytes, offset + 8, pid);
	put_u32(bytes, offset + 16, reason);
}

uint32_t get_u32(const void *bytes, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)bytes + offset, sizeof(value));
	return value;
}
