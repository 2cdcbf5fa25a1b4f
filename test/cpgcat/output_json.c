/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "json.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void begin(const char *event)
{
	printf("{\"time\":\"%s\",\"event\":\"%s\"", text_time(), event);
}

static void end(void)
{
	putchar('}');
	output_line_end();
}

static void process_print(uint32_t nodeid, uint32_t pid)
{
	const char *name = names_find(nodeid);

	printf("\"nodeid\":%u", nodeid);
	if (name != NULL)
		json_bytes("node", name, strlen(name));
	printf(",\"pid\":%u", pid);
}

static void sender_print(uint32_t nodeid, uint32_t pid)
{
	json_bytes("group", options.group.value, options.group.length);
	putchar(',');
	process_print(nodeid, pid);
}

static void message_print(uint32_t nodeid, uint32_t pid, const void *msg,
			  size_t len)
{
	begin("message");
	sender_print(nodeid, pid);
	json_bytes("message", msg, len);
	end();
}

static void members_print(const struct cpg_address *members, size_t count)
{
	fputs(",\"members\":[", stdout);
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? "{" : ",{", stdout);
		process_print(members[i].nodeid, members[i].pid);
		putchar('}');
	}
	putchar(']');
}

static void change_print(const char *what, const struct cpg_address *who,
			 const char *reason, const struct cpg_address *members,
			 size_t count)
{
	begin(what);
	sender_print(who->nodeid, who->pid);
	if (reason != NULL)
		printf(",\"reason\":\"%s\"", reason);
	members_print(members, count);
	end();
}

static void group_print(const struct cpg_name *group,
			const struct cpg_address *members, size_t count)
{
	begin("group");
	json_bytes("group", group->value, group->length);
	members_print(members, count);
	end();
}

static void nodes_print(const uint32_t *nodes, size_t count)
{
	fputs(",\"nodeids\":[", stdout);
	for (size_t i = 0; i < count; i++)
		printf("%s%u", i == 0 ? "" : ",", nodes[i]);
	putchar(']');
	end();
}

static void quorum_print(bool quorate, uint64_t ring_seq, const uint32_t *nodes,
			 size_t count)
{
	begin("quorum");
	printf(",\"quorate\":%s,\"ring_seq\":%" PRIu64,
	       quorate ? "true" : "false", ring_seq);
	nodes_print(nodes, count);
}

static void ring_print(struct cpg_ring_id ring, const uint32_t *nodes,
		       size_t count)
{
	begin("ring");
	printf(",\"ring_nodeid\":%u,\"ring_seq\":%" PRIu64, ring.nodeid,
	       ring.seq);
	nodes_print(nodes, count);
}

static void connection_print(const char *lost)
{
	begin(lost != NULL ? "disconnected" : "connected");
	if (lost != NULL)
		json_bytes("error", lost, strlen(lost));
	end();
}

const struct output output_json = {
	.message = message_print,
	.change = change_print,
	.group = group_print,
	.quorum = quorum_print,
	.ring = ring_print,
	.connection = connection_print,
};
