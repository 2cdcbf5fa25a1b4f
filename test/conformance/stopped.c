/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <poll.h>

#include "cases.h"
#include "daemon.h"
#include "service.h"

#define BUSY_MAX 60
#define MEASURE_MS 3
#define MEASURES 3

static volatile bool enough;
static volatile int accepted;

static cs_error_t sender_run(void *data)
{
	cs_error_t err;

	while (!enough) {
		err = message_try(*(cpg_handle_t *)data, 100, 1);
		if (err == CS_OK)
			accepted++;
		else
			CHECK_CS(CS_ERR_TRY_AGAIN, err);
		if (err == CS_ERR_TRY_AGAIN)
			check_pause();
	}
	return CS_OK;
}

/* How often of 100 times the thread runs, or waits for a processor. */
static int busy_measure(const struct caller *caller)
{
	int i, busy = 0;

	for (i = 0; i < 100; i++) {
		busy += thread_state(caller->tid) == 'R';
		poll(NULL, 0, MEASURE_MS);
	}
	return busy;
}

/* The first measurement may contain the time until the queue is full. */
static int busy_least(const struct caller *caller)
{
	int least = busy_measure(caller), busy, i;

	for (i = 1; i < MEASURES; i++) {
		busy = busy_measure(caller);
		least = busy < least ? busy : least;
	}
	return least;
}

static void sender_sleeps(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct caller caller;
	int busy;

	daemon_stop();
	caller_start(&caller, sender_run, &handle);
	busy = busy_least(&caller);
	enough = true;
	daemon_continue();
	CHECK_CS(CS_OK, caller_join(&caller));
	CHECK(accepted > 0);
	dispatch_until(handle, accepted);
	if (busy > BUSY_MAX)
		check_fail(__FILE__, __LINE__,
			   "a sender is busy %d times of 100, expected %d "
			   "at most", busy, BUSY_MAX);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case stopped_cases[] = {
	{ "stopped_sender_sleeps", "B11",
	  "a sender sleeps while the daemon is stopped",
	  CASE_PRIVATE | CASE_ALONE, sender_sleeps },
	{ 0 },
};
