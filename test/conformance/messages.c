/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define MANY 20000

static void msg_is_good(struct event *event)
{
	char *msg = event->original;

	if (event->kind != EVENT_DELIVER)
		return;
	CHECK(msg != NULL);
	CHECK_INT(0, (uintptr_t)msg % 8);
	if (event->len > 0)
		memset(msg, 'x', event->len);
}

static void writable_and_aligned(void)
{
	static const size_t lens[] = { 0, 1, 7, 100, 5000, 1047553, 3000001 };
	cpg_handle_t handle = service_cpg.open();
	int i;

	events_hook = msg_is_good;
	for (i = 0; i < LENGTH(lens); i++)
		message_round(handle, lens[i], (unsigned int)i);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void lists_not_null(void)
{
	struct cpg_name group = name_unique("lists");
	cpg_handle_t handle = cpg_open();

	CHECK_OK(cpg_join(handle, &group));
	CHECK_OK(cpg_leave(handle, &group));
	dispatch_until(handle, 2);
	CHECK_INT(0, event_get(0)->left_len);
	CHECK(event_get(0)->lists_are_there);
	CHECK_INT(0, event_get(1)->joined_len);
	CHECK(event_get(1)->lists_are_there);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void empty(void)
{
	cpg_handle_t handle = service_cpg.open();
	struct iovec iov = { NULL, 0 };

	CHECK_OK(cpg_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 0));
	CHECK_OK(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	dispatch_until(handle, 2);
	CHECK(event_is_message(event_get(0), 0, 0));
	CHECK(event_is_message(event_get(1), 0, 0));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void flow_control(void)
{
	cpg_flow_control_state_t state = CPG_FLOW_CONTROL_ENABLED;
	cpg_handle_t handle = service_cpg.open();

	CHECK_CS(CS_OK, cpg_flow_control_state_get(handle, &state));
	CHECK_INT(CPG_FLOW_CONTROL_DISABLED, state);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void zero_copy(void)
{
	cpg_handle_t handle = service_cpg.open();
	void *buffer = NULL;

	CHECK_OK(cpg_zcb_alloc(handle, 100000, &buffer));
	CHECK(buffer != NULL);
	memset(buffer, 'z', 100000);
	CHECK_OK(cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer, 5000));
	dispatch_until(handle, 1);
	CHECK_INT(5000, event_get(0)->len);
	CHECK(event_get(0)->msg[0] == 'z' && event_get(0)->msg[4999] == 'z');
	CHECK_OK(cpg_zcb_free(handle, buffer));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void sender_is_given(void)
{
	struct cpg_name group = name_unique("sender");
	cpg_handle_t handle = cpg_open_joined(&group);
	unsigned int nodeid = 0;

	CHECK_OK(cpg_local_get(handle, &nodeid));
	message_round(handle, 10, 1);
	CHECK_INT(nodeid, event_get(0)->nodeid);
	CHECK_INT(getpid(), event_get(0)->pid);
	CHECK(name_equal(&group, &event_get(0)->group));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void before_join(void)
{
	cpg_handle_t handle = cpg_open();

	CHECK_CS_LATER(CS_ERR_NOT_EXIST, message_try(handle, 10, 1));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void after_leave(void)
{
	struct cpg_name group = name_unique("leave");
	cpg_handle_t handle = cpg_open_joined(&group);

	CHECK_OK(cpg_leave(handle, &group));
	dispatch_until(handle, 1);
	CHECK_CS_LATER(CS_ERR_NOT_EXIST, message_try(handle, 10, 1));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* One byte in each buffer. */
static void iovecs_send(unsigned int count)
{
	struct iovec *iov = calloc(count, sizeof(*iov));
	cpg_handle_t handle = service_cpg.open();
	char *bytes = malloc(count);
	unsigned int i;

	for (i = 0; i < count; i++) {
		bytes[i] = (char)(i * 3);
		iov[i] = (struct iovec){ &bytes[i], 1 };
	}
	CHECK_OK(cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, count));
	dispatch_until(handle, 1);
	CHECK_INT(count, event_get(0)->len);
	CHECK_INT(0, memcmp(bytes, event_get(0)->msg, count));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void iovecs_60(void)
{
	iovecs_send(60);
}

static void iovecs_many(void)
{
	iovecs_send(64);
	events_clear();
	iovecs_send(1000);
	events_clear();
	iovecs_send(MANY);
}

/* Memory of 1 GiB, which is never written to. */
static void *address_space(void)
{
	void *memory = mmap(NULL, (size_t)1 << 30, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		check_skip("cannot reserve 1 GiB of address space");
	return memory;
}

/* Nothing may be sent: it would harm every receiver. */
static void more_than_4_gib(void)
{
	cpg_handle_t handle = service_cpg.open();
	char *memory = address_space();
	struct iovec iov[5];
	int i;

	for (i = 0; i < 4; i++)
		iov[i] = (struct iovec){ memory, (size_t)1 << 30 };
	iov[4] = (struct iovec){ memory, 10 };
	CHECK_CS(CS_ERR_TOO_BIG,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 4));
	CHECK_CS(CS_ERR_TOO_BIG,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 5));
	message_round(handle, 10, 1);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void sum_overflows(void)
{
	cpg_handle_t handle = service_cpg.open();
	char byte = 1;
	struct iovec iov[] = { { &byte, 1 }, { &byte, SIZE_MAX } };

	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 2));
	message_round(handle, 10, 1);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case message_cases[] = {
	{ "msg_writable_and_aligned", "K12 K13",
	  "msg is writable, aligned, and not NULL", 0, writable_and_aligned },
	{ "lists_not_null", "K12", "empty member lists are not NULL", 0,
	  lists_not_null },
	{ "messages_empty", "K13", "messages without bytes are delivered", 0,
	  empty },
	{ "flow_control", "K25", "flow control is DISABLED", 0, flow_control },
	{ "zero_copy", "K25", "cpg_zcb_* send an ordinary message", 0,
	  zero_copy },
	{ "sender_is_given", "K24", "a message comes with its sender", 0,
	  sender_is_given },
	{ "send_before_join", "B22",
	  "a multicast before a join: CS_ERR_NOT_EXIST", 0, before_join },
	{ "send_after_leave", "B22",
	  "a multicast after a leave: CS_ERR_NOT_EXIST", 0, after_leave },
	{ "iovecs_60", "K24", "a message of 60 buffers", 0, iovecs_60 },
	{ "iovecs_many", "B5", "messages of 64, 1000 and 20000 buffers", 0,
	  iovecs_many },
	{ "iovecs_more_than_4_gib", "B5",
	  "buffers of 4 GiB and more: CS_ERR_TOO_BIG", CASE_PRIVATE,
	  more_than_4_gib },
	{ "iovecs_overflow", "B5",
	  "lengths whose sum overflows: CS_ERR_INVALID_PARAM", 0,
	  sum_overflows },
	{ 0 },
};
