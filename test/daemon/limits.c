/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Too little shared memory, and many handles.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "events.h"
#include "openers.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define HANDLES 500
#define JOINED 100
#define UNJOINED 50
#define FDS_MANY 4096
#define STEP 65536ull
#define ROOM_MAX (64 * STEP)
#define PLENTY (1ull << 32)

/* Shared memory. */

static void shm_resize(unsigned long long bytes)
{
	char option[40];

	snprintf(option, sizeof(option), "size=%llu", bytes);
	ck_assert_msg(mount("", "/dev/shm", "", MS_REMOUNT, option) == 0,
		      "/dev/shm cannot be resized");
}

static void shm_leave(unsigned long long room)
{
	struct statvfs shm;

	ck_assert_int_eq(statvfs("/dev/shm", &shm), 0);
	shm_resize((shm.f_blocks - shm.f_bfree) * shm.f_bsize + room);
}

static void shm_unlimit(void)
{
	shm_resize(PLENTY);
}

/* Socket IPC uses almost no shared memory. */
START_TEST(shm_full)
{
	shm_leave(16384);
	opener_assert(&openers[_i], ipc_is_socket() ? CS_OK : CS_ERR_NO_SPACE);
	shm_unlimit();
	opener_assert(&openers[_i], CS_OK);
}
END_TEST

/* Room for some of the files, or for a part of one. */
START_TEST(shm_nearly_full)
{
	int entries = entries_count("/dev/shm");
	unsigned long long room = 0;
	uint64_t handle = 0;
	cs_error_t err;

	for (;;) {
		shm_leave(room);
		err = patiently(openers[_i].initialize(&handle));
		if (err == CS_OK)
			break;
		assert_cs(CS_ERR_NO_SPACE, err);
		wait_for(entries_count("/dev/shm") == entries);
		room += STEP;
		ck_assert_uint_lt(room, ROOM_MAX);
	}
	assert_ok(openers[_i].ask(handle));
	assert_cs(CS_OK, openers[_i].finalize(handle));
	shm_unlimit();
}
END_TEST

/* Handles. */

/* With socket IPC each takes several descriptors. */
static void fds_many(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < FDS_MANY)
		fds_limit(FDS_MANY);
}

/* Handles that join are of cpg, most others of quorum: it uses less memory. */
static const struct opener *opener_of(int number)
{
	return &openers[number < JOINED + UNJOINED ? number % 2 :
						     2 + number % 2];
}

static void handle_join(uint64_t handle, int number)
{
	struct cpg_name group = name_unique("many");

	group.value[group.length++] = (char)number;
	assert_ok(cpg_join(handle, &group));
	assert_ok(pattern_send(handle, 100, (uint32_t)number, 1));
}

START_TEST(many_handles)
{
	int i, fds = fds_count();
	uint64_t handles[HANDLES];

	fds_many();
	for (i = 0; i < HANDLES; i++) {
		assert_ok(opener_of(i)->initialize(&handles[i]));
		if (i < JOINED)
			handle_join(handles[i], i);
	}
	for (i = 0; i < HANDLES; i++) {
		assert_ok(opener_of(i)->ask(handles[i]));
		if (i < JOINED)
			dispatch_until(handles[i],
				       event_was_delivered(100, (uint32_t)i));
	}
	ck_assert_uint_eq(events_count_of(EVENT_DELIVER), JOINED);
	for (i = 0; i < HANDLES; i++) {
		int number = i * 7 % HANDLES;

		assert_cs(CS_OK, opener_of(number)->finalize(handles[number]));
	}
	ck_assert_int_eq(fds_count(), fds);
	events_clear();
}
END_TEST

Suite *limits_suite(void)
{
	Suite *suite = suite_create("limits");
	TCase *shm = case_add(suite, "shm");
	TCase *handles = case_add(suite, "handles");

	tcase_add_unchecked_fixture(shm, NULL, shm_unlimit);
	tcase_add_loop_test(shm, shm_full, 0, OPENERS);
	tcase_add_loop_test(shm, shm_nearly_full, 0, OPENERS);
	tcase_add_test(handles, many_handles);
	return suite;
}
