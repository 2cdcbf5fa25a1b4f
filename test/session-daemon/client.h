/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A session that counts its events, and its group. The callbacks check what
 * must always be true: connected, quorum, members and message come in this
 * order, and after "disconnected" they begin anew.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <coroclient/session.h>
#include <stdatomic.h>

#include "../daemon/support.h"

#define WHY_SIZE 256

struct client {
	struct coro_session *session;
	struct coro_group *group;	/* the first one that was joined */
	/* Called after an event is counted; may be NULL. */
	void (*hook)(struct client *client, const char *event);
	void *data;			/* for the hook */
	atomic_bool is_connected;
	atomic_bool has_quorum;		/* on this connection */
	atomic_uint connected, disconnected, quorum, members, rejoins;
	atomic_uint message, own, lost, sendable;
	atomic_ulong lost_count, uncertain_count;
	atomic_uint member_count;	/* of the last change */
	atomic_uint pid;		/* of the last sender */
	atomic_size_t len;		/* of the last message */
	atomic_bool is_good;		/* all messages so far, see below */
	cs_error_t error;		/* of the last "disconnected" */
	char why[WHY_SIZE];
};

/* Only open it; options may be NULL. */
void client_open(struct client *client, const struct coro_options *options);

/* Join a group that no other test process uses. */
struct coro_group *client_join(struct client *client, const char *suffix);

/* The two, and wait for the first change. */
void client_begin(struct client *client);

/* Send a message whose content the receiver checks. */
cs_error_t client_send(struct client *client, size_t len, int timeout_ms);
cs_error_t group_send(struct coro_group *group, size_t len, int timeout_ms);

/* Dispatch until the condition is true. */
#define client_until(client, condition)                                        \
	do {                                                                   \
		struct timespec until_deadline = deadline_start();             \
                                                                               \
		while (!(condition)) {                                         \
			dispatch_some((client)->session);                      \
			deadline_pause(&until_deadline, #condition);           \
		}                                                              \
	} while (0)

void dispatch_some(struct coro_session *session);

/* A thread that dispatches until it is stopped, or the session is closed. */
struct dispatcher {
	struct coro_session *session;
	pthread_t thread;
	atomic_bool must_end;
};

void dispatcher_start(struct dispatcher *dispatcher,
		      struct coro_session *session);
void dispatcher_end(struct dispatcher *dispatcher);

/* Milliseconds of CLOCK_MONOTONIC. */
double time_ms(void);

#endif
