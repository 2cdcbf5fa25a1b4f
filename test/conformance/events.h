/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Callbacks that keep copies of all events, and what cases do with handles.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <stdbool.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum event_kind {
	EVENT_DELIVER,
	EVENT_CONFCHG,
	EVENT_TOTEM,
	EVENT_QUORUM,	/* model 0 */
	EVENT_QUORUM_V1,
	EVENT_NODES,
};

#define LIST_MAX 256

struct event {
	enum event_kind kind;
	uint64_t handle;
	struct cpg_name group;
	uint32_t nodeid, pid;
	void *original;		/* msg as it was given; only for comparing */
	char *msg;		/* a copy */
	size_t len;
	struct cpg_address members[LIST_MAX];
	struct cpg_address left[LIST_MAX];
	struct cpg_address joined[LIST_MAX];
	size_t members_len, left_len, joined_len;
	bool lists_are_there;	/* no list is NULL */
	uint32_t quorate;
};

extern cpg_callbacks_t events_cpg;
extern cpg_model_v1_data_t events_cpg_v1;
extern quorum_callbacks_t events_quorum;
extern quorum_model_v1_data_t events_quorum_v1;

/* Called at the end of each callback; no lock is held. */
extern void (*events_hook)(struct event *event);

/* Any thread may call these. */
int events_count(void);
int events_count_of(enum event_kind kind);
struct event *event_get(int number);
struct event *event_get_of(enum event_kind kind, int number);
void events_clear(void);

/* Names are unique on all nodes. */
struct cpg_name name_unique(const char *text);
bool name_equal(const struct cpg_name *a, const struct cpg_name *b);

cpg_handle_t cpg_open(void);
/* The event of the join has been dispatched and removed. */
cpg_handle_t cpg_open_joined(const struct cpg_name *group);
quorum_handle_t quorum_open(void);
int cpg_fd(cpg_handle_t handle);
bool fd_is_readable(int fd);
bool ipc_is_socket(void);

/* Dispatches one at a time until so many events have been taken. */
void dispatch_until(cpg_handle_t handle, int events);

/* The bytes of a message depend on its length and on "seed". */
void message_send(cpg_handle_t handle, size_t len, unsigned int seed);
cs_error_t message_try(cpg_handle_t handle, size_t len, unsigned int seed);
bool event_is_message(const struct event *event, size_t len,
		      unsigned int seed);
/* Sends a message, and dispatches until it is delivered. */
void message_round(cpg_handle_t handle, size_t len, unsigned int seed);

#endif
