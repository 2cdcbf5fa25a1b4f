/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <limits.h>

#include "fake_service.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

static const cs_dispatch_flags_t modes[] = {
	CS_DISPATCH_ONE,
	CS_DISPATCH_ALL,
	CS_DISPATCH_BLOCKING,
	CS_DISPATCH_ONE_NONBLOCKING,
};

static cs_error_t dispatch(uint64_t handle, cs_dispatch_flags_t mode)
{
	return COUNTED(dispatch_run(handle, &fake_service, mode));
}

static int handle_fd(uint64_t handle)
{
	int fd = -1;

	ck_assert_int_eq(client_fd_get(handle, &fake_service, &fd), CS_OK);
	return fd;
}

/* The first @count events were delivered, once each, and no others. */
static void delivered_are(uint32_t count)
{
	ck_assert_uint_eq(numbered_events.delivered, count);
	for (uint32_t number = 0; number < EVENT_NUMBERS; number++)
		ck_assert_uint_eq(numbered_events.deliveries[number],
				  number < count);
}

struct outcome {
	cs_dispatch_flags_t mode;
	uint32_t pending;
	cs_error_t expected;
	uint32_t delivered;
};

/* Calls that do not wait. */
static const struct outcome outcomes[] = {
	{ CS_DISPATCH_ONE, 1, CS_OK, 1 },
	{ CS_DISPATCH_ONE, 2, CS_OK, 1 },
	{ CS_DISPATCH_ONE, 5, CS_OK, 1 },
	{ CS_DISPATCH_ALL, 0, CS_OK, 0 },
	{ CS_DISPATCH_ALL, 1, CS_OK, 1 },
	{ CS_DISPATCH_ALL, 2, CS_OK, 2 },
	{ CS_DISPATCH_ALL, 5, CS_OK, 5 },
	{ CS_DISPATCH_ONE_NONBLOCKING, 0, CS_ERR_TRY_AGAIN, 0 },
	{ CS_DISPATCH_ONE_NONBLOCKING, 1, CS_OK, 1 },
	{ CS_DISPATCH_ONE_NONBLOCKING, 2, CS_OK, 1 },
	{ CS_DISPATCH_ONE_NONBLOCKING, 5, CS_OK, 1 },
};

START_TEST(without_a_wait)
{
	const struct outcome *outcome = &outcomes[_i];
	uint64_t handle = fake_service_open();
	uint32_t left = outcome->pending - outcome->delivered;

	numbered_events_queue(outcome->pending);
	ck_assert_int_eq(dispatch(handle, outcome->mode), outcome->expected);
	delivered_are(outcome->delivered);
	ck_assert_uint_eq(fake.pending, left);
	ck_assert_int_eq(fd_is_readable(handle_fd(handle)), left > 0);
	ck_assert_uint_eq(libc_polls(), 0);
	fake_service_close(handle);
}
END_TEST

static const uint32_t pendings[] = { 0, 1, 2, 5 };

START_TEST(blocking_goes_on)
{
	const uint32_t pending = pendings[_i];
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	numbered_events_queue(pending);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle,
			CS_DISPATCH_BLOCKING);
	fake_empties_await(1);
	delivered_are(pending);
	numbered_event_queue(EVENT_DELIVERED, pending);
	fake_empties_await(2);
	delivered_are(pending + 1);
	fake_service_close(handle);
	ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(one_waits_for_one)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	caller_dispatch(&dispatcher, fake_service_dispatch, handle,
			CS_DISPATCH_ONE);
	fake_empties_await(1);
	numbered_event_queue(EVENT_DELIVERED, 0);
	ck_assert_int_eq(caller_join(&dispatcher), CS_OK);
	delivered_are(1);
	fake_service_close(handle);
}
END_TEST

START_TEST(invalid_modes)
{
	static const int invalid[] = { 0, 5, 99, -1, INT_MIN, INT_MAX };
	uint64_t handle = fake_service_open();

	numbered_events_queue(1);
	for (size_t i = 0; i < COUNT(invalid); i++) {
		cs_dispatch_flags_t mode = (cs_dispatch_flags_t)invalid[i];

		ck_assert_int_eq(dispatch(handle, mode), CS_ERR_INVALID_PARAM);
		ck_assert_int_eq(dispatch(0, mode), CS_ERR_INVALID_PARAM);
	}
	ck_assert_uint_eq(fake.pending, 1);
	fake_service_close(handle);
}
END_TEST

START_TEST(bad_handles)
{
	uint64_t handle = fake_service_open();
	cs_dispatch_flags_t mode = modes[_i];

	ck_assert_int_eq(dispatch(0, mode), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(dispatch(~handle, mode), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(dispatch_run(handle, &other_service, mode),
			 CS_ERR_BAD_HANDLE);
	fake_service_close(handle);
	ck_assert_int_eq(dispatch(handle, mode), CS_ERR_BAD_HANDLE);
}
END_TEST

/* An event counts as one event even if the decoder consumes it. */

START_TEST(consumed_counts_for_one)
{
	cs_dispatch_flags_t mode =
		_i == 0 ? CS_DISPATCH_ONE : CS_DISPATCH_ONE_NONBLOCKING;
	uint64_t handle = fake_service_open();

	numbered_event_queue(EVENT_CONSUMED, 0);
	numbered_event_queue(EVENT_CONSUMED, 0);
	numbered_events_queue(1);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert_int_eq(dispatch(handle, mode), CS_OK);
		ck_assert_uint_eq(fake.pending, 2 - i);
		ck_assert_uint_eq(numbered_events.delivered, 0);
	}
	ck_assert_int_eq(dispatch(handle, mode), CS_OK);
	delivered_are(1);
	fake_service_close(handle);
}
END_TEST

START_TEST(consumed_among_others)
{
	uint64_t handle = fake_service_open();

	numbered_event_queue(EVENT_CONSUMED, 0);
	numbered_event_queue(EVENT_OWNING, 0);
	numbered_event_queue(EVENT_CONSUMED, 0);
	numbered_event_queue(EVENT_DELIVERED, 1);
	numbered_event_queue(EVENT_CONSUMED, 0);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	delivered_are(2);
	ck_assert_uint_eq(numbered_events.released, 2);
	fake_service_close(handle);
}
END_TEST

/* Errors, in mode number _i. */

START_TEST(decode_without_memory)
{
	uint64_t handle = fake_service_open();

	numbered_event_queue(EVENT_NO_MEMORY, 0);
	numbered_events_queue(1);
	ck_assert_int_eq(dispatch(handle, modes[_i]), CS_ERR_NO_MEMORY);
	ck_assert_uint_eq(numbered_events.released, 0);
	ck_assert_uint_eq(fake.pending, 1);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	delivered_are(1);
	fake_service_close(handle);
}
END_TEST

START_TEST(buffer_without_memory)
{
	uint64_t handle = fake_service_open();

	numbered_events_queue(1);
	libc_fail_after(0);
	ck_assert_int_eq(dispatch(handle, modes[_i]), CS_ERR_NO_MEMORY);
	libc_fail_after(-1);
	ck_assert_uint_eq(fake.pending, 1);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	delivered_are(1);
	fake_service_close(handle);
}
END_TEST

START_TEST(event_too_large)
{
	uint64_t handle = fake_service_open();

	fake.event_max = EVENT_SIZE;
	numbered_events_queue(1);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	fake.event_max = EVENT_SIZE - 1;
	numbered_events_queue(1);
	ck_assert_int_eq(dispatch(handle, modes[_i]), CS_ERR_LIBRARY);
	ck_assert_uint_eq(numbered_events.delivered, 1);
	fake_service_close(handle);
}
END_TEST

START_TEST(death_comes_after_the_events)
{
	uint64_t handle = fake_service_open();
	cs_dispatch_flags_t mode = modes[_i];

	numbered_events_queue(3);
	fake_die(false);
	for (uint32_t i = 0; i < 3; i++)
		if (mode != CS_DISPATCH_ALL && mode != CS_DISPATCH_BLOCKING)
			ck_assert_int_eq(dispatch(handle, mode), CS_OK);
	ck_assert_int_eq(dispatch(handle, mode), CS_ERR_LIBRARY);
	delivered_are(3);
	ck_assert_int_eq(dispatch(handle, mode), CS_ERR_LIBRARY);
	ck_assert_int_ge(handle_fd(handle), 0);
	fake_service_close(handle);
}
END_TEST

/* The next dispatch uses the same buffer. */
START_TEST(buffer_is_kept)
{
	uint64_t handle = fake_service_open();

	numbered_events_queue(100);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	libc_hooks_reset();
	for (int i = 1; i < 50; i++)
		ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING),
			 CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(libc_allocations(), 0);
	delivered_are(100);
	fake_service_close(handle);
}
END_TEST

START_TEST(buffer_is_freed)
{
	uint64_t handle;

	/* The table of handles is never freed. */
	fake_service_close(fake_service_open());
	libc_hooks_reset();
	handle = fake_service_open();
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ALL), CS_OK);
	ck_assert_int_ge(libc_live(), 1024 * 1024);
	fake_service_close(handle);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

TCase *dispatch_case(void)
{
	const int all = (int)COUNT(modes);
	TCase *tcase = tcase_create("dispatch");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	tcase_add_loop_test(tcase, without_a_wait, 0, (int)COUNT(outcomes));
	tcase_add_loop_test(tcase, blocking_goes_on, 0, (int)COUNT(pendings));
	tcase_add_test(tcase, one_waits_for_one);
	tcase_add_test(tcase, invalid_modes);
	tcase_add_loop_test(tcase, bad_handles, 0, all);
	tcase_add_loop_test(tcase, consumed_counts_for_one, 0, 2);
	tcase_add_test(tcase, consumed_among_others);
	tcase_add_loop_test(tcase, decode_without_memory, 0, all);
	tcase_add_loop_test(tcase, buffer_without_memory, 0, all);
	tcase_add_loop_test(tcase, event_too_large, 0, all);
	tcase_add_loop_test(tcase, death_comes_after_the_events, 0, all);
	tcase_add_test(tcase, buffer_is_kept);
	tcase_add_test(tcase, buffer_is_freed);
	return tcase;
}
