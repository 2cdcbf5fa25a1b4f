/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The daemon is killed, or shuts down in an orderly way, while all scenarios
 * run. Each one ends soon with CS_ERR_LIBRARY, and runs again with the next
 * daemon.
 */

#include <glob.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "pending_call.h"
#include "scenarios.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define DEATHS	    5
#define SHUTDOWNS   3
#define EVENTS	    3
#define LARGE_LEN   100000
#define ROUNDS_MIN  3
#define LIFE_US_MAX 50000

/* The best of several times, as a busy machine may delay each of them. */
#define SOON_MS 500
#define BUSY_MS 100

struct looper {
	struct job job;
	pthread_t thread;
	atomic_uint rounds;
	cs_error_t result;
	double end_ms;
	double cpu_ms, cpu_ms_at_death;
	double late_ms_best, busy_ms_best, close_ms_best;
};

static struct looper loopers[SCENARIOS];
static int loopers_count;

static double ms_of(clockid_t clock)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(clock, &now), 0);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *looper_run(void *data)
{
	struct looper *looper = data;
	cs_error_t err;

	do {
		err = looper->job.scenario->run(&looper->job);
		looper->rounds++;
	} while (err == CS_OK);
	looper->end_ms = ms_of(CLOCK_MONOTONIC);
	looper->cpu_ms = ms_of(CLOCK_THREAD_CPUTIME_ID);
	looper->result = err;
	return NULL;
}

static void looper_start(const struct scenario *scenario)
{
	struct looper *looper = &loopers[loopers_count];

	looper->rounds = 0;
	job_open(&looper->job, scenario, loopers_count);
	ck_assert_int_eq(
		pthread_create(&looper->thread, NULL, looper_run, looper), 0);
	loopers_count++;
}

static bool scenario_is_any(const struct scenario *scenario)
{
	(void)scenario;
	return true;
}

static bool scenario_has_handle(const struct scenario *scenario)
{
	return scenario->open != NULL;
}

static bool scenario_opens_handles(const struct scenario *scenario)
{
	return scenario->open == NULL;
}

static void loopers_start(bool (*is_wanted)(const struct scenario *scenario))
{
	int i;

	loopers_count = 0;
	for (i = 0; i < SCENARIOS; i++)
		if (is_wanted(&scenarios[i]))
			looper_start(&scenarios[i]);
	for (i = 0; i < loopers_count; i++)
		wait_for(loopers[i].rounds >= ROUNDS_MIN);
}

/* Must be called while the threads run: they have no clock afterwards. */
static void cpu_note(void)
{
	clockid_t clock;
	int i;

	for (i = 0; i < loopers_count; i++) {
		ck_assert_int_eq(
			pthread_getcpuclockid(loopers[i].thread, &clock), 0);
		loopers[i].cpu_ms_at_death = ms_of(clock);
	}
}

static void looper_assert_ended(struct looper *looper, double death_ms)
{
	const char *name = looper->job.scenario->name;
	double late;

	ck_assert_int_eq(pthread_join(looper->thread, NULL), 0);
	late = looper->end_ms - death_ms;
	ck_assert_msg(looper->result == CS_ERR_LIBRARY, "%s: %s", name,
		      cs_strerror(looper->result));
	looper->late_ms_best = fmin(looper->late_ms_best, late);
	looper->busy_ms_best = fmin(looper->busy_ms_best,
				    looper->cpu_ms - looper->cpu_ms_at_death);
}

static void bests_forget(void)
{
	int i;

	for (i = 0; i < SCENARIOS; i++) {
		loopers[i].late_ms_best = HUGE_VAL;
		loopers[i].busy_ms_best = HUGE_VAL;
		loopers[i].close_ms_best = HUGE_VAL;
	}
}

/* The same scenarios must have run each time. */
static void bests_assert_soon(void)
{
	const struct looper *looper;

	for (looper = loopers; looper < loopers + loopers_count; looper++) {
		ck_assert_msg(looper->late_ms_best < SOON_MS,
			      "%s: %.0f ms after the death, at best",
			      looper->job.scenario->name, looper->late_ms_best);
		ck_assert_msg(looper->close_ms_best < SOON_MS,
			      "%s: %.0f ms to close, at best",
			      looper->job.scenario->name,
			      looper->close_ms_best);
	}
}

static void bests_assert(void)
{
	const struct looper *looper;

	bests_assert_soon();
	for (looper = loopers; looper < loopers + loopers_count; looper++)
		ck_assert_msg(looper->busy_ms_best < BUSY_MS,
			      "%s: busy for %.0f ms after the death, at best",
			      looper->job.scenario->name, looper->busy_ms_best);
}

/* The connection does not recover, and no call waits for the daemon. */
static void looper_close(struct looper *looper)
{
	const struct scenario *scenario = looper->job.scenario;
	double begin = ms_of(CLOCK_MONOTONIC);
	cs_error_t err;
	int i;

	for (i = 0; i < 3; i++) {
		err = scenario->run(&looper->job);
		ck_assert_msg(err == CS_ERR_LIBRARY, "%s: %s", scenario->name,
			      cs_strerror(err));
	}
	err = job_close(&looper->job);
	assert_cs(scenario_has_handle(scenario) &&
				  scenario->service == &services[SERVICE_CPG] ?
			  CS_ERR_LIBRARY :
			  CS_OK,
		  err);
	looper->close_ms_best =
		fmin(looper->close_ms_best, ms_of(CLOCK_MONOTONIC) - begin);
}

/* The ways to end a daemon; each returns when the daemon has ended. */

static void daemon_await_end(void)
{
	wait_for(process_state(daemon_pid()) == 0);
}

static void end_by_signal(void)
{
	ck_assert_int_eq(kill(daemon_pid(), SIGTERM), 0);
	daemon_await_end();
}

/* The distribution's tool must use the distribution's libraries. */
static void end_by_tool(void)
{
	ck_assert_int_eq(system("env -u LD_LIBRARY_PATH -u LD_PRELOAD "
				"corosync-cfgtool -H >/dev/null"),
			 0);
	daemon_await_end();
}

static void end_by_force(void)
{
	ck_assert_int_eq(system("env -u LD_LIBRARY_PATH -u LD_PRELOAD "
				"corosync-cfgtool -H --force >/dev/null"),
			 0);
	daemon_await_end();
}

static void (*const orderly_ends[])(void) = {
	end_by_signal,
	end_by_tool,
	end_by_force,
};

#define ORDERLY_ENDS ARRAY_SIZE(orderly_ends)

static void loopers_end(double death_ms)
{
	int i;

	for (i = 0; i < loopers_count; i++)
		looper_assert_ended(&loopers[i], death_ms);
	for (i = 0; i < loopers_count; i++)
		looper_close(&loopers[i]);
}

static void loopers_kill(bool (*is_wanted)(const struct scenario *scenario))
{
	struct timespec life = { .tv_nsec = random() % LIFE_US_MAX * 1000 };

	loopers_start(is_wanted);
	nanosleep(&life, NULL);
	cpu_note();
	daemon_kill();
	loopers_end(ms_of(CLOCK_MONOTONIC));
}

/* The daemon is killed at any moment; the process continues each time. */
START_TEST(killed_in_loops)
{
	int i;

	srandom((unsigned int)getpid());
	bests_forget();
	for (i = 0; i < DEATHS; i++) {
		loopers_kill(scenario_has_handle);
		shm_assert_gone(getpid());
		daemon_restart();
	}
	bests_assert();
}
END_TEST

/*
 * Remove the files of a daemon that was killed before a client knew of its new
 * connection.
 */
static void orphans_remove(int orphans_max)
{
	char pattern[64], command[96];
	glob_t found = { 0 };

	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-%d-%d-*",
		 (int)daemon_pid(), (int)getpid());
	snprintf(command, sizeof(command), "rm -rf %s", pattern);
	glob(pattern, GLOB_NOSORT, NULL, &found);
	ck_assert_int_le((int)found.gl_pathc, orphans_max);
	globfree(&found);
	ck_assert_int_eq(system(command), 0);
}

static void opening_killed(bool (*is_wanted)(const struct scenario *scenario))
{
	int i;

	bests_forget();
	for (i = 0; i < DEATHS; i++) {
		loopers_kill(is_wanted);
		orphans_remove(loopers_count);
		daemon_restart();
	}
	bests_assert();
}

START_TEST(killed_in_initialize_and_finalize)
{
	srandom((unsigned int)getpid());
	opening_killed(scenario_opens_handles);
}
END_TEST

static cs_error_t large_send(uint64_t handle)
{
	return pattern_send(handle, LARGE_LEN, 1, 1);
}

/* No function returns TRY_AGAIN after the daemon has ended. */
START_TEST(killed_with_a_full_ring)
{
	static const struct call call = { "large_send", large_send, CS_OK,
					  true };
	struct pending_call pending = { .call = &call,
					.handle = cpg_open_numbered(0) };

	daemon_stop();
	pending_call_start(&pending);
	wait_for(pending.refusals > 0);
	daemon_kill();
	assert_cs(CS_ERR_LIBRARY, pending_call_join(&pending));
	assert_cs(CS_ERR_LIBRARY, large_send(pending.handle));
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(pending.handle));
}
END_TEST

static void
loopers_shut_down(void (*end)(void),
		  bool (*is_wanted)(const struct scenario *scenario))
{
	loopers_start(is_wanted);
	end();
	loopers_end(ms_of(CLOCK_MONOTONIC));
}

START_TEST(shut_down_in_loops)
{
	bests_forget();
	for (int i = 0; i < SHUTDOWNS; i++) {
		if (i > 0)
			daemon_restart();
		loopers_shut_down(orderly_ends[_i], scenario_is_any);
	}
	bests_assert_soon();
}
END_TEST

static void finalize_dead(const struct service_api *service, uint64_t handle)
{
	assert_cs(service == &services[SERVICE_CPG] ? CS_ERR_LIBRARY : CS_OK,
		  service->finalize(handle));
	service->close();
}

/* Earlier messages are delivered, then dispatch reports the end. */
START_TEST(shut_down_with_events_pending)
{
	const struct service_api *service = &services[_i % SERVICES];
	uint64_t handle = service->open();
	cs_error_t err;

	service->events_queue(handle, EVENTS);
	orderly_ends[_i / SERVICES]();
	do
		err = service->dispatch(handle, CS_DISPATCH_ONE);
	while (err == CS_OK);
	assert_cs(CS_ERR_LIBRARY, err);
	ck_assert_uint_eq(events_count(), EVENTS);
	assert_cs(CS_ERR_LIBRARY, service->dispatch(handle, CS_DISPATCH_ALL));
	finalize_dead(service, handle);
}
END_TEST

START_TEST(shut_down_while_waiting)
{
	struct caller dispatchers[2 * SERVICES];
	struct caller *d;
	int i;

	for (i = 0; i < 2 * SERVICES; i++) {
		d = &dispatchers[i];
		caller_dispatch(d, services[i % 2].dispatch,
				i % 2 == 0 ? cpg_open() :
					     quorum_open(QUORUM_MODEL_V1),
				i < 2 ? CS_DISPATCH_ONE : CS_DISPATCH_BLOCKING);
		caller_wait_asleep(d);
	}
	orderly_ends[_i]();
	for (i = 0; i < 2 * SERVICES; i++) {
		d = &dispatchers[i];
		assert_cs(CS_ERR_LIBRARY, caller_join(d));
		assert_cs(i % 2 == 0 ? CS_ERR_LIBRARY : CS_OK,
			  services[i % 2].finalize(d->handle));
	}
}
END_TEST

Suite *daemon_stops_under_load_suite(void)
{
	Suite *suite = suite_create("daemon_stops_under_load");
	TCase *killed = case_add(suite, "killed");
	TCase *orderly = case_add(suite, "orderly");

	tcase_add_checked_fixture(killed, daemon_restart, NULL);
	tcase_add_test(killed, killed_in_loops);
	tcase_add_test(killed, killed_in_initialize_and_finalize);
	tcase_add_test(killed, killed_with_a_full_ring);
	tcase_set_tags(orderly, "long");
	tcase_add_checked_fixture(orderly, daemon_restart, NULL);
	tcase_add_loop_test(orderly, shut_down_in_loops, 0, ORDERLY_ENDS);
	tcase_add_loop_test(orderly, shut_down_with_events_pending, 0,
			    ORDERLY_ENDS * SERVICES);
	tcase_add_loop_test(orderly, shut_down_while_waiting, 0, ORDERLY_ENDS);
	return suite;
}
