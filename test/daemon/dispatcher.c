/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <unistd.h>

#include "dispatcher.h"
#include "support.h"

static void *dispatcher_run(void *data)
{
	struct dispatcher *dispatcher = data;

	dispatcher->tid = gettid();
	dispatcher->result = dispatcher->service->dispatch(dispatcher->handle,
							   dispatcher->mode);
	dispatcher->done = true;
	return NULL;
}

void dispatcher_start(struct dispatcher *dispatcher,
		      const struct service_api *service, uint64_t handle,
		      cs_dispatch_flags_t mode, size_t stack_size)
{
	pthread_attr_t attr;

	dispatcher->service = service;
	dispatcher->handle = handle;
	dispatcher->mode = mode;
	dispatcher->tid = 0;
	dispatcher->done = false;
	pthread_attr_init(&attr);
	if (stack_size != 0)
		ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack_size),
				 0);
	ck_assert_int_eq(pthread_create(&dispatcher->thread, &attr,
					dispatcher_run, dispatcher),
			 0);
	pthread_attr_destroy(&attr);
}

void dispatcher_wait_asleep(const struct dispatcher *dispatcher)
{
	wait_for(dispatcher->tid != 0 && process_state(dispatcher->tid) == 'S');
	ck_assert(!dispatcher->done);
}

cs_error_t dispatcher_join(struct dispatcher *dispatcher)
{
	wait_for(dispatcher->done);
	ck_assert_int_eq(pthread_join(dispatcher->thread, NULL), 0);
	return dispatcher->result;
}
