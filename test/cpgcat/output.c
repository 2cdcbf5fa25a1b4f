/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "output.h"
#include "options.h"
#include <err.h>
#include <poll.h>
#include <stdio.h>

const struct output *output_get(void)
{
	static const struct output *const formats[] = {
		[FORMAT_TEXT] = &output_text,
		[FORMAT_RAW] = &output_raw,
		[FORMAT_JSON] = &output_json,
	};

	return formats[options.format];
}

static void output_fail(void)
{
	err(1, "cannot write to standard output");
}

void output_line_end(void)
{
	if (putchar('\n') == EOF || ferror(stdout))
		output_fail();
}

void output_close(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		output_fail();
}

void output_check(short revents)
{
	if (!(revents & POLLERR))
		return;
	errno = EPIPE;
	output_fail();
}
