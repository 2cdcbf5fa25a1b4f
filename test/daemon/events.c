/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "pattern.h"
#include "support.h"

#define EVENTS_MAX 8192

void (*event_hook)(struct event *event);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct event *events[EVENTS_MAX];	/* lock */
static size_t count;				/* lock */

static struct event *event_new(enum event_kind kind, uint64_t handle)
{
	struct event *event = calloc(1, sizeof(*event));

	ck_assert_ptr_nonnull(event);
	event->kind = kind;
	event->handle = handle;
	return event;
}

static void event_record(struct event *event)
{
	pthread_mutex_lock(&lock);
	ck_assert(count < EVENTS_MAX);
	events[count++] = event;
	pthread_mutex_unlock(&lock);
	if (event_hook != NULL)
		event_hook(event);
}

static struct event *cpg_event_new(enum event_kind kind, cpg_handle_t handle)
{
	struct event *event = event_new(kind, handle);
	void *context;

	assert_cs(CS_OK, cpg_context_get(handle, &context));
	event->context = context;
	return event;
}

static struct event *quorum_event_new(enum event_kind kind,
				      quorum_handle_t handle, uint32_t quorate)
{
	struct event *event = event_new(kind, handle);

	assert_cs(CS_OK, quorum_context_get(handle, &event->context));
	event->quorate = quorate;
	return event;
}

/* Names have a length, and the bytes after them are zero. */
static void group_record(struct event *event, const struct cpg_name *group)
{
	size_t i;

	event->group = *group;
	ck_assert(group->length <= CPG_MAX_NAME_LENGTH);
	for (i = group->length; i < CPG_MAX_NAME_LENGTH; i++)
		ck_assert_int_eq(group->value[i], 0);
}

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	struct event *event = cpg_event_new(EVENT_DELIVER, handle);
	size_t i;

	ck_assert_ptr_nonnull(msg);
	ck_assert_uint_eq((uintptr_t)msg % 8, 0);
	group_record(event, group);
	event->nodeid = nodeid;
	event->pid = pid;
	event->msg_len = msg_len;
	event->msg = malloc(msg_len + 1);
	ck_assert_ptr_nonnull(event->msg);
	memcpy(event->msg, msg, msg_len);
	event->raw = msg;
	for (i = 0; i < msg_len; i++)
		event->raw[i] = (unsigned char)~event->raw[i];
	event_record(event);
	event->raw = NULL;
}

static size_t addresses_record(struct cpg_address *copy,
			       const struct cpg_address *list, size_t len)
{
	ck_assert_ptr_nonnull(list);
	ck_assert(len <= EVENT_LIST_MAX);
	memcpy(copy, list, len * sizeof(*list));
	return len;
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t members_len,
		    const struct cpg_address *left, size_t left_len,
		    const struct cpg_address *joined, size_t joined_len)
{
	struct event *event = cpg_event_new(EVENT_CONFCHG, handle);

	group_record(event, group);
	event->members_len =
		addresses_record(event->members, members, members_len);
	event->left_len = addresses_record(event->left, left, left_len);
	event->joined_len = addresses_record(event->joined, joined, joined_len);
	event_record(event);
}

static void nodes_record(struct event *event, const uint32_t *list, size_t len)
{
	ck_assert_ptr_nonnull(list);
	ck_assert(len <= EVENT_LIST_MAX);
	memcpy(event->nodes, list, len * sizeof(*list));
	event->members_len = len;
}

static void totem_confchg(cpg_handle_t handle, struct cpg_ring_id ring_id,
			  uint32_t members_len, const uint32_t *members)
{
	struct event *event = cpg_event_new(EVENT_TOTEM, handle);

	event->nodeid = ring_id.nodeid;
	event->ring_seq = ring_id.seq;
	nodes_record(event, members, members_len);
	event_record(event);
}

static void notification(quorum_handle_t handle, uint32_t quorate,
			 uint64_t ring_seq, uint32_t nodes_len, uint32_t *nodes)
{
	struct event *event =
		quorum_event_new(EVENT_NOTIFICATION, handle, quorate);

	event->ring_seq = ring_seq;
	nodes_record(event, nodes, nodes_len);
	event_record(event);
}

static void quorum_notification(quorum_handle_t handle, uint32_t quorate,
				struct quorum_ring_id ring_id,
				uint32_t members_len, const uint32_t *members)
{
	struct event *event = quorum_event_new(EVENT_QUORUM, handle, quorate);

	event->nodeid = ring_id.nodeid;
	event->ring_seq = ring_id.seq;
	nodes_record(event, members, members_len);
	event_record(event);
}

static void nodelist_notification(quorum_handle_t handle,
				  struct quorum_ring_id ring_id,
				  uint32_t members_len, const uint32_t *members,
				  uint32_t joined_len, const uint32_t *joined,
				  uint32_t left_len, const uint32_t *left)
{
	struct event *event = quorum_event_new(EVENT_NODELIST, handle, 0);

	ck_assert(joined != NULL && left != NULL);
	event->nodeid = ring_id.nodeid;
	event->ring_seq = ring_id.seq;
	nodes_record(event, members, members_len);
	event->joined_len = joined_len;
	event->left_len = left_len;
	event_record(event);
}

cpg_callbacks_t events_cpg = {
	.cpg_deliver_fn = deliver,
	.cpg_confchg_fn = confchg,
};

cpg_model_v1_data_t events_cpg_v1 = {
	.model = CPG_MODEL_V1,
	.cpg_deliver_fn = deliver,
	.cpg_confchg_fn = confchg,
	.cpg_totem_confchg_fn = totem_confchg,
};

quorum_callbacks_t events_quorum = {
	.quorum_notify_fn = notification,
};

quorum_model_v0_data_t events_quorum_v0 = {
	.model = QUORUM_MODEL_V0,
	.quorum_notify_fn = notification,
};

quorum_model_v1_data_t events_quorum_v1 = {
	.model = QUORUM_MODEL_V1,
	.quorum_notify_fn = quorum_notification,
	.nodelist_notify_fn = nodelist_notification,
};

static struct event *event_find(int kind, size_t n)
{
	struct event *found = NULL;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < count && found == NULL; i++)
		if ((kind < 0 || (int)events[i]->kind == kind) && n-- == 0)
			found = events[i];
	pthread_mutex_unlock(&lock);
	return found;
}

size_t events_count(void)
{
	size_t copy;

	pthread_mutex_lock(&lock);
	copy = count;
	pthread_mutex_unlock(&lock);
	return copy;
}

size_t events_count_of(enum event_kind kind)
{
	size_t n = 0;

	while (event_find(kind, n) != NULL)
		n++;
	return n;
}

struct event *event_get(size_t n)
{
	struct event *event = event_find(-1, n);

	ck_assert_ptr_nonnull(event);
	return event;
}

struct event *event_get_of(enum event_kind kind, size_t n)
{
	struct event *event = event_find(kind, n);

	ck_assert_ptr_nonnull(event);
	return event;
}

bool event_was_delivered(size_t len, uint32_t seed)
{
	const struct event *event;
	size_t n;

	for (n = 0; (event = event_find(EVENT_DELIVER, n)) != NULL; n++)
		if (event->msg_len == len &&
		    pattern_matches(event->msg, len, seed))
			return true;
	return false;
}

void events_clear(void)
{
	pthread_mutex_lock(&lock);
	while (count > 0) {
		free(events[--count]->msg);
		free(events[count]);
	}
	pthread_mutex_unlock(&lock);
}
