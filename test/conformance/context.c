/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "cases.h"
#include "service.h"

static int first, second;
static const void *expected;

static void cpg_look(struct event *event)
{
	void *context = NULL;

	CHECK_CS(CS_OK, cpg_context_get(event->handle, &context));
	CHECK(context == expected);
	expected = &second;
	CHECK_CS(CS_OK, cpg_context_set(event->handle, &second));
}

static void cpg_context(void)
{
	struct cpg_name group = name_unique("context");
	cpg_handle_t handle = 0;
	void *context = &first;

	CHECK_OK(cpg_initialize(&handle, &events_cpg));
	CHECK_CS(CS_OK, cpg_context_get(handle, &context));
	CHECK(context == NULL);
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_OK(cpg_model_initialize(&handle, CPG_MODEL_V1,
				      (cpg_model_data_t *)&events_cpg_v1,
				      &first));
	expected = &first;
	events_hook = cpg_look;
	CHECK_OK(cpg_join(handle, &group));
	dispatch_until(handle, 1);
	message_round(handle, 10, 1);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void quorum_look(struct event *event)
{
	const void *context = NULL;

	CHECK_CS(CS_OK, quorum_context_get(event->handle, &context));
	CHECK(context == expected);
	expected = &second;
	CHECK_CS(CS_OK, quorum_context_set(event->handle, &second));
}

static void quorum_context(void)
{
	quorum_handle_t handle = 0;

	CHECK_OK(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, NULL, &first));
	expected = &first;
	events_hook = quorum_look;
	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CURRENT));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(2, events_count());
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

static void quorum_type(void)
{
	quorum_handle_t handle = 0;
	uint32_t type = 99;

	CHECK_OK(quorum_initialize(&handle, &events_quorum, &type));
	CHECK(type == QUORUM_FREE || type == QUORUM_SET);
	CHECK_CS(CS_OK, quorum_finalize(handle));
	CHECK_OK(quorum_initialize(&handle, &events_quorum, NULL));
	CHECK_CS(CS_OK, quorum_finalize(handle));
	CHECK_OK(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, NULL, NULL));
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

const struct conf_case context_cases[] = {
	{ "cpg_context", "K18",
	  "the context of cpg is seen by the next callback", 0, cpg_context },
	{ "quorum_context", "K18",
	  "the context of quorum is seen by the next callback", 0,
	  quorum_context },
	{ "quorum_type", "K18", "quorum_type may be NULL", 0, quorum_type },
	{ 0 },
};
