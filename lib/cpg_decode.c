/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <string.h>

#include "cpg_decode.h"

bool cpg_decode_name(const struct cpg_wire_name *wire,
		     struct cpg_name *ret_name)
{
	if (wire->length > CPG_MAX_NAME_LENGTH)
		return false;
	memset(ret_name, 0, sizeof(*ret_name));
	ret_name->length = wire->length;
	memcpy(ret_name->value, wire->value, wire->length);
	return true;
}

struct cpg_address cpg_decode_address(const struct cpg_wire_address *wire)
{
	return (struct cpg_address){
		.nodeid = wire->nodeid,
		.pid = wire->pid,
		.reason = wire->reason,
	};
}

/* In place: an address of the API is half as large as one of the wire. */
static void addresses_shrink(void *list, size_t count)
{
	const char *from = list;
	char *to = list;
	struct cpg_wire_address wire;
	struct cpg_address address;

	for (size_t i = 0; i < count; i++) {
		memcpy(&wire, from + i * sizeof(wire), sizeof(wire));
		address = cpg_decode_address(&wire);
		memcpy(to + i * sizeof(address), &address, sizeof(address));
	}
}

static int confchg_decode(void *bytes, size_t size, struct cpg_event *event)
{
	const struct cpg_wire_confchg *wire = bytes;
	struct cpg_event_confchg *confchg = &event->confchg;
	struct cpg_address *list;
	size_t room;

	if (size < sizeof(*wire))
		return -EBADMSG;
	room = (size - sizeof(*wire)) / sizeof(struct cpg_wire_address);
	if (wire->member_count > room ||
	    wire->left_count > room - wire->member_count ||
	    wire->joined_count > room - wire->member_count - wire->left_count ||
	    !cpg_decode_name(&wire->group, &event->group))
		return -EBADMSG;
	confchg->member_count = wire->member_count;
	confchg->left_count = wire->left_count;
	confchg->joined_count = wire->joined_count;
	list = (void *)((char *)bytes + sizeof(*wire));
	addresses_shrink(list, confchg->member_count + confchg->left_count +
				       confchg->joined_count);
	confchg->members = list;
	confchg->left = confchg->members + confchg->member_count;
	confchg->joined = confchg->left + confchg->left_count;
	event->type = CPG_EVENT_CONFCHG;
	return 0;
}

static int deliver_decode(void *bytes, size_t size, struct cpg_event *event)
{
	const struct cpg_wire_deliver *wire = bytes;

	if (size < sizeof(*wire) ||
	    wire->msglen > size - sizeof(*wire) ||
	    !cpg_decode_name(&wire->group, &event->group))
		return -EBADMSG;
	event->type = CPG_EVENT_DELIVER;
	event->deliver = (struct cpg_event_deliver){
		.nodeid = wire->nodeid,
		.pid = wire->pid,
		.msg = (char *)bytes + sizeof(*wire),
		.msg_len = wire->msglen,
	};
	return 0;
}

bool cpg_decode_partial(const void *bytes, size_t size,
			struct cpg_event *event)
{
	struct cpg_wire_partial_deliver wire;

	if (size < sizeof(wire))
		return false;
	memcpy(&wire, bytes, sizeof(wire));
	if (wire.header.id != CPG_WIRE_PARTIAL_DELIVER ||
	    wire.header.size < (int32_t)sizeof(wire) ||
	    (size_t)wire.header.size > size ||
	    wire.fraglen > (size_t)wire.header.size - sizeof(wire) ||
	    !cpg_decode_name(&wire.group, &event->group))
		return false;
	event->type = CPG_EVENT_PARTIAL;
	event->partial = (struct cpg_event_partial){
		.nodeid = wire.nodeid,
		.pid = wire.pid,
		.msglen = wire.msglen,
		.fraglen = wire.fraglen,
		.type = wire.type,
		.fragment = (const char *)bytes + sizeof(wire),
	};
	return true;
}

static int totem_confchg_decode(void *bytes, size_t size,
				struct cpg_event *event)
{
	const struct cpg_wire_totem_confchg *wire = bytes;
	const size_t fixed = offsetof(struct cpg_wire_totem_confchg, members);

	if (size < fixed ||
	    wire->member_count > (size - fixed) / sizeof(wire->members[0]))
		return -EBADMSG;
	event->type = CPG_EVENT_TOTEM_CONFCHG;
	event->totem_confchg = (struct cpg_event_totem_confchg){
		.ring_id = { .nodeid = wire->ring_id.nodeid,
			     .seq = wire->ring_id.seq },
		.member_count = wire->member_count,
		.members = wire->members,
	};
	return 0;
}

int cpg_decode(void *bytes, size_t size, struct cpg_event *ret_event)
{
	const struct wire_reply *header = bytes;

	if (!wire_event_is_whole(bytes, size))
		return -EBADMSG;
	size = (size_t)header->size;
	switch (header->id) {
	case CPG_WIRE_CONFCHG:
		return confchg_decode(bytes, size, ret_event);
	case CPG_WIRE_DELIVER:
		return deliver_decode(bytes, size, ret_event);
	case CPG_WIRE_TOTEM_CONFCHG:
		return totem_confchg_decode(bytes, size, ret_event);
	default:
		return -EBADMSG;
	}
}
