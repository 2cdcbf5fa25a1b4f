/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A thread that makes one call of dispatch.
 */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "service.h"

struct dispatcher {
	const struct service_api *service;
	uint64_t handle;
	cs_dispatch_flags_t mode;
	pthread_t thread;
	_Atomic pid_t tid;	/* 0: not yet started */
	atomic_bool done;
	cs_error_t result;	/* valid when done */
};

/* Start the thread, with a stack of that many bytes; 0: the usual size. */
void dispatcher_start(struct dispatcher *dispatcher,
		      const struct service_api *service, uint64_t handle,
		      cs_dispatch_flags_t mode, size_t stack_size);

/* Wait until it waits for an event. */
void dispatcher_wait_asleep(const struct dispatcher *dispatcher);

/* Wait until dispatch has returned, and give back what. */
cs_error_t dispatcher_join(struct dispatcher *dispatcher);

#endif
