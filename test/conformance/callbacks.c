/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>


#include "cases.h"
#include "service.h"

#define LARGE ((size_t)2 * 1024 * 1024)

static struct cpg_name group;
static bool inside;
static int depth;

static void cpg_ask(cpg_handle_t handle)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_flow_control_state_t flow;
	unsigned int nodeid = 0;
	uint32_t size = 0;
	void *context;
	int number = 0;

	CHECK_OK(cpg_local_get(handle, &nodeid));
	CHECK(nodeid != 0);
	CHECK_OK(cpg_membership_get(handle, &group, members, &number));
	CHECK_INT(1, number);
	CHECK_CS(CS_OK, cpg_fd_get(handle, &number));
	CHECK_CS(CS_OK, cpg_max_atomic_msgsize_get(handle, &size));
	CHECK_CS(CS_OK, cpg_flow_control_state_get(handle, &flow));
	CHECK_CS(CS_OK, cpg_context_get(handle, &context));
	CHECK_CS(CS_OK, cpg_context_set(handle, context));
}

static void cpg_iterate(cpg_handle_t handle)
{
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration;

	CHECK_OK(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					  &iteration));
	CHECK_OK(cpg_iteration_next(iteration, &description));
	CHECK_OK(cpg_iteration_finalize(iteration));
}

static void cpg_everything(struct event *event)
{
	void *buffer = NULL;

	if (inside)
		return;
	inside = true;
	cpg_ask(event->handle);
	cpg_iterate(event->handle);
	message_send(event->handle, 20, 1);
	message_send(event->handle, LARGE, 2);
	CHECK_OK(cpg_zcb_alloc(event->handle, 10, &buffer));
	memset(buffer, 1, 10);
	CHECK_OK(cpg_zcb_mcast_joined(event->handle, CPG_TYPE_AGREED, buffer,
				      10));
	CHECK_OK(cpg_zcb_free(event->handle, buffer));
	CHECK_OK(cpg_leave(event->handle, &group));
}

static void cpg_functions(void)
{
	cpg_handle_t handle;

	group = name_unique("callbacks");
	handle = cpg_open_joined(&group);
	events_hook = cpg_everything;
	message_round(handle, 30, 3);
	dispatch_until(handle, 5);
	CHECK(event_is_message(event_get(1), 20, 1));
	CHECK(event_is_message(event_get(2), LARGE, 2));
	CHECK_INT(EVENT_CONFCHG, event_get(4)->kind);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void quorum_everything(struct event *event)
{
	const void *context;
	int number;

	if (inside)
		return;
	inside = true;
	CHECK_OK(quorum_getquorate(event->handle, &number));
	CHECK_CS(CS_OK, quorum_fd_get(event->handle, &number));
	CHECK_CS(CS_OK, quorum_context_get(event->handle, &context));
	CHECK_CS(CS_OK, quorum_context_set(event->handle, context));
	CHECK_OK(quorum_trackstop(event->handle));
	CHECK_OK(quorum_trackstart(event->handle, CS_TRACK_CURRENT));
}

static void quorum_functions(void)
{
	quorum_handle_t handle = quorum_open();

	events_hook = quorum_everything;
	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(2, events_count());
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

/* The message of each level is unchanged after the levels below it. */
static void nest(struct event *event)
{
	char *msg = event->original;

	if (++depth < 4)
		CHECK_CS(CS_OK, cpg_dispatch(event->handle, CS_DISPATCH_ONE));
	CHECK_INT(0, memcmp(msg, event->msg, event->len));
}

static void nested_dispatch(void)
{
	cpg_handle_t handle = service_cpg.open();
	unsigned int i;

	for (i = 0; i < 4; i++)
		message_send(handle, 1000, i);
	events_hook = nest;
	CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(4, events_count());
	for (i = 0; i < 4; i++)
		CHECK(event_is_message(event_get((int)i), 1000, i));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void nest_until(struct event *event)
{
	if (inside)
		return;
	inside = true;
	dispatch_until(event->handle, 2);
	CHECK_INT(0, memcmp(event->original, event->msg, event->len));
}

static void nested_large(void)
{
	cpg_handle_t handle = service_cpg.open();

	message_send(handle, LARGE, 1);
	message_send(handle, LARGE, 2);
	events_hook = nest_until;
	dispatch_until(handle, 2);
	CHECK(event_is_message(event_get(0), LARGE, 1));
	CHECK(event_is_message(event_get(1), LARGE, 2));
	message_round(handle, 10, 3);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void quorum_nest(struct event *event)
{
	if (++depth < 2)
		CHECK_CS(CS_OK,
			 quorum_dispatch(event->handle, CS_DISPATCH_ONE));
}

static void quorum_nested(void)
{
	quorum_handle_t handle = quorum_open();

	service_quorum.event_cause(handle);
	service_quorum.event_cause(handle);
	events_hook = quorum_nest;
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(2, events_count());
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

static void all_null(void)
{
	cpg_model_v1_data_t v1 = { .model = CPG_MODEL_V1,
				   .flags =
			CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF };
	cpg_callbacks_t callbacks = { NULL, NULL };
	struct cpg_name name = name_unique("null"), other = name_unique("v1");
	cpg_handle_t handle = 0, second = 0;

	CHECK_OK(cpg_initialize(&handle, &callbacks));
	CHECK_OK(cpg_join(handle, &name));
	message_send(handle, 3, 1);
	CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_OK(cpg_model_initialize(&second, CPG_MODEL_V1,
				      (cpg_model_data_t *)&v1, NULL));
	CHECK_OK(cpg_join(second, &other));
	CHECK_CS(CS_OK, cpg_dispatch(second, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, cpg_dispatch(second, CS_DISPATCH_ALL));
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_CS(CS_OK, cpg_finalize(second));
}

/* The second confchg, of the leave, shows that the message is consumed. */
static void large_null(void)
{
	cpg_callbacks_t callbacks = { NULL, events_cpg.cpg_confchg_fn };
	struct cpg_name name = name_unique("null");
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, &callbacks));
	CHECK_OK(cpg_join(handle, &name));
	message_send(handle, LARGE, 1);
	CHECK_OK(cpg_leave(handle, &name));
	dispatch_until(handle, 2);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void quorum_null(quorum_handle_t handle)
{
	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CURRENT));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

static void quorum_all_null(void)
{
	quorum_model_v1_data_t v1 = { .model = QUORUM_MODEL_V1 };
	quorum_callbacks_t callbacks = { NULL };
	quorum_handle_t handle = 0;

	CHECK_OK(quorum_initialize(&handle, &callbacks, NULL));
	quorum_null(handle);
	CHECK_OK(quorum_initialize(&handle, NULL, NULL));
	quorum_null(handle);
	CHECK_OK(quorum_model_initialize(&handle, QUORUM_MODEL_V1,
					 (quorum_model_data_t *)&v1, NULL,
					 NULL));
	quorum_null(handle);
}

static void model_data_null(void)
{
	quorum_handle_t quorum = 0;
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_model_initialize(&handle, CPG_MODEL_V1, NULL, NULL));
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_OK(quorum_model_initialize(&quorum, QUORUM_MODEL_V1, NULL, NULL,
					 NULL));
	quorum_null(quorum);
}

const struct conf_case callbacks_cases[] = {
	{ "cpg_functions_in_callback", "K9",
	  "every cpg function may be called in a callback", 0, cpg_functions },
	{ "quorum_functions_in_callback", "K9",
	  "every quorum function may be called in a callback", 0,
	  quorum_functions },
	{ "cpg_nested_dispatch", "K9",
	  "a nested dispatch leaves the message of the outer one alone", 0,
	  nested_dispatch },
	{ "quorum_nested_dispatch", "K9",
	  "a callback of quorum may dispatch", 0, quorum_nested },
	{ "nested_dispatch_in_large", "B3",
	  "a nested dispatch in the callback for a large message", 0,
	  nested_large },
	{ "cpg_callbacks_null", "K14",
	  "cpg events without callbacks are consumed", 0, all_null },
	{ "large_without_callback", "K14",
	  "a large message without a callback is consumed", 0, large_null },
	{ "quorum_callbacks_null", "K14",
	  "quorum events without callbacks are consumed", 0, quorum_all_null },
	{ "model_data_null", "K14", "model data may be NULL", 0,
	  model_data_null },
	{ 0 },
};
