/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What the fuzzers and the programs that run them share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* If the condition is false, the fuzzer reports the input. */
#define MUST(condition)                                                        \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* libFuzzer calls this function by its name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes of an input that were not read yet. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* Read the next number; bytes after the end of the input are 0. */
uint8_t input_u8(struct input *input);
uint16_t input_u16(struct input *input);
uint32_t input_u32(struct input *input);

/* Read up to @size bytes; returns their number. */
size_t input_bytes(struct input *input, void *ret_bytes, size_t size);

#endif
