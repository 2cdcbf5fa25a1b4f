/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Scenarios: each uses the daemon for something, sees that it got what it
 * should, and can be done again and again. Together they call every function.
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
	 * Do it once. CS_OK, or the error that a function gave and should
	 * not have; what was opened for it is closed then.
	 */
	cs_error_t (*run)(struct job *job);
	/* Make the handle that it works on; NULL: it makes its own. */
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
	uint32_t seed;		       /* of the message under way */
	bool finalizes;		       /* in the callback */
	cs_error_t finalized;	       /* the answer to that */
	unsigned int messages, events; /* delivered */
};

/* Open the job of a scenario; the number tells it from others of this process.
 */
void job_open(struct job *job, const struct scenario *scenario, int number);

/* Finalize its handle, if it has one; the answer to that. */
cs_error_t job_close(struct job *job);

#endif
