/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A handle is finalized while other threads use it. See threads.c for waiting
 * dispatchers, and callbacks.c for each kind of callback.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MIB (1024u * 1024u)
#define ROUNDS 50
#define THREADS 4
#define USES 5
#define USERS_MAX 20

/* The handle may be finalized when a callback begins; the message is valid. */
static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	memset(msg, 0, msg_len);
}

static void notify(quorum_handle_t handle, uint32_t quorate, uint64_t ring_seq,
		   uint32_t nodes_len, uint32_t *nodes)
{
	(void)handle;
	(void)quorate;
	(void)ring_seq;
	memset(nodes, 0, nodes_len * sizeof(*nodes));
}

static cpg_callbacks_t cpg_callbacks = { .cpg_deliver_fn = deliver };
static quorum_callbacks_t quorum_callbacks = { .quorum_notify_fn = notify };

/* Open handles with a pending event, or one to come. */
static uint64_t cpg_begin(void)
{
	struct cpg_name group = name_unique("end");
	cpg_handle_t handle;

	assert_ok(cpg_initialize(&handle, &cpg_callbacks));
	assert_ok(cpg_join(handle, &group));
	assert_ok(pattern_send(handle, 100, 1, 1));
	return handle;
}

static uint64_t quorum_begin(void)
{
	quorum_handle_t handle;

	assert_ok(quorum_initialize(&handle, &quorum_callbacks, NULL));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	return handle;
}

static uint64_t (*const begins[SERVICES])(void) = { cpg_begin, quorum_begin };

/* Several threads finalize one handle. */

struct finalizer {
	const struct service_api *service;
	uint64_t handle;
	pthread_barrier_t *barrier;
	pthread_t thread;
	cs_error_t result;
};

static void *finalizer_run(void *data)
{
	struct finalizer *finalizer = data;

	pthread_barrier_wait(finalizer->barrier);
	finalizer->result = finalizer->service->finalize(finalizer->handle);
	return NULL;
}

/* Returns the number of threads whose finalize succeeded. */
static int finalize_at_once(const struct service_api *service, uint64_t handle)
{
	struct finalizer finalizers[THREADS];
	pthread_barrier_t barrier;
	int i, count = 0;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		finalizers[i].service = service;
		finalizers[i].handle = handle;
		finalizers[i].barrier = &barrier;
		ck_assert_int_eq(pthread_create(&finalizers[i].thread, NULL,
						finalizer_run, &finalizers[i]),
				 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(finalizers[i].thread, NULL);
		if (finalizers[i].result == CS_OK)
			count++;
		else
			assert_cs(CS_ERR_BAD_HANDLE, finalizers[i].result);
	}
	pthread_barrier_destroy(&barrier);
	return count;
}

START_TEST(several_at_once)
{
	int round;

	for (round = 0; round < ROUNDS; round++)
		ck_assert_int_eq(finalize_at_once(&services[_i], begins[_i]()),
				 1);
}
END_TEST

/* A dispatcher returns, whichever finalize was first. */
START_TEST(several_at_once_and_a_dispatcher)
{
	struct caller dispatcher;
	uint64_t handle;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		handle = begins[_i]();
		caller_dispatch(&dispatcher, services[_i].dispatch, handle,
				CS_DISPATCH_BLOCKING);
		if (round % 2 == 0)
			caller_wait_asleep(&dispatcher);
		ck_assert_int_eq(finalize_at_once(&services[_i], handle), 1);
		assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	}
}
END_TEST

/* Other threads make requests, send and dispatch. */

struct user {
	const struct call *call;
	uint64_t handle;
	struct cpg_name group;
	pthread_t thread;
	atomic_int uses;
};

static bool answer_is_sane(cs_error_t err)
{
	return err == CS_OK || err == CS_ERR_TRY_AGAIN ||
	       err == CS_ERR_EXIST || err == CS_ERR_INTERRUPT;
}

/* Until the handle is bad; the test case times out if it never is. */
static void *user_run(void *data)
{
	struct user *user = data;
	cs_error_t err;

	calls_group = user->group;
	while ((err = user->call->run(user->handle)) != CS_ERR_BAD_HANDLE) {
		ck_assert_msg(answer_is_sane(err), "%s: %s", user->call->name,
			      cs_strerror(err));
		user->uses++;
	}
	return NULL;
}

static cs_error_t big_send(uint64_t handle)
{
	return pattern_send(handle, 3 * MIB, 1, 3);
}

static const struct call big_call = { "3 MiB", big_send, CS_OK, true };

/*
 * After a leave the others cannot send, and a buffer cannot be freed if its
 * handle is finalized before that.
 */
static bool call_is_fit(const struct call *call)
{
	return strstr(call->name, "finalize") == NULL &&
	       strstr(call->name, "leave") == NULL &&
	       strstr(call->name, "zcb") == NULL;
}

static int users_make(struct user *users, const struct call *calls, int count)
{
	int i, used = 0;

	for (i = 0; i < count; i++)
		if (call_is_fit(&calls[i]))
			users[used++].call = &calls[i];
	return used;
}

static void users_start(struct user *users, int count, uint64_t handle)
{
	int i;

	for (i = 0; i < count; i++) {
		users[i].handle = handle;
		users[i].group = name_unique("end");
		users[i].uses = 0;
		ck_assert_int_eq(pthread_create(&users[i].thread, NULL,
						user_run, &users[i]),
				 0);
	}
}

static bool users_are_busy(struct user *users, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (users[i].uses < USES)
			return false;
	return true;
}

static void users_end(struct user *users, int count, const int service)
{
	int i;

	wait_for(users_are_busy(users, count));
	assert_cs(CS_OK, services[service].finalize(users[0].handle));
	for (i = 0; i < count; i++)
		pthread_join(users[i].thread, NULL);
}

START_TEST(cpg_in_use)
{
	struct user users[USERS_MAX];
	int round, count = users_make(users, cpg_calls, CPG_CALLS);

	users[count++].call = &big_call;
	for (round = 0; round < ROUNDS / 5; round++) {
		users_start(users, count, cpg_begin());
		users_end(users, count, SERVICE_CPG);
	}
}
END_TEST

START_TEST(quorum_in_use)
{
	struct user users[USERS_MAX];
	int round, count = users_make(users, quorum_calls, QUORUM_CALLS);

	for (round = 0; round < ROUNDS / 5; round++) {
		users_start(users, count, quorum_begin());
		users_end(users, count, SERVICE_QUORUM);
	}
}
END_TEST

/* From a callback that another callback's dispatch has called. */

static const struct service_api *hook_service;

static uint64_t cpg_begin_recorded(void)
{
	struct cpg_name group = name_unique("end");
	cpg_handle_t handle = cpg_open_joined(&group);

	assert_ok(pattern_send(handle, 100, 1, 1));
	assert_ok(pattern_send(handle, 3 * MIB, 2, 1));
	return handle;
}

static uint64_t quorum_begin_recorded(void)
{
	quorum_handle_t handle = quorum_open(QUORUM_MODEL_V1);

	assert_ok(quorum_trackstart(handle, CS_TRACK_CHANGES));
	return handle;
}

static void hook_finalize_inside(struct event *event)
{
	size_t number = events_count(), i;

	if (number == 1) {
		assert_cs(CS_ERR_BAD_HANDLE,
			  hook_service->dispatch(event->handle,
						 CS_DISPATCH_BLOCKING));
		ck_assert_uint_eq(events_count(), 2);
		for (i = 0; i < event->msg_len; i++)
			ck_assert_uint_eq((unsigned char)~event->raw[i],
					  event->msg[i]);
	} else {
		assert_cs(CS_OK, hook_service->finalize(event->handle));
	}
	assert_cs(CS_ERR_BAD_HANDLE, hook_service->finalize(event->handle));
}

START_TEST(nested)
{
	static const cs_dispatch_flags_t modes[] = {
		CS_DISPATCH_ONE,
		CS_DISPATCH_ALL,
		CS_DISPATCH_BLOCKING,
		CS_DISPATCH_ONE_NONBLOCKING,
	};
	int service = _i / ARRAY_SIZE(modes);
	uint64_t handle = service == SERVICE_CPG ? cpg_begin_recorded() :
						   quorum_begin_recorded();
	int fd = -1;

	hook_service = &services[service];
	event_hook = hook_finalize_inside;
	assert_cs(CS_OK, hook_service->fd_get(handle, &fd));
	wait_for(fd_is_readable(fd));
	assert_cs(CS_ERR_BAD_HANDLE,
		  hook_service->dispatch(handle,
					 modes[_i % ARRAY_SIZE(modes)]));
	ck_assert_uint_eq(events_count(), 2);
	events_clear();
}
END_TEST

Suite *finalize_suite(void)
{
	Suite *suite = suite_create("finalize");
	TCase *once = case_add(suite, "once");
	TCase *use = case_add(suite, "use");

	tcase_add_loop_test(once, several_at_once, 0, SERVICES);
	tcase_add_loop_test(once, several_at_once_and_a_dispatcher, 0,
			    SERVICES);
	tcase_add_loop_test(once, nested, 0, 4 * SERVICES);
	tcase_add_test(use, cpg_in_use);
	tcase_add_test(use, quorum_in_use);
	return suite;
}
