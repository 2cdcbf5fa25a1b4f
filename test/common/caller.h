/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Threads that must end before the deadline, and a thread that makes a call. */
#ifndef CALLER_H
#define CALLER_H

#include <corosync/corotypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void thread_start(pthread_t *ret_thread, void *(*body)(void *data), void *data);

/* Returns what the thread returned; fails the test if it does not end. */
void *thread_join(pthread_t thread);

typedef cs_error_t (*run_fn)(uint64_t handle);
typedef cs_error_t (*dispatch_fn)(uint64_t handle, cs_dispatch_flags_t mode);

/* A thread that makes one call: @run, or @dispatch with @mode. */
struct caller {
	run_fn run;
	dispatch_fn dispatch;
	cs_dispatch_flags_t mode;
	uint64_t handle;
	pthread_t thread;
	_Atomic pid_t tid; /* 0: not yet started */
	atomic_bool done;
	cs_error_t result; /* valid when done */
};

void caller_start(struct caller *caller, run_fn run, uint64_t handle);
void caller_dispatch(struct caller *caller, dispatch_fn dispatch,
		     uint64_t handle, cs_dispatch_flags_t mode);

/* The same, with a stack of this many bytes. */
void caller_dispatch_on_stack(struct caller *caller, dispatch_fn dispatch,
			      uint64_t handle, cs_dispatch_flags_t mode,
			      size_t stack_size);

/* Wait until the thread sleeps in its call. */
void caller_wait_asleep(const struct caller *caller);

/* Wait for the end of the call; returns its result. */
cs_error_t caller_join(struct caller *caller);

/* Cancel the thread, and fail unless that ends it. */
void caller_cancel(struct caller *caller);

#endif
