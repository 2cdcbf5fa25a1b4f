/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "cases.h"
#include "service.h"

static quorum_handle_t v1_open(void)
{
	quorum_handle_t handle = 0;

	CHECK_OK(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, NULL, NULL));
	return handle;
}

static void quorate_assert(quorum_handle_t handle, const struct event *event)
{
	int quorate = -1;

	CHECK_OK(quorum_getquorate(handle, &quorate));
	CHECK(quorate == 0 || quorate == 1);
	CHECK_INT(quorate, event->quorate);
	CHECK(event->members_len > 0);
	CHECK(event->lists_are_there);
}

static void v0_state(unsigned int flags)
{
	quorum_handle_t handle = quorum_open();

	CHECK_OK(quorum_trackstart(handle, flags));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(1, events_count());
	CHECK_INT(EVENT_QUORUM, event_get(0)->kind);
	quorate_assert(handle, event_get(0));
	CHECK_OK(quorum_trackstop(handle));
	CHECK_CS(CS_OK, quorum_finalize(handle));
	events_clear();
}

static void v0(void)
{
	v0_state(CS_TRACK_CURRENT);
	v0_state(CS_TRACK_CHANGES);
	v0_state(CS_TRACK_CURRENT | CS_TRACK_CHANGES);
}

static void v1(void)
{
	quorum_handle_t handle = v1_open();

	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(2, events_count());
	CHECK_INT(EVENT_NODES, event_get(0)->kind);
	CHECK(event_get(0)->lists_are_there);
	CHECK_INT(EVENT_QUORUM_V1, event_get(1)->kind);
	quorate_assert(handle, event_get(1));
	CHECK_OK(quorum_trackstop(handle));
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

static void track_twice(void)
{
	quorum_handle_t handle = quorum_open();

	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_CS_LATER(CS_ERR_EXIST,
		       quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_OK(quorum_trackstop(handle));
	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CHANGES));
	CHECK_OK(quorum_trackstop(handle));
	CHECK_OK(quorum_trackstop(handle));
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

const struct conf_case quorum_cases[] = {
	{ "quorum_v0", "K29 K30",
	  "model 0: trackstart causes one notification", 0, v0 },
	{ "quorum_v1", "K29 K30",
	  "model 1: trackstart causes the nodes, and then the quorum", 0, v1 },
	{ "quorum_track_twice", "K30", "a second trackstart: CS_ERR_EXIST", 0,
	  track_twice },
	{ 0 },
};
