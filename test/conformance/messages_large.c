/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define MIB ((size_t)1024 * 1024)
#define ATOMIC_MAX 1047552u
#define LARGE (2 * MIB + 77)
#define ROUNDS 6

static void max_atomic(void)
{
	cpg_handle_t handle = service_cpg.open();
	uint32_t size = 0;

	CHECK_CS(CS_OK, cpg_max_atomic_msgsize_get(handle, &size));
	CHECK_INT(ATOMIC_MAX, size);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void sizes(void)
{
	static const size_t lens[] = { 1,	       1000, ATOMIC_MAX - 1,
				       ATOMIC_MAX,     ATOMIC_MAX + 1,
				       2 * ATOMIC_MAX, 5 * MIB + 3 };
	cpg_handle_t handle = service_cpg.open();
	int i;

	for (i = 0; i < LENGTH(lens); i++)
		message_round(handle, lens[i], (unsigned int)i);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* Another process sends, so that fragments of two senders come in turns. */
static void two_processes(void)
{
	struct cpg_name group = name_unique("large");
	cpg_handle_t handle = cpg_open_joined(&group);
	pid_t child = child_start();
	int i, messages = 0;

	if (child == 0) {
		cpg_handle_t own = cpg_open_joined(&group);

		for (i = 0; i < ROUNDS; i++)
			message_round(own, LARGE, 9);
		_exit(CASE_PASSES);
	}
	while (messages < ROUNDS) {
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		messages = events_count_of(EVENT_DELIVER);
	}
	for (i = 0; i < ROUNDS; i++) {
		CHECK(event_is_message(event_get_of(EVENT_DELIVER, i), LARGE,
				       9));
		CHECK_INT(child, event_get_of(EVENT_DELIVER, i)->pid);
	}
	child_wait(child);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* Threads of one handle. */

struct sender {
	cpg_handle_t handle;
	size_t len;
	unsigned int seed;
	int count;
	volatile bool started;
};

static cs_error_t sender_run(void *data)
{
	struct sender *sender = data;
	int i;

	sender->started = true;
	for (i = 0; i < sender->count; i++)
		message_send(sender->handle, sender->len, sender->seed);
	return CS_OK;
}

/* A process that receives has its handle for itself. */
static void receiver_run(const struct cpg_name *group, int count, int fd)
{
	cpg_handle_t handle = cpg_open_joined(group);
	int i, first = 0;

	CHECK_INT(1, write(fd, "x", 1));
	while (events_count_of(EVENT_DELIVER) < count)
		CHECK_CS(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	for (i = 0; i < count; i++) {
		struct event *event = event_get_of(EVENT_DELIVER, i);

		CHECK(event_is_message(event, LARGE, 1) ||
		      event_is_message(event, LARGE, 2));
		first += event_is_message(event, LARGE, 1);
	}
	CHECK_INT(count / 2, first);
	_exit(CASE_PASSES);
}

static void two_threads(void)
{
	struct cpg_name group = name_unique("threads");
	struct sender senders[2] = { { .len = LARGE, .seed = 1 },
				     { .len = LARGE, .seed = 2 } };
	struct caller callers[2];
	cpg_handle_t handle;
	int pipe_fds[2], i;
	pid_t child;
	char byte;

	CHECK_INT(0, pipe(pipe_fds));
	child = child_start();
	if (child == 0)
		receiver_run(&group, 2 * ROUNDS, pipe_fds[1]);
	CHECK_INT(1, read(pipe_fds[0], &byte, 1));
	handle = cpg_open();
	CHECK_OK(cpg_join(handle, &group));
	for (i = 0; i < 2; i++) {
		senders[i].handle = handle;
		senders[i].count = ROUNDS;
		caller_start(&callers[i], sender_run, &senders[i]);
	}
	/* The daemon sends this process what it sends to itself. */
	while (!callers[0].ended || !callers[1].ended) {
		cpg_dispatch(handle, CS_DISPATCH_ALL);
		check_pause();
	}
	for (i = 0; i < 2; i++)
		CHECK_CS(CS_OK, caller_join(&callers[i]));
	child_wait(child);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* Of the events so far. */
struct tally {
	int events;
	int large;
	int small;	/* delivered before the last large one */
};

static void tally_update(struct tally *tally, int wanted)
{
	struct event *event;

	for (; tally->events < events_count(); tally->events++) {
		event = event_get(tally->events);
		CHECK(event_is_message(event, 10, 2) ||
		      event_is_message(event, 8 * MIB, 1));
		tally->large += event->len == 8 * MIB;
		tally->small += event->len == 10 && tally->large < wanted;
	}
}

/* While one thread sends messages of 8 MiB, small ones arrive in between. */
static void small_between(void)
{
	struct sender large = { .handle = service_cpg.open(), .len = 8 * MIB,
				.seed = 1, .count = 4 };
	struct tally tally = { 0 };
	struct caller caller;

	caller_start(&caller, sender_run, &large);
	while (tally.large < large.count) {
		if (!caller.ended)
			message_try(large.handle, 10, 2);
		CHECK_CS(CS_OK, cpg_dispatch(large.handle, CS_DISPATCH_ALL));
		tally_update(&tally, large.count);
	}
	CHECK_CS(CS_OK, caller_join(&caller));
	CHECK(tally.small >= 4);
	CHECK_CS(CS_OK, cpg_finalize(large.handle));
}

/* No thread dispatches at first, so that the daemon refuses fragments. */
static void silent(void)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	struct sender sender = { .handle = service_cpg.open(), .len = 24 * MIB,
				 .seed = 1, .count = 1 };
	struct caller caller;
	off_t written;

	CHECK(output >= 0);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	caller_start(&caller, sender_run, &sender);
	caller_wait_asleep(&caller);
	dispatch_until(sender.handle, 1);
	CHECK_CS(CS_OK, caller_join(&caller));
	CHECK(event_is_message(event_get(0), sender.len, 1));
	written = lseek(output, 0, SEEK_END);
	CHECK_INT(0, written);
	CHECK_CS(CS_OK, cpg_finalize(sender.handle));
}

const struct conf_case message_large_cases[] = {
	{ "max_atomic", "K24", "cpg_max_atomic_msgsize_get gets 1047552", 0,
	  max_atomic },
	{ "sizes", "K24", "messages from 1 byte to 5 MiB", 0, sizes },
	{ "large_from_a_process", "K24",
	  "large messages of another process are delivered", 0,
	  two_processes },
	{ "large_of_two_threads", "B2",
	  "large messages of two threads on one handle do not mix", 0,
	  two_threads },
	{ "small_between_large", "B29",
	  "small messages are sent while another thread sends large ones", 0,
	  small_between },
	{ "large_silent", "B23", "sending a large message prints nothing", 0,
	  silent },
	{ 0 },
};
