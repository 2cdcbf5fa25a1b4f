/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* The length of the measurement, and the most CPU time in it. */
#define IDLE_MS 300
#define IDLE_CPU_MS 60

const struct cpg_name fake_group = { 7, "a group" };

TCase *fake_case_add(Suite *suite, const char *name)
{
	TCase *tcase = case_add(suite, name);

	tcase_add_checked_fixture(tcase, server_setup, server_teardown);
	return tcase;
}

static cs_error_t initialize(cpg_handle_t *ret_handle)
{
	return cpg_model_initialize(ret_handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)&events_cpg_v1, NULL);
}

cpg_handle_t fake_open(void)
{
	cpg_handle_t handle = 0;

	server_start();
	assert_cs(CS_OK, initialize(&handle));
	return handle;
}

cpg_handle_t fake_open_joined(void)
{
	cpg_handle_t handle = fake_open();

	assert_cs(CS_OK, cpg_join(handle, &fake_group));
	return handle;
}

void fake_close(cpg_handle_t handle, cs_error_t want)
{
	assert_cs(want, cpg_finalize(handle));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
	server_stop();
	events_clear();
}

static cs_error_t plain_initialize(cpg_handle_t *ret_handle)
{
	return cpg_initialize(ret_handle, &events_cpg);
}

static cs_error_t quorum_model_1_initialize(quorum_handle_t *ret_handle)
{
	return quorum_model_initialize(ret_handle, QUORUM_MODEL_V1, NULL, NULL,
				       NULL);
}

static cs_error_t quorum_plain_initialize(quorum_handle_t *ret_handle)
{
	return quorum_initialize(ret_handle, NULL, NULL);
}

/* Of either library, each function that opens a handle. */
static const struct {
	cs_error_t (*initialize[2])(uint64_t *ret_handle);
	cs_error_t (*finalize)(uint64_t handle);
} libraries[] = {
	{ { initialize, plain_initialize }, cpg_finalize },
	{ { quorum_model_1_initialize, quorum_plain_initialize },
	  quorum_finalize },
};

static void library_assert(bool is_quorum, int opener, cs_error_t want)
{
	uint64_t handle = 0;

	server_start();
	assert_cs(want, libraries[is_quorum].initialize[opener](&handle));
	if (want == CS_OK)
		assert_cs(CS_OK, libraries[is_quorum].finalize(handle));
	else
		ck_assert_uint_eq(handle, 0);
	server_stop();
}

void initialize_assert(cs_error_t want)
{
	bool is_quorum = strcmp(server->service, "quorum") == 0;

	library_assert(is_quorum, 0, want);
	library_assert(is_quorum, 1, want);
}

int fake_fd(cpg_handle_t handle)
{
	int fd = -1;

	assert_cs(CS_OK, cpg_fd_get(handle, &fd));
	return fd;
}

static cs_error_t bytes_send(cpg_handle_t handle, void *bytes, size_t len)
{
	const struct iovec iov = { bytes, len };

	return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
}

cs_error_t number_send(cpg_handle_t handle, uint32_t number)
{
	unsigned char bytes[SERVER_NUMBERED] = { 0 };

	put_u32(bytes, 0, number);
	return bytes_send(handle, bytes, sizeof(bytes));
}

atomic_uint numbers_sent;

cs_error_t numbers_send(uint64_t handle)
{
	cs_error_t err = CS_OK;

	while (numbers_sent < NUMBERS && err == CS_OK) {
		err = number_send(handle, numbers_sent);
		if (err == CS_OK)
			numbers_sent++;
	}
	return err;
}

cs_error_t zeroes_send(cpg_handle_t handle, size_t len)
{
	static unsigned char zeroes[4 * 1024 * 1024];

	ck_assert(len <= sizeof(zeroes));
	return bytes_send(handle, zeroes, len);
}

cs_error_t local_ask(cpg_handle_t handle)
{
	unsigned int nodeid = 77;
	cs_error_t err = cpg_local_get(handle, &nodeid);

	ck_assert_uint_eq(nodeid, err == CS_OK ? SERVER_NODEID : 77);
	return err;
}

void caller_start_asleep(struct caller *caller, run_fn run, uint64_t handle)
{
	caller_start(caller, run, handle);
	caller_wait_asleep(caller);
}

void caller_dispatch_asleep(struct caller *caller, uint64_t handle,
			    cs_dispatch_flags_t mode)
{
	caller_dispatch(caller, cpg_dispatch, handle, mode);
	caller_wait_asleep(caller);
}

long cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_idle(void)
{
	long before = cpu_ms();

	poll(NULL, 0, IDLE_MS);
	return cpu_ms() - before <= IDLE_CPU_MS;
}

/* On a busy machine, the first measurements may be too high. */
void idle_assert(void)
{
	ck_assert(is_idle() || is_idle() || is_idle());
}
