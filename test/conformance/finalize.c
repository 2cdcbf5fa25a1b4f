/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <sys/uio.h>

#include "cases.h"
#include "service.h"

#define HANDLES 20

static const struct service *current;

static void finalize_inside(struct event *event)
{
	CHECK_CS(CS_OK, current->finalize(event->handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, current->finalize(event->handle));
}

static void in_callback(const struct service *service)
{
	uint64_t handle = service->open();

	current = service;
	service->event_cause(handle);
	events_hook = finalize_inside;
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 service->dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(1, events_count());
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 service->dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_ERR_BAD_HANDLE, service->finalize(handle));
}

static void cpg_in_callback(void)
{
	in_callback(&service_cpg);
}

static void quorum_in_callback(void)
{
	in_callback(&service_quorum);
}

/* "handle" is not open. */
static void cpg_bad_calls(cpg_handle_t handle)
{
	struct cpg_name group = name_unique("bad");
	struct cpg_address members[CPG_MEMBERS_MAX];
	int number = 0;
	struct iovec iov = { &number, sizeof(number) };
	cpg_flow_control_state_t flow;
	cpg_iteration_handle_t iteration;
	unsigned int nodeid;
	uint32_t size;
	void *pointer = NULL;

	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_fd_get(handle, &number));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_max_atomic_msgsize_get(handle, &size));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_context_get(handle, &pointer));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_context_set(handle, pointer));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_join(handle, &group));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_leave(handle, &group));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 cpg_membership_get(handle, &group, members, &number));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_local_get(handle, &nodeid));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_flow_control_state_get(handle, &flow));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_zcb_alloc(handle, 10, &pointer));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}

static void quorum_bad_calls(quorum_handle_t handle)
{
	const void *context;
	int number;

	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_fd_get(handle, &number));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_getquorate(handle, &number));
	CHECK_CS(CS_ERR_BAD_HANDLE,
		 quorum_trackstart(handle, CS_TRACK_CURRENT));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_trackstop(handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_context_set(handle, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_context_get(handle, &context));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(handle));
}

static void cpg_calls_after(void)
{
	cpg_handle_t handle = service_cpg.open();

	CHECK_CS(CS_OK, cpg_finalize(handle));
	cpg_bad_calls(handle);
}

static void quorum_calls_after(void)
{
	quorum_handle_t handle = quorum_open();

	CHECK_CS(CS_OK, quorum_finalize(handle));
	quorum_bad_calls(handle);
}

static void unknown_handles(void)
{
	cpg_handle_t handle = service_cpg.open();
	quorum_handle_t quorum = quorum_open();

	cpg_bad_calls(0);
	cpg_bad_calls(handle ^ (1ULL << 40));
	cpg_bad_calls(handle ^ 1);
	quorum_bad_calls(0);
	quorum_bad_calls(quorum ^ (1ULL << 40));
	quorum_bad_calls(quorum ^ 1);
	message_round(handle, 10, 1);
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_CS(CS_OK, quorum_finalize(quorum));
}

/* A handle consists of a check in the upper half, and a slot in the lower. */
static void all_ones(void)
{
	cpg_handle_t handle = service_cpg.open();
	quorum_handle_t quorum = quorum_open();

	cpg_bad_calls(handle | 0xffffffff00000000ULL);
	quorum_bad_calls(quorum | 0xffffffff00000000ULL);
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_CS(CS_OK, quorum_finalize(quorum));
}

static void not_zero_and_different(void)
{
	uint64_t handles[2 * HANDLES];
	int i, j;

	for (i = 0; i < HANDLES; i++) {
		handles[i] = cpg_open();
		handles[HANDLES + i] = quorum_open();
		CHECK(handles[i] != 0 && handles[HANDLES + i] != 0);
		for (j = 0; j < i; j++)
			CHECK(handles[j] != handles[i] &&
			      handles[HANDLES + j] != handles[HANDLES + i]);
	}
	for (i = 0; i < HANDLES; i++) {
		CHECK_CS(CS_OK, cpg_finalize(handles[i]));
		CHECK_CS(CS_OK, quorum_finalize(handles[HANDLES + i]));
	}
}

static void wakes_dispatch(const struct service *service,
			   cs_dispatch_flags_t mode)
{
	struct dispatch dispatch = { service, service->open(), mode };
	struct caller caller;

	caller_start(&caller, dispatch_call, &dispatch);
	caller_wait_asleep(&caller);
	CHECK(!caller.ended);
	CHECK_CS(CS_OK, service->finalize(dispatch.handle));
	CHECK_CS(CS_ERR_BAD_HANDLE, caller_join(&caller));
}

static void cpg_wakes_one(void)
{
	wakes_dispatch(&service_cpg, CS_DISPATCH_ONE);
}

static void cpg_wakes_blocking(void)
{
	wakes_dispatch(&service_cpg, CS_DISPATCH_BLOCKING);
}

static void quorum_wakes_blocking(void)
{
	wakes_dispatch(&service_quorum, CS_DISPATCH_BLOCKING);
}

const struct conf_case finalize_cases[] = {
	{ "cpg_finalize_in_callback", "K8 K9",
	  "cpg_finalize in a callback ends the dispatch", 0, cpg_in_callback },
	{ "quorum_finalize_in_callback", "K8 K9",
	  "quorum_finalize in a callback ends the dispatch", 0,
	  quorum_in_callback },
	{ "cpg_calls_after_finalize", "K8",
	  "every cpg call after finalize is CS_ERR_BAD_HANDLE", 0,
	  cpg_calls_after },
	{ "quorum_calls_after_finalize", "K8",
	  "every quorum call after finalize is CS_ERR_BAD_HANDLE", 0,
	  quorum_calls_after },
	{ "unknown_handles", "K8",
	  "handles that were never open are CS_ERR_BAD_HANDLE", 0,
	  unknown_handles },
	{ "handles_of_all_ones", "B25",
	  "a handle whose upper half is all ones is CS_ERR_BAD_HANDLE", 0,
	  all_ones },
	{ "handles_not_zero", "K15", "handles are not 0, and differ", 0,
	  not_zero_and_different },
	{ "cpg_finalize_wakes_one", "B7",
	  "cpg_finalize ends ONE in another thread", 0, cpg_wakes_one },
	{ "cpg_finalize_wakes_blocking", "B7",
	  "cpg_finalize ends BLOCKING in another thread", 0,
	  cpg_wakes_blocking },
	{ "quorum_finalize_wakes_blocking", "B7",
	  "quorum_finalize ends BLOCKING in another thread", 0,
	  quorum_wakes_blocking },
	{ 0 },
};
