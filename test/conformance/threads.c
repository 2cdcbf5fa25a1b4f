/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define MESSAGES 3000
#define THREADS 4
#define ASKS 1500
#define STACK (64 * 1024)

/* Canceled threads, as in a program that replaces a connection. */

static void cancel_in_wait(void)
{
	struct cpg_name group = name_unique("cancel");
	struct dispatch dispatch = { &service_cpg, cpg_open_joined(&group),
				     CS_DISPATCH_BLOCKING };
	struct caller caller;
	void *result = NULL;

	caller_start(&caller, dispatch_call, &dispatch);
	caller_wait_asleep(&caller);
	CHECK_INT(0, pthread_cancel(caller.thread));
	CHECK_INT(0, pthread_join(caller.thread, &result));
	CHECK(result == PTHREAD_CANCELED);
	message_round(dispatch.handle, 10, 1);
	CHECK_OK(cpg_leave(dispatch.handle, &group));
	CHECK_CS(CS_OK, cpg_finalize(dispatch.handle));
}

static volatile bool is_inside, may_return;

static void stay_inside(struct event *event)
{
	(void)event;
	is_inside = true;
	while (!may_return)
		check_pause();
}

static void calls_beside_callback(void)
{
	struct cpg_name group = name_unique("beside");
	struct dispatch dispatch = { &service_cpg, cpg_open_joined(&group),
				     CS_DISPATCH_ONE };
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct caller caller;
	unsigned int nodeid;
	int count;

	message_send(dispatch.handle, 10, 1);
	events_hook = stay_inside;
	caller_start(&caller, dispatch_call, &dispatch);
	WAIT_FOR(is_inside);
	CHECK_OK(cpg_local_get(dispatch.handle, &nodeid));
	CHECK_OK(cpg_membership_get(dispatch.handle, &group, members, &count));
	message_send(dispatch.handle, 20, 2);
	CHECK_OK(cpg_leave(dispatch.handle, &group));
	may_return = true;
	CHECK_CS(CS_OK, caller_join(&caller));
	CHECK_CS(CS_OK, cpg_finalize(dispatch.handle));
}

/* Finalize does not wait for the callback of another thread. */
static void finalize_beside_callback(void)
{
	struct dispatch dispatch = { &service_cpg, service_cpg.open(),
				     CS_DISPATCH_ONE };
	struct caller caller;

	message_send(dispatch.handle, 10, 1);
	events_hook = stay_inside;
	caller_start(&caller, dispatch_call, &dispatch);
	WAIT_FOR(is_inside);
	CHECK_CS(CS_OK, cpg_finalize(dispatch.handle));
	may_return = true;
	CHECK_CS(CS_ERR_BAD_HANDLE, caller_join(&caller));
}

/* Several dispatchers, and several callers. */

struct numbered {
	cpg_handle_t handle;
	unsigned int number;
};

static cs_error_t number_send(const struct numbered *numbered)
{
	struct iovec iov = { (void *)&numbered->number,
			     sizeof(numbered->number) };
	cs_error_t err;

	for (;;) {
		err = cpg_mcast_joined(numbered->handle, CPG_TYPE_AGREED, &iov,
				       1);
		if (err != CS_ERR_TRY_AGAIN)
			return err;
		check_pause();
	}
}

static cs_error_t numbers_send(void *data)
{
	struct numbered numbered = *(struct numbered *)data;
	int i;

	for (i = 0; i < MESSAGES; i++, numbered.number++)
		CHECK_CS(CS_OK, number_send(&numbered));
	return CS_OK;
}

/* Each number from 0 was delivered once. */
static void numbers_assert(int wanted)
{
	char *seen = calloc(1, (size_t)wanted);
	unsigned int number;
	int i;

	CHECK_INT(wanted, events_count());
	for (i = 0; i < wanted; i++) {
		CHECK_INT(sizeof(number), event_get(i)->len);
		memcpy(&number, event_get(i)->msg, sizeof(number));
		CHECK(number < (unsigned int)wanted);
		CHECK_INT(0, seen[number]++);
	}
}

static void one_sends(void)
{
	struct numbered numbered = { service_cpg.open(), 0 };
	struct caller caller;

	caller_start(&caller, numbers_send, &numbered);
	dispatch_until(numbered.handle, MESSAGES);
	CHECK_CS(CS_OK, caller_join(&caller));
	numbers_assert(MESSAGES);
	CHECK_CS(CS_OK, cpg_finalize(numbered.handle));
}

/* All threads wake for each event. */
static cs_error_t dispatch_all(void *data)
{
	struct numbered *numbered = data;
	struct pollfd pollfd = { cpg_fd(numbered->handle), POLLIN, 0 };

	while (events_count() < MESSAGES) {
		poll(&pollfd, 1, 20);
		CHECK_CS(CS_OK, cpg_dispatch(numbered->handle,
					     CS_DISPATCH_ALL));
	}
	return CS_OK;
}

static void several_dispatch(void)
{
	struct numbered numbered = { service_cpg.open(), 0 };
	struct caller callers[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		caller_start(&callers[i], dispatch_all, &numbered);
	CHECK_CS(CS_OK, numbers_send(&numbered));
	for (i = 0; i < THREADS; i++)
		CHECK_CS(CS_OK, caller_join(&callers[i]));
	numbers_assert(MESSAGES);
	CHECK_CS(CS_OK, cpg_finalize(numbered.handle));
}

static void several_send(void)
{
	struct numbered numbered[THREADS];
	cpg_handle_t handle = service_cpg.open();
	struct caller callers[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		numbered[i] = (struct numbered){ handle, i * MESSAGES };
		caller_start(&callers[i], numbers_send, &numbered[i]);
	}
	dispatch_until(handle, THREADS * MESSAGES);
	for (i = 0; i < THREADS; i++)
		CHECK_CS(CS_OK, caller_join(&callers[i]));
	numbers_assert(THREADS * MESSAGES);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

struct asker {
	cpg_handle_t handle;
	struct cpg_name group;
	unsigned int nodeid;
};

static cs_error_t local_ask(void *data)
{
	struct asker *asker = data;
	unsigned int nodeid = 0;
	int i;

	for (i = 0; i < ASKS; i++) {
		CHECK_OK(cpg_local_get(asker->handle, &nodeid));
		CHECK_INT(asker->nodeid, nodeid);
	}
	return CS_OK;
}

static cs_error_t members_ask(void *data)
{
	struct asker *asker = data;
	struct cpg_address members[CPG_MEMBERS_MAX];
	int i, count;

	for (i = 0; i < ASKS; i++) {
		count = -1;
		CHECK_OK(cpg_membership_get(asker->handle, &asker->group,
					    members, &count));
		CHECK_INT(1, count);
		CHECK_INT(getpid(), members[0].pid);
	}
	return CS_OK;
}

static void several_ask(void)
{
	struct asker asker = { .group = name_unique("ask") };
	struct caller callers[THREADS];
	int i;

	asker.handle = cpg_open_joined(&asker.group);
	CHECK_OK(cpg_local_get(asker.handle, &asker.nodeid));
	for (i = 0; i < THREADS; i++)
		caller_start(&callers[i], i % 2 ? local_ask : members_ask,
			     &asker);
	for (i = 0; i < THREADS; i++)
		CHECK_CS(CS_OK, caller_join(&callers[i]));
	CHECK_CS(CS_OK, cpg_finalize(asker.handle));
}

/* Small stacks. */

static void *dispatch_one(void *data)
{
	CHECK_CS(CS_OK, cpg_dispatch(*(cpg_handle_t *)data, CS_DISPATCH_ONE));
	return NULL;
}

static void *quorum_dispatch_one(void *data)
{
	CHECK_CS(CS_OK,
		 quorum_dispatch(*(quorum_handle_t *)data, CS_DISPATCH_ONE));
	return NULL;
}

static void small_stack_run(void *(*run)(void *), uint64_t handle)
{
	size_t size = STACK < PTHREAD_STACK_MIN ? (size_t)PTHREAD_STACK_MIN :
						  STACK;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	CHECK_INT(0, pthread_attr_setstacksize(&attr, size));
	CHECK_INT(0, pthread_create(&thread, &attr, run, &handle));
	CHECK_INT(0, pthread_join(thread, NULL));
	pthread_attr_destroy(&attr);
	CHECK_INT(1, events_count());
}

static void cpg_small_stack(void)
{
	cpg_handle_t handle = service_cpg.open();

	message_send(handle, 100000, 1);
	small_stack_run(dispatch_one, handle);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void quorum_small_stack(void)
{
	quorum_handle_t handle = quorum_open();

	service_quorum.event_cause(handle);
	small_stack_run(quorum_dispatch_one, handle);
	CHECK_CS(CS_OK, quorum_finalize(handle));
}

const struct conf_case thread_cases[] = {
	{ "cancel_in_wait", "K10",
	  "a thread that is canceled in a dispatch leaves no lock held", 0,
	  cancel_in_wait },
	{ "calls_beside_callback", "K10 K11",
	  "calls of other threads while a callback runs", 0,
	  calls_beside_callback },
	{ "finalize_beside_callback", "K10",
	  "finalize in another thread while a callback runs", 0,
	  finalize_beside_callback },
	{ "one_sends_another_dispatches", "K11",
	  "one thread sends while another dispatches", 0, one_sends },
	{ "several_dispatch", "B3",
	  "four threads dispatch one handle: each event once", 0,
	  several_dispatch },
	{ "several_send", "B4", "four threads send on one handle", 0,
	  several_send },
	{ "several_ask", "B4", "four threads make requests on one handle", 0,
	  several_ask },
	{ "cpg_small_stack", "B6", "cpg_dispatch in a stack of 64 KiB", 0,
	  cpg_small_stack },
	{ "quorum_small_stack", "B6", "quorum_dispatch in a stack of 64 KiB",
	  0, quorum_small_stack },
	{ 0 },
};
