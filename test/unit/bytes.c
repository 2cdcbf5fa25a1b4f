/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "support.h"

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
