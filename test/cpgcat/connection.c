/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "connection.h"
#include "call.h"
#include "options.h"
#include "output.h"
#include "stop.h"
#include <unistd.h>

/* With upstream's library and socket IPC, poll() misses the daemon's death. */
#define IDLE_MS 1000

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	(void)handle;
	output_get()->quorum(quorate != 0, ring_seq, nodes, count);
}

/* Model 0 works with every daemon. A request for model 1 may end an old one. */
static bool quorum_open(struct connection *connection)
{
	quorum_callbacks_t callbacks = { .quorum_notify_fn = quorum_change };
	quorum_handle_t handle;
	uint32_t type;

	if (!INSIST(quorum_initialize(&handle, &callbacks, &type)))
		return false;
	connection->quorum = handle;
	return TRY(quorum_fd_get(handle, &connection->quorum_fd)) &&
	       INSIST(quorum_trackstart(handle, CS_TRACK_CHANGES));
}

static bool cpg_open(struct connection *connection,
		     const cpg_model_v1_data_t *model)
{
	cpg_model_v1_data_t copy = *model;
	cpg_model_data_t *data = (cpg_model_data_t *)&copy;
	cpg_handle_t handle;

	if (!INSIST(cpg_model_initialize(&handle, CPG_MODEL_V1, data, NULL)))
		return false;
	connection->cpg = handle;
	return TRY(cpg_fd_get(handle, &connection->cpg_fd));
}

bool connection_open(struct connection *connection,
		     const cpg_model_v1_data_t *model)
{
	*connection = (struct connection){ .cpg_fd = -1, .quorum_fd = -1 };
	if (!options.no_quorum && !quorum_open(connection))
		return false;
	return cpg_open(connection, model);
}

void connection_close(struct connection *connection)
{
	if (connection->cpg != 0)
		cpg_finalize(connection->cpg);
	if (connection->quorum != 0)
		quorum_finalize(connection->quorum);
}

void connection_wait(const struct connection *connection,
		     struct pollfd *input, int timeout_ms)
{
	struct pollfd fds[] = {
		*input,
		{ .fd = stop_fd_get(), .events = POLLIN },
		{ .fd = connection->cpg_fd, .events = POLLIN },
		{ .fd = connection->quorum_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	if (timeout_ms < 0 || timeout_ms > IDLE_MS)
		timeout_ms = IDLE_MS;
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms) < 0)
		return;
	input->revents = fds[0].revents;
	output_check(fds[4].revents);
}

void connection_dispatch(const struct connection *connection)
{
	if (connection->quorum != 0)
		TRY(quorum_dispatch(connection->quorum, CS_DISPATCH_ALL));
	TRY(cpg_dispatch(connection->cpg, CS_DISPATCH_ALL));
}
