/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "client.h"
#include "kinds.h"

const struct kind kinds[KINDS] = {
	{ .make = wire_confchg, .counts = { 160, 168, 176 }, .unit = 24 },
	{ .make = wire_deliver, .counts = { 160 }, .unit = 1 },
	{ .make = wire_totem, .counts = { 40 }, .unit = 4 },
	{ .make = wire_notification, .counts = { 40 }, .unit = 4,
	  .is_quorum = true, .model = QUORUM_MODEL_V0 },
	{ .make = wire_quorum, .counts = { 48 }, .unit = 4,
	  .is_quorum = true, .model = QUORUM_MODEL_V1 },
	{ .make = wire_nodelist, .counts = { 40, 48, 56 }, .unit = 4,
	  .is_quorum = true, .model = QUORUM_MODEL_V1 },
	{ .make = wire_partial, .counts = { 168 }, .unit = 1,
	  .is_partial = true },
};

const struct kind *kind;
static uint64_t handle;

void kind_open(int number)
{
	quorum_model_data_t *data = (quorum_model_data_t *)&events_quorum_v1;

	kind = &kinds[number];
	if (!kind->is_quorum) {
		handle = fake_open();
		return;
	}
	if (kind->model == QUORUM_MODEL_V0)
		data = (quorum_model_data_t *)&events_quorum_v0;
	server_plan_quorum();
	server_start();
	assert_cs(CS_OK, quorum_model_initialize(&handle, kind->model, data,
						 NULL, NULL));
}

void kind_close(void)
{
	assert_cs(CS_OK, kind->is_quorum ? quorum_finalize(handle) :
					   cpg_finalize(handle));
	server_stop();
	events_clear();
}

cs_error_t kind_dispatch(cs_dispatch_flags_t mode)
{
	return kind->is_quorum ? quorum_dispatch(handle, mode) :
				 cpg_dispatch(handle, mode);
}

void kind_next_assert(void)
{
	struct wire wire;
	size_t before = events_count();

	(kind->is_partial ? wire_deliver : kind->make)(&wire);
	server_event(wire.bytes, wire.size);
	assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count(), before + 1);
	events_clear();
}

void kind_dropped_assert(const void *bytes, size_t size)
{
	server_event(bytes, size);
	assert_cs(CS_OK, kind_dispatch(CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count(), 0);
}
