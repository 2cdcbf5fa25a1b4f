/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define TICK_US 2000
#define TICKS 20

static const uint32_t pendings[] = { 0, 1, 2, 5 };
static const int modes_bad[] = { 0, 5, 99, -1 };

#define ROWS (SERVICES * ARRAY_SIZE(pendings))

/* A handle of the row's service with the row's number of events pending. */
struct subject {
	const struct service_api *service;
	uint32_t pending;
	uint64_t handle;
	int fd;
};

static const struct service_api *service_hooked;
static size_t events_to_finalize;
static volatile int ticks;

static struct subject subject_open(int row)
{
	struct subject subject = {
		.service = &services[row % SERVICES],
		.pending = pendings[row / SERVICES],
	};

	subject.handle = subject.service->open();
	assert_cs(CS_OK,
		  subject.service->fd_get(subject.handle, &subject.fd));
	ck_assert(!fd_is_readable(subject.fd));
	if (subject.pending > 0)
		subject.service->events_queue(subject.handle, subject.pending);
	ck_assert(fd_is_readable(subject.fd) == (subject.pending > 0));
	ck_assert_uint_eq(events_count(), 0);
	return subject;
}

static void subject_close(const struct subject *subject)
{
	assert_cs(CS_OK, subject->service->finalize(subject->handle));
	subject->service->close();
}

static cs_error_t subject_dispatch(const struct subject *subject,
				   cs_dispatch_flags_t mode)
{
	return subject->service->dispatch(subject->handle, mode);
}

/* Each dispatch takes one event; the fd is readable until the last. */
static void pending_take_one_by_one(const struct subject *subject,
				    cs_dispatch_flags_t mode)
{
	uint32_t taken;

	for (taken = 1; taken <= subject->pending; taken++) {
		assert_cs(CS_OK, subject_dispatch(subject, mode));
		ck_assert_uint_eq(events_count(), taken);
		ck_assert(fd_is_readable(subject->fd) ==
			  (taken < subject->pending));
	}
}

START_TEST(one_takes_one)
{
	struct subject subject = subject_open(_i);

	pending_take_one_by_one(&subject, CS_DISPATCH_ONE);
	subject_close(&subject);
}
END_TEST

START_TEST(one_nonblocking_takes_one_or_none)
{
	struct subject subject = subject_open(_i);

	pending_take_one_by_one(&subject, CS_DISPATCH_ONE_NONBLOCKING);
	assert_cs(CS_ERR_TRY_AGAIN,
		  subject_dispatch(&subject, CS_DISPATCH_ONE_NONBLOCKING));
	ck_assert_uint_eq(events_count(), subject.pending);
	ck_assert(!fd_is_readable(subject.fd));
	subject_close(&subject);
}
END_TEST

START_TEST(all_takes_all)
{
	struct subject subject = subject_open(_i);

	assert_cs(CS_OK, subject_dispatch(&subject, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), subject.pending);
	ck_assert(!fd_is_readable(subject.fd));
	assert_cs(CS_OK, subject_dispatch(&subject, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), subject.pending);
	subject_close(&subject);
}
END_TEST

static void hook_finalize(struct event *event)
{
	if (events_count() == events_to_finalize)
		assert_cs(CS_OK, service_hooked->finalize(event->handle));
}

static void finalize_after(const struct service_api *service, size_t events)
{
	service_hooked = service;
	events_to_finalize = events;
	event_hook = hook_finalize;
}

START_TEST(blocking_takes_all_until_finalized)
{
	struct subject subject = subject_open(_i);

	finalize_after(subject.service, subject.pending);
	if (subject.pending == 0) {
		finalize_after(subject.service, 1);
		subject.service->event_order();
	}
	assert_cs(CS_ERR_BAD_HANDLE,
		  subject_dispatch(&subject, CS_DISPATCH_BLOCKING));
	ck_assert_uint_eq(events_count(), events_to_finalize);
	assert_cs(CS_ERR_BAD_HANDLE, subject.service->finalize(subject.handle));
	subject.service->close();
}
END_TEST

/* The other events stay pending, as no other dispatch follows. */
START_TEST(finalize_cuts_all_short)
{
	struct subject subject = subject_open(_i);

	finalize_after(subject.service, 1);
	assert_cs(CS_ERR_BAD_HANDLE,
		  subject_dispatch(&subject, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 1);
	subject.service->close();
}
END_TEST

START_TEST(mode_bad)
{
	struct subject subject = subject_open(1 * SERVICES + _i % SERVICES);
	int mode = modes_bad[_i / SERVICES];

	assert_cs(CS_ERR_INVALID_PARAM,
		  subject_dispatch(&subject, (cs_dispatch_flags_t)mode));
	ck_assert_uint_eq(events_count(), 0);
	ck_assert(fd_is_readable(subject.fd));
	subject_close(&subject);
}
END_TEST

static void tick(int signal)
{
	(void)signal;
	if (++ticks == TICKS)
		service_hooked->event_order();
}

START_TEST(one_waits_through_signals)
{
	struct subject subject = subject_open(_i);

	service_hooked = subject.service;
	timer_start(TICK_US, tick);
	assert_cs(CS_OK, subject_dispatch(&subject, CS_DISPATCH_ONE));
	timer_stop();
	ck_assert_int_ge(ticks, TICKS);
	ck_assert_uint_eq(events_count(), 1);
	subject_close(&subject);
}
END_TEST

START_TEST(blocking_waits_through_signals)
{
	struct subject subject = subject_open(_i);

	finalize_after(subject.service, 1);
	timer_start(TICK_US, tick);
	assert_cs(CS_ERR_BAD_HANDLE,
		  subject_dispatch(&subject, CS_DISPATCH_BLOCKING));
	timer_stop();
	ck_assert_int_ge(ticks, TICKS);
	ck_assert_uint_eq(events_count(), 1);
	subject.service->close();
}
END_TEST

START_TEST(one_waits_for_another_process)
{
	struct subject subject = subject_open(_i);
	struct caller dispatcher;

	caller_dispatch(&dispatcher, subject.service->dispatch, subject.handle,
			CS_DISPATCH_ONE);
	caller_wait_asleep(&dispatcher);
	ck_assert_uint_eq(events_count(), 0);
	subject.service->event_order();
	assert_cs(CS_OK, caller_join(&dispatcher));
	ck_assert_uint_eq(events_count(), 1);
	subject_close(&subject);
}
END_TEST

START_TEST(blocking_waits_for_another_process)
{
	struct subject subject = subject_open(SERVICES + _i);
	struct caller dispatcher;

	finalize_after(subject.service, 2);
	caller_dispatch(&dispatcher, subject.service->dispatch, subject.handle,
			CS_DISPATCH_BLOCKING);
	wait_for(events_count() == 1);
	caller_wait_asleep(&dispatcher);
	subject.service->event_order();
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	ck_assert_uint_eq(events_count(), 2);
	subject.service->close();
}
END_TEST

Suite *modes_suite(void)
{
	Suite *suite = suite_create("modes");
	TCase *pending = case_add(suite, "pending");
	TCase *waiting = case_add(suite, "waiting");
	TCase *bad = case_add(suite, "bad");

	/* With nothing pending ONE waits: see below. */
	tcase_add_loop_test(pending, one_takes_one, SERVICES, ROWS);
	tcase_add_loop_test(pending, one_nonblocking_takes_one_or_none, 0,
			    ROWS);
	tcase_add_loop_test(pending, all_takes_all, 0, ROWS);
	tcase_add_loop_test(pending, blocking_takes_all_until_finalized, 0,
			    ROWS);
	tcase_add_loop_test(pending, finalize_cuts_all_short, SERVICES, ROWS);
	tcase_add_loop_test(waiting, one_waits_through_signals, 0, SERVICES);
	tcase_add_loop_test(waiting, blocking_waits_through_signals, 0,
			    SERVICES);
	tcase_add_loop_test(waiting, one_waits_for_another_process, 0,
			    SERVICES);
	tcase_add_loop_test(waiting, blocking_waits_for_another_process, 0,
			    SERVICES);
	tcase_add_loop_test(bad, mode_bad, 0,
			    SERVICES * ARRAY_SIZE(modes_bad));
	return suite;
}
