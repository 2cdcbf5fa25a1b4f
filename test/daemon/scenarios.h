/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Scenarios: each uses the daemon for one purpose, checks the results, and can
 * be repeated. Together they call every function.
 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stdint.h>

#include "service.h"

struct job;

struct scenario {
	const char *name;
	/*
	 * Run it once. Returns CS_OK, or an error that a function must not
	 * return; all that it opened is then closed.
	 */
	cs_error_t (*run)(struct job *job);
	/* Open the handle that @run uses; NULL: @run opens its own. */
	void (*open)(struct job *job);
	const struct service_api *service; /* of its handle */
	cs_dispatch_flags_t mode;      /* of its dispatch, if it varies */
	size_t len;		       /* of its message, if it varies */
};

#define SCENARIOS 24
extern const struct scenario scenarios[SCENARIOS];

/* One use of a scenario, by one thread at a time. */
struct job {
	const struct scenario *scenario;
	uint64_t handle;
	struct cpg_name group;
	uint32_t seed;		       /* of the message that was sent last */
	bool finalizes;		       /* in the callback */
	cs_error_t finalized;	       /* the result of that */
	unsigned int messages, events; /* delivered */
};

/* Open the job of a scenario; @number is unique in the process. */
void job_open(struct job *job, const struct scenario *scenario, int number);

/* Finalize its handle, if it has one; returns the result of that. */
cs_error_t job_close(struct job *job);

#endif
