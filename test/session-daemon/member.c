/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of a group, which prints its events.
 *
 * Usage: member GROUP [BACKLOG-MAX LEN]
 *
 * With a BACKLOG-MAX, it sends messages of this length as fast as it can; with
 * 0, with the default of the library. SIGTERM or SIGINT ends it. Output, with members as NODE/PID:
 *
 *	connected NODE/PID
 *	disconnected REASON
 *	members MEMBER...
 *	left MEMBER REASON	after "members", as are these:
 *	joined MEMBER REASON
 *	rejoined
 *	quorate NODE...		or "not quorate"
 *	lost COUNT
 *	uncertain COUNT
 *	accounts SENT RETURNED LOST UNCERTAIN	at the end
 */

#include <coroclient/session.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEP_MS 20
#define LEN_MAX 1000000
#define END_MS 60000

static struct coro_group *own_group;
static bool is_flooding;
static volatile sig_atomic_t is_ending;
static uint64_t number;
static size_t len = sizeof(number);

static void connected(struct coro_session *session,
		      const struct coro_self *self)
{
	(void)session;
	printf("connected %u/%u\n", self->nodeid, self->pid);
}

static void disconnected(struct coro_session *session, cs_error_t error,
			 const char *why)
{
	(void)session;
	(void)error;
	printf("disconnected %s\n", why);
}

static void changes_print(const char *what, const struct cpg_address *list,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s %u/%u %u\n", what, list[i].nodeid, list[i].pid,
		       list[i].reason);
}

static void members(struct coro_session *session, struct coro_group *group,
		    const struct coro_change *change)
{
	(void)session;
	(void)group;
	printf("members");
	for (size_t i = 0; i < change->member_count; i++)
		printf(" %u/%u", change->members[i].nodeid,
		       change->members[i].pid);
	printf("\n");
	changes_print("left", change->left, change->left_count);
	changes_print("joined", change->joined, change->joined_count);
	if (change->is_rejoin)
		printf("rejoined\n");
}

static void quorum(struct coro_session *session,
		   const struct coro_quorum *quorum)
{
	(void)session;
	printf(quorum->is_quorate ? "quorate" : "not quorate");
	for (size_t i = 0; i < quorum->node_count; i++)
		printf(" %u", quorum->nodes[i]);
	printf("\n");
}

static void lost(struct coro_session *session, struct coro_group *group,
		 const struct coro_loss *loss)
{
	(void)session;
	(void)group;
	if (loss->lost > 0)
		printf("lost %llu\n", (unsigned long long)loss->lost);
	if (loss->uncertain > 0)
		printf("uncertain %llu\n", (unsigned long long)loss->uncertain);
}

static cs_error_t message_send(void)
{
	static char bytes[LEN_MAX];
	struct iovec iov = { .iov_base = bytes, .iov_len = len };
	cs_error_t error;

	memcpy(bytes, &number, sizeof(number));
	error = coro_send(own_group, &iov, 1, 0);
	if (error == CS_OK)
		number++;
	return error;
}

static uint64_t backlog_get(struct coro_session *session)
{
	struct coro_stats stats = { .size = sizeof(stats) };

	coro_stats(session, &stats);
	return stats.backlog;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* If the last message is lost, only one after it shows that. */
static void backlog_end(struct coro_session *session)
{
	long end = now_ms() + END_MS;

	while (backlog_get(session) > 0) {
		if (now_ms() > end)
			errx(1, "messages have not come back");
		coro_dispatch(session, 1000);
		if (backlog_get(session) > 0)
			message_send();
	}
}

static void accounts_print(struct coro_session *session)
{
	struct coro_stats stats = { .size = sizeof(stats) };

	coro_stats(session, &stats);
	printf("accounts %llu %llu %llu %llu\n", (unsigned long long)stats.sent,
	       (unsigned long long)stats.returned,
	       (unsigned long long)stats.lost,
	       (unsigned long long)stats.uncertain);
}

static void on_term(int signal)
{
	(void)signal;
	is_ending = true;
}

static void run(struct coro_session *session)
{
	while (!is_ending) {
		while (is_flooding && !is_ending && message_send() == CS_OK)
			;
		coro_dispatch(session, STEP_MS);
	}
	backlog_end(session);
	accounts_print(session);
	coro_leave(own_group, -1);
	coro_close(session);
}

int main(int argc, char **argv)
{
	const struct coro_events events = {
		.size = sizeof(events),
		.connected = connected,
		.disconnected = disconnected,
		.members = members,
		.quorum = quorum,
		.lost = lost,
	};
	struct coro_options options = { .size = sizeof(options) };
	struct coro_session *session;

	if (argc != 2 && argc != 4)
		errx(2, "usage: member GROUP [BACKLOG-MAX LEN]");
	is_flooding = argc == 4;
	if (is_flooding) {
		options.backlog_max = strtoul(argv[2], NULL, 0);
		len = strtoul(argv[3], NULL, 0);
	}
	if (len < sizeof(number) || len > LEN_MAX)
		errx(2, "LEN is not between 8 and %d", LEN_MAX);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	if (coro_open(&session, &events, NULL, &options) != CS_OK ||
	    coro_join(session, argv[1], strlen(argv[1]), &own_group, 0) !=
		    CS_OK)
		errx(1, "no session");
	run(session);
	return 0;
}
