/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The program worker.c, with a session: it sends messages of random sizes to
 * several groups, leaves and joins again, continues in a child process, and
 * logs what happens, with what the session counts. logs.py describes the log.
 * The session connects again by itself.
 */

#include <coroclient/session.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "process.h"
#include "stream.h"

#define GROUPS_MAX 8

/* The same as without a session: see streams_have_room. */
#define BACKLOG_MAX (16 * 1024)

#define TICK_MS 5
#define STATS_MS 1000
#define RETRY_MAX_MS 200

/* Longer than DEADLINE_S of soak, in which a ring must form. */
#define SENDABLE_MS 120000

/* One of so many ticks, on average. */
#define LEAVE_TICKS 3000
#define JOIN_TICKS 40

struct group {
	struct stream stream;
	struct coro_group *joined;	/* NULL: left */
	bool is_member;
	bool is_leaving;	/* when all messages have come back */
	uint64_t refused_ms;	/* "sendable" must follow; 0: not refused */
};

static struct group groups[GROUPS_MAX];
static int group_count;
static struct coro_session *session;
static struct coro_self self;

static const char *name_of(const struct group *group)
{
	return group->stream.group.value;
}

/* Callbacks. */

static void on_connected(struct coro_session *of, const struct coro_self *now)
{
	(void)of;
	self = *now;
	event_log(NULL, "connected %u.%u", self.nodeid, self.pid);
}

static void on_disconnected(struct coro_session *of, cs_error_t error,
			    const char *why)
{
	struct group *group;

	(void)of;
	(void)why;
	event_log(NULL, "disconnected %d", (int)error);
	for (int i = 0; i < group_count; i++) {
		group = &groups[i];
		if (group->is_member)
			event_log(name_of(group), "lost");
		stream_end(&group->stream);
		group->is_member = group->is_leaving = false;
		group->refused_ms = 0;
	}
}

static void on_quorum(struct coro_session *of, const struct coro_quorum *now)
{
	static char texts[3][LIST_MAX_BYTES];

	(void)of;
	event_log(NULL, "quorum %s %u.%llu %s %s %s",
		  now->is_quorate ? "yes" : "no", now->ring.nodeid,
		  (unsigned long long)now->ring.seq,
		  nodes_format(texts[0], now->nodes, now->node_count),
		  nodes_format(texts[1], now->joined, now->joined_count),
		  nodes_format(texts[2], now->left, now->left_count));
}

/* The first change of a group in a connection. */
static void membership_begin(struct group *group)
{
	stream_begin(&group->stream, self.nodeid, (uint32_t)getpid());
	group->is_member = true;
	event_log(name_of(group), "open session");
	event_log(name_of(group), "join %u.%u", group->stream.nodeid,
		  group->stream.pid);
}

static void on_members(struct coro_session *of, struct coro_group *in,
		       const struct coro_change *change)
{
	static char texts[3][LIST_MAX_BYTES];
	struct group *group = coro_group_context(in);

	(void)of;
	if (!group->is_member)
		membership_begin(group);
	event_log(name_of(group), "%s %s %s %s",
		  change->is_rejoin ? "rejoin" : "view",
		  members_format(texts[0], change->members,
				 change->member_count),
		  members_format(texts[1], change->left, change->left_count),
		  members_format(texts[2], change->joined,
				 change->joined_count));
}

static void on_message(struct coro_session *of, struct coro_group *in,
		       const struct coro_sender *sender, void *data, size_t len)
{
	struct group *group = coro_group_context(in);
	bool is_self = sender->nodeid == group->stream.nodeid &&
		       sender->pid == group->stream.pid;

	(void)of;
	if (sender->is_self != is_self)
		errx(1, "%s: a message of %u.%u has the wrong is_self",
		     name_of(group), sender->nodeid, sender->pid);
	stream_deliver(&group->stream, sender->nodeid, sender->pid, data, len);
}

/* A message that is lost does not come back: count the flight from here on. */
static void on_lost(struct coro_session *of, struct coro_group *in,
		    const struct coro_loss *loss)
{
	struct group *group = coro_group_context(in);

	(void)of;
	event_log(name_of(group), "loss %llu %llu",
		  (unsigned long long)loss->lost,
		  (unsigned long long)loss->uncertain);
	stream_end(&group->stream);
}

static void on_sendable(struct coro_session *of, struct coro_group *in)
{
	struct group *group = coro_group_context(in);

	(void)of;
	group->refused_ms = 0;
}

/* What is due. */

static void group_join(struct group *group)
{
	const struct cpg_name *name = &group->stream.group;
	cs_error_t error = coro_join(session, name->value, name->length,
				     &group->joined, 0);

	if (error != CS_OK)
		errx(1, "coro_join: error %d", (int)error);
	coro_group_context_set(group->joined, group);
}

static void group_leave(struct group *group)
{
	cs_error_t error = coro_leave(group->joined, 0);

	if (error == CS_ERR_TIMEOUT)
		return;
	if (error != CS_OK)
		errx(1, "coro_leave: error %d", (int)error);
	if (group->is_member) {
		event_log(name_of(group), "leave");
		event_log(name_of(group), "close");
	}
	stream_end(&group->stream);
	group->joined = NULL;
	group->is_member = group->is_leaving = false;
	group->refused_ms = 0;
}

/* After CS_ERR_INTERRUPT, the connection is lost. */
static void group_send(struct group *group)
{
	struct iovec iov = stream_next(&group->stream);
	cs_error_t error = coro_send(group->joined, &iov, 1, 0);

	if (error == CS_OK)
		stream_sent(&group->stream);
	else if (error == CS_ERR_TIMEOUT)
		group->refused_ms = now_ms();
	else if (error != CS_ERR_INTERRUPT)
		errx(1, "coro_send: error %d", (int)error);
}

/* The session does not limit what a child sends as its parent. */
static bool may_send(const struct group *group)
{
	bool is_parent = group->stream.pid != (uint32_t)getpid();

	if (group->refused_ms == 0)
		return !is_parent || streams_have_room();
	if (now_ms() > group->refused_ms + SENDABLE_MS)
		errx(1, "%s: does not become sendable", name_of(group));
	return false;
}

static void member_tick(struct group *group)
{
	if (is_ending || random_below(LEAVE_TICKS) == 0)
		group->is_leaving = true;
	if (group->is_leaving && group->stream.flight == 0)
		group_leave(group);
	else if (!group->is_leaving && may_send(group) && random_below(4) == 0)
		group_send(group);
}

static void group_tick(struct group *group)
{
	if (group->joined == NULL) {
		if (!is_ending && random_below(JOIN_TICKS) == 0)
			group_join(group);
	} else if (group->is_member) {
		member_tick(group);
	} else if (is_ending) {
		group_leave(group);
	}
}

/* A child does not know which process has begun a join. */
static bool may_fork(void)
{
	for (int i = 0; i < group_count; i++)
		if (groups[i].is_leaving ||
		    (groups[i].joined != NULL && !groups[i].is_member))
			return false;
	return !is_ending;
}

static void stats_log(void)
{
	struct coro_stats stats = { .size = sizeof(stats) };

	coro_stats(session, &stats);
	event_log(NULL, "stats %llu %llu %llu %llu %llu %llu %llu",
		  (unsigned long long)stats.sent,
		  (unsigned long long)stats.returned,
		  (unsigned long long)stats.lost,
		  (unsigned long long)stats.uncertain,
		  (unsigned long long)stats.backlog,
		  (unsigned long long)stats.received,
		  (unsigned long long)stats.connects);
}

static void tick(void)
{
	static uint64_t stats_ms;

	for (int i = 0; i < group_count; i++)
		group_tick(&groups[i]);
	if (may_fork())
		fork_at_random();
	size_log();
	if (now_ms() < stats_ms)
		return;
	stats_ms = now_ms() + STATS_MS;
	stats_log();
}

static bool all_are_left(void)
{
	for (int i = 0; i < group_count; i++)
		if (groups[i].joined != NULL)
			return false;
	return true;
}

static void session_begin(void)
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
	const struct coro_options options = {
		.size = sizeof(options),
		.backlog_max = BACKLOG_MAX,
		.retry_max_ms = RETRY_MAX_MS,
	};
	cs_error_t error = coro_open(&session, &events, NULL, &options);

	if (error != CS_OK)
		errx(1, "coro_open: error %d", (int)error);
	for (int i = 0; i < group_count; i++)
		group_join(&groups[i]);
}

int main(int argc, char **argv)
{
	struct cpg_name *name;

	if (argc < 4 || argc > 3 + GROUPS_MAX) {
		fputs("Usage: session-worker LOG SEED GROUP...\n", stderr);
		return 2;
	}
	log_open(argv[1]);
	process_begin(argv[2]);
	for (int i = 3; i < argc; i++) {
		name = &groups[group_count++].stream.group;
		name->length = (uint32_t)snprintf(name->value,
						  sizeof(name->value), "%s",
						  argv[i]);
	}
	library_log("/libcoroclient.so");
	session_begin();
	while (!is_ending || !all_are_left()) {
		tick();
		coro_dispatch(session, TICK_MS);
	}
	stats_log();
	coro_close(session);
	event_log(NULL, "exit");
	return 0;
}
