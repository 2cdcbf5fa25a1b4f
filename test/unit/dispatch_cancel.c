/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unwind.h>

#include "fake_service.h"
#include "fake_transport.h"
#include "suites.h"
#include "support.h"

static const cs_dispatch_flags_t modes[] = {
	CS_DISPATCH_ONE,
	CS_DISPATCH_BLOCKING,
	CS_DISPATCH_ALL,
	CS_DISPATCH_ONE_NONBLOCKING,
};

/* The first callbacks wait. */
#define WAITING 2

static bool are_delivering(const void *count)
{
	return numbered_events.delivered >= *(const unsigned int *)count;
}

/* Wait until @count callbacks have begun. */
static void delivering_await(unsigned int count)
{
	wait_for(are_delivering(&count));
}

/* All was released: another thread can dispatch and finalize. */
static void handle_is_usable(uint64_t handle)
{
	struct caller dispatcher;
	unsigned int before = numbered_events.delivered;

	numbered_events.deliver = NULL;
	numbered_event_queue(EVENT_DELIVERED, 99);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle,
			CS_DISPATCH_ALL);
	ck_assert_int_eq(caller_join(&dispatcher), CS_OK);
	ck_assert_uint_eq(numbered_events.delivered, before + 1);
	ck_assert_uint_eq(fake.closes, 0);
	fake_service_close(handle);
	ck_assert_uint_eq(fake.closes, 1);
}

START_TEST(in_the_wait)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;
	struct caller other;

	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	caller_dispatch(&other, fake_service_dispatch, handle, CS_DISPATCH_ONE);
	fake_empties_await(2);
	caller_cancel(&dispatcher);
	numbered_event_queue(EVENT_OWNING, 0);
	ck_assert_int_eq(caller_join(&other), CS_OK);
	handle_is_usable(handle);
}
END_TEST

static void linger_deliver(uint64_t handle, const struct numbered_event *event)
{
	(void)handle;
	(void)event;
	/* ThreadSanitizer cannot cancel a thread in a blocking call. */
	for (;;) {
		pthread_testcancel();
		sched_yield();
	}
}

START_TEST(in_a_callback)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	numbered_events.deliver = linger_deliver;
	numbered_event_queue(EVENT_OWNING, 0);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	delivering_await(1);
	caller_cancel(&dispatcher);
	ck_assert_uint_eq(numbered_events.released, 1);
	handle_is_usable(handle);
}
END_TEST

static void nested_linger_deliver(uint64_t handle,
				  const struct numbered_event *event)
{
	if (event->number < 2)
		dispatch_run(handle, &fake_service, CS_DISPATCH_ONE);
	else
		linger_deliver(handle, event);
}

START_TEST(in_a_nested_callback)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	numbered_events.deliver = nested_linger_deliver;
	for (uint32_t number = 0; number < 3; number++)
		numbered_event_queue(EVENT_OWNING, number);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	delivering_await(3);
	caller_cancel(&dispatcher);
	ck_assert_uint_eq(numbered_events.released, 3);
	handle_is_usable(handle);
}
END_TEST

/* The handle is closed already when its last user is canceled. */
START_TEST(after_close)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	numbered_events.deliver = linger_deliver;
	numbered_event_queue(EVENT_OWNING, 0);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	delivering_await(1);
	fake_service_close(handle);
	ck_assert_uint_eq(fake.closes, 0);
	caller_cancel(&dispatcher);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

/* Each event makes the next one pending, so no dispatch ever waits. */
static void next_deliver(uint64_t handle, const struct numbered_event *event)
{
	int cancel_state;

	(void)handle;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	numbered_event_queue(EVENT_OWNING, event->number);
	pthread_setcancelstate(cancel_state, NULL);
}

START_TEST(under_load)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	numbered_events.deliver = next_deliver;
	numbered_event_queue(EVENT_OWNING, 0);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle,
			CS_DISPATCH_BLOCKING);
	delivering_await(1);
	caller_cancel(&dispatcher);
	ck_assert_uint_eq(fake.empties, 0);
	ck_assert_uint_eq(fake.pending, 1);
	numbered_events.deliver = NULL;
	ck_assert_int_eq(dispatch_run(handle, &fake_service, CS_DISPATCH_ONE),
			 CS_OK);
	handle_is_usable(handle);
}
END_TEST

/* A thread that has disabled cancellation is not canceled. */
static void *unwilling_run(void *data)
{
	struct caller *dispatcher = data;
	int cancel_state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	dispatcher->result = dispatch_run(dispatcher->handle, &fake_service,
					  dispatcher->mode);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	return cancel_state == PTHREAD_CANCEL_DISABLE ? NULL : dispatcher;
}

START_TEST(only_who_is_willing)
{
	struct caller dispatcher = { .mode = modes[_i] };

	dispatcher.handle = fake_service_open();
	thread_start(&dispatcher.thread, unwilling_run, &dispatcher);
	fake_empties_await(1);
	ck_assert_int_eq(pthread_cancel(dispatcher.thread), 0);
	fake_service_close(dispatcher.handle);
	ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_BAD_HANDLE);
}
END_TEST

static int cancel_state_get(void)
{
	int cancel_state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	pthread_setcancelstate(cancel_state, NULL);
	return cancel_state;
}

static int state_in_callback;

static void state_deliver(uint64_t handle, const struct numbered_event *event)
{
	(void)handle;
	(void)event;
	state_in_callback = cancel_state_get();
}

/* Callbacks, and the code after each call, have the thread's own state. */
START_TEST(state_is_restored)
{
	static const int states[] = { PTHREAD_CANCEL_ENABLE,
				      PTHREAD_CANCEL_DISABLE };
	uint64_t handle = fake_service_open();
	int state = states[_i];
	int fd;

	pthread_setcancelstate(state, NULL);
	numbered_events.deliver = state_deliver;
	numbered_event_queue(EVENT_DELIVERED, 0);
	ck_assert_int_eq(dispatch_run(handle, &fake_service, CS_DISPATCH_ALL),
			 CS_OK);
	ck_assert_int_eq(state_in_callback, state);
	ck_assert_int_eq(cancel_state_get(), state);
	client_fd_get(handle, &fake_service, &fd);
	ck_assert_int_eq(cancel_state_get(), state);
	dispatch_run(handle, &fake_service, CS_DISPATCH_ONE_NONBLOCKING);
	ck_assert_int_eq(cancel_state_get(), state);
	fake_service_close(handle);
	ck_assert_int_eq(cancel_state_get(), state);
	ck_assert_int_eq(client_fd_get(handle, &fake_service, &fd),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cancel_state_get(), state);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
}
END_TEST

static volatile int handler_depth;

static _Unwind_Reason_Code frame_count(struct _Unwind_Context *context,
				       void *data)
{
	(void)context;
	++*(int *)data;
	return _URC_NO_REASON;
}

static int stack_depth(void)
{
	int depth = 0;

	_Unwind_Backtrace(frame_count, &depth);
	return depth;
}

static void depth_handler(int number)
{
	(void)number;
	handler_depth = stack_depth();
}

/*
 * A signal cancels a thread in a system call. User-mode emulation of another
 * machine may create signal frames that no unwinder knows: the thread then ends
 * without its cleanup.
 */
static bool signals_can_be_unwound(void)
{
	struct sigaction action = { .sa_handler = depth_handler };
	struct sigaction before;

	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	return handler_depth > stack_depth();
}

TCase *dispatch_cancel_case(void)
{
	const int all = (int)COUNT(modes);
	TCase *tcase = tcase_create("dispatch_cancel");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	if (signals_can_be_unwound())
		tcase_add_loop_test(tcase, in_the_wait, 0, WAITING);
	else
		puts("dispatch_cancel:in_the_wait: left out, as the stack of "
		     "a signal handler cannot be unwound");
	tcase_add_loop_test(tcase, in_a_callback, 0, all);
	tcase_add_loop_test(tcase, in_a_nested_callback, 0, all);
	tcase_add_loop_test(tcase, after_close, 0, all);
	tcase_add_test(tcase, under_load);
	tcase_add_loop_test(tcase, only_who_is_willing, 0, WAITING);
	tcase_add_loop_test(tcase, state_is_restored, 0, 2);
	return tcase;
}
