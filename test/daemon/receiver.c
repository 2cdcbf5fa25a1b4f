/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "support.h"
#include "receiver.h"

#define SMALL 50
#define BIG (3u * 1024u * 1024u)

cpg_handle_t receiver_open(const struct cpg_name *group, bool confchg)
{
	cpg_model_v1_data_t model = events_cpg_v1;
	cpg_handle_t handle;

	if (!confchg)
		model.cpg_confchg_fn = NULL;
	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_ok(cpg_join(handle, group));
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	events_clear();
	return handle;
}

void receiver_meet(cpg_handle_t handle, const struct peer *peer,
		 const struct cpg_name *group)
{
	raw_join(peer, group);
	raw_slice(peer, SMALL, 1, 0, SMALL / 2);
	raw_slice(peer, SMALL, 1, SMALL / 2, SMALL / 2);
	receiver_await(handle, 1);
	receiver_assert_message(0, peer, SMALL, 1);
	events_clear();
}

void receiver_await(cpg_handle_t handle, size_t messages)
{
	dispatch_until(handle, events_count_of(EVENT_DELIVER) >= messages);
}

void receiver_assert_idle(cpg_handle_t handle)
{
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
}

void receiver_assert_message(size_t n, const struct peer *peer, size_t len,
			   uint32_t seed)
{
	const struct event *event = event_get_of(EVENT_DELIVER, n);

	ck_assert_uint_eq(event->nodeid, 1);
	ck_assert_uint_eq(event->pid, (uint32_t)peer->pid);
	ck_assert_uint_eq(event->msg_len, len);
	ck_assert(pattern_matches(event->msg, len, seed));
}

void receiver_assert_well(cpg_handle_t handle, const struct peer *peer,
			size_t before, const char *what)
{
	raw_pattern(peer, SMALL, 2);
	raw_pattern(peer, BIG, 3);
	dispatch_until(handle, event_was_delivered(BIG, 3));
	ck_assert_msg(events_count_of(EVENT_DELIVER) == before + 2,
		      "%s: %zu messages, not %zu", what,
		      events_count_of(EVENT_DELIVER), before + 2);
	receiver_assert_message(before, peer, SMALL, 2);
	receiver_assert_message(before + 1, peer, BIG, 3);
	receiver_assert_idle(handle);
}
