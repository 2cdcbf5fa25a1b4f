/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "cpg_client.h"
#include "dispatch.h"
#include "export.h"
#include "lock.h"

static cs_error_t cpg_open(cpg_handle_t *ret_handle,
			   const cpg_model_v1_data_t *model, void *context)
{
	struct client_use use;
	struct cpg *cpg;
	cs_error_t err;

	if (ret_handle == NULL ||
	    (model->flags & ~CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0)
		return CS_ERR_INVALID_PARAM;
	err = client_open(&cpg_service, context, &use);
	if (err != CS_OK)
		return err;
	cpg = (struct cpg *)use.client;
	cpg->model = *model;
	lock_init(&cpg_shared(cpg)->group_lock);
	lock_init(&cpg_shared(cpg)->send_lock);
	lock_init(&cpg_shared(cpg)->iterations_lock);
	err = client_publish(use.client, ret_handle);
	client_put(&use);
	return err;
}

EXPORT cs_error_t cpg_initialize(cpg_handle_t *handle,
				 cpg_callbacks_t *callbacks)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1 };

	if (callbacks != NULL) {
		model.cpg_deliver_fn = callbacks->cpg_deliver_fn;
		model.cpg_confchg_fn = callbacks->cpg_confchg_fn;
	}
	return cpg_open(handle, &model, NULL);
}

EXPORT cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				       cpg_model_data_t *model_data,
				       void *context)
{
	cpg_model_v1_data_t v1 = { .model = CPG_MODEL_V1 };

	if (model != CPG_MODEL_V1)
		return CS_ERR_INVALID_PARAM;
	if (model_data != NULL)
		memcpy(&v1, model_data, sizeof(v1));
	return cpg_open(handle, &v1, context);
}

EXPORT cs_error_t cpg_finalize(cpg_handle_t handle)
{
	const struct wire_request request = {
		.id = CPG_REQUEST_FINALIZE,
		.size = sizeof(request),
	};
	struct wire_reply reply;
	struct client_use use;
	cs_error_t err;

	err = client_close(handle, &cpg_service, &use);
	if (err != CS_OK)
		return err;
	if (client_was_used(use.client))
		err = client_call(use.client, &request, sizeof(request),
				  CPG_REPLY_FINALIZE, &reply, sizeof(reply));
	client_put(&use);
	/* The daemon closes the connection whatever it replies. */
	return err == CS_ERR_LIBRARY ? err : CS_OK;
}

EXPORT cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd)
{
	if (fd == NULL)
		return CS_ERR_INVALID_PARAM;
	return client_fd_get(handle, &cpg_service, fd);
}

EXPORT cs_error_t cpg_context_get(cpg_handle_t handle, void **context)
{
	if (context == NULL)
		return CS_ERR_INVALID_PARAM;
	return client_context_get(handle, &cpg_service, context);
}

EXPORT cs_error_t cpg_context_set(cpg_handle_t handle, void *context)
{
	return client_context_set(handle, &cpg_service, context);
}

EXPORT cs_error_t cpg_dispatch(cpg_handle_t handle,
			       cs_dispatch_flags_t dispatch_types)
{
	return dispatch_run(handle, &cpg_service, dispatch_types);
}
