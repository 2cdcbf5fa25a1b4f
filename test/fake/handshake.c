/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <qb/qbipc_common.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

#define HEADER_SIZE 24
#define RING_SIZE (1024 * 1024)
#define CHILD_S	    10

static void shake_u32(size_t offset, uint32_t value)
{
	put_u32(server->shake, offset, value);
}

static void name_set(int ring, const char *name)
{
	char *at = (char *)server->shake + SHAKE_RING_AT(ring);

	memset(at, 0, PATH_MAX);
	memcpy(at, name, strlen(name));
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

/* As long as an answer without an error, and with nothing but the header. */
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

/* Each of the three. */
START_TEST(ring_name)
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
		name_set(_i, names[i]);
		initialize_assert(CS_ERR_LIBRARY);
	}
	memset(server->shake + SHAKE_RING_AT(_i), 'a', PATH_MAX);
	initialize_assert(CS_ERR_LIBRARY);
}
END_TEST

/* Files in place of a ring's: below zero there is none, or a directory. */
#define FILE_MISSING (-1)
#define FILE_DIRECTORY (-2)
#define RING_HEADER 8252
#define RING_DATA 1052672

static const struct {
	long header, data;	/* sizes */
	int fill;		/* the byte they are full of */
} spoils[] = {
	{ 0, 0, 0 },
	{ 0, RING_DATA, 0 },
	{ RING_HEADER, FILE_MISSING, 0 },
	{ FILE_MISSING, RING_DATA, 0 },
	{ FILE_DIRECTORY, RING_DATA, 0 },
	{ FILE_DIRECTORY, FILE_DIRECTORY, 0 },
	{ RING_HEADER, 0, 0 },
	{ RING_HEADER, RING_DATA, 0 },
	{ RING_HEADER, 0, 0xff },
	{ RING_HEADER, RING_DATA, 0xff },
	{ RING_HEADER, RING_DATA, 1 },
	{ 1, RING_DATA, 0xff },
	{ 4096, RING_DATA, 0 },
};

static void file_spoil(const char *path, long size, int fill)
{
	char bytes[4096];
	int fd;

	if (size == FILE_MISSING)
		return;
	if (size == FILE_DIRECTORY) {
		ck_assert_int_eq(mkdir(path, 0700), 0);
		return;
	}
	memset(bytes, fill, sizeof(bytes));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	for (long at = 0; at < size; at += (long)sizeof(bytes))
		ck_assert_int_gt(write(fd, bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

/* Each kind for each of the three. */
START_TEST(ring_files)
{
	char name[64], header[80], data[80];

	snprintf(name, sizeof(name), "/dev/shm/spoilt-%d", (int)getpid());
	snprintf(header, sizeof(header), "%s-header", name);
	snprintf(data, sizeof(data), "%s-data", name);
	name_set(_i % SHAKE_RINGS, name);
	file_spoil(header, spoils[_i / SHAKE_RINGS].header,
		   spoils[_i / SHAKE_RINGS].fill);
	file_spoil(data, spoils[_i / SHAKE_RINGS].data,
		   spoils[_i / SHAKE_RINGS].fill);
	initialize_assert(CS_ERR_LIBRARY);
	remove(header);
	remove(data);
}
END_TEST

/* The daemon's own: the header says what it always said. */
START_TEST(ring_cut_short)
{
	static const char *const names[] = { "request", "response", "event" };
	cpg_handle_t handle = 0;
	char path[128];

	server_start();
	snprintf(path, sizeof(path), "%s/qb-%s-cpg-data", server->directory,
		 names[_i]);
	ck_assert_int_eq(truncate(path, 4096), 0);
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	server_stop();
}
END_TEST

/* More than the rings have room for, and far less. */
START_TEST(maximum_of_other_rings)
{
	static const uint32_t maxima[] = { 2 * 1024 * 1024, 64 * 1024 * 1024,
					   24 };

	server->ring_size = _i == 2 ? 16 * 1024 * 1024 : RING_SIZE;
	shake_u32(SHAKE_MAX_AT, maxima[_i]);
	initialize_assert(CS_ERR_LIBRARY);
}
END_TEST

static void event_await(cpg_handle_t handle, uint32_t msglen)
{
	static unsigned char bytes[4 * 1024 * 1024];
	const size_t size = 184 + msglen;

	put_reply(bytes, 5, size, CS_OK);
	put_u32(bytes, 160, msglen);
	server_event(bytes, size);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count(), 1);
	ck_assert_uint_eq(event_get(0)->msg_len, msglen);
	events_clear();
}

/*
 * libqb rounds rings up: to 16 KiB where it was built with forced alignment,
 * to 4 MiB on some machines. An event may need all of the room.
 */
START_TEST(larger_rings)
{
	static const size_t sizes[] = { 4096,	     8192,
					16 * 1024,   64 * 1024,
					1024 * 1024, 3 * 1024 * 1024 };
	cpg_handle_t handle;

	server->ring_size = RING_SIZE + sizes[_i];
	handle = fake_open_joined();
	event_await(handle, 10);
	event_await(handle, RING_SIZE - 184);
	event_await(handle, (uint32_t)(RING_SIZE + sizes[_i] - 1024));
	assert_cs(CS_OK, zeroes_send(handle, 1000 * 1000));
	assert_cs(CS_OK, local_ask(handle));
	fake_close(handle, CS_OK);
}
END_TEST

/* A daemon with socket IPC, which died before its sockets were opened. */
START_TEST(sockets_are_not_there)
{
	snprintf(server->control, sizeof(server->control),
		 "/dev/shm/control-%d", (int)getpid());
	shake_u32(SHAKE_TYPE_AT, QB_IPC_SOCKET);
	name_set(0, server->control);
	name_set(1, "not-there");
	initialize_assert(CS_ERR_LIBRARY);
	ck_assert_int_eq(access(server->control, F_OK), -1);
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
	caller_start(&caller, initialize_run, 0);
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
	caller_start(&caller, initialize_run, 0);
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
	caller_start(&caller, initialize_run, 0);
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
	TCase *rings = fake_case_add(suite, "rings");
	TCase *sockets = fake_case_add(suite, "sockets");
	TCase *slow = fake_case_add(suite, "slow");

	tcase_add_test(reply, whole);
	tcase_add_test(reply, closed_before_the_hello);
	tcase_add_test(reply, truncated);
	tcase_add_loop_test(reply, in_pieces, 0, 5);
	tcase_add_test(reply, wrong_size);
	tcase_add_loop_test(reply, refused, 0, 2 * ARRAY_SIZE(refusals));
	tcase_add_test(reply, unknown_type);
	tcase_add_test(reply, senseless_maximum);
	tcase_add_loop_test(rings, ring_name, 0, SHAKE_RINGS);
	tcase_add_loop_test(rings, ring_files, 0,
			    SHAKE_RINGS * ARRAY_SIZE(spoils));
	tcase_add_loop_test(rings, ring_cut_short, 0, SHAKE_RINGS);
	tcase_add_loop_test(rings, maximum_of_other_rings, 0, 3);
	tcase_add_loop_test(rings, larger_rings, 0, 6);
	tcase_add_test(sockets, sockets_are_not_there);
	tcase_add_test(slow, slow_under_signals);
	tcase_add_test(slow, silent);
	tcase_add_test(slow, silent_then_closed);
	tcase_add_test(slow, silent_before_a_fork);
	return suite;
}
