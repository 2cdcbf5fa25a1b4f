/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpg_client.h"
#include "dispatch.h"
#include "export.h"
#include "lock.h"

/* How long a join or leave waits for an earlier leave to be over. */
#define BUSY_S 60

cs_error_t cpg_name_check(const struct cpg_name *name)
{
	if (name == NULL)
		return CS_ERR_INVALID_PARAM;
	if (name->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	return CS_OK;
}

struct cpg_wire_name cpg_name_encode(const struct cpg_name *name)
{
	struct cpg_wire_name wire = { .length = name->length };

	memcpy(wire.value, name->value, name->length);
	return wire;
}

/* Events. */

static int partial_take(struct cpg *cpg, struct cpg_event *event)
{
	struct cpg_event_deliver deliver;
	int res;

	if (cpg->model.cpg_deliver_fn == NULL)
		return 0;
	res = cpg_assembly_add(&cpg->assembly, &event->partial, &deliver);
	if (res > 0) {
		event->type = CPG_EVENT_DELIVER;
		event->deliver = deliver;
	}
	return res;
}

static bool is_self(const struct cpg *cpg, const struct cpg_address *address)
{
	const struct cpg_address *self = &cpg_shared(cpg)->self;

	return self->nodeid != 0 && address->nodeid == self->nodeid &&
	       address->pid == self->pid;
}

static void confchg_note(struct cpg *cpg,
			 const struct cpg_event_confchg *confchg)
{
	for (size_t i = 0; i < confchg->left_count; i++)
		cpg_assembly_forget(&cpg->assembly, confchg->left[i].nodeid,
				    confchg->left[i].pid);
	/* A member may leave under a false pid. */
	cpg_assembly_keep(&cpg->assembly, confchg->members,
			  confchg->member_count);
	/* Fragments from before an absence do not go with those after it. */
	for (size_t i = 0; i < confchg->joined_count; i++)
		if (is_self(cpg, &confchg->joined[i]))
			cpg_assembly_clear(&cpg->assembly);
}

/* A fragment is copied to its message from where it is. */
static int cpg_event_decode(struct client *client, const void *bytes,
			    size_t size, void *room, void *ret_event)
{
	struct cpg *cpg = (struct cpg *)client;
	struct cpg_event *event = ret_event;

	if (cpg_decode_partial(bytes, size, event))
		return partial_take(cpg, event);
	if (bytes != room)
		memcpy(room, bytes, size);
	if (cpg_decode(room, size, event) < 0)
		return 0;
	if (event->type == CPG_EVENT_CONFCHG)
		confchg_note(cpg, &event->confchg);
	return 1;
}

static void confchg_deliver(const struct cpg *cpg,
			    const struct cpg_event *event)
{
	const struct cpg_event_confchg *confchg = &event->confchg;

	if (cpg->model.cpg_confchg_fn == NULL)
		return;
	cpg->model.cpg_confchg_fn(cpg->client.handle, &event->group,
				  confchg->members, confchg->member_count,
				  confchg->left, confchg->left_count,
				  confchg->joined, confchg->joined_count);
}

static void message_deliver(const struct cpg *cpg,
			    const struct cpg_event *event)
{
	const struct cpg_event_deliver *deliver = &event->deliver;

	if (cpg->model.cpg_deliver_fn == NULL)
		return;
	cpg->model.cpg_deliver_fn(cpg->client.handle, &event->group,
				  deliver->nodeid, deliver->pid, deliver->msg,
				  deliver->msg_len);
}

static void totem_confchg_deliver(const struct cpg *cpg,
				  const struct cpg_event *event)
{
	const struct cpg_event_totem_confchg *totem = &event->totem_confchg;

	if (cpg->model.cpg_totem_confchg_fn == NULL)
		return;
	cpg->model.cpg_totem_confchg_fn(cpg->client.handle, totem->ring_id,
					totem->member_count, totem->members);
}

static void cpg_event_deliver(struct client *client, void *data)
{
	const struct cpg *cpg = (struct cpg *)client;
	const struct cpg_event *event = data;

	switch (event->type) {
	case CPG_EVENT_CONFCHG:
		confchg_deliver(cpg, event);
		break;
	case CPG_EVENT_DELIVER:
		message_deliver(cpg, event);
		break;
	case CPG_EVENT_TOTEM_CONFCHG:
		totem_confchg_deliver(cpg, event);
		break;
	case CPG_EVENT_PARTIAL:
		break;
	}
}

static void cpg_event_release(void *data)
{
	struct cpg_event *event = data;

	if (event->type == CPG_EVENT_DELIVER)
		free(event->deliver.owned);
}

static void cpg_client_clear(struct client *client)
{
	struct cpg *cpg = (struct cpg *)client;

	cpg_iterations_clear(cpg);
	cpg_assembly_clear(&cpg->assembly);
}

const struct service cpg_service = {
	.name = "cpg",
	.message_max = CPG_WIRE_IPC_MAX,
	.client_size = sizeof(struct cpg),
	.shared_size = sizeof(struct cpg_shared),
	.event_size = sizeof(struct cpg_event),
	.event_decode = cpg_event_decode,
	.event_deliver = cpg_event_deliver,
	.event_release = cpg_event_release,
	.client_clear = cpg_client_clear,
};

/* The life of a handle. */

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
	/* Any other answer of a daemon that hangs up anyway means nothing. */
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

/* Membership. */

/* Joins and leaves are BUSY while an earlier leave is on its way. */
static cs_error_t patient_call(struct client *client, const void *request,
			       size_t request_size, int32_t reply_id)
{
	struct client_patience patience = { .limit_s = BUSY_S };
	struct wire_reply reply;
	cs_error_t err;

	do
		err = client_call(client, request, request_size, reply_id,
				  &reply, sizeof(reply));
	while (err == CS_ERR_BUSY && client_pause(client, &patience));
	if (err == CS_ERR_BUSY && !client_is_open(client))
		return CS_ERR_BAD_HANDLE;
	return err;
}

static cs_error_t nodeid_get(struct client *client, uint32_t *ret_nodeid)
{
	const struct wire_request request = {
		.id = CPG_REQUEST_LOCAL_GET,
		.size = sizeof(request),
	};
	struct cpg_wire_local_reply reply;
	cs_error_t err;

	err = client_call(client, &request, sizeof(request),
			  CPG_REPLY_LOCAL_GET, &reply, sizeof(reply));
	if (err == CS_OK)
		*ret_nodeid = reply.nodeid;
	return err;
}

/* Only who returns to a group has to recognize the own address in events. */
static cs_error_t self_learn_locked(struct cpg *cpg)
{
	struct cpg_address self = { .pid = (uint32_t)getpid() };
	cs_error_t err;

	if (!cpg_shared(cpg)->has_left)
		return CS_OK;
	err = nodeid_get(&cpg->client, &self.nodeid);
	if (err != CS_OK)
		return err;
	client_recv_lock(&cpg->client);
	cpg_shared(cpg)->self = self;
	client_recv_unlock(&cpg->client);
	return CS_OK;
}

static cs_error_t group_join_locked(struct cpg *cpg,
				    const struct cpg_name *group)
{
	const struct cpg_wire_join request = {
		.header = { .id = CPG_REQUEST_JOIN, .size = sizeof(request) },
		.group = cpg_name_encode(group),
		.pid = (uint32_t)getpid(),
		.flags = cpg->model.flags,
	};
	struct cpg_shared *shared = cpg_shared(cpg);
	cs_error_t err;

	err = self_learn_locked(cpg);
	if (err == CS_OK)
		err = patient_call(&cpg->client, &request, sizeof(request),
				   CPG_REPLY_JOIN);
	if (err == CS_OK) {
		shared->group = *group;
		shared->pid = request.pid;
		shared->joined = true;
	}
	return err;
}

/* The daemon would let a member leave a group that it is not in. */
static bool is_in_another_locked(const struct cpg_shared *shared,
				 const struct cpg_name *group)
{
	return shared->joined &&
	       (group->length != shared->group.length ||
		memcmp(group->value, shared->group.value, group->length) != 0);
}

static cs_error_t group_leave_locked(struct cpg *cpg,
				     const struct cpg_name *group)
{
	struct cpg_shared *shared = cpg_shared(cpg);
	const struct cpg_wire_leave request = {
		.header = { .id = CPG_REQUEST_LEAVE, .size = sizeof(request) },
		.group = cpg_name_encode(group),
		/* The member is the process that joined, maybe the parent. */
		.pid = shared->joined ? shared->pid : (uint32_t)getpid(),
	};
	cs_error_t err;

	if (is_in_another_locked(shared, group))
		return client_refuse(&cpg->client, CS_ERR_NOT_EXIST);
	err = patient_call(&cpg->client, &request, sizeof(request),
			   CPG_REPLY_LEAVE);
	if (err == CS_OK) {
		shared->joined = false;
		shared->has_left = true;
	}
	return err;
}

static cs_error_t
group_change(cpg_handle_t handle, const struct cpg_name *group,
	     cs_error_t (*change_locked)(struct cpg *cpg,
					 const struct cpg_name *group))
{
	struct client_use use;
	struct cpg *cpg;
	cs_error_t err;

	err = cpg_name_check(group);
	if (err == CS_OK)
		err = client_get(handle, &cpg_service, &use);
	if (err != CS_OK)
		return err;
	cpg = (struct cpg *)use.client;
	/* A process that ended here may have joined: the daemon knows. */
	if (!lock_take(&cpg_shared(cpg)->group_lock))
		cpg_shared(cpg)->joined = true;
	/* It may have waited here for a long time. */
	err = client_is_open(&cpg->client) ? change_locked(cpg, group) :
					     CS_ERR_BAD_HANDLE;
	lock_give(&cpg_shared(cpg)->group_lock);
	client_put(&use);
	return err;
}

EXPORT cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group)
{
	return group_change(handle, group, group_join_locked);
}

EXPORT cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group)
{
	return group_change(handle, group, group_leave_locked);
}

static cs_error_t members_copy(const struct cpg_wire_membership_reply *reply,
			       struct cpg_address *ret_list, int *ret_count)
{
	uint32_t count = reply->count < CPG_MEMBERS_MAX ? reply->count :
							  CPG_MEMBERS_MAX;

	for (uint32_t i = 0; i < count; i++)
		ret_list[i] = cpg_decode_address(&reply->members[i]);
	*ret_count = (int)count;
	return reply->count > count ? CS_ERR_NO_SPACE : CS_OK;
}

EXPORT cs_error_t cpg_membership_get(cpg_handle_t handle,
				     struct cpg_name *groupName,
				     struct cpg_address *member_list,
				     int *member_list_entries)
{
	struct cpg_wire_membership_get request = {
		.header = { .id = CPG_REQUEST_MEMBERSHIP_GET,
			    .size = sizeof(request) },
	};
	struct cpg_wire_membership_reply reply;
	cs_error_t err;

	if (member_list == NULL || member_list_entries == NULL)
		return CS_ERR_INVALID_PARAM;
	err = cpg_name_check(groupName);
	if (err != CS_OK)
		return err;
	request.group = cpg_name_encode(groupName);
	err = client_request(handle, &cpg_service, &request, sizeof(request),
			     CPG_REPLY_MEMBERSHIP_GET, &reply, sizeof(reply));
	if (err != CS_OK)
		return err;
	return members_copy(&reply, member_list, member_list_entries);
}

EXPORT cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *local_nodeid)
{
	struct client_use use;
	cs_error_t err;

	if (local_nodeid == NULL)
		return CS_ERR_INVALID_PARAM;
	err = client_get(handle, &cpg_service, &use);
	if (err != CS_OK)
		return err;
	err = nodeid_get(use.client, local_nodeid);
	client_put(&use);
	return err;
}

/* Messages. */

static cs_error_t handle_check(cpg_handle_t handle)
{
	struct client_use use;
	cs_error_t err = client_get(handle, &cpg_service, &use);

	if (err == CS_OK)
		client_put(&use);
	return err;
}

EXPORT cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle,
					     uint32_t *size)
{
	cs_error_t err;

	if (size == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		*size = CPG_WIRE_MESSAGE_MAX;
	return err;
}

EXPORT cs_error_t
cpg_flow_control_state_get(cpg_handle_t handle,
			   cpg_flow_control_state_t *flow_control_enabled)
{
	cs_error_t err;

	if (flow_control_enabled == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		*flow_control_enabled = CPG_FLOW_CONTROL_DISABLED;
	return err;
}

EXPORT cs_error_t cpg_mcast_joined(cpg_handle_t handle,
				   cpg_guarantee_t guarantee,
				   const struct iovec *iovec,
				   unsigned int iov_len)
{
	return cpg_message_send(handle, guarantee, iovec, iov_len);
}

EXPORT cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size,
				void **buffer)
{
	void *memory;
	cs_error_t err;

	if (buffer == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err != CS_OK)
		return err;
	memory = calloc(1, size == 0 ? 1 : size);
	if (memory == NULL)
		return CS_ERR_NO_MEMORY;
	*buffer = memory;
	return CS_OK;
}

EXPORT cs_error_t cpg_zcb_free(cpg_handle_t handle, void *buffer)
{
	cs_error_t err;

	if (buffer == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		free(buffer);
	return err;
}

EXPORT cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle,
				       cpg_guarantee_t guarantee, void *msg,
				       size_t msg_len)
{
	const struct iovec iov = { .iov_base = msg, .iov_len = msg_len };

	return cpg_message_send(handle, guarantee, &iov, 1);
}
