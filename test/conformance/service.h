/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What cpg and quorum have in common, for cases that run with both; and a
 * thread that is in a call.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <pthread.h>

#include "check.h"
#include "events.h"

struct service {
	uint64_t (*open)(void);
	/* Makes one event pending; it may arrive later. */
	void (*event_cause)(uint64_t handle);
	cs_error_t (*dispatch)(uint64_t handle, cs_dispatch_flags_t mode);
	cs_error_t (*fd_get)(uint64_t handle, int *fd);
	cs_error_t (*finalize)(uint64_t handle);
};

/* A handle of cpg has joined a group. */
extern const struct service service_cpg, service_quorum;

/* A thread in a call. */
struct caller {
	pthread_t thread;
	cs_error_t (*call)(void *data);
	void *data;
	volatile int tid;
	volatile bool ended;
	cs_error_t err;
};

void caller_start(struct caller *caller, cs_error_t (*call)(void *data),
		  void *data);
/* The state of the thread as ps prints it; S: it sleeps. */
char thread_state(int tid);
/* Until the thread sleeps for a while, or has ended. */
void caller_wait_asleep(const struct caller *caller);
/* A hang is noted where this is called. */
cs_error_t caller_join(struct caller *caller);

/* A dispatch for a caller. */
struct dispatch {
	const struct service *service;
	uint64_t handle;
	cs_dispatch_flags_t mode;
};
cs_error_t dispatch_call(void *dispatch);

#endif
