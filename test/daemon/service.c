/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <stdlib.h>

#include "events.h"
#include "peer.h"
#include "service.h"
#include "support.h"

#define SMALL_LEN 100

static struct peer peer;
static bool peer_is_busy;

cpg_handle_t cpg_open(void)
{
	cpg_handle_t handle = 0;

	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&events_cpg_v1,
				       NULL));
	return handle;
}

quorum_handle_t quorum_open(quorum_model_t model)
{
	quorum_model_data_t *data = (quorum_model_data_t *)&events_quorum_v0;
	quorum_handle_t handle = 0;

	if (model == QUORUM_MODEL_V1)
		data = (quorum_model_data_t *)&events_quorum_v1;
	assert_ok(quorum_model_initialize(&handle, model, data, NULL, NULL));
	return handle;
}

cpg_handle_t cpg_open_joined(const struct cpg_name *group)
{
	cpg_handle_t handle = cpg_open();

	assert_ok(cpg_join(handle, group));
	dispatch_until(handle, events_count_of(EVENT_CONFCHG) == 1);
	events_clear();
	return handle;
}

int cpg_fd(cpg_handle_t handle)
{
	int fd = -1;

	assert_cs(CS_OK, cpg_fd_get(handle, &fd));
	return fd;
}

int quorum_fd(quorum_handle_t handle)
{
	int fd = -1;

	assert_cs(CS_OK, quorum_fd_get(handle, &fd));
	return fd;
}

void events_dispatch(cpg_handle_t handle)
{
	struct pollfd pollfd = { .fd = cpg_fd(handle), .events = POLLIN };

	poll(&pollfd, 1, 10);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
}

/* A join is a message, too, and is delivered after earlier ones. */
void totem_flush(void)
{
	struct cpg_name group = name_unique("flush");
	cpg_handle_t handle;

	assert_ok(cpg_initialize(&handle, NULL));
	assert_ok(cpg_join(handle, &group));
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	assert_cs(CS_OK, cpg_finalize(handle));
}

/* The distribution's tool must use the distribution's libraries. */
void votes_expect(uint32_t votes)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "env -u LD_LIBRARY_PATH -u LD_PRELOAD "
		 "corosync-cmapctl -s quorum.expected_votes u32 %u",
		 votes);
	ck_assert_int_eq(system(command), 0);
	totem_flush();
}

static uint64_t cpg_service_open(void)
{
	struct cpg_name group = name_unique("service");

	peer_start(&peer);
	peer_do(&peer,
		(struct peer_order){ .verb = PEER_JOIN, .group = group });
	return cpg_open_joined(&group);
}

/*
 * Our events are pending when the peer has received its own messages and the
 * daemon has replied to us after that.
 */
/* The peer waits for its messages, which differ from those before. */
static void cpg_events_queue(uint64_t handle, uint32_t count)
{
	static uint32_t seed = 1;
	unsigned int nodeid;

	peer_do(&peer, (struct peer_order){ .verb = PEER_SEND,
					    .len = SMALL_LEN,
					    .seed = seed,
					    .count = count });
	seed += count;
	assert_ok(cpg_local_get(handle, &nodeid));
}

static void cpg_event_order(void)
{
	const struct peer_order order = {
		.verb = PEER_SEND, .len = SMALL_LEN, .seed = 100, .count = 1
	};

	peer_is_busy = true;
	peer_order(&peer, &order);
}

static uint64_t quorum_service_open(void)
{
	quorum_handle_t handle;

	peer_start(&peer);
	votes_expect(1);
	handle = quorum_open(QUORUM_MODEL_V0);
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	events_clear();
	return handle;
}

/* The daemon queues the state before it replies CS_ERR_EXIST. */
static void quorum_events_queue(uint64_t handle, uint32_t count)
{
	while (count-- > 0)
		assert_cs(CS_ERR_EXIST,
			  patiently(quorum_trackstart(handle,
						      CS_TRACK_CURRENT)));
}

static void quorum_event_order(void)
{
	const struct peer_order order = { .verb = PEER_VOTES, .count = 3 };

	peer_is_busy = true;
	peer_order(&peer, &order);
}

static void service_close(void)
{
	if (peer_is_busy)
		peer_done(&peer);
	peer_end(&peer);
}

static void quorum_service_close(void)
{
	service_close();
	if (peer_is_busy)
		votes_expect(1);
}

const struct service_api services[SERVICES] = {
	[SERVICE_CPG] = {
		.name = "cpg",
		.dispatch = cpg_dispatch,
		.finalize = cpg_finalize,
		.fd_get = cpg_fd_get,
		.open = cpg_service_open,
		.events_queue = cpg_events_queue,
		.event_order = cpg_event_order,
		.close = service_close,
	},
	[SERVICE_QUORUM] = {
		.name = "quorum",
		.dispatch = quorum_dispatch,
		.finalize = quorum_finalize,
		.fd_get = quorum_fd_get,
		.open = quorum_service_open,
		.events_queue = quorum_events_queue,
		.event_order = quorum_event_order,
		.close = quorum_service_close,
	},
};
