/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "group_name.h"
#include <ctype.h>
#include <string.h>

/* Returns the value of two hexadecimal digits, or -1. */
static int hex_parse(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	int value = 0;

	for (int i = 0; i < 2; i++) {
		const char *digit;

		if (!isxdigit((unsigned char)text[i]))
			return -1;
		digit = strchr(digits, tolower((unsigned char)text[i]));
		value = 16 * value + (int)(digit - digits);
	}
	return value;
}

/* Takes the escape after a backslash. Returns its byte, or -1. */
static int escape_parse(const char **text)
{
	static const char names[] = "\\nrt0", values[] = "\\\n\r\t";
	char letter = **text;
	const char *name = strchr(names, letter);
	int value;

	if (letter == '\0')
		return -1;
	*text += 1;
	if (name != NULL)
		return values[name - names];
	if (letter != 'x')
		return -1;
	value = hex_parse(*text);
	*text += value < 0 ? 0 : 2;
	return value;
}

/* Takes the next byte of the text. Returns it, or -1. */
static int byte_parse(const char **text, bool hex)
{
	int value;

	if (hex) {
		value = hex_parse(*text);
		*text += value < 0 ? 0 : 2;
		return value;
	}
	value = (unsigned char)*(*text)++;
	return value == '\\' ? escape_parse(text) : value;
}

const char *group_name_parse(const char *text, bool hex, struct cpg_name *ret)
{
	struct cpg_name name = { 0 };

	while (*text != '\0') {
		int byte = byte_parse(&text, hex);

		if (byte < 0 && hex)
			return "the name of the group has other characters "
			       "than pairs of hexadecimal digits";
		if (byte < 0)
			return "the name of the group has an unknown escape";
		if (name.length == CPG_MAX_NAME_LENGTH)
			return "the name of a group has at most 128 bytes";
		name.value[name.length++] = (char)byte;
	}
	*ret = name;
	return NULL;
}
