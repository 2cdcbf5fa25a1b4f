/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <check.h>
#include <string.h>

#include "fake_state.h"

/* As the daemon with model 1: first the nodes, then the state. */
static void state_push(struct fake_handle *handle)
{
	struct fake_event nodes = { .kind = FAKE_NODES };

	fake_push(handle, &nodes);
	fake_push(handle, &fake->quorum);
}

void fake_quorum(bool is_quorate, uint64_t seq, const uint32_t *nodes,
		 uint32_t count)
{
	fake_lock();
	fake->quorum = (struct fake_event){
		.kind = FAKE_QUORUM,
		.is_quorate = is_quorate,
		.ring = { .nodeid = FAKE_NODEID, .seq = seq },
		.node_count = count,
	};
	memcpy(fake->quorum.nodes, nodes, count * sizeof(*nodes));
	for (int i = 0; i < FAKE_SLOTS; i++)
		if (fake_handles_open[i].handle != 0 &&
		    fake->slots[i].is_tracking && !fake->slots[i].is_dead)
			state_push(&fake_handles_open[i]);
	fake_unlock();
}

cs_error_t quorum_model_initialize(quorum_handle_t *handle,
				   quorum_model_t model,
				   quorum_model_data_t *model_data,
				   uint32_t *quorum_type, void *context)
{
	quorum_model_v1_data_t *data = (quorum_model_v1_data_t *)model_data;
	cs_error_t error = fake_begin(FAKE_QUORUM_INITIALIZE);
	struct fake_handle *opened;

	(void)quorum_type;
	if (error != CS_OK)
		return error;
	fake_assert(model == QUORUM_MODEL_V1);
	fake_lock();
	opened = fake_open(true);
	if (opened != NULL) {
		opened->context = context;
		opened->notify = data->quorum_notify_fn;
		*handle = opened->handle;
	}
	fake_unlock();
	return opened != NULL ? CS_OK : CS_ERR_LIBRARY;
}

cs_error_t quorum_finalize(quorum_handle_t handle)
{
	fake_begin(FAKE_QUORUM_FINALIZE);
	return fake_close(handle);
}

cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags)
{
	cs_error_t error = fake_begin(FAKE_QUORUM_TRACKSTART);
	struct fake_handle *found;

	fake_assert(flags == (CS_TRACK_CURRENT | CS_TRACK_CHANGES));
	if (error != CS_OK)
		return error;
	fake_lock();
	found = fake_get(handle);
	fake_assert(found != NULL);
	if (fake_slot(found)->is_dead) {
		error = CS_ERR_LIBRARY;
	} else {
		fake_slot(found)->is_tracking = true;
		state_push(found);
	}
	fake_unlock();
	return error;
}

static void event_deliver(const struct fake_handle *handle,
			  struct fake_event *event)
{
	if (event->kind == FAKE_QUORUM)
		handle->notify(handle->handle, event->is_quorate, event->ring,
			       event->node_count, event->nodes);
}

cs_error_t quorum_dispatch(quorum_handle_t handle, cs_dispatch_flags_t mode)
{
	cs_error_t error = fake_begin(FAKE_QUORUM_DISPATCH);

	return error != CS_OK ? error
			      : fake_dispatch(handle, mode, event_deliver);
}

cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd)
{
	cs_error_t error = fake_begin(FAKE_QUORUM_FD_GET);
	struct fake_handle *found;

	if (error != CS_OK)
		return error;
	fake_lock();
	found = fake_get(handle);
	if (found != NULL)
		*fd = found->fd;
	fake_unlock();
	return found != NULL ? CS_OK : CS_ERR_BAD_HANDLE;
}

cs_error_t quorum_context_get(quorum_handle_t handle, const void **context)
{
	struct fake_handle *found;

	fake_lock();
	found = fake_get(handle);
	if (found != NULL)
		*context = found->context;
	fake_unlock();
	return found != NULL ? CS_OK : CS_ERR_BAD_HANDLE;
}
