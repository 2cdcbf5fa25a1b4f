/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MIB (1024u * 1024u)

static enum event_kind hooked_kind;
static bool hook_has_run;

/* A handle with an event of this kind pending, and more after it. */
static cpg_handle_t cpg_open_with(void)
{
	struct cpg_name group = name_unique("callbacks");
	cpg_model_v1_data_t model = events_cpg_v1;
	cpg_handle_t handle;
	int i;

	model.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_ok(cpg_join(handle, &group));
	calls_group = group;
	for (i = 0; i < 3; i++)
		assert_ok(pattern_send(handle, 100, (uint32_t)i, 1));
	return handle;
}

static quorum_handle_t quorum_open_with(enum event_kind kind)
{
	quorum_handle_t handle;

	handle = quorum_open(kind == EVENT_NOTIFICATION ? QUORUM_MODEL_V0 :
							  QUORUM_MODEL_V1);
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	return handle;
}

static void hook_cpg_finalize(struct event *event)
{
	if (event->kind != hooked_kind)
		return;
	assert_cs(CS_OK, cpg_finalize(event->handle));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(event->handle));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_dispatch(event->handle,
						  CS_DISPATCH_ALL));
}

static void hook_quorum_finalize(struct event *event)
{
	if (event->kind != hooked_kind)
		return;
	assert_cs(CS_OK, quorum_finalize(event->handle));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(event->handle));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_dispatch(event->handle,
						     CS_DISPATCH_ALL));
}

/* Each kind of event, in each mode. */
#define FINALIZE_ROWS(kinds) ((kinds) * CS_DISPATCH_ONE_NONBLOCKING)

static cs_dispatch_flags_t row_mode(int row)
{
	return (cs_dispatch_flags_t)(row % CS_DISPATCH_ONE_NONBLOCKING + 1);
}

static const enum event_kind cpg_kinds[] = { EVENT_DELIVER, EVENT_CONFCHG,
					     EVENT_TOTEM };
static const enum event_kind quorum_kinds[] = { EVENT_NOTIFICATION,
						EVENT_QUORUM, EVENT_NODELIST };

START_TEST(cpg_finalize_inside)
{
	cpg_handle_t handle = cpg_open_with();
	cs_error_t err;

	hooked_kind = cpg_kinds[_i / CS_DISPATCH_ONE_NONBLOCKING];
	event_hook = hook_cpg_finalize;
	do {
		wait_for(fd_is_readable(cpg_fd(handle)));
		err = cpg_dispatch(handle, row_mode(_i));
	} while (err == CS_OK);
	assert_cs(CS_ERR_BAD_HANDLE, err);
	ck_assert_uint_eq(events_count_of(hooked_kind), 1);
	ck_assert_int_eq(event_get(events_count() - 1)->kind, hooked_kind);
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_finalize_inside)
{
	quorum_handle_t handle;
	cs_error_t err;

	hooked_kind = quorum_kinds[_i / CS_DISPATCH_ONE_NONBLOCKING];
	event_hook = hook_quorum_finalize;
	handle = quorum_open_with(hooked_kind);
	do {
		err = quorum_dispatch(handle, row_mode(_i));
	} while (err == CS_OK);
	assert_cs(CS_ERR_BAD_HANDLE, err);
	ck_assert_uint_eq(events_count_of(hooked_kind), 1);
	ck_assert_int_eq(event_get(events_count() - 1)->kind, hooked_kind);
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(handle));
}
END_TEST

static void hook_cpg_everything(struct event *event)
{
	if (event->kind != hooked_kind || hook_has_run)
		return;
	hook_has_run = true;
	calls_run(cpg_calls, CPG_CALLS, event->handle);
}

static void hook_quorum_everything(struct event *event)
{
	if (event->kind != hooked_kind || hook_has_run)
		return;
	hook_has_run = true;
	calls_run(quorum_calls, QUORUM_CALLS, event->handle);
}

START_TEST(cpg_everything_inside)
{
	cpg_handle_t handle = cpg_open_with();
	cs_error_t err;

	hooked_kind = cpg_kinds[_i];
	event_hook = hook_cpg_everything;
	do {
		wait_for(fd_is_readable(cpg_fd(handle)));
		err = cpg_dispatch(handle, CS_DISPATCH_ALL);
	} while (err == CS_OK);
	assert_cs(CS_ERR_BAD_HANDLE, err);
	ck_assert(hook_has_run);
}
END_TEST

START_TEST(quorum_everything_inside)
{
	quorum_handle_t handle;

	hooked_kind = quorum_kinds[_i];
	event_hook = hook_quorum_everything;
	handle = quorum_open_with(hooked_kind);
	assert_cs(CS_ERR_BAD_HANDLE, quorum_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert(hook_has_run);
}
END_TEST

/* Dispatch in a callback until the next event of this kind is delivered. */
static void hook_nest(struct event *event)
{
	size_t i;

	if (hook_has_run)
		return;
	hook_has_run = true;
	dispatch_until(event->handle, events_count() == 4);
	for (i = 0; i < event->msg_len; i++)
		event->raw[i] = (unsigned char)~event->raw[i];
	ck_assert(pattern_matches(event->raw, event->msg_len, 0));
}

/* The outer message is still valid after the delivery of inner ones. */
START_TEST(nested_dispatch)
{
	static const size_t lens[] = { 100, 5 * MIB };
	struct cpg_name group = name_unique("nested");
	cpg_handle_t handle = cpg_open_joined(&group);
	size_t outer = lens[_i % 2], inner = lens[_i / 2];
	uint32_t i;

	event_hook = hook_nest;
	assert_ok(pattern_send(handle, outer, 0, 1));
	for (i = 1; i < 4; i++)
		assert_ok(pattern_send(handle, inner, i, 1));
	dispatch_until(handle, events_count() == 4);
	ck_assert_uint_eq(event_get(0)->msg_len, outer);
	for (i = 1; i < 4; i++) {
		ck_assert_uint_eq(event_get(i)->msg_len, inner);
		ck_assert(pattern_matches(event_get(i)->msg, inner, i));
	}
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

static void hook_finalize_after_nest(struct event *event)
{
	if (events_count() == 1) {
		dispatch_until(event->handle, events_count() == 3);
		assert_cs(CS_OK, cpg_finalize(event->handle));
		ck_assert(!pattern_matches(event->raw, event->msg_len, 0));
	}
}

/* The handle is finalized, but the callback's arguments stay valid. */
START_TEST(nested_dispatch_and_finalize)
{
	struct cpg_name group = name_unique("nested");
	cpg_handle_t handle = cpg_open_joined(&group);
	cs_error_t err;
	uint32_t i;

	event_hook = hook_finalize_after_nest;
	for (i = 0; i < 3; i++)
		assert_ok(pattern_send(handle, 3 * MIB, i, 1));
	do {
		err = cpg_dispatch(handle, CS_DISPATCH_ONE);
	} while (err == CS_OK);
	assert_cs(CS_ERR_BAD_HANDLE, err);
	ck_assert_uint_eq(events_count(), 3);
	events_clear();
}
END_TEST

/* No callback runs, but each event needs one dispatch and shows at the fd. */
START_TEST(cpg_without_callbacks)
{
	static const size_t lens[] = { 100, 3 * MIB };
	static const int events[] = { 1, 4 };
	struct cpg_name group = name_unique("silent");
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	cpg_handle_t handle;
	int i;

	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_ok(cpg_join(handle, &group));
	for (i = 0; i < 2; i++)
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	assert_ok(pattern_send(handle, lens[_i], 1, 1));
	for (i = 0; i < events[_i]; i++)
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	ck_assert(!fd_is_readable(cpg_fd(handle)));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_without_callbacks)
{
	quorum_model_v1_data_t model = { .model = (quorum_model_t)_i };
	quorum_handle_t handle;
	int i, events = _i == QUORUM_MODEL_V0 ? 1 : 2;

	assert_ok(quorum_model_initialize(&handle, (quorum_model_t)_i,
					  (quorum_model_data_t *)&model, NULL,
					  NULL));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	for (i = 0; i < events; i++)
		assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
	assert_cs(CS_ERR_TRY_AGAIN,
		  quorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	ck_assert(!fd_is_readable(quorum_fd(handle)));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

Suite *callbacks_suite(void)
{
	Suite *suite = suite_create("callbacks");
	TCase *inside = case_add(suite, "inside");
	TCase *nested = case_add(suite, "nested");
	TCase *none = case_add(suite, "none");

	tcase_add_loop_test(inside, cpg_finalize_inside, 0,
			    FINALIZE_ROWS(ARRAY_SIZE(cpg_kinds)));
	tcase_add_loop_test(inside, quorum_finalize_inside, 0,
			    FINALIZE_ROWS(ARRAY_SIZE(quorum_kinds)));
	tcase_add_loop_test(inside, cpg_everything_inside, 0,
			    ARRAY_SIZE(cpg_kinds));
	tcase_add_loop_test(inside, quorum_everything_inside, 0,
			    ARRAY_SIZE(quorum_kinds));
	tcase_add_loop_test(nested, nested_dispatch, 0, 4);
	tcase_add_test(nested, nested_dispatch_and_finalize);
	tcase_add_loop_test(none, cpg_without_callbacks, 0, 2);
	tcase_add_loop_test(none, quorum_without_callbacks, QUORUM_MODEL_V0,
			    QUORUM_MODEL_V1 + 1);
	return suite;
}
