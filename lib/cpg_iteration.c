/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "cpg_iterations.h"
#include "cpg_name.h"
#include "export.h"

/* One thread's use of an iteration and of its client. */
struct iteration_use {
	struct cpg_iteration *iteration;
	struct client_use client;
};

static cs_error_t iteration_get(cpg_iteration_handle_t handle,
				struct iteration_use *ret_use)
{
	struct handle_object *object = handle_get(handle, &cpg_iteration_kind);
	cs_error_t err;

	if (object == NULL)
		return CS_ERR_BAD_HANDLE;
	ret_use->iteration = (struct cpg_iteration *)object;
	err = client_get(ret_use->iteration->cpg_handle, &cpg_service,
			 &ret_use->client);
	if (err != CS_OK)
		handle_put(object);
	return err;
}

static void iteration_put(struct iteration_use *use)
{
	handle_put(&use->iteration->object);
	client_put(&use->client);
}

static cs_error_t remote_finalize(struct client *client, uint64_t remote)
{
	const struct cpg_wire_iteration request = {
		.header = { .id = CPG_REQUEST_ITERATION_FINALIZE,
			    .size = sizeof(request) },
		.iteration = remote,
	};
	struct wire_reply reply;

	return client_call(client, &request, sizeof(request),
			   CPG_REPLY_ITERATION_FINALIZE, &reply, sizeof(reply));
}

static cs_error_t remote_initialize(struct client *client,
				    cpg_iteration_type_t type,
				    const struct cpg_name *group,
				    uint64_t *ret_remote)
{
	struct cpg_wire_iteration_initialize request = {
		.header = { .id = CPG_REQUEST_ITERATION_INITIALIZE,
			    .size = sizeof(request) },
		.type = type,
	};
	struct cpg_wire_iteration_initialize_reply reply;
	cs_error_t err;

	if (type == CPG_ITERATION_ONE_GROUP)
		request.group = cpg_name_encode(group);
	err = client_call(client, &request, sizeof(request),
			  CPG_REPLY_ITERATION_INITIALIZE, &reply,
			  sizeof(reply));
	if (err == CS_OK)
		*ret_remote = reply.iteration;
	return err;
}

static cs_error_t iteration_check(cpg_iteration_type_t type,
				  const struct cpg_name *group,
				  const cpg_iteration_handle_t *handle)
{
	if (group != NULL && cpg_name_check(group) != CS_OK)
		return cpg_name_check(group);
	if (handle == NULL)
		return CS_ERR_INVALID_PARAM;
	if (type == CPG_ITERATION_ONE_GROUP)
		return cpg_name_check(group);
	if (type != CPG_ITERATION_NAME_ONLY && type != CPG_ITERATION_ALL)
		return CS_ERR_INVALID_PARAM;
	return group == NULL ? CS_OK : CS_ERR_INVALID_PARAM;
}

EXPORT cs_error_t
cpg_iteration_initialize(cpg_handle_t handle,
			 cpg_iteration_type_t iteration_type,
			 const struct cpg_name *group,
			 cpg_iteration_handle_t *cpg_iteration_handle)
{
	struct client_use use;
	uint64_t remote;
	cs_error_t err;

	err = iteration_check(iteration_type, group, cpg_iteration_handle);
	if (err == CS_OK)
		err = client_get(handle, &cpg_service, &use);
	if (err != CS_OK)
		return err;
	err = remote_initialize(use.client, iteration_type, group, &remote);
	if (err == CS_OK) {
		err = cpg_iteration_publish((struct cpg *)use.client, handle,
					    remote, cpg_iteration_handle);
		if (err != CS_OK)
			remote_finalize(use.client, remote);
	}
	client_put(&use);
	return err;
}

static cs_error_t
description_decode(const struct cpg_wire_iteration_next_reply *reply,
		   struct cpg_iteration_description_t *ret_description)
{
	if (!cpg_decode_name(&reply->group, &ret_description->group))
		return CS_ERR_LIBRARY;
	ret_description->nodeid = reply->nodeid;
	ret_description->pid = reply->pid;
	return CS_OK;
}

EXPORT cs_error_t
cpg_iteration_next(cpg_iteration_handle_t handle,
		   struct cpg_iteration_description_t *description)
{
	struct cpg_wire_iteration request = {
		.header = { .id = CPG_REQUEST_ITERATION_NEXT,
			    .size = sizeof(request) },
	};
	struct cpg_wire_iteration_next_reply reply;
	struct iteration_use use;
	cs_error_t err;

	if (description == NULL)
		return CS_ERR_INVALID_PARAM;
	err = iteration_get(handle, &use);
	if (err != CS_OK)
		return err;
	request.iteration = use.iteration->remote;
	err = client_call(use.client.client, &request, sizeof(request),
			  CPG_REPLY_ITERATION_NEXT, &reply, sizeof(reply));
	iteration_put(&use);
	if (err != CS_OK)
		return err;
	return description_decode(&reply, description);
}

EXPORT cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle)
{
	struct iteration_use use;
	cs_error_t err;

	err = iteration_get(handle, &use);
	if (err != CS_OK)
		return err;
	err = remote_finalize(use.client.client, use.iteration->remote);
	if (err == CS_ERR_TRY_AGAIN)
		; /* The iteration stays open, so that the caller can retry. */
	else if (handle_close(handle, &cpg_iteration_kind) == NULL)
		err = CS_ERR_BAD_HANDLE;
	else
		cpg_iteration_drop((struct cpg *)use.client.client,
				   use.iteration);
	iteration_put(&use);
	return err;
}
