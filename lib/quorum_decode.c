/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>

#include "quorum_decode.h"

static struct quorum_ring_id
ring_id_decode(const struct quorum_wire_ring_id *wire)
{
	return (struct quorum_ring_id){
		.nodeid = wire->nodeid,
		.seq = wire->seq,
	};
}

static int notification_decode(void *bytes, size_t size,
			       struct quorum_event *event)
{
	struct quorum_wire_notification *wire = bytes;
	const size_t fixed = offsetof(struct quorum_wire_notification, view);

	if (size < fixed || wire->view_count > (size - fixed) / 4)
		return -EBADMSG;
	event->type = QUORUM_EVENT_NOTIFICATION;
	event->notification = (struct quorum_event_notification){
		.quorate = (uint32_t)wire->quorate,
		.ring_id = { .seq = wire->ring_seq },
		.view_count = wire->view_count,
		.view = wire->view,
	};
	return 0;
}

static int quorum_notification_decode(void *bytes, size_t size,
				      struct quorum_event *event)
{
	struct quorum_wire_quorum_notification *wire = bytes;
	const size_t fixed =
		offsetof(struct quorum_wire_quorum_notification, view);

	if (size < fixed || wire->view_count > (size - fixed) / 4)
		return -EBADMSG;
	event->type = QUORUM_EVENT_QUORUM_NOTIFICATION;
	event->notification = (struct quorum_event_notification){
		.quorate = (uint32_t)wire->quorate,
		.ring_id = ring_id_decode(&wire->ring_id),
		.view_count = wire->view_count,
		.view = wire->view,
	};
	return 0;
}

static int nodelist_decode(void *bytes, size_t size, struct quorum_event *event)
{
	const struct quorum_wire_nodelist_notification *wire = bytes;
	const size_t fixed =
		offsetof(struct quorum_wire_nodelist_notification, lists);
	size_t room;

	if (size < fixed)
		return -EBADMSG;
	room = (size - fixed) / sizeof(wire->lists[0]);
	if (wire->member_count > room ||
	    wire->joined_count > room - wire->member_count ||
	    wire->left_count > room - wire->member_count - wire->joined_count)
		return -EBADMSG;
	event->type = QUORUM_EVENT_NODELIST_NOTIFICATION;
	event->nodelist = (struct quorum_event_nodelist){
		.ring_id = ring_id_decode(&wire->ring_id),
		.member_count = wire->member_count,
		.joined_count = wire->joined_count,
		.left_count = wire->left_count,
		.members = wire->lists,
		.joined = wire->lists + wire->member_count,
		.left = wire->lists + wire->member_count + wire->joined_count,
	};
	return 0;
}

int quorum_decode(void *bytes, size_t size, struct quorum_event *ret_event)
{
	const struct wire_reply *header = bytes;

	if (!wire_event_is_whole(bytes, size))
		return -EBADMSG;
	size = (size_t)header->size;
	switch (header->id) {
	case QUORUM_WIRE_NOTIFICATION:
		return notification_decode(bytes, size, ret_event);
	case QUORUM_WIRE_QUORUM_NOTIFICATION:
		return quorum_notification_decode(bytes, size, ret_event);
	case QUORUM_WIRE_NODELIST_NOTIFICATION:
		return nodelist_decode(bytes, size, ret_event);
	default:
		return -EBADMSG;
	}
}
