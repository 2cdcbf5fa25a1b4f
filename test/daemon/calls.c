/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/quorum.h>
#include <string.h>
#include <sys/uio.h>

#include "calls.h"
#include "support.h"

#define MARK 0x5a

_Thread_local struct cpg_name calls_group;

static _Thread_local struct {
	int fd, entries, quorate;
	unsigned int nodeid;
	uint32_t size;
	void *context, *buffer;
	const void *const_context;
	cpg_flow_control_state_t state;
	cpg_iteration_handle_t iteration;
	struct cpg_iteration_description_t description;
	struct cpg_address members[CPG_MEMBERS_MAX];
} out;

static char message[] = "a message";

static cs_error_t fd_get(uint64_t handle)
{
	return cpg_fd_get(handle, &out.fd);
}

static cs_error_t max_atomic_msgsize_get(uint64_t handle)
{
	return cpg_max_atomic_msgsize_get(handle, &out.size);
}

static cs_error_t context_get(uint64_t handle)
{
	return cpg_context_get(handle, &out.context);
}

static cs_error_t context_set(uint64_t handle)
{
	return cpg_context_set(handle, message);
}

static cs_error_t dispatch(uint64_t handle)
{
	return cpg_dispatch(handle, CS_DISPATCH_ALL);
}

static cs_error_t join(uint64_t handle)
{
	return cpg_join(handle, &calls_group);
}

static cs_error_t leave(uint64_t handle)
{
	return cpg_leave(handle, &calls_group);
}

static cs_error_t mcast_joined(uint64_t handle)
{
	struct iovec iov = { message, sizeof(message) };

	return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
}

static cs_error_t membership_get(uint64_t handle)
{
	return cpg_membership_get(handle, &calls_group, out.members,
				  &out.entries);
}

static cs_error_t local_get(uint64_t handle)
{
	return cpg_local_get(handle, &out.nodeid);
}

static cs_error_t flow_control_state_get(uint64_t handle)
{
	return cpg_flow_control_state_get(handle, &out.state);
}

static cs_error_t zcb_alloc(uint64_t handle)
{
	cs_error_t err;

	err = cpg_zcb_alloc(handle, sizeof(message), &out.buffer);
	if (err == CS_OK)
		cpg_zcb_free(handle, out.buffer);
	return err;
}

static cs_error_t zcb_free(uint64_t handle)
{
	void *buffer = message;

	if (cpg_zcb_alloc(handle, sizeof(message), &buffer) ==
	    CS_ERR_NO_MEMORY)
		return CS_ERR_NO_MEMORY;
	return cpg_zcb_free(handle, buffer);
}

static cs_error_t zcb_mcast_joined(uint64_t handle)
{
	void *buffer = message;
	cs_error_t err;

	if (cpg_zcb_alloc(handle, sizeof(message), &buffer) ==
	    CS_ERR_NO_MEMORY)
		return CS_ERR_NO_MEMORY;
	err = cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer,
				   sizeof(message));
	if (buffer != message)
		cpg_zcb_free(handle, buffer);
	return err;
}

static cs_error_t iteration_initialize(uint64_t handle)
{
	return cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					&out.iteration);
}

static cs_error_t iteration_next(uint64_t handle)
{
	return cpg_iteration_next(handle, &out.description);
}

static cs_error_t quorum_fd_get_call(uint64_t handle)
{
	return quorum_fd_get(handle, &out.fd);
}

static cs_error_t quorum_dispatch_call(uint64_t handle)
{
	return quorum_dispatch(handle, CS_DISPATCH_ALL);
}

static cs_error_t getquorate(uint64_t handle)
{
	return quorum_getquorate(handle, &out.quorate);
}

static cs_error_t trackstart(uint64_t handle)
{
	return quorum_trackstart(handle, CS_TRACK_CHANGES);
}

static cs_error_t quorum_context_set_call(uint64_t handle)
{
	return quorum_context_set(handle, message);
}

static cs_error_t quorum_context_get_call(uint64_t handle)
{
	return quorum_context_get(handle, &out.const_context);
}

const struct call cpg_calls[CPG_CALLS] = {
	{ "cpg_fd_get", fd_get, CS_OK, false },
	{ "cpg_max_atomic_msgsize_get", max_atomic_msgsize_get, CS_OK, false },
	{ "cpg_context_get", context_get, CS_OK, false },
	{ "cpg_context_set", context_set, CS_OK, false },
	{ "cpg_flow_control_state_get", flow_control_state_get, CS_OK, false },
	{ "cpg_zcb_alloc", zcb_alloc, CS_OK, false },
	{ "cpg_zcb_free", zcb_free, CS_OK, false },
	{ "cpg_dispatch", dispatch, CS_OK, true },
	{ "cpg_membership_get", membership_get, CS_OK, true },
	{ "cpg_local_get", local_get, CS_OK, true },
	{ "cpg_mcast_joined", mcast_joined, CS_OK, true },
	{ "cpg_zcb_mcast_joined", zcb_mcast_joined, CS_OK, true },
	{ "cpg_iteration_initialize", iteration_initialize, CS_OK, true },
	{ "cpg_join", join, CS_ERR_EXIST, true },
	{ "cpg_leave", leave, CS_OK, true },
	{ "cpg_finalize", cpg_finalize, CS_OK, true },
};

const struct call iteration_calls[ITERATION_CALLS] = {
	{ "cpg_iteration_next", iteration_next, CS_OK, true },
	{ "cpg_iteration_finalize", cpg_iteration_finalize, CS_OK, true },
};

const struct call quorum_calls[QUORUM_CALLS] = {
	{ "quorum_fd_get", quorum_fd_get_call, CS_OK, false },
	{ "quorum_context_set", quorum_context_set_call, CS_OK, false },
	{ "quorum_context_get", quorum_context_get_call, CS_OK, false },
	{ "quorum_dispatch", quorum_dispatch_call, CS_OK, true },
	{ "quorum_getquorate", getquorate, CS_OK, true },
	{ "quorum_trackstart", trackstart, CS_OK, true },
	{ "quorum_trackstop", quorum_trackstop, CS_OK, true },
	{ "quorum_finalize", quorum_finalize, CS_OK, false },
};

void calls_outputs_mark(void)
{
	memset(&out, MARK, sizeof(out));
}

bool calls_outputs_are_untouched(void)
{
	const unsigned char *byte = (const unsigned char *)&out;
	size_t i;

	for (i = 0; i < sizeof(out); i++)
		if (byte[i] != MARK)
			return false;
	return true;
}

static void call_assert_bad(const struct call *call, uint64_t handle)
{
	cs_error_t err;

	calls_outputs_mark();
	err = call->run(handle);
	ck_assert_msg(err == CS_ERR_BAD_HANDLE, "%s: %s", call->name,
		      cs_strerror(err));
	ck_assert_msg(calls_outputs_are_untouched(),
		      "%s wrote to its output parameter", call->name);
}

static void calls_assert_bad(const struct call *calls, int count,
			     uint64_t handle)
{
	int i;

	for (i = 0; i < count; i++)
		call_assert_bad(&calls[i], handle);
}

void cpg_assert_bad(uint64_t handle)
{
	calls_assert_bad(cpg_calls, CPG_CALLS, handle);
}

void iteration_assert_bad(uint64_t handle)
{
	calls_assert_bad(iteration_calls, ITERATION_CALLS, handle);
}

void quorum_assert_bad(uint64_t handle)
{
	calls_assert_bad(quorum_calls, QUORUM_CALLS, handle);
}

void calls_run(const struct call *calls, int count, uint64_t handle)
{
	cs_error_t err;
	int i;

	for (i = 0; i < count; i++) {
		err = patiently(calls[i].run(handle));
		ck_assert_msg(err == calls[i].expected, "%s: %s",
			      calls[i].name, cs_strerror(err));
	}
}

void call_assert(cs_error_t want, const struct call *call, uint64_t handle)
{
	cs_error_t err = call->run(handle);

	ck_assert_msg(err == want, "%s: %s", call->name, cs_strerror(err));
}

void calls_run_local(const struct call *calls, int count, uint64_t handle)
{
	int i;

	for (i = 0; i < count; i++)
		if (!calls[i].asks && calls[i].run != quorum_finalize)
			call_assert(CS_OK, &calls[i], handle);
}
