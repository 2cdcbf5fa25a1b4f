/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "output.h"
#include <err.h>
#include <stdio.h>

static void message_print(uint32_t nodeid, uint32_t pid, const void *msg,
			  size_t len)
{
	(void)nodeid;
	(void)pid;
	fwrite(msg, 1, len, stdout);
	output_line_end();
}

static void change_ignore(const char *what, const struct cpg_address *who,
			  const char *reason, const struct cpg_address *members,
			  size_t count)
{
	(void)what;
	(void)who;
	(void)reason;
	(void)members;
	(void)count;
}

static void connection_warn(const char *lost)
{
	if (lost != NULL)
		warnx("%s", lost);
	else
		warnx("connected to corosync");
}

/* The options exclude the other events. */
const struct output output_raw = {
	.message = message_print,
	.change = change_ignore,
	.connection = connection_warn,
};
