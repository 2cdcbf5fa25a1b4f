/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What the fuzzers and what runs them share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What has to hold; if not, the input is a finding. */
#define MUST(condition)                                                        \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes of an input, from the first to the last. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* The next number, of zeroes behind the end. */
uint8_t input_u8(struct input *input);
uint16_t input_u16(struct input *input);
uint32_t input_u32(struct input *input);

/* The next bytes, as many as there are. How many. */
size_t input_bytes(struct input *input, void *ret_bytes, size_t size);

#endif
