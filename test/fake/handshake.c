/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <qb/qbipc_common.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels.h"
#include "client.h"
#include "suites.h"

#define HEADER_SIZE 24
#define CHILD_S	    10

static void shake_u32(size_t offset, uint32_t value)
{
	put_u32(server->shake, offset, value);
}

START_TEST(whole)
{
	initialize_assert(CS_OK);
}
END_TEST

START_TEST(closed_before_the_hello)
{
	server->is_deaf = true;
	initialize_assert(CS_ERR_LIBRARY);
}
END_TEST

START_TEST(truncated)
{
	static const size_t sizes[] = {
		0, 1, 4, 7, 8, 11, 12, 15, 16, 19, 20, 23, 24, 25, 27, 28, 31,
		32, 39, 40, 41, 100, 4000, 4095, 4096, 4135, 4136, 4137, 8192,
		8232, 12000, 12287, 12288, SHAKE_SIZE - 8, SHAKE_SIZE - 1,
	};

	server->hangs_up = true;
	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		server->shake_size = sizes[i];
		initialize_assert(CS_ERR_LIBRARY);
	}
}
END_TEST

START_TEST(in_pieces)
{
	static const size_t pieces[] = { 1, 23, 24, 4096, SHAKE_SIZE - 1 };

	server->piece = pieces[_i];
	initialize_assert(CS_OK);
}
END_TEST

START_TEST(wrong_size)
{
	static const uint32_t sizes[] = {
		0, 1, 23, 24, 40, SHAKE_SIZE - 1, SHAKE_SIZE + 1, INT32_MAX,
		UINT32_MAX,
	};

	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		shake_u32(SHAKE_SIZE_AT, sizes[i]);
		initialize_assert(CS_ERR_LIBRARY);
	}
}
END_TEST

static const struct {
	int32_t error;
	cs_error_t want;
} refusals[] = {
	{ -EACCES, CS_ERR_ACCESS },  { -ENOSPC, CS_ERR_NO_SPACE },
	{ -ENOMEM, CS_ERR_NO_MEMORY }, { -EMFILE, CS_ERR_LIBRARY },
	{ -EPERM, CS_ERR_LIBRARY },  { -ECONNREFUSED, CS_ERR_LIBRARY },
	{ INT32_MIN, CS_ERR_LIBRARY }, { -1000000, CS_ERR_LIBRARY },
	{ 1, CS_ERR_LIBRARY },	     { EACCES, CS_ERR_LIBRARY },
	{ -EAGAIN, CS_ERR_TRY_AGAIN }, { -ENOTSUP, CS_ERR_LIBRARY },
	{ INT32_MAX, CS_ERR_LIBRARY },
};

/* A reply as long as one without an error, and a header alone. */
static void refused_by(cs_error_t want)
{
	initialize_assert(want);
	shake_u32(SHAKE_SIZE_AT, HEADER_SIZE);
	server->shake_size = HEADER_SIZE;
	initialize_assert(want);
	server->piece = 1;
	server->hangs_up = true;
	initialize_assert(want);
}

START_TEST(refused)
{
	int i = _i / 2;

	if (_i % 2 == 1)
		server_plan_quorum();
	shake_u32(SHAKE_ERROR_AT, (uint32_t)refusals[i].error);
	refused_by(refusals[i].want);
}
END_TEST

START_TEST(unknown_type)
{
	static const uint32_t types[] = { QB_IPC_POSIX_MQ, QB_IPC_SYSV_MQ,
					  QB_IPC_NATIVE,   QB_IPC_NATIVE + 1,
					  INT32_MAX,	   UINT32_MAX };

	for (int i = 0; i < ARRAY_SIZE(types); i++) {
		shake_u32(SHAKE_TYPE_AT, types[i]);
		initialize_assert(CS_ERR_LIBRARY);
	}
}
END_TEST

START_TEST(senseless_maximum)
{
	static const uint32_t maxima[] = { 0, 1, 23, INT32_MAX, 0x80000000,
					   UINT32_MAX };

	for (int i = 0; i < ARRAY_SIZE(maxima); i++) {
		shake_u32(SHAKE_MAX_AT, maxima[i]);
		initialize_assert(CS_ERR_LIBRARY);
	}
}
END_TEST

/* Each of them: a file, or an address. */
START_TEST(senseless_name)
{
	const char *names[] = {
		"",
		"..",
		"../qb-request-cpg",
		"a/../../qb-request-cpg",
		"/dev/shm/../shm/qb-request-cpg",
		"not-there",
		"/dev/shm/not-there/qb-request-cpg",
		server->directory,
		"/",
	};

	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		server_plan_name(_i, names[i]);
		initialize_assert(CS_ERR_LIBRARY);
	}
	memset(server->shake + SHAKE_NAME_AT(_i), 'a', PATH_MAX);
	initialize_assert(CS_ERR_LIBRARY);
}
END_TEST

static volatile sig_atomic_t alarms;

static void alarm_count(int signal_number)
{
	(void)signal_number;
	alarms++;
}

START_TEST(slow_under_signals)
{
	server->piece = 64;
	server->pause_us = 3000;
	timer_start(1000, alarm_count);
	initialize_assert(CS_OK);
	timer_stop();
	ck_assert_int_ge(alarms, 20);
}
END_TEST

static cs_error_t initialize_run(uint64_t unused)
{
	cpg_handle_t handle = 0;
	cs_error_t err = cpg_initialize(&handle, NULL);

	(void)unused;
	if (err == CS_OK)
		assert_cs(CS_OK, cpg_finalize(handle));
	return err;
}

START_TEST(silent)
{
	struct caller caller;

	server->waits = true;
	server_start();
	caller_start_asleep(&caller, initialize_run, 0);
	idle_assert();
	ck_assert(!caller.done);
	server_shake();
	assert_cs(CS_OK, caller_join(&caller));
	server_stop();
}
END_TEST

START_TEST(silent_then_closed)
{
	struct caller caller;

	server->waits = true;
	server_start();
	caller_start_asleep(&caller, initialize_run, 0);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	server_stop();
}
END_TEST

/* A thread that connects does not keep a child from it. */
START_TEST(silent_before_a_fork)
{
	struct caller caller;
	int status;
	pid_t pid;

	server->waits = true;
	server_start();
	caller_start_asleep(&caller, initialize_run, 0);
	idle_assert();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		alarm(CHILD_S);
		unshare(CLONE_NEWNET);
		if (initialize_run(0) == CS_ERR_LIBRARY)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	server_hang_up();
	assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	server_stop();
}
END_TEST

Suite *handshake_suite(void)
{
	Suite *suite = suite_create("handshake");
	TCase *reply = fake_case_add(suite, "reply");
	TCase *slow = fake_case_add(suite, "slow");

	tcase_add_test(reply, whole);
	tcase_add_test(reply, closed_before_the_hello);
	tcase_add_test(reply, truncated);
	tcase_add_loop_test(reply, in_pieces, 0, 5);
	tcase_add_test(reply, wrong_size);
	tcase_add_loop_test(reply, refused, 0, 2 * ARRAY_SIZE(refusals));
	tcase_add_test(reply, unknown_type);
	tcase_add_test(reply, senseless_maximum);
	tcase_add_loop_test(reply, senseless_name, 0, channels()->names_count);
	tcase_add_test(slow, slow_under_signals);
	tcase_add_test(slow, silent);
	tcase_add_test(slow, silent_then_closed);
	tcase_add_test(slow, silent_before_a_fork);
	return suite;
}
