/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Does units of work while this node's part of the cluster has the quorum.
 * Pauses while it has no quorum, and while corosync is not running.
 *
 * Output:
 *
 *	resumed RING: NODE ...		work begins or continues
 *	paused RING: NODE ...		no quorum
 *	view RING: NODE ...		the nodes changed, the quorum did not
 *	paused: no corosync
 *	tick NUMBER			a unit of work
 *
 * After a node is cut off, work continues until its corosync detects this. If
 * that does harm, fencing is required.
 */

#include <corosync/quorum.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum state { UNKNOWN, PAUSED, WORKING };

struct view {
	struct quorum_ring_id ring;
	uint32_t count;
	uint32_t *nodes;
};

static enum state state;
static struct view view;
static bool view_is_new;

static void nodes_changed(quorum_handle_t handle, struct quorum_ring_id ring,
			  uint32_t count, const uint32_t *nodes,
			  uint32_t joined_count, const uint32_t *joined,
			  uint32_t left_count, const uint32_t *left)
{
	(void)handle;
	(void)joined_count;
	(void)joined;
	(void)left_count;
	(void)left;
	if (ring.nodeid == view.ring.nodeid && ring.seq == view.ring.seq)
		return;
	free(view.nodes);
	view.nodes = calloc(count, sizeof(*nodes));
	if (view.nodes == NULL)
		err(1, NULL);
	memcpy(view.nodes, nodes, count * sizeof(*nodes));
	view.count = count;
	view.ring = ring;
	view_is_new = true;
}

/* A change may be reported more than once. Repetitions are dropped. */
static void quorum_changed(quorum_handle_t handle, uint32_t quorate,
			   struct quorum_ring_id ring, uint32_t count,
			   const uint32_t *nodes)
{
	enum state before = state;

	(void)handle;
	(void)ring;
	(void)count;
	(void)nodes;
	state = quorate ? WORKING : PAUSED;
	if (state == before && !view_is_new)
		return;
	view_is_new = false;
	printf("%s " CS_PRI_RING_ID ":",
	       state == before ? "view" : quorate ? "resumed" : "paused",
	       view.ring.nodeid, view.ring.seq);
	for (uint32_t i = 0; i < view.count; i++)
		printf(" " CS_PRI_NODE_ID, view.nodes[i]);
	printf("\n");
}

/* Waits for corosync, and returns a handle that tracks the quorum. */
static quorum_handle_t quorum_connect(void)
{
	quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = quorum_changed,
		.nodelist_notify_fn = nodes_changed,
	};
	quorum_handle_t handle;
	cs_error_t error;

	for (;; sleep(1)) {
		error = quorum_model_initialize(&handle, QUORUM_MODEL_V1,
						(quorum_model_data_t *)&model,
						NULL, NULL);
		if (error == CS_OK) {
			error = quorum_trackstart(handle, CS_TRACK_CHANGES);
			if (error == CS_OK)
				return handle;
			quorum_finalize(handle);
		}
		if (error != CS_ERR_LIBRARY && error != CS_ERR_TRY_AGAIN)
			errx(1, "no connection: %s", cs_strerror(error));
	}
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One unit of work. It should be short: a pause can only begin after it. */
static void work_do(void)
{
	static unsigned long ticks;

	printf("tick %lu\n", ++ticks);
}

/* Works, and dispatches events, until corosync ends. */
static void quorum_follow(quorum_handle_t handle, long interval)
{
	struct pollfd fd = { .events = POLLIN };
	long next = now_ms(), wait;
	cs_error_t error;

	quorum_fd_get(handle, &fd.fd);
	while ((error = quorum_dispatch(handle, CS_DISPATCH_ALL)) == CS_OK) {
		if (state == WORKING && now_ms() >= next) {
			work_do();
			next = now_ms() + interval;
		}
		/*
		 * At most a second: with upstream's library and socket IPC,
		 * poll() misses the end of corosync.
		 */
		wait = state == WORKING ? next - now_ms() : 1000;
		poll(&fd, 1, wait < 0 ? 0 : wait > 1000 ? 1000 : (int)wait);
	}
	if (error != CS_ERR_LIBRARY)
		errx(1, "quorum_dispatch: %s", cs_strerror(error));
}

int main(int argc, char **argv)
{
	long interval = argc == 2 ? atol(argv[1]) : 1000;
	quorum_handle_t handle;

	if (argc > 2 || interval <= 0)
		errx(2, "usage: worker [INTERVAL-IN-MILLISECONDS]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		/* Without corosync, the quorum of this node is unknown. */
		state = UNKNOWN;
		printf("paused: no corosync\n");
		handle = quorum_connect();
		quorum_follow(handle, interval);
		quorum_finalize(handle);
	}
}
