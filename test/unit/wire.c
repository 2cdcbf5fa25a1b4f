/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "bytes.h"
#include "wire.h"

void wire_begin(struct wire *wire, int32_t id, size_t size)
{
	memset(wire->bytes, 0xee, sizeof(wire->bytes));
	wire->size = size;
	put_reply(wire->bytes, id, size, 1);
}

static void name_fill(struct wire *wire)
{
	put_u32(wire->bytes, 24, sizeof(GROUP) - 1);
	memcpy(wire->bytes + 32, GROUP, sizeof(GROUP) - 1);
}

static void nodes_fill(struct wire *wire, size_t offset, uint32_t first,
		       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_u32(wire->bytes, offset + i * 4, first + i);
}

void wire_confchg(struct wire *wire)
{
	wire_begin(wire, 4, 184 + 6 * 24);
	name_fill(wire);
	put_u32(wire->bytes, 160, 3);
	put_u32(wire->bytes, 168, 1);
	put_u32(wire->bytes, 176, 2);
	for (uint32_t i = 0; i < 6; i++)
		put_address(wire->bytes, 184 + i * 24, 101 + i, 201 + i, i);
}

void wire_deliver(struct wire *wire)
{
	wire_begin(wire, 5, 184 + 13);
	name_fill(wire);
	put_u32(wire->bytes, 160, 13);
	put_u32(wire->bytes, 168, 0x11223344);
	put_u32(wire->bytes, 176, 0x55667788);
	memcpy(wire->bytes + 184, "thirteen byte", 13);
}

void wire_partial(struct wire *wire)
{
	wire_begin(wire, 17, 200 + 11);
	name_fill(wire);
	put_u32(wire->bytes, 160, 3000000000u);
	put_u32(wire->bytes, 168, 11);
	put_u32(wire->bytes, 176, 0x11223344);
	put_u32(wire->bytes, 184, 0x55667788);
	put_u32(wire->bytes, 192, 2);
	memcpy(wire->bytes + 200, "eleven byte", 11);
}

void wire_totem(struct wire *wire)
{
	wire_begin(wire, 13, 44 + 5 * 4);
	put_u32(wire->bytes, 24, RING_NODE);
	put_u64(wire->bytes, 32, RING_SEQ);
	put_u32(wire->bytes, 40, 5);
	nodes_fill(wire, 44, 301, 5);
}

void wire_notification(struct wire *wire)
{
	wire_begin(wire, 3, 44 + 5 * 4);
	put_u32(wire->bytes, 24, 1);
	put_u64(wire->bytes, 32, RING_SEQ);
	put_u32(wire->bytes, 40, 5);
	nodes_fill(wire, 44, 401, 5);
}

void wire_quorum(struct wire *wire)
{
	wire_begin(wire, 6, 52 + 5 * 4);
	put_u32(wire->bytes, 24, 1);
	put_u32(wire->bytes, 32, RING_NODE);
	put_u64(wire->bytes, 40, RING_SEQ);
	put_u32(wire->bytes, 48, 5);
	nodes_fill(wire, 52, 401, 5);
}

void wire_nodelist(struct wire *wire)
{
	wire_begin(wire, 7, 60 + 6 * 4);
	put_u32(wire->bytes, 24, RING_NODE);
	put_u64(wire->bytes, 32, RING_SEQ);
	put_u32(wire->bytes, 40, 3);
	put_u32(wire->bytes, 48, 1);
	put_u32(wire->bytes, 56, 2);
	nodes_fill(wire, 60, 501, 6);
}
