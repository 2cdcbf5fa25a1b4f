/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Preloaded into a worker with a session, this is a broken library. The
 * environment variable BREAK has the names of its faults:
 *
 *	drop		one message of another member is not delivered
 *	early		the last message of a connection is delivered again,
 *			before the first change of the next one
 *	unmarked	the first change after a lost connection is not marked
 *	loss		when a connection is lost, one more message is uncertain
 */

#include <coroclient/session.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The number of the message. */
#define EVENT 40

static struct coro_events events;
static int messages;

/* The last short message. */
static struct {
	struct coro_group *group;
	struct coro_sender sender;
	size_t len;
	char message[100];
} last;

static bool breaks(const char *how)
{
	return strstr(getenv("BREAK"), how) != NULL;
}

static void message_deliver(struct coro_session *session,
			    struct coro_group *group,
			    const struct coro_sender *sender, void *message,
			    size_t len)
{
	if (!sender->is_self && ++messages == EVENT && breaks("drop"))
		return;
	if (len > 0 && len <= sizeof(last.message)) {
		last.group = group;
		last.sender = *sender;
		last.len = len;
		memcpy(last.message, message, len);
	}
	events.message(session, group, sender, message, len);
}

static void connect_report(struct coro_session *session,
			   const struct coro_self *self)
{
	events.connected(session, self);
	if (last.group != NULL && breaks("early"))
		events.message(session, last.group, &last.sender, last.message,
			       last.len);
}

static void members_change(struct coro_session *session,
			   struct coro_group *group,
			   const struct coro_change *change)
{
	struct coro_change broken = *change;

	if (breaks("unmarked"))
		broken.is_rejoin = false;
	events.members(session, group, &broken);
}

static void loss_report(struct coro_session *session, cs_error_t error,
			const char *why)
{
	const struct coro_loss loss = { .uncertain = 1 };

	if (last.group != NULL && breaks("loss"))
		events.lost(session, last.group, &loss);
	events.disconnected(session, error, why);
}

static void *next_find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

cs_error_t coro_open(struct coro_session **session,
		     const struct coro_events *given, void *context,
		     const struct coro_options *options)
{
	struct coro_events broken = *given;
	cs_error_t (*next)(struct coro_session **, const struct coro_events *,
			   void *, const struct coro_options *);

	*(void **)&next = next_find("coro_open");
	events = *given;
	broken.message = message_deliver;
	broken.connected = connect_report;
	broken.members = members_change;
	broken.disconnected = loss_report;
	return next(session, &broken, context, options);
}

/* The group exists no longer. */
cs_error_t coro_leave(struct coro_group *group, int timeout_ms)
{
	cs_error_t (*next)(struct coro_group *, int);

	*(void **)&next = next_find("coro_leave");
	if (last.group == group)
		last.group = NULL;
	return next(group, timeout_ms);
}
