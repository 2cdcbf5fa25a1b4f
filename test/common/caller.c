/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <check.h>
#include <unistd.h>

#include "caller.h"
#include "process.h"
#include "wait.h"

void thread_start(pthread_t *ret_thread, void *(*body)(void *data), void *data)
{
	ck_assert_int_eq(pthread_create(ret_thread, NULL, body, data), 0);
}

void *thread_join(pthread_t thread)
{
	struct timespec deadline = deadline_realtime();
	void *result;

	ck_assert_msg(pthread_timedjoin_np(thread, &result, &deadline) == 0,
		      "a thread did not end");
	return result;
}

static void *caller_run(void *data)
{
	struct caller *caller = data;

	caller->tid = gettid();
	caller->result = caller->run != NULL ?
				 caller->run(caller->handle) :
				 caller->dispatch(caller->handle, caller->mode);
	caller->done = true;
	return NULL;
}

void caller_start(struct caller *caller, run_fn run, uint64_t handle)
{
	*caller = (struct caller){ .run = run, .handle = handle };
	thread_start(&caller->thread, caller_run, caller);
}

void caller_dispatch(struct caller *caller, dispatch_fn dispatch,
		     uint64_t handle, cs_dispatch_flags_t mode)
{
	*caller = (struct caller){ .dispatch = dispatch,
				   .handle = handle,
				   .mode = mode };
	thread_start(&caller->thread, caller_run, caller);
}

void caller_dispatch_on_stack(struct caller *caller, dispatch_fn dispatch,
			      uint64_t handle, cs_dispatch_flags_t mode,
			      size_t stack_size)
{
	pthread_attr_t attr;

	*caller = (struct caller){ .dispatch = dispatch,
				   .handle = handle,
				   .mode = mode };
	pthread_attr_init(&attr);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack_size), 0);
	ck_assert_int_eq(
		pthread_create(&caller->thread, &attr, caller_run, caller), 0);
	pthread_attr_destroy(&attr);
}

void caller_wait_asleep(const struct caller *caller)
{
	wait_for(caller->tid != 0 && process_state(caller->tid) == 'S');
	ck_assert(!caller->done);
}

cs_error_t caller_join(struct caller *caller)
{
	ck_assert_ptr_null(thread_join(caller->thread));
	return caller->result;
}

void caller_cancel(struct caller *caller)
{
	ck_assert_int_eq(pthread_cancel(caller->thread), 0);
	ck_assert_ptr_eq(thread_join(caller->thread), PTHREAD_CANCELED);
}
