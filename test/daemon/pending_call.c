/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <poll.h>
#include <unistd.h>

#include "pending_call.h"
#include "support.h"

#define CALLS_ENOUGH 1000

/* Retries are slow: with a large message, each one costs CPU time. */
#define RETRY_MS 10

struct pending_call pending_calls[PENDING_CALLS_MAX];
int pending_calls_count;

void pending_call_assert(cs_error_t want, const struct pending_call *pending)
{
	calls_group = pending->group;
	call_assert(want, pending->call, pending->handle);
}

/* A process can be in a group once. */
cpg_handle_t cpg_open_numbered(int number)
{
	char suffix[] = { (char)('a' + number), '\0' };

	calls_group = name_unique(suffix);
	return cpg_open_joined(&calls_group);
}

static void cpg_pending_open(struct pending_call *pending)
{
	pending->service = &services[SERVICE_CPG];
	pending->owner = pending->handle =
		cpg_open_numbered(pending_calls_count);
	pending->group = calls_group;
}

static void iteration_pending_open(struct pending_call *pending)
{
	cpg_pending_open(pending);
	assert_ok(cpg_iteration_initialize(pending->owner, CPG_ITERATION_ALL,
					   NULL, &pending->handle));
}

static void quorum_pending_open(struct pending_call *pending)
{
	pending->service = &services[SERVICE_QUORUM];
	pending->owner = pending->handle = quorum_open(QUORUM_MODEL_V1);
}

static void table_open(const struct call *calls, int count,
		       void (*open)(struct pending_call *pending))
{
	struct pending_call *pending;
	int i;

	for (i = 0; i < count; i++) {
		if (!calls[i].asks)
			continue;
		pending = &pending_calls[pending_calls_count];
		open(pending);
		pending->call = &calls[i];
		pending_calls_count++;
	}
}

void pending_calls_open(void)
{
	pending_calls_count = 0;
	table_open(cpg_calls, CPG_CALLS, cpg_pending_open);
	table_open(iteration_calls, ITERATION_CALLS, iteration_pending_open);
	table_open(quorum_calls, QUORUM_CALLS, quorum_pending_open);
}

static void *pending_call_run(void *data)
{
	struct pending_call *pending = data;
	cs_error_t err;

	calls_group = pending->group;
	pending->tid = gettid();
	do {
		err = pending->call->run(pending->handle);
		if (err == CS_OK)
			pending->oks++;
		if (err == CS_ERR_TRY_AGAIN) {
			pending->refusals++;
			poll(NULL, 0, RETRY_MS);
		}
	} while (!pending->enough && (err == CS_OK || err == CS_ERR_TRY_AGAIN));
	pending->result = err;
	clock_gettime(CLOCK_MONOTONIC, &pending->end);
	return NULL;
}

/* The call waits for the daemon, is refused, or needs no daemon. */
static bool pending_call_is_under_way(const struct pending_call *pending)
{
	return pending->oks >= CALLS_ENOUGH || pending->refusals > 0 ||
	       (pending->tid != 0 && process_state(pending->tid) == 'S');
}

void pending_call_start(struct pending_call *pending)
{
	pending->tid = 0;
	pending->oks = 0;
	pending->refusals = 0;
	ck_assert_int_eq(pthread_create(&pending->thread, NULL,
					pending_call_run, pending),
			 0);
	wait_for(pending_call_is_under_way(pending));
}

cs_error_t pending_call_join(struct pending_call *pending)
{
	ck_assert_int_eq(pthread_join(pending->thread, NULL), 0);
	return pending->result;
}
