/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>

#include "../unit/bytes.h"
#include "cpg_model.h"

#define FIRST 1
#define CONTINUED 2
#define LAST 3

/* What one unfinished message may cost beyond its bytes, and rounding. */
#define OVERHEAD 128
#define ROUNDING 64

struct sender {
	uint32_t nodeid;
	uint32_t pid;
	struct cpg_unfinished unfinished;
	unsigned char *bytes;
};

static struct sender senders[EVENTS_MAX];
static size_t sender_count;
static bool takes_messages;
static uint32_t self_nodeid;
static uint32_t self_pid;

static struct sender *sender_find(uint32_t nodeid, uint32_t pid)
{
	for (size_t i = 0; i < sender_count; i++)
		if (senders[i].nodeid == nodeid && senders[i].pid == pid)
			return &senders[i];
	return NULL;
}

static void sender_drop(struct sender *sender)
{
	if (sender == NULL)
		return;
	free(sender->bytes);
	*sender = senders[--sender_count];
}

static struct sender *sender_create(uint32_t nodeid, uint32_t pid,
				    uint32_t announced)
{
	MUST(sender_count < EVENTS_MAX);
	senders[sender_count] = (struct sender){
		.nodeid = nodeid,
		.pid = pid,
		.unfinished = { .announced = announced },
	};
	return &senders[sender_count++];
}

static void sender_append(struct sender *sender, const unsigned char *bytes,
			  uint32_t size)
{
	size_t arrived = sender->unfinished.arrived;

	sender->bytes = realloc(sender->bytes, arrived + size + 1);
	MUST(sender->bytes != NULL);
	memcpy(sender->bytes + arrived, bytes, size);
	sender->unfinished.arrived += size;
}

void cpg_model_begin(bool takes, uint32_t nodeid, uint32_t pid)
{
	takes_messages = takes;
	self_nodeid = nodeid;
	self_pid = pid;
	MUST(sender_count == 0);
}

void cpg_model_clear(void)
{
	while (sender_count > 0)
		sender_drop(&senders[0]);
}

struct cpg_unfinished cpg_model_unfinished(uint32_t nodeid, uint32_t pid)
{
	const struct sender *sender = sender_find(nodeid, pid);

	return sender == NULL ? (struct cpg_unfinished){ .announced = 0 } :
				sender->unfinished;
}

size_t cpg_model_memory(void)
{
	size_t memory = ROUNDING;

	for (size_t i = 0; i < sender_count; i++)
		memory += OVERHEAD + (size_t)senders[i].unfinished.arrived * 2;
	return memory;
}

/* Well-formedness: the fixed part, a name, and the sizes in the event. */

static bool is_confchg(const struct event *event)
{
	const unsigned char *bytes = event->bytes;
	size_t length = event_length(event);

	return length >= 184 && get_u32(bytes, 24) <= 128 &&
	       184 + 24 * ((uint64_t)get_u32(bytes, 160) +
			   get_u32(bytes, 168) +
			   get_u32(bytes, 176)) <= length;
}

static bool is_deliver(const struct event *event)
{
	size_t length = event_length(event);

	return length >= 184 && get_u32(event->bytes, 24) <= 128 &&
	       184 + (uint64_t)get_u32(event->bytes, 160) <= length;
}

static bool is_partial(const struct event *event)
{
	size_t length = event_length(event);

	return length >= 200 && get_u32(event->bytes, 24) <= 128 &&
	       200 + (uint64_t)get_u32(event->bytes, 168) <= length;
}

static bool is_totem(const struct event *event)
{
	size_t length = event_length(event);

	return length >= 44 &&
	       44 + 4 * (uint64_t)get_u32(event->bytes, 40) <= length;
}

/* What becomes of it. */

static bool is_member(const struct event *event, const struct sender *sender)
{
	const unsigned char *bytes = event->bytes;
	size_t end = 184 + 24 * (size_t)get_u32(bytes, 160);

	for (size_t at = 184; at < end; at += 24)
		if (get_u32(bytes, at) == sender->nodeid &&
		    get_u32(bytes, at + 8) == sender->pid)
			return true;
	return false;
}

static struct cpg_outcome confchg_take(const struct event *event)
{
	const unsigned char *bytes = event->bytes;
	size_t left = 184 + 24 * (size_t)get_u32(bytes, 160);
	size_t joined = left + 24 * (size_t)get_u32(bytes, 176);
	size_t end = joined + 24 * (size_t)get_u32(bytes, 168);

	for (size_t at = left; at < joined; at += 24)
		sender_drop(sender_find(get_u32(bytes, at),
					get_u32(bytes, at + 8)));
	for (size_t i = sender_count; i > 0; i--)
		if (!is_member(event, &senders[i - 1]))
			sender_drop(&senders[i - 1]);
	for (size_t at = joined; at < end; at += 24)
		if (self_pid != 0 && get_u32(bytes, at) == self_nodeid &&
		    get_u32(bytes, at + 8) == self_pid)
			cpg_model_clear();
	return (struct cpg_outcome){ .type = CPG_OUTCOME_CONFCHG };
}

static struct cpg_outcome deliver_take(const struct event *event)
{
	return (struct cpg_outcome){
		.type = CPG_OUTCOME_DELIVER,
		.nodeid = get_u32(event->bytes, 168),
		.pid = get_u32(event->bytes, 176),
		.message = event->bytes + 184,
		.size = get_u32(event->bytes, 160),
	};
}

static bool fits(const struct cpg_unfinished *unfinished,
		 const struct event *event)
{
	uint32_t announced = get_u32(event->bytes, 160);
	uint32_t type = get_u32(event->bytes, 192);
	uint64_t sum = (uint64_t)unfinished->arrived +
		       get_u32(event->bytes, 168);

	if (announced == 0 || announced != unfinished->announced)
		return false;
	if (type == LAST)
		return sum == announced;
	return (type == FIRST || type == CONTINUED) && sum <= announced;
}

/* The message is complete, and belongs to the caller now. */
static struct cpg_outcome sender_finish(struct sender *sender)
{
	struct cpg_outcome outcome = {
		.type = CPG_OUTCOME_DELIVER,
		.nodeid = sender->nodeid,
		.pid = sender->pid,
		.message = sender->bytes,
		.size = sender->unfinished.announced,
		.owned = sender->bytes,
	};

	sender->bytes = NULL;
	sender_drop(sender);
	return outcome;
}

static struct cpg_outcome partial_take(const struct event *event,
				       bool no_memory)
{
	const struct cpg_outcome none = { .type = CPG_OUTCOME_NONE };
	const unsigned char *bytes = event->bytes;
	uint32_t nodeid = get_u32(bytes, 176);
	uint32_t pid = get_u32(bytes, 184);
	struct sender *sender = sender_find(nodeid, pid);

	if (get_u32(bytes, 192) == FIRST) {
		sender_drop(sender);
		sender = sender_create(nodeid, pid, get_u32(bytes, 160));
	}
	if (sender == NULL)
		return none;
	if (no_memory || !fits(&sender->unfinished, event)) {
		sender_drop(sender);
		return none;
	}
	sender_append(sender, bytes + 200, get_u32(bytes, 168));
	return get_u32(bytes, 192) == LAST ? sender_finish(sender) : none;
}

struct cpg_outcome cpg_model_take(const struct event *event, bool no_memory)
{
	const struct cpg_outcome none = { .type = CPG_OUTCOME_NONE };
	const struct cpg_outcome totem = { .type = CPG_OUTCOME_TOTEM };
	uint32_t id = event->size >= 24 ? get_u32(event->bytes, 0) : 0;

	/* Only fragments are kept, and only if there is a callback for them. */
	MUST(!no_memory ||
	     (id == 17 && is_partial(event) && takes_messages));
	switch (id) {
	case 4:
		return is_confchg(event) ? confchg_take(event) : none;
	case 5:
		return is_deliver(event) ? deliver_take(event) : none;
	case 13:
		return is_totem(event) ? totem : none;
	case 17:
		return is_partial(event) && takes_messages ?
			       partial_take(event, no_memory) :
			       none;
	default:
		return none;
	}
}
