/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <check.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit/libc_hooks.h"
#include "events.h"
#include "fake.h"

#define LOG_SIZE  65536
#define LINE_SIZE 512
#define TEXT_MAX  20

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char events_log[LOG_SIZE];
static char log_taken[LOG_SIZE];
static char last_why[LINE_SIZE];
static events_hook_fn event_hook;

struct line {
	char text[LINE_SIZE];
	size_t len;
	bool was_counted;
};

/* What the tests allocate in callbacks is not counted. */
static struct line line_begin(void)
{
	return (struct line){ .was_counted = libc_count_set(false) };
}

__attribute__((format(printf, 2, 3))) static void
line_add(struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line->len +=
		(size_t)vsnprintf(line->text + line->len, LINE_SIZE - line->len,
				  format, arguments);
	va_end(arguments);
	ck_assert_uint_lt(line->len, LINE_SIZE);
}

static void member_add(struct line *line, const char *sign,
		       const struct cpg_address *member)
{
	if (member->nodeid == FAKE_NODEID && member->pid == (uint32_t)getpid())
		line_add(line, " %sme", sign);
	else
		line_add(line, " %s%u.%u", sign, member->nodeid, member->pid);
}

/* Appends the line to the log, and calls the hook without the lock. */
static void line_end(const struct line *line, struct coro_session *session,
		     struct coro_group *group)
{
	events_hook_fn hook;
	size_t used;

	pthread_mutex_lock(&lock);
	used = strlen(events_log);
	ck_assert_uint_lt(used + line->len + 3, LOG_SIZE);
	snprintf(events_log + used, LOG_SIZE - used, "%s%s",
		 used > 0 ? "; " : "", line->text);
	hook = event_hook;
	pthread_mutex_unlock(&lock);
	if (hook != NULL)
		hook(session, group, line->text);
	libc_count_set(line->was_counted);
}

static void group_add(struct line *line, const char *event,
		      struct coro_group *group)
{
	const struct cpg_name *name = coro_group_name(group);

	line_add(line, "%s %.*s", event, (int)name->length, name->value);
}

static void connected(struct coro_session *session,
		      const struct coro_self *self)
{
	struct line line = line_begin();

	ck_assert_uint_eq(self->nodeid, FAKE_NODEID);
	ck_assert_uint_eq(self->pid, (uint32_t)getpid());
	ck_assert_uint_eq(self->ring.nodeid, FAKE_NODEID);
	line_add(&line, "connected %u", (unsigned int)self->ring.seq);
	line_end(&line, session, NULL);
}

static void disconnected(struct coro_session *session, cs_error_t error,
			 const char *why)
{
	struct line line = line_begin();

	pthread_mutex_lock(&lock);
	snprintf(last_why, sizeof(last_why), "%s", why);
	pthread_mutex_unlock(&lock);
	line_add(&line, "disconnected %s", cs_strerror(error));
	line_end(&line, session, NULL);
}

static void list_add(struct line *line, const char *sign,
		     const struct cpg_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		member_add(line, sign, &list[i]);
		line_add(line, "/%u", list[i].reason);
	}
}

static void members(struct coro_session *session, struct coro_group *group,
		    const struct coro_change *change)
{
	struct line line = line_begin();

	group_add(&line, "members", group);
	line_add(&line, ":");
	for (size_t i = 0; i < change->member_count; i++)
		member_add(&line, "", &change->members[i]);
	list_add(&line, "+", change->joined, change->joined_count);
	list_add(&line, "-", change->left, change->left_count);
	line_add(&line, "%s", change->is_rejoin ? " rejoin" : "");
	line_end(&line, session, group);
}

static void message(struct coro_session *session, struct coro_group *group,
		    const struct coro_sender *sender, void *msg, size_t len)
{
	const struct cpg_address address = { .nodeid = sender->nodeid,
					     .pid = sender->pid };
	struct line line = line_begin();

	ck_assert_ptr_nonnull(msg);
	group_add(&line, "message", group);
	member_add(&line, "", &address);
	if (strstr(line.text, " me") != NULL)
		ck_assert(sender->is_self);
	else if (sender->is_self)
		line_add(&line, " self");
	line_add(&line, " %.*s", (int)(len < TEXT_MAX ? len : TEXT_MAX),
		 (char *)msg);
	line_end(&line, session, group);
}

static void node_list_add(struct line *line, const char *sign,
			  const uint32_t *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		line_add(line, " %s%u", sign, nodes[i]);
}

static void quorum(struct coro_session *session,
		   const struct coro_quorum *quorum)
{
	struct line line = line_begin();

	ck_assert_uint_eq(quorum->ring.nodeid, FAKE_NODEID);
	line_add(&line, "quorum %s %u:", quorum->is_quorate ? "yes" : "no",
		 (unsigned int)quorum->ring.seq);
	node_list_add(&line, "", quorum->nodes, quorum->node_count);
	node_list_add(&line, "+", quorum->joined, quorum->joined_count);
	node_list_add(&line, "-", quorum->left, quorum->left_count);
	line_end(&line, session, NULL);
}

static void lost(struct coro_session *session, struct coro_group *group,
		 const struct coro_loss *loss)
{
	struct line line = line_begin();

	group_add(&line, "lost", group);
	line_add(&line, " %u %u", (unsigned int)loss->lost,
		 (unsigned int)loss->uncertain);
	line_end(&line, session, group);
}

static void sendable(struct coro_session *session, struct coro_group *group)
{
	struct line line = line_begin();

	group_add(&line, "sendable", group);
	line_end(&line, session, group);
}

const struct coro_events events_all = {
	.size = sizeof(events_all),
	.connected = connected,
	.disconnected = disconnected,
	.members = members,
	.message = message,
	.quorum = quorum,
	.lost = lost,
	.sendable = sendable,
};

void events_hook(events_hook_fn hook)
{
	pthread_mutex_lock(&lock);
	event_hook = hook;
	pthread_mutex_unlock(&lock);
}

void events_reset(void)
{
	pthread_mutex_lock(&lock);
	events_log[0] = last_why[0] = '\0';
	event_hook = NULL;
	pthread_mutex_unlock(&lock);
}

const char *events_take(void)
{
	pthread_mutex_lock(&lock);
	memcpy(log_taken, events_log, sizeof(log_taken));
	events_log[0] = '\0';
	pthread_mutex_unlock(&lock);
	return log_taken;
}

unsigned int events_count(const char *text)
{
	unsigned int count = 0;

	pthread_mutex_lock(&lock);
	for (const char *at = events_log; (at = strstr(at, text)) != NULL; at++)
		count++;
	pthread_mutex_unlock(&lock);
	return count;
}

const char *events_why(void)
{
	static char why[LINE_SIZE];

	pthread_mutex_lock(&lock);
	memcpy(why, last_why, sizeof(why));
	pthread_mutex_unlock(&lock);
	return why;
}
