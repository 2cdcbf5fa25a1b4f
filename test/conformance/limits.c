/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define CROWD 140
#define MARK 0x5a
#define ROOM (1ULL << 32)
#define FULL 16384

/* Room for new files in /dev/shm, in bytes. */
static bool shm_resize(unsigned long long room)
{
	struct statvfs shm;
	char option[40];

	CHECK_INT(0, statvfs("/dev/shm", &shm));
	snprintf(option, sizeof(option), "size=%llu",
		 (shm.f_blocks - shm.f_bfree) * shm.f_bsize + room);
	return mount("", "/dev/shm", "", MS_REMOUNT, option) == 0;
}

static void initialize_without_room(void)
{
	quorum_handle_t quorum = 0;
	cpg_handle_t handle = 0;

	CHECK_CS_LATER(CS_ERR_NO_SPACE, cpg_initialize(&handle, &events_cpg));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
	CHECK_CS_LATER(CS_ERR_NO_SPACE,
		       quorum_initialize(&quorum, &events_quorum, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
	_exit(CASE_PASSES);
}

/* The daemon may still remove files of former connections. */
static bool shm_fill(void)
{
	struct statvfs shm;
	int i;

	do {
		if (!shm_resize(FULL))
			return false;
		for (i = 0; i < 50; i++)
			check_pause();
		CHECK_INT(0, statvfs("/dev/shm", &shm));
	} while (shm.f_bavail * shm.f_bsize > FULL);
	return true;
}

/* The directory has room again, whatever happens in the child. */
static void shm_is_full(void)
{
	cpg_handle_t handle = cpg_open();
	int status = -1;
	pid_t child;

	if (ipc_is_socket())
		check_skip("socket IPC uses almost no shared memory");
	CHECK_CS(CS_OK, cpg_finalize(handle));
	if (!shm_fill())
		check_skip("cannot change the size of /dev/shm");
	child = child_start();
	if (child == 0)
		initialize_without_room();
	waitpid(child, &status, 0);
	CHECK(shm_resize(ROOM));
	if (status != 0)
		check_fail(__FILE__, __LINE__, "wait status of the child: %d",
			   status);
	handle = cpg_open();
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* Runs in a process of its own until the case ends. */
static void member_run(const struct cpg_name *group, int joined)
{
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, NULL));
	CHECK_OK(cpg_join(handle, group));
	CHECK_INT(1, write(joined, "x", 1));
	for (;;)
		pause();
}

/* Returns when all have joined. */
static void crowd_start(const struct cpg_name *group)
{
	int fds[2], i;
	char byte;

	CHECK_INT(0, pipe(fds));
	for (i = 0; i < CROWD; i++)
		if (child_start() == 0)
			member_run(group, fds[1]);
	for (i = 0; i < CROWD; i++)
		CHECK_INT(1, read(fds[0], &byte, 1));
}

static void confchg_of_many(void)
{
	struct cpg_name group = name_unique("crowd");
	cpg_handle_t handle = cpg_open();
	struct event *event;
	int i, self = 0;

	crowd_start(&group);
	CHECK_OK(cpg_join(handle, &group));
	dispatch_until(handle, 1);
	event = event_get(0);
	CHECK_INT(1, event->joined_len);
	CHECK_INT(CROWD + 1, event->members_len);
	for (i = 0; i < CROWD + 1; i++)
		self += event->members[i].pid == (uint32_t)getpid();
	CHECK_INT(1, self);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void membership_of_many(void)
{
	struct cpg_address members[3 * CPG_MEMBERS_MAX];
	const unsigned char *byte = (void *)&members[CPG_MEMBERS_MAX];
	struct cpg_name group = name_unique("crowd");
	cpg_handle_t handle = cpg_open();
	int count = 0;

	memset(members, MARK, sizeof(members));
	crowd_start(&group);
	CHECK_CS_LATER(CS_ERR_NO_SPACE,
		       cpg_membership_get(handle, &group, members, &count));
	CHECK_INT(CPG_MEMBERS_MAX, count);
	for (; byte < (const unsigned char *)&members[LENGTH(members)]; byte++)
		CHECK_INT(MARK, *byte);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case limits_cases[] = {
	{ "confchg_of_many", "B8",
	  "membership events of a group with 141 members",
	  CASE_PRIVATE | CASE_ALONE, confchg_of_many },
	{ "membership_of_many", "B8",
	  "cpg_membership_get of a group with 141 members",
	  CASE_PRIVATE | CASE_ALONE, membership_of_many },
	{ "shm_full", "K16", "initialize with a full /dev/shm: CS_ERR_NO_SPACE",
	  CASE_PRIVATE | CASE_ALONE, shm_is_full },
	{ 0 },
};
