/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <math.h>
#include <poll.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "pending_call.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define EVENTS 3
/* Less than the time that a libqb client needs. */
#define LATE_MS 1900
/* A busy machine is late once or twice; a library that waits, each time. */
#define TRIES 3

/* Only the finalize of cpg asks the daemon. */
static void finalize_dead(const struct service_api *service, uint64_t handle)
{
	assert_cs(service == &services[SERVICE_CPG] ? CS_ERR_LIBRARY : CS_OK,
		  service->finalize(handle));
	assert_cs(CS_ERR_BAD_HANDLE, service->finalize(handle));
}

/* Finalize has closed the handle, although it failed; others fail again. */
static void pending_call_close(const struct pending_call *pending)
{
	bool finalizes = pending->call->run == cpg_finalize ||
			 pending->call->run == cpg_iteration_finalize;

	pending_call_assert(finalizes ? CS_ERR_BAD_HANDLE : CS_ERR_LIBRARY,
			    pending);
	if (pending->call->run != cpg_finalize)
		finalize_dead(pending->service, pending->owner);
	pending_call_assert(CS_ERR_BAD_HANDLE, pending);
}

static void pending_calls_close(void)
{
	int i;

	for (i = 0; i < pending_calls_count; i++)
		pending_call_close(&pending_calls[i]);
}

/* Each function notices the daemon's end if it is called first after it. */
START_TEST(calls_fail)
{
	int i;

	pending_calls_open();
	daemon_kill();
	for (i = 0; i < pending_calls_count; i++)
		pending_call_assert(CS_ERR_LIBRARY, &pending_calls[i]);
	pending_calls_close();
}
END_TEST

/* Functions that do not ask the daemon return CS_OK as before. */
START_TEST(other_calls_answer)
{
	cpg_handle_t cpg = cpg_open();
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);

	daemon_kill();
	calls_run_local(cpg_calls, CPG_CALLS, cpg);
	calls_run_local(quorum_calls, QUORUM_CALLS, quorum);
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

/* The daemon does not know of the finalize, so the files are left to us. */
START_TEST(finalized_before)
{
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V0);

	daemon_stop();
	assert_cs(CS_OK, quorum_finalize(quorum));
	daemon_kill();
	shm_assert_gone(getpid());
}
END_TEST

START_TEST(initialize_fails)
{
	quorum_handle_t quorum = 0;
	cpg_handle_t cpg = 0;

	daemon_kill();
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&cpg, &events_cpg));
	assert_cs(CS_ERR_LIBRARY,
		  cpg_model_initialize(&cpg, CPG_MODEL_V1, NULL, NULL));
	assert_cs(CS_ERR_LIBRARY,
		  quorum_initialize(&quorum, &events_quorum, NULL));
	assert_cs(CS_ERR_LIBRARY,
		  quorum_model_initialize(&quorum, QUORUM_MODEL_V1, NULL, NULL,
					  NULL));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(cpg));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
}
END_TEST

static uint64_t service_handle(int number)
{
	return number % SERVICES == 0 ? cpg_open_numbered(number) :
					quorum_open(QUORUM_MODEL_V0);
}

/* Each mode, for each service. */
START_TEST(dispatch_fails)
{
	uint64_t handles[SERVICES * CS_DISPATCH_ONE_NONBLOCKING];
	int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++)
		handles[i] = service_handle(i);
	daemon_kill();
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		const struct service_api *service = &services[i % SERVICES];
		cs_dispatch_flags_t mode =
			(cs_dispatch_flags_t)(i / SERVICES + 1);

		assert_cs(CS_ERR_LIBRARY, service->dispatch(handles[i], mode));
		assert_cs(CS_ERR_LIBRARY, service->dispatch(handles[i], mode));
		finalize_dead(service, handles[i]);
	}
}
END_TEST

/* The two modes that wait, for each service. */
START_TEST(waiting_dispatch_fails)
{
	struct caller dispatchers[2 * SERVICES];
	int i;

	for (i = 0; i < ARRAY_SIZE(dispatchers); i++) {
		caller_dispatch(&dispatchers[i],
				services[i % SERVICES].dispatch,
				service_handle(i),
				i / SERVICES == 0 ? CS_DISPATCH_ONE :
						    CS_DISPATCH_BLOCKING);
		caller_wait_asleep(&dispatchers[i]);
	}
	daemon_kill();
	for (i = 0; i < ARRAY_SIZE(dispatchers); i++) {
		assert_cs(CS_ERR_LIBRARY, caller_join(&dispatchers[i]));
		finalize_dead(&services[i % SERVICES], dispatchers[i].handle);
	}
}
END_TEST

/* With socket IPC it is an epoll descriptor, which cannot hang up. */
static bool fd_shows_death(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 &&
	       (pollfd.revents & (ipc_is_socket() ? POLLIN : POLLHUP)) != 0;
}

START_TEST(fd_shows_it)
{
	cpg_handle_t cpg = cpg_open();
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);
	int cpg_before = cpg_fd(cpg), quorum_before = quorum_fd(quorum);

	daemon_kill();
	ck_assert_int_eq(cpg_fd(cpg), cpg_before);
	ck_assert_int_eq(quorum_fd(quorum), quorum_before);
	wait_for(fd_shows_death(cpg_before));
	wait_for(fd_shows_death(quorum_before));
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

/* Events that the daemon has sent before are still delivered. */
START_TEST(events_come_first)
{
	const struct service_api *service = &services[_i];
	uint64_t handle = service->open();

	service->events_queue(handle, EVENTS);
	daemon_kill();
	for (int i = 0; i < EVENTS; i++)
		assert_cs(CS_OK, service->dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count(), EVENTS);
	assert_cs(CS_ERR_LIBRARY, service->dispatch(handle, CS_DISPATCH_ONE));
	finalize_dead(service, handle);
	service->close();
}
END_TEST

static double milliseconds_between(const struct timespec *from,
				   const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e3 +
	       (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

/* Returns the time in milliseconds until the call ended. */
static double pending_call_assert_ended(struct pending_call *pending,
					const struct timespec *death)
{
	cs_error_t err = pending_call_join(pending);

	ck_assert_msg(err == CS_ERR_LIBRARY, "%s: %s", pending->call->name,
		      cs_strerror(err));
	return milliseconds_between(death, &pending->end);
}

/* Run the scenario, with a daemon each time, until it ends early enough. */
static void assert_not_late(double (*scenario)(void))
{
	double late_ms = scenario();

	for (int tries = 1; late_ms >= LATE_MS && tries < TRIES; tries++) {
		daemon_restart();
		late_ms = scenario();
	}
	ck_assert_msg(late_ms < LATE_MS,
		      "%.0f ms after the death, the %dth time", late_ms, TRIES);
}

/* The daemon stops, each call waits or is refused, the daemon is killed. */
static double calls_end(void)
{
	struct timespec death;
	double late_ms = 0;
	int i;

	pending_calls_open();
	daemon_stop();
	for (i = 0; i < pending_calls_count; i++)
		pending_call_start(&pending_calls[i]);
	daemon_kill();
	clock_gettime(CLOCK_MONOTONIC, &death);
	for (i = 0; i < pending_calls_count; i++)
		late_ms = fmax(late_ms, pending_call_assert_ended(
						&pending_calls[i], &death));
	pending_calls_close();
	return late_ms;
}

START_TEST(waiting_calls_fail)
{
	assert_not_late(calls_end);
}
END_TEST

/* A large message needs the daemon many times. */
static cs_error_t big_send(uint64_t handle)
{
	return pattern_send(handle, 8 * 1024 * 1024, 1, 1);
}

static double big_message_ends(void)
{
	static const struct call call = { "big_send", big_send, CS_OK, true };
	struct pending_call pending = { .call = &call,
					.handle = cpg_open_numbered(0) };
	struct timespec death;
	double late_ms;

	daemon_stop();
	pending_call_start(&pending);
	daemon_kill();
	clock_gettime(CLOCK_MONOTONIC, &death);
	late_ms = pending_call_assert_ended(&pending, &death);
	finalize_dead(&services[SERVICE_CPG], pending.handle);
	return late_ms;
}

START_TEST(waiting_big_message_fails)
{
	assert_not_late(big_message_ends);
}
END_TEST

/* Handles of the old daemon do not become valid with a new one. */
START_TEST(another_daemon)
{
	cpg_handle_t old = cpg_open_numbered(0), new;
	quorum_handle_t quorum_old = quorum_open(QUORUM_MODEL_V0), quorum_new;
	struct cpg_address members[CPG_MEMBERS_MAX];
	int count, quorate;

	daemon_restart();
	new = cpg_open();
	quorum_new = quorum_open(QUORUM_MODEL_V0);
	assert_cs(CS_ERR_LIBRARY, cpg_dispatch(old, CS_DISPATCH_BLOCKING));
	assert_cs(CS_ERR_LIBRARY, quorum_getquorate(quorum_old, &quorate));
	assert_ok(cpg_membership_get(new, &calls_group, members, &count));
	ck_assert_int_eq(count, 0);
	assert_ok(cpg_join(new, &calls_group));
	assert_ok(quorum_getquorate(quorum_new, &quorate));
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(old));
	assert_cs(CS_OK, quorum_finalize(quorum_old));
	assert_cs(CS_OK, cpg_finalize(new));
	assert_cs(CS_OK, quorum_finalize(quorum_new));
}
END_TEST

Suite *daemon_killed_suite(void)
{
	Suite *suite = suite_create("daemon_killed");
	TCase *after = case_add(suite, "after");
	TCase *during = case_add(suite, "during");

	tcase_add_checked_fixture(after, daemon_restart, NULL);
	tcase_add_test(after, calls_fail);
	tcase_add_test(after, other_calls_answer);
	tcase_add_test(after, initialize_fails);
	tcase_add_test(after, finalized_before);
	tcase_add_test(after, dispatch_fails);
	tcase_add_test(after, fd_shows_it);
	tcase_add_loop_test(after, events_come_first, 0, SERVICES);
	tcase_add_checked_fixture(during, daemon_restart, NULL);
	tcase_add_test(during, waiting_dispatch_fails);
	tcase_add_test(during, waiting_calls_fail);
	tcase_add_test(during, waiting_big_message_fails);
	tcase_add_test(during, another_daemon);
	return suite;
}
