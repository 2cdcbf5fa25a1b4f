/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "client.h"
#include "dispatch.h"
#include "export.h"
#include "quorum_decode.h"

struct quorum {
	struct client client;
	quorum_model_t model;	/* of the callbacks; constant */
	quorum_model_v0_data_t v0;
	quorum_model_v1_data_t v1;
};

/* Events. */

static int quorum_event_decode(struct client *client, const void *bytes,
			       size_t size, void *room,
			       void *ret_event)
{
	(void)client;
	if (bytes != room)
		memcpy(room, bytes, size);
	return quorum_decode(room, size, ret_event) == 0;
}

static void notification_deliver(const struct quorum *quorum,
				 const struct quorum_event_notification *event)
{
	if (quorum->v0.quorum_notify_fn != NULL)
		quorum->v0.quorum_notify_fn(quorum->client.handle,
					    event->quorate, event->ring_id.seq,
					    event->view_count, event->view);
}

static void
quorum_notification_deliver(const struct quorum *quorum,
			    const struct quorum_event_notification *event)
{
	if (quorum->v1.quorum_notify_fn != NULL)
		quorum->v1.quorum_notify_fn(quorum->client.handle,
					    event->quorate, event->ring_id,
					    event->view_count, event->view);
}

static void nodelist_deliver(const struct quorum *quorum,
			     const struct quorum_event_nodelist *event)
{
	if (quorum->v1.nodelist_notify_fn != NULL)
		quorum->v1.nodelist_notify_fn(
			quorum->client.handle, event->ring_id,
			event->member_count, event->members,
			event->joined_count, event->joined, event->left_count,
			event->left);
}

static void quorum_event_deliver(struct client *client, void *data)
{
	const struct quorum *quorum = (struct quorum *)client;
	const struct quorum_event *event = data;

	switch (event->type) {
	case QUORUM_EVENT_NOTIFICATION:
		notification_deliver(quorum, &event->notification);
		break;
	case QUORUM_EVENT_QUORUM_NOTIFICATION:
		quorum_notification_deliver(quorum, &event->notification);
		break;
	case QUORUM_EVENT_NODELIST_NOTIFICATION:
		nodelist_deliver(quorum, &event->nodelist);
		break;
	}
}

static void quorum_event_release(void *event)
{
	(void)event;
}

static void quorum_client_clear(struct client *client)
{
	(void)client;
}

static const struct service quorum_service = {
	.name = "quorum",
	.message_max = QUORUM_WIRE_IPC_MAX,
	.client_size = sizeof(struct quorum),
	.shared_size = sizeof(struct client_shared),
	.event_size = sizeof(struct quorum_event),
	.event_decode = quorum_event_decode,
	.event_deliver = quorum_event_deliver,
	.event_release = quorum_event_release,
	.client_clear = quorum_client_clear,
};

/* Open and close. */

/* Model 0 uses a request that a daemon of any age supports. */
static cs_error_t type_get(struct quorum *quorum, uint32_t *ret_type)
{
	const struct wire_request gettype = {
		.id = QUORUM_REQUEST_GETTYPE,
		.size = sizeof(gettype),
	};
	const struct quorum_wire_number model_gettype = {
		.header = { .id = QUORUM_REQUEST_MODEL_GETTYPE,
			    .size = sizeof(model_gettype) },
		.number = quorum->model,
	};
	struct quorum_wire_number_reply reply;
	cs_error_t err;

	if (quorum->model == QUORUM_MODEL_V0)
		err = client_call(&quorum->client, &gettype, sizeof(gettype),
				  QUORUM_REPLY_GETTYPE, &reply, sizeof(reply));
	else
		err = client_call(&quorum->client, &model_gettype,
				  sizeof(model_gettype),
				  QUORUM_REPLY_MODEL_GETTYPE, &reply,
				  sizeof(reply));
	if (err == CS_OK)
		*ret_type = reply.number;
	return err;
}

static void model_copy(struct quorum *quorum, quorum_model_t model,
		       const quorum_model_data_t *data)
{
	quorum->model = model;
	if (data == NULL)
		return;
	if (model == QUORUM_MODEL_V0)
		memcpy(&quorum->v0, data, sizeof(quorum->v0));
	else
		memcpy(&quorum->v1, data, sizeof(quorum->v1));
}

static cs_error_t quorum_open(quorum_handle_t *ret_handle, quorum_model_t model,
			      const quorum_model_data_t *data,
			      uint32_t *ret_type, void *context)
{
	struct client_use use;
	uint32_t type;
	cs_error_t err;

	if (ret_handle == NULL ||
	    (model != QUORUM_MODEL_V0 && model != QUORUM_MODEL_V1))
		return CS_ERR_INVALID_PARAM;
	err = client_open(&quorum_service, context, &use);
	if (err != CS_OK)
		return err;
	model_copy((struct quorum *)use.client, model, data);
	err = type_get((struct quorum *)use.client, &type);
	if (err == CS_OK)
		err = client_publish(use.client, ret_handle);
	if (err == CS_OK && ret_type != NULL)
		*ret_type = type;
	client_put(&use);
	return err;
}

EXPORT cs_error_t quorum_initialize(quorum_handle_t *handle,
				    quorum_callbacks_t *callbacks,
				    uint32_t *quorum_type)
{
	quorum_model_v0_data_t model = { .model = QUORUM_MODEL_V0 };

	if (callbacks != NULL)
		model.quorum_notify_fn = callbacks->quorum_notify_fn;
	return quorum_open(handle, QUORUM_MODEL_V0,
			   (quorum_model_data_t *)&model, quorum_type, NULL);
}

EXPORT cs_error_t quorum_model_initialize(quorum_handle_t *handle,
					  quorum_model_t model,
					  quorum_model_data_t *model_data,
					  uint32_t *quorum_type, void *context)
{
	return quorum_open(handle, model, model_data, quorum_type, context);
}

EXPORT cs_error_t quorum_finalize(quorum_handle_t handle)
{
	struct client_use use;
	cs_error_t err;

	err = client_close(handle, &quorum_service, &use);
	if (err == CS_OK)
		client_put(&use);
	return err;
}

EXPORT cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd)
{
	if (fd == NULL)
		return CS_ERR_INVALID_PARAM;
	return client_fd_get(handle, &quorum_service, fd);
}

EXPORT cs_error_t quorum_context_get(quorum_handle_t handle,
				     const void **context)
{
	if (context == NULL)
		return CS_ERR_INVALID_PARAM;
	return client_context_get(handle, &quorum_service, (void **)context);
}

EXPORT cs_error_t quorum_context_set(quorum_handle_t handle,
				     const void *context)
{
	return client_context_set(handle, &quorum_service, (void *)context);
}

EXPORT cs_error_t quorum_dispatch(quorum_handle_t handle,
				  cs_dispatch_flags_t dispatch_types)
{
	return dispatch_run(handle, &quorum_service, dispatch_types);
}

/* Requests. */

EXPORT cs_error_t quorum_getquorate(quorum_handle_t handle, int *quorate)
{
	const struct wire_request request = {
		.id = QUORUM_REQUEST_GETQUORATE,
		.size = sizeof(request),
	};
	struct quorum_wire_number_reply reply;
	cs_error_t err;

	if (quorate == NULL)
		return CS_ERR_INVALID_PARAM;
	err = client_request(handle, &quorum_service, &request,
			     sizeof(request), QUORUM_REPLY_GETQUORATE, &reply,
			     sizeof(reply));
	if (err == CS_OK)
		*quorate = (int)reply.number;
	return err;
}

EXPORT cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags)
{
	const struct quorum_wire_number request = {
		.header = { .id = QUORUM_REQUEST_TRACKSTART,
			    .size = sizeof(request) },
		.number = flags,
	};
	struct wire_reply reply;

	return client_request(handle, &quorum_service, &request,
			      sizeof(request), QUORUM_REPLY_TRACKSTART, &reply,
			      sizeof(reply));
}

EXPORT cs_error_t quorum_trackstop(quorum_handle_t handle)
{
	const struct wire_request request = {
		.id = QUORUM_REQUEST_TRACKSTOP,
		.size = sizeof(request),
	};
	struct wire_reply reply;

	return client_request(handle, &quorum_service, &request,
			      sizeof(request), QUORUM_REPLY_TRACKSTOP, &reply,
			      sizeof(reply));
}
