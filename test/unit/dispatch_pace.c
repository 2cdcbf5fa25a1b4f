/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Whether a dispatch sleeps in poll or on a timer. The clock advances only by
 * what a test adds, and events become pending while the dispatch sleeps.
 */

#include <sys/prctl.h>

#include "fake_service.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define NS_PER_US 1000LL

/* The time after which a high rate is a sustained one. */
#define SUSTAINED_US 1000

#define SLOW_US 100

/* Timers without an event before the dispatch returns to poll. */
#define EMPTY_TIMERS_MAX 34

/* A number of events becomes pending with each sleep: a lot. */
static struct feed {
	uint64_t handle;
	uint32_t lot;			/* events */
	unsigned int interval_us;	/* between two lots, timers aside */
	unsigned int lots;		/* that are still to come */
	unsigned int slow_lots;		/* of these, the last: an event each */
	unsigned int sleeps;		/* on a timer, up to the last lot, */
	unsigned int sleeps_at_fall;	/* and up to the first slow one */
	bool cancels;			/* the thread, in the first timer */
} feed;

static void feed_wait(bool is_poll)
{
	if (feed.lots > 0 && feed.lots == feed.slow_lots) {
		feed.lot = 1;
		feed.interval_us = SLOW_US;
		feed.sleeps_at_fall = libc_sleeps();
	}
	if (feed.lots > 0) {
		libc_clock_forward(feed.interval_us * NS_PER_US);
		numbered_events_queue(feed.lot);
		feed.sleeps = libc_sleeps();
		feed.lots--;
	} else if (is_poll) {
		libc_wait_hook(NULL);
		fake_service_close(feed.handle);
	}
	if (feed.cancels && !is_poll)
		pthread_cancel(pthread_self());
}

static void timer_slack_set(long long ns)
{
	ck_assert_int_eq(prctl(PR_SET_TIMERSLACK, (unsigned long)ns, 0, 0, 0),
			 0);
}

static void feed_begin(uint32_t lot, unsigned int interval_us,
		       unsigned int lots)
{
	feed = (struct feed){
		.handle = fake_service_open(),
		.lot = lot,
		.interval_us = interval_us,
		.lots = lots,
	};
	/* The usual one, whatever this process has inherited. */
	timer_slack_set(50 * NS_PER_US);
	libc_clock_stop();
	libc_wait_hook(feed_wait);
}

static void feed_dispatch(cs_dispatch_flags_t mode)
{
	cs_error_t err;

	do
		err = dispatch_run(feed.handle, &fake_service, mode);
	while (err == CS_OK);
	ck_assert_int_eq(err, CS_ERR_BAD_HANDLE);
}

/* After the first lots, all become pending during a timer. */
START_TEST(high_rate_sleeps_on_timers)
{
	const unsigned int lots = 1000, polls = SUSTAINED_US / 20;

	feed_begin(10, 20, lots);
	feed_dispatch(CS_DISPATCH_BLOCKING);
	ck_assert_uint_eq(numbered_events.delivered, 10 * lots);
	ck_assert_uint_eq(feed.sleeps + polls, lots);
	ck_assert_uint_le(libc_sleeps(), feed.sleeps + EMPTY_TIMERS_MAX);
	/* The last sleep ends with finalize. */
	ck_assert_uint_eq(libc_polls(), polls + 1);
	ck_assert_int_eq(libc_poll_timeout(), -1);
}
END_TEST

START_TEST(one_never_sleeps_on_a_timer)
{
	feed_begin(10, 20, 1000);
	feed_dispatch(CS_DISPATCH_ONE);
	ck_assert_uint_eq(numbered_events.delivered, 10000);
	ck_assert_uint_eq(libc_sleeps(), 0);
}
END_TEST

/* Timers would end long after the events have come. */
START_TEST(long_timer_slack_sleeps_in_poll)
{
	feed_begin(10, 20, 1000);
	timer_slack_set(50 * 1000 * NS_PER_US);
	feed_dispatch(CS_DISPATCH_BLOCKING);
	ck_assert_uint_eq(numbered_events.delivered, 10000);
	ck_assert_uint_eq(libc_sleeps(), 0);
}
END_TEST

/* Rates at which a timer would only delay events. */
static const struct {
	uint32_t lot;
	unsigned int interval_us;
} low_rates[] = {
	{ 1, 200 },
	{ 30, 2000 },
	{ 200, 2500 },
	{ 1, 11 },
	{ 2, 25 },
};

START_TEST(low_rate_sleeps_in_poll)
{
	feed_begin(low_rates[_i].lot, low_rates[_i].interval_us, 3000);
	feed_dispatch(CS_DISPATCH_BLOCKING);
	ck_assert_uint_eq(numbered_events.delivered, 3000 * low_rates[_i].lot);
	ck_assert_uint_eq(libc_sleeps(), 0);
	ck_assert_uint_eq(libc_polls(), 3001);
}
END_TEST

/* Events still become pending, so no timer ends without one. */
START_TEST(rate_falls)
{
	feed_begin(10, 20, 1000);
	feed.slow_lots = 500;
	feed_dispatch(CS_DISPATCH_BLOCKING);
	ck_assert_uint_eq(numbered_events.delivered, 500 * 10 + 500);
	ck_assert_uint_gt(feed.sleeps_at_fall, 0);
	ck_assert_uint_le(libc_sleeps() - feed.sleeps_at_fall,
			  2 * SUSTAINED_US / SLOW_US);
	ck_assert_uint_ge(libc_polls(), 400);
}
END_TEST

START_TEST(cancelled_in_a_timer)
{
	struct caller dispatcher;

	feed_begin(10, 20, 1000);
	feed.cancels = true;
	caller_dispatch(&dispatcher, fake_service_dispatch, feed.handle,
			CS_DISPATCH_BLOCKING);
	ck_assert_ptr_eq(thread_join(dispatcher.thread), PTHREAD_CANCELED);
	ck_assert_uint_eq(libc_sleeps(), 1);
	libc_wait_hook(NULL);
	/* The lot of this timer is still pending. */
	ck_assert_int_eq(
		dispatch_run(feed.handle, &fake_service, CS_DISPATCH_ALL),
		CS_OK);
	ck_assert_uint_eq(numbered_events.delivered, 10 * (1000 - feed.lots));
	fake_service_close(feed.handle);
}
END_TEST

TCase *dispatch_pace_case(void)
{
	TCase *tcase = tcase_create("dispatch_pace");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	tcase_add_test(tcase, high_rate_sleeps_on_timers);
	tcase_add_test(tcase, one_never_sleeps_on_a_timer);
	tcase_add_test(tcase, long_timer_slack_sleeps_in_poll);
	tcase_add_loop_test(tcase, low_rate_sleeps_in_poll, 0,
			    (int)COUNT(low_rates));
	tcase_add_test(tcase, rate_falls);
	tcase_add_test(tcase, cancelled_in_a_timer);
	return tcase;
}
