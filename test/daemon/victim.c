/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <poll.h>
#include <unistd.h>

#include "support.h"
#include "victim.h"

#define CALLS_ENOUGH 1000

/* Who is refused has time; a try can be work, with a big message. */
#define RETRY_MS 10

struct victim victims[VICTIMS_MAX];
int victims_count;

void victim_assert(cs_error_t want, const struct victim *victim)
{
	calls_group = victim->group;
	call_assert(want, victim->call, victim->handle);
}

/* A process can be in a group once. */
cpg_handle_t cpg_open_numbered(int number)
{
	char suffix[] = { (char)('a' + number), '\0' };

	calls_group = name_unique(suffix);
	return cpg_open_joined(&calls_group);
}

static void cpg_victim_open(struct victim *victim)
{
	victim->service = &services[0];
	victim->owner = victim->handle = cpg_open_numbered(victims_count);
	victim->group = calls_group;
}

static void iteration_victim_open(struct victim *victim)
{
	cpg_victim_open(victim);
	assert_ok(cpg_iteration_initialize(victim->owner, CPG_ITERATION_ALL,
					   NULL, &victim->handle));
}

static void quorum_victim_open(struct victim *victim)
{
	victim->service = &services[1];
	victim->owner = victim->handle = quorum_open(QUORUM_MODEL_V1);
}

static void table_open(const struct call *calls, int count,
		       void (*open)(struct victim *victim))
{
	struct victim *victim;
	int i;

	for (i = 0; i < count; i++) {
		if (!calls[i].asks)
			continue;
		victim = &victims[victims_count];
		open(victim);
		victim->call = &calls[i];
		victims_count++;
	}
}

void victims_open(void)
{
	victims_count = 0;
	table_open(cpg_calls, CPG_CALLS, cpg_victim_open);
	table_open(iteration_calls, ITERATION_CALLS, iteration_victim_open);
	table_open(quorum_calls, QUORUM_CALLS, quorum_victim_open);
}

static void *victim_run(void *data)
{
	struct victim *victim = data;
	cs_error_t err;

	calls_group = victim->group;
	victim->tid = gettid();
	do {
		err = victim->call->run(victim->handle);
		if (err == CS_OK)
			victim->oks++;
		if (err == CS_ERR_TRY_AGAIN) {
			victim->refusals++;
			poll(NULL, 0, RETRY_MS);
		}
	} while (!victim->enough &&
		 (err == CS_OK || err == CS_ERR_TRY_AGAIN));
	victim->result = err;
	clock_gettime(CLOCK_MONOTONIC, &victim->end);
	return NULL;
}

/* It waits for the daemon, is told to wait, or does not need the daemon. */
static bool victim_is_under_way(const struct victim *victim)
{
	return victim->oks >= CALLS_ENOUGH || victim->refusals > 0 ||
	       (victim->tid != 0 && process_state(victim->tid) == 'S');
}

void victim_start(struct victim *victim)
{
	victim->tid = 0;
	victim->oks = 0;
	victim->refusals = 0;
	ck_assert_int_eq(
		pthread_create(&victim->thread, NULL, victim_run, victim), 0);
	wait_for(victim_is_under_way(victim));
}

cs_error_t victim_join(struct victim *victim)
{
	ck_assert_int_eq(pthread_join(victim->thread, NULL), 0);
	return victim->result;
}
