/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "calls.h"

static struct {
	uint64_t handle;
	bool is_quorum;
} handles[SLOTS];

uint64_t handle_get(int slot)
{
	return handles[slot].handle;
}

void handle_set(int slot, uint64_t handle, bool is_quorum)
{
	handles[slot].handle = handle;
	handles[slot].is_quorum = is_quorum;
}

int slot_find(uint64_t handle, bool is_quorum)
{
	for (int i = 0; i < SLOTS; i++)
		if (handles[i].handle == handle && handle != 0 &&
		    handles[i].is_quorum == is_quorum)
			return i;
	return -1;
}
