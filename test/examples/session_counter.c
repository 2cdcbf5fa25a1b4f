/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The program counter.c, with a session: see there for what it does. */

#include <coroclient/session.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum kind { NOTHING, STATE = 's', CHANGE = 'c' };

struct state {
	long long changes, value;
};

static struct state own, best, change = { .changes = 1 };
static size_t awaited = 1; /* states to come; if none, all members agree */
static enum kind on_its_way;
static bool is_connected, must_tell, has_change, input_ended;

static void connected(struct coro_session *session, const struct coro_self *me)
{
	(void)session;
	is_connected = true;
	printf("connected %u/%u\n", me->nodeid, me->pid);
}

static void disconnected(struct coro_session *session, cs_error_t error,
			 const char *why)
{
	(void)session, (void)error;
	warnx("%s", why);
	if (is_connected)
		printf("disconnected\n");
	if (on_its_way == CHANGE) {
		printf("unsure %+lld\n", change.value);
		has_change = false;
	}
	is_connected = false;
	on_its_way = NOTHING;
}

static void members(struct coro_session *session, struct coro_group *group,
		    const struct coro_change *now)
{
	(void)session, (void)group;
	printf("members");
	for (size_t i = 0; i < now->member_count; i++)
		printf(" %u/%u", now->members[i].nodeid, now->members[i].pid);
	printf("\n");
	if (now->joined_count > 0) {
		own = best.changes > own.changes ? best : own;
		best = (struct state){ 0 };
	} else if (awaited == 0) {
		return;
	}
	awaited = now->member_count;
	must_tell = on_its_way != STATE;
}

static void message(struct coro_session *session, struct coro_group *group,
		    const struct coro_sender *from, void *msg, size_t len)
{
	struct state state;
	char kind;

	(void)session, (void)group;
	if (from->is_self)
		on_its_way = NOTHING;
	if (len == 0 || ((char *)msg)[len - 1] != '\0' ||
	    sscanf(msg, "%c %lld %lld", &kind, &state.changes, &state.value) != 3)
		return;
	if (kind == CHANGE && awaited == 0) {
		own.changes += state.changes;
		own.value += state.value;
		has_change &= !from->is_self;
		printf("change %lld %lld %+lld %u/%u\n", own.changes, own.value,
		       state.value, from->nodeid, from->pid);
	} else if (kind == STATE && awaited > 0) {
		best = state.changes > best.changes ? state : best;
		if (--awaited > 0)
			return;
		own = best;
		printf("state %lld %lld\n", own.changes, own.value);
	}
}

/* If it is refused, the session becomes readable when it can be sent. */
static void message_send(struct coro_group *group, enum kind kind,
			 const struct state *what)
{
	char text[64];
	int len = sprintf(text, "%c %lld %lld", kind, what->changes, what->value);
	struct iovec iov = { .iov_base = text, .iov_len = (size_t)len + 1 };
	cs_error_t error = coro_send(group, &iov, 1, 0);

	if (error != CS_OK && error != CS_ERR_TIMEOUT)
		errx(1, "coro_send: %s", cs_strerror(error));
	on_its_way = error == CS_OK ? kind : NOTHING;
	must_tell &= error != CS_OK;
}

static void input_read(void)
{
	char line[80] = "", rest;
	int count;

	input_ended = fgets(line, sizeof(line), stdin) == NULL;
	count = sscanf(line, "%10lld %c", &change.value, &rest);
	has_change = count == 1;
	if (count == 0 || count == 2)
		warnx("not a change: %.*s", (int)strcspn(line, "\n"), line);
}

int main(int argc, char **argv)
{
	const struct coro_events events = {
		.size = sizeof(events), .connected = connected,
		.disconnected = disconnected, .members = members,
		.message = message,
	};
	struct pollfd fds[] = { { .events = POLLIN }, { .events = POLLIN } };
	struct coro_session *session;
	struct coro_group *group;

	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: session_counter GROUP");
	setvbuf(stdin, NULL, _IONBF, 0); /* poll shows the rest of it */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("disconnected\n");
	if (coro_open(&session, &events, NULL, NULL) != CS_OK ||
	    coro_join(session, argv[1], strlen(argv[1]), &group, 0) != CS_OK)
		errx(1, "no session");
	fds[0].fd = coro_fd(session);
	while (!input_ended || has_change || awaited > 0) {
		fds[1].fd = has_change || input_ended ? -1 : fileno(stdin);
		if (poll(fds, 2, -1) > 0 && fds[1].revents != 0)
			input_read();
		coro_dispatch(session, 0);
		if (on_its_way == NOTHING && must_tell)
			message_send(group, STATE, &own);
		else if (on_its_way == NOTHING && has_change && awaited == 0)
			message_send(group, CHANGE, &change);
	}
	coro_close(session);
	return 0;
}
