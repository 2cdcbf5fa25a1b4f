/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

size_t input_bytes(struct input *input, void *ret_bytes, size_t size)
{
	if (size > input->left)
		size = input->left;
	if (size == 0)
		return 0;
	memcpy(ret_bytes, input->at, size);
	input->at += size;
	input->left -= size;
	return size;
}

uint8_t input_u8(struct input *input)
{
	uint8_t value = 0;

	input_bytes(input, &value, sizeof(value));
	return value;
}

uint16_t input_u16(struct input *input)
{
	uint16_t value = 0;

	input_bytes(input, &value, sizeof(value));
	return value;
}

uint32_t input_u32(struct input *input)
{
	uint32_t value = 0;

	input_bytes(input, &value, sizeof(value));
	return value;
}
