/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpg_assembly.h"

/* An unfinished message. */
struct cpg_assembly_part {
	struct cpg_assembly_part *next;
	uint32_t nodeid;
	uint32_t pid;
	uint32_t msglen;	/* announced, in bytes */
	size_t used;		/* bytes that have arrived */
	size_t room;		/* bytes allocated */
	char *message;
};

static struct cpg_assembly_part **part_find(struct cpg_assembly *assembly,
					    uint32_t nodeid, uint32_t pid)
{
	struct cpg_assembly_part **link = &assembly->first;

	while (*link != NULL && ((*link)->nodeid != nodeid ||
				 (*link)->pid != pid))
		link = &(*link)->next;
	return link;
}

static void part_drop(struct cpg_assembly_part **link)
{
	struct cpg_assembly_part *part = *link;

	if (part == NULL)
		return;
	*link = part->next;
	free(part->message);
	free(part);
}

static int part_create(struct cpg_assembly_part **link,
		       const struct cpg_event_partial *partial)
{
	struct cpg_assembly_part *part = calloc(1, sizeof(*part));

	if (part == NULL)
		return -ENOMEM;
	part->nodeid = partial->nodeid;
	part->pid = partial->pid;
	part->msglen = partial->msglen;
	part->next = *link;
	*link = part;
	return 0;
}

static int part_grow(struct cpg_assembly_part *part, size_t needed)
{
	size_t room = needed > part->msglen / 2 ? part->msglen : needed * 2;
	char *message;

	if (needed <= part->room)
		return 0;
	message = realloc(part->message, room);
	if (message == NULL)
		return -ENOMEM;
	part->message = message;
	part->room = room;
	return 0;
}

static bool part_fits(const struct cpg_assembly_part *part,
		      const struct cpg_event_partial *partial)
{
	size_t left = part->msglen - part->used;

	if (partial->msglen != part->msglen || partial->fraglen > left)
		return false;
	switch (partial->type) {
	case CPG_PARTIAL_FIRST:
	case CPG_PARTIAL_CONTINUED:
		return true;
	case CPG_PARTIAL_LAST:
		return partial->fraglen == left;
	default:
		return false;
	}
}

static int part_append(struct cpg_assembly_part *part,
		       const struct cpg_event_partial *partial)
{
	if (partial->fraglen == 0)
		return 0;
	if (part_grow(part, part->used + partial->fraglen) < 0)
		return -ENOMEM;
	memcpy(part->message + part->used, partial->fragment,
	       partial->fraglen);
	part->used += partial->fraglen;
	return 0;
}

static void part_finish(struct cpg_assembly_part **link,
			struct cpg_event_deliver *ret_deliver)
{
	struct cpg_assembly_part *part = *link;

	*ret_deliver = (struct cpg_event_deliver){
		.nodeid = part->nodeid,
		.pid = part->pid,
		.msg = part->message,
		.msg_len = part->used,
		.owned = part->message,
	};
	part->message = NULL;
	part_drop(link);
}

int cpg_assembly_add(struct cpg_assembly *assembly,
		     const struct cpg_event_partial *partial,
		     struct cpg_event_deliver *ret_deliver)
{
	struct cpg_assembly_part **link;
	int res = 0;

	link = part_find(assembly, partial->nodeid, partial->pid);
	if (partial->type == CPG_PARTIAL_FIRST) {
		part_drop(link);
		link = &assembly->first;
		res = part_create(link, partial);
	}
	if (res < 0 || *link == NULL)
		return res;
	if (!part_fits(*link, partial) || partial->msglen == 0) {
		part_drop(link);
		return 0;
	}
	res = part_append(*link, partial);
	if (res < 0) {
		part_drop(link);
		return res;
	}
	if (partial->type != CPG_PARTIAL_LAST)
		return 0;
	part_finish(link, ret_deliver);
	return 1;
}

void cpg_assembly_forget(struct cpg_assembly *assembly, uint32_t nodeid,
			 uint32_t pid)
{
	part_drop(part_find(assembly, nodeid, pid));
}

static bool part_is_of(const struct cpg_assembly_part *part,
		       const struct cpg_address *senders, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (senders[i].nodeid == part->nodeid &&
		    senders[i].pid == part->pid)
			return true;
	return false;
}

void cpg_assembly_keep(struct cpg_assembly *assembly,
		       const struct cpg_address *senders, size_t count)
{
	struct cpg_assembly_part **link = &assembly->first;

	while (*link != NULL) {
		if (part_is_of(*link, senders, count))
			link = &(*link)->next;
		else
			part_drop(link);
	}
}

void cpg_assembly_clear(struct cpg_assembly *assembly)
{
	while (assembly->first != NULL)
		part_drop(&assembly->first);
}
