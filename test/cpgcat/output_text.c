/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "names.h"
#include "options.h"
#include "output.h"
#include "text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void begin(const char *what)
{
	if (options.time)
		printf("%s ", text_time());
	printf("%-8s ", what);
}

static void process_print(uint32_t nodeid, uint32_t pid)
{
	const char *name = names_find(nodeid);

	printf("node %u ", nodeid);
	if (name != NULL) {
		putchar('(');
		text_print(name, strlen(name));
		fputs(") ", stdout);
	}
	printf("pid %u", pid);
}

static void message_print(uint32_t nodeid, uint32_t pid, const void *msg,
			  size_t len)
{
	begin("message");
	process_print(nodeid, pid);
	fputs(": ", stdout);
	text_print(msg, len);
	output_line_end();
}

static void count_print(size_t count)
{
	printf(", %zu member%s", count, count == 1 ? "" : "s");
}

static void change_print(const char *what, const struct cpg_address *who,
			 const char *reason, const struct cpg_address *members,
			 size_t count)
{
	begin(what);
	process_print(who->nodeid, who->pid);
	if (reason != NULL)
		printf(" (%s)", reason);
	count_print(count);
	for (size_t i = 0; i < count; i++)
		printf("%s%u/%u", i == 0 ? ": " : " ", members[i].nodeid,
		       members[i].pid);
	output_line_end();
}

static void group_print(const struct cpg_name *group,
			const struct cpg_address *members, size_t count)
{
	begin("group");
	text_print(group->value, group->length);
	count_print(count);
	output_line_end();
	for (size_t i = 0; i < count; i++) {
		begin("member");
		process_print(members[i].nodeid, members[i].pid);
		output_line_end();
	}
}

static void nodes_print(const uint32_t *nodes, size_t count)
{
	fputs(", nodes:", stdout);
	for (size_t i = 0; i < count; i++)
		printf(" %u", nodes[i]);
	output_line_end();
}

static void quorum_print(bool quorate, uint64_t ring_seq, const uint32_t *nodes,
			 size_t count)
{
	begin("quorum");
	printf("%s, ring " CS_PRI_RING_ID_SEQ, quorate ? "yes" : "no",
	       ring_seq);
	nodes_print(nodes, count);
}

static void ring_print(struct cpg_ring_id ring, const uint32_t *nodes,
		       size_t count)
{
	begin("ring");
	printf(CS_PRI_RING_ID, ring.nodeid, ring.seq);
	nodes_print(nodes, count);
}

static void connection_print(const char *lost)
{
	begin("daemon");
	if (lost != NULL)
		printf("disconnected, %s", lost);
	else
		fputs("connected", stdout);
	output_line_end();
}

const struct output output_text = {
	.message = message_print,
	.change = change_print,
	.group = group_print,
	.quorum = quorum_print,
	.ring = ring_print,
	.connection = connection_print,
};
