/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The program counter.c, with a session: see there for what it does. The last
 * line, of the leave, is not printed.
 */

#include <coroclient/session.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state {
	long long changes, value;
};

static struct state own, best, change = { .changes = 1 };
static struct cpg_address *awaited;
static size_t awaited_count;
static bool is_connected, is_settled, has_change, input_ended;
static char in_flight, must_send; /* 's' (state), 'c' (change) or 0 */

static void awaited_remove(uint32_t nodeid, uint32_t pid)
{
	size_t before = awaited_count;

	for (size_t i = 0; i < awaited_count; i++)
		if (awaited[i].nodeid == nodeid && awaited[i].pid == pid)
			awaited[i] = awaited[--awaited_count];
	if (awaited_count > 0 || before == 0)
		return;
	own = best;
	is_settled = true;
	printf("state %lld %lld\n", own.changes, own.value);
}

static void message(struct coro_session *session, struct coro_group *group,
		    const struct coro_sender *from, void *msg, size_t len)
{
	struct state state;
	char kind;

	(void)session, (void)group;
	in_flight = from->is_self ? 0 : in_flight;
	if (len == 0 || ((char *)msg)[len - 1] != '\0' ||
	    sscanf(msg, "%c %lld %lld", &kind, &state.changes, &state.value) != 3)
		return;
	if (kind == 'c' && is_settled) {
		own.changes += state.changes;
		own.value += state.value;
		has_change &= !from->is_self;
		printf("change %lld %lld %+lld %u/%u\n", own.changes, own.value,
		       state.value, from->nodeid, from->pid);
	} else if (kind == 's') {
		best = state.changes > best.changes ? state : best;
		awaited_remove(from->nodeid, from->pid);
	}
}

static void members(struct coro_session *session, struct coro_group *group,
		    const struct coro_change *now)
{
	(void)session, (void)group;
	printf("members");
	for (size_t i = 0; i < now->member_count; i++)
		printf(" %u/%u", now->members[i].nodeid, now->members[i].pid);
	printf("\n");
	for (size_t i = 0; i < now->left_count; i++)
		awaited_remove(now->left[i].nodeid, now->left[i].pid);
	if (now->joined_count == 0)
		return;
	own = best.changes > own.changes ? best : own;
	best = (struct state){ 0 };
	is_settled = false;
	must_send = in_flight == 's' ? 0 : 's';
	awaited_count = now->member_count;
	awaited = realloc(awaited, awaited_count * sizeof(*awaited));
	if (awaited == NULL)
		err(1, "exchange");
	memcpy(awaited, now->members, awaited_count * sizeof(*awaited));
}

static void connected(struct coro_session *session, const struct coro_self *self)
{
	(void)session;
	is_connected = true;
	printf("connected %u/%u\n", self->nodeid, self->pid);
}

static void disconnected(struct coro_session *session, cs_error_t error,
			 const char *why)
{
	(void)session, (void)error;
	warnx("%s", why);
	if (is_connected)
		printf("disconnected\n");
	if (in_flight == 'c')
		printf("unsure %+lld\n", change.value);
	has_change &= in_flight != 'c';
	is_connected = is_settled = false;
	in_flight = must_send = 0;
	awaited_count = 0;
}

static void work(struct coro_group *group)
{
	char kind = must_send ? must_send : is_settled && has_change ? 'c' : 0;
	const struct state *state = kind == 'c' ? &change : &own;
	char text[64];
	int len = sprintf(text, "%c %lld %lld", kind, state->changes,
			  state->value);
	struct iovec iov = { .iov_base = text, .iov_len = (size_t)len + 1 };

	if (in_flight || kind == 0 || coro_send(group, &iov, 1, 0) != CS_OK)
		return;
	in_flight = kind;
	must_send = 0;
}

/* Standard input is unbuffered, so that poll() reports the rest of it. */
static void input_read(void)
{
	char line[12], *end = line;

	input_ended = fgets(line, sizeof(line), stdin) == NULL;
	line[input_ended ? 0 : strcspn(line, "\n")] = '\0';
	change.value = strtol(line, &end, 10);
	has_change = *line && !*end && strlen(line) < sizeof(line) - 1;
	if (*line && !has_change)
		warnx("not a change: %s", line);
}

int main(int argc, char **argv)
{
	const struct coro_events events = { sizeof(events), connected,
		disconnected, members, message, NULL, NULL, NULL };
	struct pollfd fds[] = { { .events = POLLIN }, { .events = POLLIN } };
	struct coro_session *session;
	struct coro_group *group;

	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: session_counter GROUP");
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("disconnected\n");
	if (coro_open(&session, &events, NULL, NULL) != CS_OK ||
	    coro_join(session, argv[1], strlen(argv[1]), &group, 0) != CS_OK)
		errx(1, "no session");
	fds[0].fd = coro_fd(session);
	while (!input_ended || in_flight || has_change || must_send) {
		fds[1].fd = has_change || input_ended ? -1 : STDIN_FILENO;
		if (poll(fds, 2, -1) > 0 && fds[1].revents != 0)
			input_read();
		coro_dispatch(session, 0);
		work(group);
	}
	coro_leave(group, -1);
	coro_close(session);
	return 0;
}
