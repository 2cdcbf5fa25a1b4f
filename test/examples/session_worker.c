/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The program worker.c, with a session: see there for what it does. */

#include <coroclient/session.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static bool works;
static struct quorum_ring_id ring;

static void disconnected(struct coro_session *session, cs_error_t error,
			 const char *why)
{
	(void)session;
	(void)error;
	warnx("%s", why);
	works = false;
	ring.seq = 0;
	printf("paused: no corosync\n");
}

static void quorum_changed(struct coro_session *session,
			   const struct coro_quorum *quorum)
{
	bool is_view = works == quorum->is_quorate && ring.seq != 0;

	(void)session;
	if (is_view && ring.seq == quorum->ring.seq)
		return;
	works = quorum->is_quorate;
	ring = quorum->ring;
	printf("%s " CS_PRI_RING_ID ":",
	       is_view ? "view" : works ? "resumed" : "paused", ring.nodeid,
	       ring.seq);
	for (size_t i = 0; i < quorum->node_count; i++)
		printf(" " CS_PRI_NODE_ID, quorum->nodes[i]);
	printf("\n");
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	const struct coro_events events = {
		.size = sizeof(events),
		.disconnected = disconnected,
		.quorum = quorum_changed,
	};
	long interval = argc == 2 ? atol(argv[1]) : 1000, next = 0;
	struct coro_session *session;
	unsigned long ticks = 0;

	if (argc > 2 || interval <= 0)
		errx(2, "usage: session_worker [INTERVAL-IN-MILLISECONDS]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (coro_open(&session, &events, NULL, NULL) != CS_OK)
		errx(1, "no session");
	for (;;) {
		long left = next - now_ms();

		if (works && left <= 0) {
			printf("tick %lu\n", ++ticks);
			next = now_ms() + interval;
		} else {
			coro_dispatch(session, works ? (int)left : -1);
		}
	}
}
