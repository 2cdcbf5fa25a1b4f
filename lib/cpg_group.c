/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "cpg_client.h"
#include "cpg_name.h"
#include "export.h"
#include "lock.h"

/* How long a join or leave waits for an earlier leave to complete. */
#define BUSY_S 60

/* The daemon returns CS_ERR_BUSY while an earlier leave is in progress. */
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

/* Only a rejoining handle needs its own address, to find it in events. */
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
	if (err != CS_OK)
		return err;
	/* Before the request, in case that this process ends during it. */
	if (!shared->joined) {
		shared->group = *group;
		shared->pid = request.pid;
	}
	err = patient_call(&cpg->client, &request, sizeof(request),
			   CPG_REPLY_JOIN);
	if (err == CS_OK)
		shared->joined = true;
	return err;
}

/* The daemon does not check that the member is in the group that it leaves. */
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
		/* The member is the process that joined, maybe not this one. */
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
	/*
	 * A process that ended while it held the lock may have joined. Assume
	 * that it has: the daemon refuses requests if not.
	 */
	if (!lock_take(&cpg_shared(cpg)->group_lock))
		cpg_shared(cpg)->joined = true;
	/* While this thread waited for the lock, another may have finalized. */
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

	err = cpg_name_check(groupName);
	if (err != CS_OK)
		return err;
	if (member_list == NULL || member_list_entries == NULL)
		return CS_ERR_INVALID_PARAM;
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
