/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"

/* Every combination of the three flags. */
#define FLAGS 8
#define STATE_FLAGS (CS_TRACK_CURRENT | CS_TRACK_CHANGES)
#define CHANGE_FLAGS (CS_TRACK_CHANGES | CS_TRACK_CHANGES_ONLY)

/* The daemon queues events before it replies, so they are pending now. */
static size_t events_take(quorum_handle_t handle)
{
	int quorate;

	events_clear();
	assert_ok(quorum_getquorate(handle, &quorate));
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	return events_count();
}

static void state_assert(const struct event *event, enum event_kind kind,
			 uint32_t quorate)
{
	ck_assert_int_eq(event->kind, kind);
	ck_assert_uint_eq(event->quorate, quorate);
	ck_assert_uint_gt(event->ring_seq, 0);
	ck_assert_uint_eq(event->members_len, 1);
	ck_assert_uint_eq(event->nodes[0], 1);
}

static void state_v1_assert(void)
{
	ck_assert_uint_eq(events_count(), 2);
	state_assert(event_get(0), EVENT_NODELIST, 0);
	state_assert(event_get(1), EVENT_QUORUM, 1);
	ck_assert_uint_eq(event_get(0)->nodeid, 1);
	ck_assert_uint_eq(event_get(1)->nodeid, 1);
	ck_assert_uint_eq(event_get(0)->ring_seq, event_get(1)->ring_seq);
	ck_assert_uint_eq(event_get(0)->joined_len, 0);
	ck_assert_uint_eq(event_get(0)->left_len, 0);
}

/* CURRENT and CHANGES queue the present state at once. */
START_TEST(v0_state)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);

	assert_ok(quorum_trackstart(handle, (unsigned int)_i));
	if (_i & STATE_FLAGS) {
		assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
		ck_assert_uint_eq(events_count(), 1);
		state_assert(event_get(0), EVENT_NOTIFICATION, 1);
	}
	assert_cs(CS_ERR_TRY_AGAIN,
		  quorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(v1_state)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V1);

	assert_ok(quorum_trackstart(handle, (unsigned int)_i));
	if (_i & STATE_FLAGS) {
		assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
		ck_assert_uint_eq(events_count(), 1);
		ck_assert(fd_is_readable(quorum_fd(handle)));
		assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ONE));
		state_v1_assert();
	}
	assert_cs(CS_ERR_TRY_AGAIN,
		  quorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

static bool quorate_is_last(quorum_handle_t handle, uint32_t quorate)
{
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	return events_count() > 0 &&
	       event_get(events_count() - 1)->quorate == quorate;
}

/* The daemon may send more than one event for a change. */
static void change_wait(quorum_handle_t handle, uint32_t quorate)
{
	events_clear();
	wait_for(quorate_is_last(handle, quorate));
}

/* The events of another handle show when the daemon made the change. */
static void change_make(quorum_handle_t witness, bool quorate)
{
	votes_expect(quorate ? 1 : 3);
	change_wait(witness, quorate);
	events_clear();
}

static void change_assert(quorum_handle_t handle, enum event_kind kind,
			  bool tracked, bool quorate)
{
	if (!tracked) {
		ck_assert_uint_eq(events_take(handle), 0);
		return;
	}
	change_wait(handle, quorate);
	state_assert(event_get(events_count() - 1), kind, quorate);
}

/* CHANGES and CHANGES_ONLY cause events for changes. */
static void changes_assert(quorum_model_t model, enum event_kind kind,
			   unsigned int flags)
{
	quorum_handle_t witness = quorum_open(QUORUM_MODEL_V0);
	quorum_handle_t handle = quorum_open(model);
	bool tracked = (flags & CHANGE_FLAGS) != 0;

	assert_ok(quorum_trackstart(witness, CS_TRACK_CHANGES));
	assert_ok(quorum_trackstart(handle, flags));
	events_take(handle);
	change_make(witness, false);
	change_assert(handle, kind, tracked, false);
	change_make(witness, true);
	change_assert(handle, kind, tracked, true);
	assert_cs(CS_OK, quorum_finalize(handle));
	assert_cs(CS_OK, quorum_finalize(witness));
}

START_TEST(v0_changes)
{
	changes_assert(QUORUM_MODEL_V0, EVENT_NOTIFICATION, (unsigned int)_i);
}
END_TEST

START_TEST(v1_changes)
{
	changes_assert(QUORUM_MODEL_V1, EVENT_QUORUM, (unsigned int)_i);
}
END_TEST

START_TEST(trackstart_twice)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);

	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	assert_cs(CS_ERR_EXIST,
		  patiently(quorum_trackstart(handle, CS_TRACK_CHANGES)));
	assert_cs(CS_ERR_EXIST,
		  patiently(quorum_trackstart(handle, CS_TRACK_CHANGES_ONLY)));
	assert_ok(quorum_trackstop(handle));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(current_does_not_track)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);

	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	ck_assert_uint_eq(events_take(handle), 2);
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(trackstop_ends_tracking)
{
	quorum_handle_t witness = quorum_open(QUORUM_MODEL_V0);
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V1);

	assert_ok(quorum_trackstart(witness, CS_TRACK_CHANGES));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	events_take(handle);
	assert_ok(quorum_trackstop(handle));
	change_make(witness, false);
	ck_assert_uint_eq(events_take(handle), 0);
	change_make(witness, true);
	assert_ok(quorum_trackstop(handle));
	assert_cs(CS_OK, quorum_finalize(handle));
	assert_cs(CS_OK, quorum_finalize(witness));
}
END_TEST

START_TEST(trackstop_without_trackstart)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);

	assert_ok(quorum_trackstop(handle));
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(getquorate)
{
	quorum_handle_t handle = quorum_open((quorum_model_t)_i);
	int quorate = -1;

	assert_ok(quorum_getquorate(handle, &quorate));
	ck_assert_int_eq(quorate, 1);
	votes_expect(3);
	wait_for(quorum_getquorate(handle, &quorate) == CS_OK && quorate == 0);
	votes_expect(1);
	wait_for(quorum_getquorate(handle, &quorate) == CS_OK && quorate == 1);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

/* The callback alone that the model has. */
START_TEST(plain_callbacks)
{
	quorum_handle_t handle;

	assert_ok(quorum_initialize(&handle, &events_quorum, NULL));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
	assert_cs(CS_OK, quorum_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 1);
	state_assert(event_get(0), EVENT_NOTIFICATION, 1);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

/* A test before may have failed in the middle of a change. */
static void quorate_prepare(void)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V0);
	int quorate;

	votes_expect(1);
	wait_for(quorum_getquorate(handle, &quorate) == CS_OK && quorate == 1);
	assert_cs(CS_OK, quorum_finalize(handle));
}

Suite *quorum_suite(void)
{
	Suite *suite = suite_create("quorum");
	TCase *state = case_add(suite, "state");
	TCase *change = case_add(suite, "change");

	tcase_add_loop_test(state, v0_state, 0, FLAGS);
	tcase_add_loop_test(state, v1_state, 0, FLAGS);
	tcase_add_test(state, plain_callbacks);
	tcase_add_test(state, trackstart_twice);
	tcase_add_test(state, current_does_not_track);
	tcase_add_test(state, trackstop_without_trackstart);
	tcase_add_checked_fixture(change, quorate_prepare, NULL);
	tcase_add_loop_test(change, v0_changes, 0, FLAGS);
	tcase_add_loop_test(change, v1_changes, 0, FLAGS);
	tcase_add_test(change, trackstop_ends_tracking);
	tcase_add_loop_test(change, getquorate, QUORUM_MODEL_V0,
			    QUORUM_MODEL_V1 + 1);
	return suite;
}
