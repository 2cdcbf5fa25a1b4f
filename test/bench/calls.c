/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <err.h>
#include <string.h>

#include "measures.h"
#include "messages.h"
#include "support.h"

static cpg_handle_t cpg;
static quorum_handle_t quorum;

static void cpg_open(unsigned long number)
{
	cpg_handle_t handle;

	(void)number;
	INSIST(cpg_initialize(&handle, NULL));
	INSIST(cpg_finalize(handle));
}

static void cpg_open_and_join(unsigned long number)
{
	/* A join to the same group would wait for the previous leave. */
	struct cpg_name group = group_name(number);
	cpg_handle_t handle;

	INSIST(cpg_initialize(&handle, NULL));
	INSIST(cpg_join(handle, &group));
	INSIST(cpg_finalize(handle));
}

static void quorum_open(unsigned long number)
{
	quorum_handle_t handle;
	uint32_t type;

	(void)number;
	INSIST(quorum_initialize(&handle, NULL, &type));
	INSIST(quorum_finalize(handle));
}

static void local_call(unsigned long number)
{
	unsigned int nodeid;

	(void)number;
	INSIST(cpg_local_get(cpg, &nodeid));
}

static void membership_call(unsigned long number)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = group_name(0);
	int count = 0;

	(void)number;
	INSIST(cpg_membership_get(cpg, &group, members, &count));
	if (count != 1)
		errx(1, "the group has %d members instead of one", count);
}

static void quorate_call(unsigned long number)
{
	int quorate;

	(void)number;
	INSIST(quorum_getquorate(quorum, &quorate));
}

/* Arguments: the name of an act, and how many times to repeat it. */
static void acts_measure(char **arguments, const char *const *names,
			 void (*const *acts)(unsigned long number))
{
	unsigned long count = number_parse(arguments[1], 1);
	struct usage usage;

	while (*names != NULL && strcmp(*names, arguments[0]) != 0) {
		names++;
		acts++;
	}
	if (*names == NULL)
		errx(2, "invalid arguments, try --help");
	usage = usage_get();
	for (unsigned long i = 0; i < count; i++)
		(*acts)(i);
	usage = usage_since(&usage);
	result_print("per_s", (double)count / usage.time);
	result_print("time_us", usage.time / (double)count * 1e6);
	result_print("client_us", usage.client / (double)count * 1e6);
	result_print("daemon_us", usage.daemon / (double)count * 1e6);
}

void measure_open(char **arguments)
{
	static const char *const names[] = { "cpg", "join", "quorum", NULL };
	static void (*const acts[])(unsigned long number) = {
		cpg_open,
		cpg_open_and_join,
		quorum_open,
	};

	acts_measure(arguments, names, acts);
}

void measure_calls(char **arguments)
{
	static const char *const names[] = { "local", "membership", "quorate",
					     NULL };
	static void (*const acts[])(unsigned long number) = {
		local_call,
		membership_call,
		quorate_call,
	};
	struct cpg_name group = group_name(0);
	uint32_t type;

	cpg = member_open(&group, NULL);
	INSIST(quorum_initialize(&quorum, NULL, &type));
	acts_measure(arguments, names, acts);
	INSIST(quorum_finalize(quorum));
	INSIST(cpg_finalize(cpg));
}
