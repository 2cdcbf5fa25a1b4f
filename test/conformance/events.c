/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "events.h"

void (*events_hook)(struct event *event);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct event **events;	/* under lock */
static int count;		/* under lock */

static struct event *event_new(enum event_kind kind, uint64_t handle)
{
	struct event *event = calloc(1, sizeof(*event));

	event->kind = kind;
	event->handle = handle;
	event->lists_are_there = true;
	return event;
}

static void event_add(struct event *event)
{
	pthread_mutex_lock(&lock);
	events = realloc(events, (size_t)(count + 1) * sizeof(struct event *));
	events[count++] = event;
	pthread_mutex_unlock(&lock);
	if (events_hook != NULL)
		events_hook(event);
}

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct event *event = event_new(EVENT_DELIVER, handle);

	event->group = *group;
	event->nodeid = nodeid;
	event->pid = pid;
	event->original = msg;
	event->msg = malloc(len + 1);
	event->len = len;
	if (len > 0)
		memcpy(event->msg, msg, len);
	event_add(event);
}

static void list_copy(struct event *event, struct cpg_address *to,
		      size_t *to_len, const struct cpg_address *from,
		      size_t len)
{
	if (from == NULL)
		event->lists_are_there = false;
	else
		memcpy(to, from,
		       (len < LIST_MAX ? len : LIST_MAX) * sizeof(*to));
	*to_len = len;
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t members_len,
		    const struct cpg_address *left, size_t left_len,
		    const struct cpg_address *joined, size_t joined_len)
{
	struct event *event = event_new(EVENT_CONFCHG, handle);

	event->group = *group;
	list_copy(event, event->members, &event->members_len, members,
		  members_len);
	list_copy(event, event->left, &event->left_len, left, left_len);
	list_copy(event, event->joined, &event->joined_len, joined, joined_len);
	event_add(event);
}

static void totem(cpg_handle_t handle, struct cpg_ring_id ring_id,
		  uint32_t nodes_len, const uint32_t *nodes)
{
	struct event *event = event_new(EVENT_TOTEM, handle);

	event->nodeid = ring_id.nodeid;
	event->members_len = nodes_len;
	event->lists_are_there = nodes != NULL;
	event_add(event);
}

static void quorum(quorum_handle_t handle, uint32_t quorate, uint64_t ring_seq,
		   uint32_t nodes_len, uint32_t *nodes)
{
	struct event *event = event_new(EVENT_QUORUM, handle);

	(void)ring_seq;
	event->quorate = quorate;
	event->members_len = nodes_len;
	event->lists_are_there = nodes != NULL;
	event_add(event);
}

static void quorum_v1(quorum_handle_t handle, uint32_t quorate,
		      struct quorum_ring_id ring_id, uint32_t nodes_len,
		      const uint32_t *nodes)
{
	quorum(handle, quorate, ring_id.seq, nodes_len, (uint32_t *)nodes);
	pthread_mutex_lock(&lock);
	events[count - 1]->kind = EVENT_QUORUM_V1;
	pthread_mutex_unlock(&lock);
}

static void nodes(quorum_handle_t handle, struct quorum_ring_id ring_id,
		  uint32_t members_len, const uint32_t *members,
		  uint32_t joined_len, const uint32_t *joined,
		  uint32_t left_len, const uint32_t *left)
{
	struct event *event = event_new(EVENT_NODES, handle);

	event->nodeid = ring_id.nodeid;
	event->members_len = members_len;
	event->joined_len = joined_len;
	event->left_len = left_len;
	event->lists_are_there = members != NULL && joined != NULL &&
				 left != NULL;
	event_add(event);
}

cpg_callbacks_t events_cpg = { deliver, confchg };
cpg_model_v1_data_t events_cpg_v1 = { CPG_MODEL_V1, deliver, confchg, totem,
				      0 };
quorum_callbacks_t events_quorum = { quorum };
quorum_model_v1_data_t events_quorum_v1 = { QUORUM_MODEL_V1, quorum_v1, nodes };

int events_count(void)
{
	int now;

	pthread_mutex_lock(&lock);
	now = count;
	pthread_mutex_unlock(&lock);
	return now;
}

int events_count_of(enum event_kind kind)
{
	int i, number = 0;

	pthread_mutex_lock(&lock);
	for (i = 0; i < count; i++)
		number += events[i]->kind == kind;
	pthread_mutex_unlock(&lock);
	return number;
}

struct event *event_get(int number)
{
	struct event *event = NULL;

	pthread_mutex_lock(&lock);
	if (number < count)
		event = events[number];
	pthread_mutex_unlock(&lock);
	CHECK(event != NULL);
	return event;
}

struct event *event_get_of(enum event_kind kind, int number)
{
	struct event *event;
	int i;

	for (i = 0;; i++) {
		event = event_get(i);
		if (event->kind == kind && number-- == 0)
			return event;
	}
}

/* A callback of another thread may still use its event. */
void events_clear(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	pthread_mutex_unlock(&lock);
}

struct cpg_name name_unique(const char *text)
{
	static int number;
	struct cpg_name name = { 0 };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	name.length = (uint32_t)snprintf(name.value, sizeof(name.value),
					 "conformance-%s-%ld-%lx-%lx-%d", text,
					 (long)getpid(), (long)now.tv_sec,
					 (long)now.tv_nsec, number++);
	return name;
}

bool name_equal(const struct cpg_name *a, const struct cpg_name *b)
{
	return a->length == b->length &&
	       memcmp(a->value, b->value, a->length) == 0;
}

cpg_handle_t cpg_open(void)
{
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, &events_cpg));
	return handle;
}

cpg_handle_t cpg_open_joined(const struct cpg_name *group)
{
	cpg_handle_t handle = cpg_open();

	CHECK_OK(cpg_join(handle, group));
	dispatch_until(handle, events_count() + 1);
	events_clear();
	return handle;
}

quorum_handle_t quorum_open(void)
{
	quorum_handle_t handle = 0;

	CHECK_OK(quorum_initialize(&handle, &events_quorum, NULL));
	return handle;
}

int cpg_fd(cpg_handle_t handle)
{
	int fd = -1;

	CHECK_CS(CS_OK, cpg_fd_get(handle, &fd));
	return fd;
}

bool fd_is_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN) != 0;
}

/* libqb maps one control file there, and three ring buffers otherwise. */
bool ipc_is_socket(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[4200];

	CHECK(maps != NULL);
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = strstr(line, "/qb-control-") != NULL;
	fclose(maps);
	return found;
}

void dispatch_until(cpg_handle_t handle, int wanted)
{
	while (events_count() < wanted)
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
}

static unsigned char message_byte(size_t position, size_t len,
				  unsigned int seed)
{
	return (unsigned char)(position * 7 + position / 255 + len + seed * 31);
}

cs_error_t message_try(cpg_handle_t handle, size_t len, unsigned int seed)
{
	unsigned char *bytes = malloc(len + 1);
	struct iovec iov = { bytes, len };
	cs_error_t err;
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = message_byte(i, len, seed);
	err = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
	free(bytes);
	return err;
}

/* A change of the membership interrupts a large message, the own join too. */
void message_send(cpg_handle_t handle, size_t len, unsigned int seed)
{
	cs_error_t err;

	check_note(__FILE__, __LINE__, "cpg_mcast_joined");
	do {
		err = message_try(handle, len, seed);
		if (err == CS_ERR_TRY_AGAIN)
			check_pause();
	} while (err == CS_ERR_TRY_AGAIN || err == CS_ERR_INTERRUPT);
	check_cs(__FILE__, __LINE__, "cpg_mcast_joined", CS_OK, err);
}

bool event_is_message(const struct event *event, size_t len,
		      unsigned int seed)
{
	size_t i;

	if (event->kind != EVENT_DELIVER || event->len != len)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)event->msg[i] != message_byte(i, len, seed))
			return false;
	return true;
}

void message_round(cpg_handle_t handle, size_t len, unsigned int seed)
{
	int before = events_count();

	message_send(handle, len, seed);
	dispatch_until(handle, before + 1);
	CHECK_INT(len, event_get(before)->len);
	CHECK(event_is_message(event_get(before), len, seed));
}
