/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "../../lib/lock.h"
#include "bytes.h"
#include "fake_service.h"
#include "fake_transport.h"
#include "suites.h"
#include "support.h"

#define LEVELS 3

static const cs_dispatch_flags_t modes[] = {
	CS_DISPATCH_ONE,
	CS_DISPATCH_ALL,
	CS_DISPATCH_BLOCKING,
	CS_DISPATCH_ONE_NONBLOCKING,
};

static cs_error_t dispatch(uint64_t handle, cs_dispatch_flags_t mode)
{
	return dispatch_run(handle, &fake_service, mode);
}

/* Close inside a callback. */

static void close_deliver(uint64_t handle, const struct numbered_event *event)
{
	if (event->number != 1)
		return;
	fake_service_close(handle);
	ck_assert_uint_eq(fake.closes, 0);
	ck_assert(numbered_event_is_intact(event));
	for (size_t i = 0; i < COUNT(modes); i++)
		ck_assert_int_eq(dispatch(handle, modes[i]),
				 CS_ERR_BAD_HANDLE);
}

START_TEST(close_inside)
{
	cs_dispatch_flags_t mode = modes[_i];
	uint64_t handle = fake_service_open();

	numbered_events.deliver = close_deliver;
	numbered_events_queue(1);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE), CS_OK);
	numbered_event_queue(EVENT_OWNING, 1);
	numbered_event_queue(EVENT_DELIVERED, 2);
	ck_assert_int_eq(dispatch(handle, mode), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(numbered_events.delivered, 2);
	ck_assert_uint_eq(fake.pending, 1);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_int_eq(dispatch(handle, mode), CS_ERR_BAD_HANDLE);
}
END_TEST

static pthread_barrier_t barrier;

static void meet_deliver(uint64_t handle, const struct numbered_event *event)
{
	(void)handle;
	(void)event;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

/* Finalize does not wait for a callback; the dispatch ends after it. */
START_TEST(close_meanwhile)
{
	uint64_t handle = fake_service_open();
	struct caller dispatcher;

	pthread_barrier_init(&barrier, NULL, 2);
	numbered_events.deliver = meet_deliver;
	numbered_event_queue(EVENT_OWNING, 0);
	numbered_event_queue(EVENT_OWNING, 1);
	caller_dispatch(&dispatcher, fake_service_dispatch, handle, modes[_i]);
	pthread_barrier_wait(&barrier);
	fake_service_close(handle);
	ck_assert_uint_eq(fake.closes, 0);
	pthread_barrier_wait(&barrier);
	ck_assert_int_eq(caller_join(&dispatcher), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(fake.pending, 1);
	pthread_barrier_destroy(&barrier);
}
END_TEST

/* Dispatch inside a callback. */

static cs_dispatch_flags_t inner_mode;
static bool innermost_closes;

static void nest_deliver(uint64_t handle, const struct numbered_event *event)
{
	cs_error_t expected =
		innermost_closes ? CS_ERR_BAD_HANDLE : CS_OK;

	if (event->number + 1 < LEVELS)
		ck_assert_int_eq(dispatch(handle, inner_mode), expected);
	else if (innermost_closes)
		fake_service_close(handle);
	ck_assert(numbered_event_is_intact(event));
}

START_TEST(nested)
{
	uint64_t handle = fake_service_open();

	inner_mode = modes[_i];
	innermost_closes = inner_mode == CS_DISPATCH_BLOCKING;
	numbered_events.deliver = nest_deliver;
	for (uint32_t number = 0; number < LEVELS + 1; number++)
		numbered_event_queue(EVENT_OWNING, number);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE),
			 innermost_closes ? CS_ERR_BAD_HANDLE : CS_OK);
	ck_assert_uint_eq(numbered_events.delivered,
			  LEVELS + (inner_mode == CS_DISPATCH_ALL));
	ck_assert_uint_eq(fake.closes, innermost_closes);
	if (!innermost_closes)
		fake_service_close(handle);
}
END_TEST

START_TEST(nested_close)
{
	uint64_t handle = fake_service_open();

	inner_mode = modes[_i];
	innermost_closes = true;
	numbered_events.deliver = nest_deliver;
	numbered_events_queue(LEVELS + 1);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_BLOCKING),
			 CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(numbered_events.delivered, LEVELS);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

/* A callback may do anything, and so may another thread during it. */

static void echo_answer(const struct fake_request *request,
			struct fake_reply *reply)
{
	(void)request;
	reply->size = 24;
	put_reply(reply->bytes, 7, 24, CS_OK);
}

static void everything_works(uint64_t handle)
{
	static const char request[16];
	const struct iovec iov = { .iov_base = (void *)request,
				   .iov_len = sizeof(request) };
	struct client_use use;
	unsigned char reply[24];
	void *context;
	int fd;

	ck_assert_int_eq(client_request(handle, &fake_service, request,
					sizeof(request), 7, reply,
					sizeof(reply)),
			 CS_OK);
	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	ck_assert_int_eq(pthread_mutex_trylock(&use.client->shared->recv_lock), 0);
	pthread_mutex_unlock(&use.client->shared->recv_lock);
	ck_assert_int_eq(pthread_mutex_trylock(&use.client->shared->call_lock), 0);
	pthread_mutex_unlock(&use.client->shared->call_lock);
	ck_assert_int_eq(client_send(use.client, &iov, 1), CS_OK);
	client_put(&use);
	ck_assert_int_eq(client_fd_get(handle, &fake_service, &fd), CS_OK);
	ck_assert_int_eq(client_context_set(handle, &fake_service, &fd), CS_OK);
	ck_assert_int_eq(client_context_get(handle, &fake_service, &context),
			 CS_OK);
	ck_assert_ptr_eq(context, &fd);
	ck_assert_int_eq(dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING), CS_OK);
}

static void *everything_run(void *data)
{
	everything_works(*(const uint64_t *)data);
	return NULL;
}

static void everything_deliver(uint64_t handle,
			       const struct numbered_event *event)
{
	pthread_t thread;

	if (event->number != 0)
		return;
	everything_works(handle);
	thread_start(&thread, everything_run, &handle);
	thread_join(thread);
	fake_service_close(handle);
}

START_TEST(callback_holds_no_lock)
{
	uint64_t handle = fake_service_open();

	fake.answer = echo_answer;
	numbered_events.deliver = everything_deliver;
	numbered_events_queue(3);
	ck_assert_int_eq(dispatch(handle, modes[_i]), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(numbered_events.delivered, 3);
	ck_assert_uint_eq(fake_request_count(), 4);
}
END_TEST

static void *close_run(void *data)
{
	fake_service_close(*(const uint64_t *)data);
	return NULL;
}

static void close_elsewhere_deliver(uint64_t handle,
				    const struct numbered_event *event)
{
	pthread_t thread;

	(void)event;
	thread_start(&thread, close_run, &handle);
	thread_join(thread);
}

START_TEST(another_thread_closes)
{
	uint64_t handle = fake_service_open();

	numbered_events.deliver = close_elsewhere_deliver;
	numbered_events_queue(2);
	ck_assert_int_eq(dispatch(handle, modes[_i]), CS_ERR_BAD_HANDLE);
	ck_assert_uint_eq(numbered_events.delivered, 1);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

/* Fork inside a callback. */

static struct child child;

/* Fork as if another thread had just held the locks. */
static void fork_locked(uint64_t handle)
{
	struct client_use use;

	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	lock_take(&use.client->shared->recv_lock);
	lock_take(&use.client->shared->call_lock);
	child = child_fork();
	if (child.pid != 0) {
		lock_give(&use.client->shared->call_lock);
		lock_give(&use.client->shared->recv_lock);
	}
	client_put(&use);
}

static void fork_deliver(uint64_t handle, const struct numbered_event *event)
{
	if (event->number == 0)
		fork_locked(handle);
	else
		fake_service_close(handle);
}

/* Both processes continue, each with its own copy of the event. */
static int rest_check(uint64_t handle, cs_error_t err)
{
	if (err == CS_OK)
		err = dispatch(handle, CS_DISPATCH_ALL);
	if (err != CS_ERR_BAD_HANDLE)
		return 1;
	if (numbered_events.deliveries[0] != 1 ||
	    numbered_events.deliveries[1] != 1)
		return 2;
	return fake.violation == NULL && fake.closes == 1 ? 0 : 3;
}

START_TEST(fork_inside)
{
	uint64_t handle = fake_service_open();
	cs_error_t err;

	numbered_events.deliver = fork_deliver;
	numbered_event_queue(EVENT_OWNING, 0);
	numbered_event_queue(EVENT_OWNING, 1);
	err = dispatch(handle, modes[_i]);
	if (child.pid == 0)
		_exit(rest_check(handle, err));
	ck_assert_int_eq(child_wait(&child), 0);
	ck_assert_int_eq(rest_check(handle, err), 0);
}
END_TEST

TCase *dispatch_nest_case(void)
{
	const int all = (int)COUNT(modes);
	TCase *tcase = tcase_create("dispatch_nest");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	tcase_add_loop_test(tcase, close_inside, 0, all);
	tcase_add_loop_test(tcase, close_meanwhile, 0, all);
	tcase_add_loop_test(tcase, nested, 0, all);
	tcase_add_loop_test(tcase, nested_close, 0, all);
	tcase_add_loop_test(tcase, callback_holds_no_lock, 0, all);
	tcase_add_loop_test(tcase, another_thread_closes, 0, all);
	tcase_add_loop_test(tcase, fork_inside, 0, all);
	return tcase;
}
