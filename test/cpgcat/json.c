/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "json.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The second byte excludes long forms, surrogates and what is no character. */
static bool second_is_valid(const unsigned char *at)
{
	switch (at[0]) {
	case 0xe0: return at[1] >= 0xa0;
	case 0xed: return at[1] <= 0x9f;
	case 0xf0: return at[1] >= 0x90;
	case 0xf4: return at[1] <= 0x8f;
	default: return true;
	}
}

/* Returns the length of the character in UTF-8, or 0. */
static size_t utf8_length(const unsigned char *at, size_t len)
{
	size_t wanted;

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	wanted = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (wanted > len || !second_is_valid(at))
		return 0;
	for (size_t i = 1; i < wanted; i++)
		if (!is_continuation(at[i]))
			return 0;
	return wanted;
}

static bool is_utf8(const unsigned char *bytes, size_t len)
{
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		used = utf8_length(bytes + i, len - i);
		if (used == 0)
			return false;
	}
	return true;
}

static void hex_print(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
}

/* Escapes all control characters, which are harmful on a terminal. */
static void string_print(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = bytes[i];

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < ' ' || byte == 0x7f)
			printf("\\u%04x", byte);
		else if (byte == 0xc2 && bytes[i + 1] < 0xa0)
			printf("\\u%04x", bytes[++i]);
		else
			putchar(byte);
	}
}

void json_bytes(const char *key, const void *bytes, size_t len)
{
	bool plain = is_utf8(bytes, len);

	printf(",\"%s%s\":\"", key, plain ? "" : "_hex");
	if (plain)
		string_print(bytes, len);
	else
		hex_print(bytes, len);
	putchar('"');
}
