/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "input.h"
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The current line begins at begin, and has no newline before scanned. */
static struct {
	char *data;
	size_t size, begin, scanned, end;
	bool ended;
} input;

static void input_make_room(void)
{
	if (input.begin > 0) {
		input.end -= input.begin;
		input.scanned -= input.begin;
		memmove(input.data, input.data + input.begin, input.end);
		input.begin = 0;
	}
	if (input.end < input.size)
		return;
	input.size = input.size > 0 ? 2 * input.size : 65536;
	input.data = realloc(input.data, input.size);
	if (input.data == NULL)
		err(1, "standard input");
}

void input_read(void)
{
	ssize_t len;

	input_make_room();
	len = read(STDIN_FILENO, input.data + input.end,
		   input.size - input.end);
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		err(1, "standard input");
	if (len > 0)
		input.end += (size_t)len;
	input.ended = len == 0;
	if (input.ended && input.end > input.begin)
		input.data[input.end++] = '\n';
}

/* A line that was found, and not removed, is found again. */
bool input_line(struct iovec *ret_line)
{
	char *newline;

	if (input.scanned == input.end)
		return false;
	newline = memchr(input.data + input.scanned, '\n',
			 input.end - input.scanned);
	input.scanned = newline ? (size_t)(newline - input.data) : input.end;
	ret_line->iov_base = input.data + input.begin;
	ret_line->iov_len = input.scanned - input.begin;
	return newline != NULL;
}

void input_line_done(void)
{
	input.begin = ++input.scanned;
}

bool input_has_ended(void)
{
	return input.ended;
}

bool input_is_done(void)
{
	return input.ended && input.begin == input.end;
}
