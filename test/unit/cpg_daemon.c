/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "support.h"
#include "wire.h"

struct cpg_daemon cpg_daemon;

struct answer {
	int32_t id;
	size_t size;
	void (*fill)(unsigned char *bytes);
};

static void members_fill(unsigned char *bytes)
{
	put_u32(bytes, 24, cpg_daemon.member_count);
	for (uint32_t i = 0; i < 384; i++)
		put_address(bytes, 32 + i * 24, 101 + i, 201 + i, i);
}

static void nodeid_fill(unsigned char *bytes)
{
	put_u32(bytes, 24, DAEMON_NODEID);
}

static void iteration_fill(unsigned char *bytes)
{
	put_u64(bytes, 24, DAEMON_ITERATION);
}

static void description_fill(unsigned char *bytes)
{
	put_u32(bytes, 24, cpg_daemon.iteration_name_length);
	memset(bytes + 32, 'n', 128);
	put_u32(bytes, 160, 4242);
	put_u32(bytes, 164, 4343);
}

static const struct answer answers[DAEMON_REQUESTS] = {
	[DAEMON_JOIN] = { 0, 24, NULL },
	[DAEMON_LEAVE] = { 1, 24, NULL },
	[DAEMON_MEMBERSHIP_GET] = { 3, 9248, members_fill },
	[DAEMON_LOCAL_GET] = { 7, 32, nodeid_fill },
	[DAEMON_ITERATION_INITIALIZE] = { 9, 32, iteration_fill },
	[DAEMON_ITERATION_NEXT] = { 10, 168, description_fill },
	[DAEMON_ITERATION_FINALIZE] = { 11, 24, NULL },
	[DAEMON_FINALIZE] = { 12, 24, NULL },
	[DAEMON_PARTIAL_MCAST] = { 18, 24, NULL },
};

static void daemon_answer(const struct fake_request *request,
			  struct fake_reply *reply)
{
	uint32_t id = get_u32(request->bytes, 0);
	const struct answer *answer = &answers[id];

	/* The reply of an old or a busy daemon: the header only. */
	reply->size = 24;
	if (id >= DAEMON_REQUESTS || answer->size == 0) {
		put_reply(reply->bytes, 0, 24, CS_ERR_INVALID_PARAM);
		return;
	}
	if (cpg_daemon.refusals[id].times > 0) {
		cpg_daemon.refusals[id].times--;
		put_reply(reply->bytes, answer->id, 24,
			  (int32_t)cpg_daemon.refusals[id].error);
		return;
	}
	reply->size = answer->size;
	put_reply(reply->bytes, answer->id, answer->size, CS_OK);
	if (answer->fill != NULL)
		answer->fill(reply->bytes);
}

void cpg_daemon_setup(void)
{
	fake_setup();
	libc_hooks_reset();
	memset(&cpg_daemon, 0, sizeof(cpg_daemon));
	fake.answer = daemon_answer;
}

void cpg_daemon_teardown(void)
{
	fake_teardown();
}

void cpg_daemon_refuse(enum cpg_daemon_request id, cs_error_t error,
		       unsigned int times)
{
	cpg_daemon.refusals[id].error = error;
	cpg_daemon.refusals[id].times = times;
}

unsigned int cpg_daemon_count(enum cpg_daemon_request id)
{
	unsigned int all = fake_request_count();
	unsigned int count = 0;

	for (unsigned int i = 0; i < all; i++)
		count += get_u32(fake_request_get(i)->bytes, 0) == id;
	return count;
}

const struct fake_request *cpg_daemon_last(enum cpg_daemon_request id,
					   size_t size)
{
	const struct fake_request *request =
		fake_request_get(fake_request_count() - 1);

	ck_assert_uint_eq(request->size, size);
	ck_assert_uint_eq(get_u32(request->bytes, 0), id);
	ck_assert_uint_eq(get_u32(request->bytes, 8), size);
	ck_assert_int_eq(request->called, id != DAEMON_MCAST);
	ck_assert_int_eq(request->ordered, id == DAEMON_MCAST ||
						   id == DAEMON_PARTIAL_MCAST);
	return request;
}

cpg_handle_t cpg_open(cpg_callbacks_t *callbacks)
{
	cpg_handle_t handle;

	ck_assert_int_eq(COUNTED(cpg_initialize(&handle, callbacks)), CS_OK);
	return handle;
}

void cpg_close(cpg_handle_t handle)
{
	ck_assert_int_eq(COUNTED(cpg_finalize(handle)), CS_OK);
}

cpg_handle_t cpg_open_joined(cpg_callbacks_t *callbacks)
{
	cpg_handle_t handle = cpg_open(callbacks);
	struct cpg_name group = name_of(GROUP);

	ck_assert_int_eq(cpg_join(handle, &group), CS_OK);
	return handle;
}
