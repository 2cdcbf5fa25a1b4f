/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* A callback waits for so long, at most, before a condition is read again. */
#define DISPATCH_MS 20

double time_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void hook_call(struct client *client, const char *event)
{
	if (client->hook != NULL)
		client->hook(client, event);
}

static void on_connected(struct coro_session *session,
			 const struct coro_self *self)
{
	struct client *client = coro_context(session);

	ck_assert(!client->is_connected);
	ck_assert_uint_eq(self->nodeid, 1);
	client->is_connected = true;
	client->has_quorum = false;
	client->connected++;
	hook_call(client, "connected");
}

static void on_disconnected(struct coro_session *session, cs_error_t error,
			    const char *why)
{
	struct client *client = coro_context(session);

	ck_assert_int_ne(error, CS_OK);
	ck_assert(why[0] != '\0');
	client->is_connected = client->has_quorum = false;
	client->error = error;
	strncpy(client->why, why, sizeof(client->why) - 1);
	client->disconnected++;
	hook_call(client, "disconnected");
}

static void on_quorum(struct coro_session *session,
		      const struct coro_quorum *quorum)
{
	struct client *client = coro_context(session);

	ck_assert(client->is_connected);
	ck_assert_uint_eq(quorum->node_count, 1);
	ck_assert_uint_eq(quorum->nodes[0], 1);
	client->has_quorum = true;
	client->quorum++;
	hook_call(client, "quorum");
}

static bool change_has_self(const struct coro_change *change)
{
	for (size_t i = 0; i < change->joined_count; i++)
		if (change->joined[i].nodeid == 1 &&
		    change->joined[i].pid == (uint32_t)getpid())
			return true;
	return false;
}

static void on_members(struct coro_session *session, struct coro_group *group,
		       const struct coro_change *change)
{
	struct client *client = coro_context(session);

	(void)group;
	ck_assert(client->has_quorum);
	if (change->is_rejoin)
		ck_assert(change_has_self(change));
	client->member_count = (unsigned int)change->member_count;
	client->rejoins += change->is_rejoin;
	client->members++;
	hook_call(client, "members");
}

static bool message_is_good(const unsigned char *msg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (msg[i] != (unsigned char)(len + i / 8))
			return false;
	return true;
}

static void on_message(struct coro_session *session, struct coro_group *group,
		       const struct coro_sender *sender, void *msg, size_t len)
{
	struct client *client = coro_context(session);

	(void)group;
	ck_assert(client->is_connected);
	ck_assert_uint_gt(client->members, 0);
	if (!message_is_good(msg, len))
		client->is_good = false;
	client->len = len;
	client->pid = sender->pid;
	client->own += sender->is_self;
	client->message++;
	hook_call(client, "message");
}

static void on_lost(struct coro_session *session, struct coro_group *group,
		    const struct coro_loss *loss)
{
	struct client *client = coro_context(session);

	(void)group;
	ck_assert(client->is_connected);
	ck_assert_uint_gt(loss->lost + loss->uncertain, 0);
	client->lost_count += loss->lost;
	client->uncertain_count += loss->uncertain;
	client->lost++;
	hook_call(client, "lost");
}

static void on_sendable(struct coro_session *session, struct coro_group *group)
{
	struct client *client = coro_context(session);

	(void)group;
	client->sendable++;
	hook_call(client, "sendable");
}

void client_open(struct client *client, const struct coro_options *options)
{
	const struct coro_events events = {
		.size = sizeof(events),
		.connected = on_connected,
		.disconnected = on_disconnected,
		.members = on_members,
		.message = on_message,
		.quorum = on_quorum,
		.lost = on_lost,
		.sendable = on_sendable,
	};

	client->is_good = true;
	assert_cs(CS_OK,
		  coro_open(&client->session, &events, client, options));
}

struct coro_group *client_join(struct client *client, const char *suffix)
{
	struct cpg_name name = name_unique(suffix);
	struct coro_group *group;

	assert_cs(CS_OK, coro_join(client->session, name.value, name.length,
				   &group, -1));
	if (client->group == NULL)
		client->group = group;
	return group;
}

void client_begin(struct client *client)
{
	client_open(client, NULL);
	client_join(client, "session");
	client_until(client, client->members > 0);
}

cs_error_t group_send(struct coro_group *group, size_t len, int timeout_ms)
{
	unsigned char *bytes = malloc(len + 1);
	struct iovec iov = { .iov_base = bytes, .iov_len = len };
	cs_error_t error;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(len + i / 8);
	error = coro_send(group, &iov, 1, timeout_ms);
	free(bytes);
	return error;
}

cs_error_t client_send(struct client *client, size_t len, int timeout_ms)
{
	return group_send(client->group, len, timeout_ms);
}

void dispatch_some(struct coro_session *session)
{
	cs_error_t error = coro_dispatch(session, DISPATCH_MS);

	ck_assert_msg(error == CS_OK || error == CS_ERR_TIMEOUT,
		      "coro_dispatch: %s", cs_strerror(error));
}

static void *dispatcher_run(void *data)
{
	struct dispatcher *dispatcher = data;
	cs_error_t error;

	do
		error = coro_dispatch(dispatcher->session, DISPATCH_MS);
	while (!dispatcher->must_end &&
	       (error == CS_OK || error == CS_ERR_TIMEOUT));
	return NULL;
}

void dispatcher_start(struct dispatcher *dispatcher,
		      struct coro_session *session)
{
	dispatcher->session = session;
	dispatcher->must_end = false;
	thread_start(&dispatcher->thread, dispatcher_run, dispatcher);
}

void dispatcher_end(struct dispatcher *dispatcher)
{
	dispatcher->must_end = true;
	thread_join(dispatcher->thread);
}
