/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Cancellation, and calls from callbacks and from other threads. */

#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

/* Cancellation. */

static atomic_int waiter_tid;

static void *waiter_run(void *data)
{
	struct client *client = data;

	waiter_tid = gettid();
	for (;;)
		coro_dispatch(client->session, -1);
	return NULL;
}

static void thread_cancel(pthread_t thread)
{
	ck_assert_int_eq(pthread_cancel(thread), 0);
	ck_assert_ptr_eq(thread_join(thread), PTHREAD_CANCELED);
}

static void use_assert(struct client *client)
{
	unsigned int own = client->own;

	client->hook = NULL;
	assert_cs(CS_OK, client_send(client, 10, -1));
	client_until(client, client->own > own);
}

START_TEST(cancel_in_wait)
{
	struct client client = { 0 };
	pthread_t waiter;

	client_begin(&client);
	waiter_tid = 0;
	thread_start(&waiter, waiter_run, &client);
	wait_for(waiter_tid != 0 && process_state(waiter_tid) == 'S');
	thread_cancel(waiter);
	use_assert(&client);
	coro_close(client.session);
}
END_TEST

static const char *event_wanted;
static atomic_bool is_there;

static void sleep_in(struct client *client, const char *event)
{
	(void)client;
	if (strcmp(event, event_wanted) != 0)
		return;
	is_there = true;
	for (;;)
		pause();
}

static const char *const events[] = { "message", "members", "lost",
				      "disconnected", "connected", "quorum",
				      "sendable" };

#define EVENTS ARRAY_SIZE(events)

/* All events of a session follow. Several messages may be lost or not. */
static void events_cause(struct client *client)
{
	assert_cs(CS_OK, client_send(client, 10, 0));
	wait_for(fd_is_readable(coro_fd(client->session)));
	daemon_stop();
	for (int i = 0; i < 3; i++)
		assert_cs(CS_OK, client_send(client, 10, 0));
	daemon_restart();
	assert_cs(CS_ERR_TIMEOUT, client_send(client, 1 << 20, 0));
}

START_TEST(cancel_in_callback)
{
	struct client client = { 0 };
	pthread_t waiter;

	client_begin(&client);
	client.hook = sleep_in;
	event_wanted = events[_i];
	is_there = false;
	events_cause(&client);
	thread_start(&waiter, waiter_run, &client);
	wait_for(is_there);
	thread_cancel(waiter);
	client.hook = NULL;
	client_until(&client, client.rejoins == 1);
	use_assert(&client);
	coro_close(client.session);
}
END_TEST

/* Close. */

static void close_in(struct client *client, const char *event)
{
	ck_assert(!is_there);
	if (strcmp(event, event_wanted) != 0)
		return;
	is_there = true;
	coro_close(client->session);
}

START_TEST(close_in_callback)
{
	struct client client = { 0 };
	cs_error_t error;

	client_begin(&client);
	client.hook = close_in;
	event_wanted = events[_i];
	is_there = false;
	events_cause(&client);
	do
		error = coro_dispatch(client.session, -1);
	while (error == CS_OK);
	assert_cs(CS_ERR_BAD_HANDLE, error);
	ck_assert(is_there);
}
END_TEST

struct waiter {
	struct client *client;
	cs_error_t (*run)(struct client *client);
	pthread_t thread;
	atomic_int tid;
	cs_error_t result;
};

static cs_error_t dispatch_wait(struct client *client)
{
	return coro_dispatch(client->session, -1);
}

static cs_error_t send_wait(struct client *client)
{
	return client_send(client, 10, -1);
}

static cs_error_t join_wait(struct client *client)
{
	struct coro_group *group;

	return coro_join(client->session, "waits", 5, &group, -1);
}

static void *waiter_call(void *data)
{
	struct waiter *waiter = data;

	waiter->tid = gettid();
	waiter->result = waiter->run(waiter->client);
	return NULL;
}

START_TEST(close_while_others_wait)
{
	struct client client = { 0 };
	struct waiter waiters[] = {
		{ &client, send_wait, 0, 0, 0 },
		{ &client, join_wait, 0, 0, 0 },
		{ &client, dispatch_wait, 0, 0, 0 },
	};

	client_begin(&client);
	daemon_kill();
	client_until(&client, client.disconnected > 0);
	for (int i = 0; i < ARRAY_SIZE(waiters); i++) {
		thread_start(&waiters[i].thread, waiter_call, &waiters[i]);
		wait_for(waiters[i].tid != 0 &&
			 process_state(waiters[i].tid) == 'S');
	}
	coro_close(client.session);
	for (int i = 0; i < ARRAY_SIZE(waiters); i++) {
		thread_join(waiters[i].thread);
		assert_cs(CS_ERR_BAD_HANDLE, waiters[i].result);
	}
}
END_TEST

/* Calls. */

/* Without a wait: while a callback runs, the connection is not replaced. */
static void all_call(struct client *client)
{
	struct coro_stats stats = { .size = sizeof(stats) };
	struct coro_group *group;
	cs_error_t error;

	assert_cs(CS_OK, coro_join(client->session, "callback", 8, &group, 0));
	error = group_send(group, 10, 0);
	ck_assert(error == CS_OK || error == CS_ERR_TIMEOUT);
	assert_cs(CS_OK, coro_leave(group, -1));
	coro_stats(client->session, &stats);
	ck_assert_uint_eq(stats.connects, client->connected);
	ck_assert_ptr_nonnull(coro_why(client->session));
	ck_assert_int_ge(coro_fd(client->session), 0);
}

static void call_in(struct client *client, const char *event)
{
	if (strcmp(event, event_wanted) != 0)
		return;
	client->hook = NULL;
	is_there = true;
	all_call(client);
	coro_dispatch(client->session, 0);
}

START_TEST(calls_in_callback)
{
	struct client client = { 0 };

	client_begin(&client);
	client.hook = call_in;
	event_wanted = events[_i];
	is_there = false;
	events_cause(&client);
	client_until(&client, is_there);
	client_until(&client, client.rejoins == 1);
	use_assert(&client);
	coro_close(client.session);
}
END_TEST

static atomic_bool may_go;

static void message_block(struct client *client, const char *event)
{
	(void)client;
	if (strcmp(event, "message") == 0)
		wait_for(may_go);
}

START_TEST(calls_beside_callback)
{
	struct client client = { .hook = message_block };
	struct dispatcher dispatcher;

	client_begin(&client);
	may_go = false;
	dispatcher_start(&dispatcher, client.session);
	assert_cs(CS_OK, client_send(&client, 10, -1));
	wait_for(client.message > 0);
	for (int i = 0; i < 10; i++) {
		all_call(&client);
		assert_cs(CS_OK, client_send(&client, 10, 0));
	}
	may_go = true;
	wait_for(client.own >= 11);
	dispatcher_end(&dispatcher);
	coro_close(client.session);
}
END_TEST

/* AddressSanitizer aborts if a cancellation unwinds a function of the test. */
#ifdef __SANITIZE_ADDRESS__
#define CAN_UNWIND false
#else
#define CAN_UNWIND true
#endif

Suite *threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tcase = case_add(suite, "threads");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, cancel_in_wait);
	if (CAN_UNWIND)
		tcase_add_loop_test(tcase, cancel_in_callback, 0, EVENTS);
	tcase_add_loop_test(tcase, close_in_callback, 0, EVENTS);
	tcase_add_test(tcase, close_while_others_wait);
	tcase_add_loop_test(tcase, calls_in_callback, 0, EVENTS);
	tcase_add_test(tcase, calls_beside_callback);
	return suite;
}
