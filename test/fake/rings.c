/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Only for shm IPC: rings that do not match the handshake. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channels.h"
#include "client.h"
#include "suites.h"

#define RINGS CHANNELS_NAMES_MAX
#define RING_SIZE (1024 * 1024)

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
START_TEST(files)
{
	char name[64], header[80], data[80];

	snprintf(name, sizeof(name), "/dev/shm/spoilt-%d", (int)getpid());
	snprintf(header, sizeof(header), "%s-header", name);
	snprintf(data, sizeof(data), "%s-data", name);
	server_plan_name(_i % RINGS, name);
	file_spoil(header, spoils[_i / RINGS].header,
		   spoils[_i / RINGS].fill);
	file_spoil(data, spoils[_i / RINGS].data,
		   spoils[_i / RINGS].fill);
	initialize_assert(CS_ERR_LIBRARY);
	remove(header);
	remove(data);
}
END_TEST

/* The daemon's own file is truncated; its header is unchanged. */
START_TEST(cut_short)
{
	cpg_handle_t handle = 0;
	char path[128];

	server_start();
	server_file_path(2 * (unsigned int)_i + 1, path, sizeof(path));
	ck_assert_int_eq(truncate(path, 4096), 0);
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	server_stop();
}
END_TEST

/* More than the rings have room for, and far less. */
START_TEST(maximum_of_others)
{
	static const uint32_t maxima[] = { 2 * 1024 * 1024, 64 * 1024 * 1024,
					   24 };

	server->ring_size = _i == 2 ? 16 * 1024 * 1024 : RING_SIZE;
	put_u32(server->shake, SHAKE_MAX_AT, maxima[_i]);
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
START_TEST(larger)
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

Suite *rings_suite(void)
{
	Suite *suite = suite_create("rings");
	TCase *tcase = fake_case_add(suite, "rings");

	tcase_add_loop_test(tcase, files, 0, RINGS * ARRAY_SIZE(spoils));
	tcase_add_loop_test(tcase, cut_short, 0, RINGS);
	tcase_add_loop_test(tcase, maximum_of_others, 0, 3);
	tcase_add_loop_test(tcase, larger, 0, 6);
	return suite;
}
