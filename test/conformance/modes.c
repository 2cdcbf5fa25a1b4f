/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>

#include "cases.h"
#include "service.h"

#define EVENTS 3
#define SIGNALS 20
#define MIB ((size_t)1024 * 1024)

static void nothing_pending(const struct service *service)
{
	uint64_t handle = service->open();

	CHECK_CS(CS_ERR_TRY_AGAIN,
		 service->dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ALL));
	CHECK_INT(0, events_count());
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_nothing_pending(void)
{
	nothing_pending(&service_cpg);
}

static void quorum_nothing_pending(void)
{
	nothing_pending(&service_quorum);
}

static void one_takes_one(const struct service *service)
{
	uint64_t handle = service->open();
	int i;

	for (i = 0; i < EVENTS; i++)
		service->event_cause(handle);
	for (i = 1; i <= EVENTS; i++) {
		CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ONE));
		CHECK_INT(i, events_count());
	}
	CHECK_CS(CS_ERR_TRY_AGAIN,
		 service->dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_one_takes_one(void)
{
	one_takes_one(&service_cpg);
}

static void quorum_one_takes_one(void)
{
	one_takes_one(&service_quorum);
}

static void all_takes_all(const struct service *service)
{
	uint64_t handle = service->open();
	int i;

	for (i = 0; i < EVENTS; i++)
		service->event_cause(handle);
	while (events_count() < EVENTS) {
		CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ALL));
		check_pause();
	}
	CHECK_INT(EVENTS, events_count());
	CHECK_CS(CS_ERR_TRY_AGAIN,
		 service->dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_all_takes_all(void)
{
	all_takes_all(&service_cpg);
}

static void quorum_all_takes_all(void)
{
	all_takes_all(&service_quorum);
}

static void signal_ignore(int number)
{
	(void)number;
}

static void waits_through_signals(const struct service *service)
{
	struct dispatch dispatch = { service, service->open(),
				     CS_DISPATCH_ONE };
	const struct sigaction action = { .sa_handler = signal_ignore };
	struct caller caller;
	int i;

	sigaction(SIGUSR1, &action, NULL);
	caller_start(&caller, dispatch_call, &dispatch);
	caller_wait_asleep(&caller);
	for (i = 0; i < SIGNALS && !caller.ended; i++) {
		pthread_kill(caller.thread, SIGUSR1);
		check_pause();
	}
	caller_wait_asleep(&caller);
	CHECK(!caller.ended);
	service->event_cause(dispatch.handle);
	CHECK_CS(CS_OK, caller_join(&caller));
	CHECK_INT(1, events_count());
	CHECK_CS(CS_OK, service->finalize(dispatch.handle));
}

static void cpg_waits_through_signals(void)
{
	waits_through_signals(&service_cpg);
}

static void quorum_waits_through_signals(void)
{
	waits_through_signals(&service_quorum);
}

static void finalize_at_last(struct event *event)
{
	if (events_count() == EVENTS)
		CHECK_CS(CS_OK, cpg_finalize(event->handle));
}

static void blocking_takes_all(void)
{
	struct dispatch dispatch = { &service_cpg, service_cpg.open(),
				     CS_DISPATCH_BLOCKING };
	struct caller caller;
	int i;

	events_hook = finalize_at_last;
	caller_start(&caller, dispatch_call, &dispatch);
	caller_wait_asleep(&caller);
	CHECK(!caller.ended);
	for (i = 0; i < EVENTS; i++)
		service_cpg.event_cause(dispatch.handle);
	CHECK_CS(CS_ERR_BAD_HANDLE, caller_join(&caller));
	CHECK_INT(EVENTS, events_count());
}

static void one_without_callback(void)
{
	struct cpg_name group = name_unique("modes");
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, NULL));
	CHECK_OK(cpg_join(handle, &group));
	message_send(handle, 5, 1);
	CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_ERR_TRY_AGAIN,
		 cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void fragments_are_events(void)
{
	cpg_handle_t handle = service_cpg.open();
	int dispatches = 0;

	message_send(handle, 3 * MIB, 2);
	for (; events_count() == 0; dispatches++)
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	CHECK(dispatches >= 3);
	CHECK(event_is_message(event_get(0), 3 * MIB, 2));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void invalid_mode(const struct service *service)
{
	static const int modes[] = { 0, 5, 99 };
	uint64_t handle = service->open();
	int i;

	service->event_cause(handle);
	for (i = 0; i < LENGTH(modes); i++)
		CHECK_CS(CS_ERR_INVALID_PARAM,
			 service->dispatch(handle,
					   (cs_dispatch_flags_t)modes[i]));
	CHECK_INT(0, events_count());
	CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ONE));
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_invalid_mode(void)
{
	invalid_mode(&service_cpg);
}

static void quorum_invalid_mode(void)
{
	invalid_mode(&service_quorum);
}

const struct conf_case mode_cases[] = {
	{ "cpg_nothing_pending", "K4",
	  "ONE_NONBLOCKING and ALL of cpg with nothing pending", 0,
	  cpg_nothing_pending },
	{ "quorum_nothing_pending", "K4",
	  "ONE_NONBLOCKING and ALL of quorum with nothing pending", 0,
	  quorum_nothing_pending },
	{ "cpg_one_takes_one", "K4 K5", "ONE of cpg takes one event", 0,
	  cpg_one_takes_one },
	{ "quorum_one_takes_one", "K4 K5", "ONE of quorum takes one event", 0,
	  quorum_one_takes_one },
	{ "cpg_all_takes_all", "K4", "ALL of cpg takes all events", 0,
	  cpg_all_takes_all },
	{ "quorum_all_takes_all", "K4", "ALL of quorum takes all events", 0,
	  quorum_all_takes_all },
	{ "cpg_waits_through_signals", "K4",
	  "ONE of cpg waits for an event, even after signals", 0,
	  cpg_waits_through_signals },
	{ "quorum_waits_through_signals", "K4",
	  "ONE of quorum waits for an event, even after signals", 0,
	  quorum_waits_through_signals },
	{ "blocking_takes_all", "K4 K8",
	  "BLOCKING dispatches until a callback finalizes the handle", 0,
	  blocking_takes_all },
	{ "one_without_callback", "K5 K14",
	  "ONE takes one event that has no callback", 0, one_without_callback },
	{ "fragments_are_events", "K5",
	  "ONE takes one fragment of a large message", 0,
	  fragments_are_events },
	{ "cpg_invalid_mode", "K6", "an invalid mode of cpg_dispatch", 0,
	  cpg_invalid_mode },
	{ "quorum_invalid_mode", "K6", "an invalid mode of quorum_dispatch", 0,
	  quorum_invalid_mode },
	{ 0 },
};
