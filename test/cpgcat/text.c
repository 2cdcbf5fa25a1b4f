/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "text.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

/* Changes the direction of the text, or begins a line, on some terminals. */
static bool changes_layout(wchar_t c)
{
	return (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Returns the length of a printable character, or 0. */
static size_t printable_length(const char *at, size_t len)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t used;

	if (*at >= ' ' && *at <= '~')
		return 1;
	used = mbrtowc(&c, at, len, &state);
	if (used == 0 || used > len)
		return 0;
	return iswprint((wint_t)c) && !changes_layout(c) ? used : 0;
}

void text_print(const void *bytes, size_t len)
{
	const char *at = bytes, *end = at + len;

	while (at < end) {
		size_t used = printable_length(at, (size_t)(end - at));

		if (*at == '\\')
			fputs("\\\\", stdout);
		else if (used > 0)
			fwrite(at, 1, used, stdout);
		else
			printf("\\x%02x", (unsigned char)*at);
		at += used > 0 ? used : 1;
	}
}

const char *text_time(void)
{
	static char text[64];
	char date[32], zone[8];
	struct timeval now;
	struct tm local;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	snprintf(text, sizeof(text), "%s.%03d%.3s:%s", date,
		 (int)(now.tv_usec / 1000), zone, zone + 3);
	return text;
}
