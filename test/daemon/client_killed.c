/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define VICTIMS	    500
#define LIFE_US_MAX 12000
#define INTERVAL_MS 1000
#define LEN_MAX	    (2 << 20)

static const size_t lens[] = { 0, 64, 1000, 10000, 100000, LEN_MAX };

/*
 * A client that calls all functions until it is killed. It uses no ck_assert: a
 * kill in the middle of one would corrupt libcheck's file.
 */
static void victim_run(const struct cpg_name *group)
{
	static char message[LEN_MAX];
	struct iovec iov = { .iov_base = message };
	cpg_handle_t handle;
	unsigned int nodeid, round;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cpg_initialize(&handle, NULL) != CS_OK)
		_exit(1);
	while (cpg_join(handle, group) == CS_ERR_TRY_AGAIN)
		;
	for (round = 0;; round++) {
		iov.iov_len = lens[round % ARRAY_SIZE(lens)];
		cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
		cpg_local_get(handle, &nodeid);
		cpg_dispatch(handle, CS_DISPATCH_ALL);
	}
}

static void victim_kill(const struct cpg_name *group)
{
	struct timespec life = { .tv_nsec = random() % LIFE_US_MAX * 1000L };
	pid_t pid = fork();

	if (pid == 0)
		victim_run(group);
	ck_assert_int_gt(pid, 0);
	nanosleep(&life, NULL);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static int daemon_fds(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)daemon_pid());
	return entries_count(path);
}

/* In clock ticks. */
static unsigned long daemon_cpu(void)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)daemon_pid());
	stat = fopen(path, "r");
	ck_assert_ptr_nonnull(stat);
	ck_assert_int_eq(fscanf(stat,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u "
				"%*u %*u %*u %lu %lu",
				&user, &system),
			 2);
	fclose(stat);
	return user + system;
}

/* CPU time without requests is low; a loop would use all of it. */
static bool daemon_is_idle(void)
{
	unsigned long before = daemon_cpu();
	unsigned long ticks = (unsigned long)sysconf(_SC_CLK_TCK);

	poll(NULL, 0, INTERVAL_MS);
	return daemon_cpu() - before < ticks * INTERVAL_MS / 1000 / 4;
}

static int members_count(cpg_handle_t handle, struct cpg_name *group)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	int count = -1;

	assert_ok(cpg_membership_get(handle, group, members, &count));
	return count;
}

static void nothing_left_await(cpg_handle_t handle, struct cpg_name *group,
			       int fds, int shm)
{
	wait_for(members_count(handle, group) == 0);
	wait_for(daemon_fds() == fds);
	wait_for(entries_count("/dev/shm") == shm);
}

/*
 * The kill may come at any moment: a chunk is in the ring, but no byte was
 * sent. With socket IPC corosync waits a second for each event that a dead
 * client has not taken, and may keep it as a member.
 */
START_TEST(daemon_survives)
{
	struct cpg_name group = name_unique("victims");
	struct cpg_name own = name_unique("survivor");
	cpg_handle_t handle = cpg_open();
	int fds = daemon_fds();
	int shm = entries_count("/dev/shm");

	srandom((unsigned int)getpid());
	for (int i = 0; i < VICTIMS; i++)
		victim_kill(&group);
	if (!ipc_is_socket())
		nothing_left_await(handle, &group, fds, shm);
	wait_for(daemon_is_idle());
	assert_ok(cpg_join(handle, &own));
	assert_ok(pattern_send(handle, 1000, 1, 1));
	dispatch_until(handle, event_was_delivered(1000, 1));
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

Suite *client_killed_suite(void)
{
	Suite *suite = suite_create("client_killed");
	TCase *clients = case_add(suite, "clients");

	tcase_set_timeout(clients, 300);
	tcase_add_test(clients, daemon_survives);
	return suite;
}
