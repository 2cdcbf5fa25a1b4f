/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A group of more members than CPG_MEMBERS_MAX, each a process of its own.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define CROWD_MAX 300
#define MARK 0x5a

static const int crowds[] = { CPG_MEMBERS_MAX, CPG_MEMBERS_MAX + 1, 150,
			      CROWD_MAX };

static struct cpg_name group;
static struct peer peers[CROWD_MAX];

/* The last change of the membership. */
static struct {
	struct cpg_address members[CROWD_MAX + 1];
	size_t members_len, left_len, joined_len;
	uint32_t who;		/* joined or left, if it is one */
	int count;		/* of all changes so far */
} change;

static void confchg(cpg_handle_t handle, const struct cpg_name *group_name,
		    const struct cpg_address *members, size_t members_len,
		    const struct cpg_address *left, size_t left_len,
		    const struct cpg_address *joined, size_t joined_len)
{
	(void)handle;
	ck_assert(name_equal(group_name, &group));
	ck_assert_uint_le(members_len, CROWD_MAX + 1);
	memcpy(change.members, members, members_len * sizeof(*members));
	change.members_len = members_len;
	change.left_len = left_len;
	change.joined_len = joined_len;
	if (joined_len > 0)
		change.who = joined[0].pid;
	else if (left_len > 0)
		change.who = left[0].pid;
	change.count++;
}

/* Runs in a new process. */
static void member_run(int fd)
{
	cpg_handle_t handle;
	char byte = 0;

	assert_ok(cpg_initialize(&handle, NULL));
	assert_ok(cpg_join(handle, &group));
	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	/* The parent sends nothing after this. */
	while (recv(fd, &byte, 1, 0) > 0)
		;
	_exit(0);
}

static void crowd_start(int count)
{
	int i;

	group = name_unique("crowd");
	for (i = 0; i < count; i++)
		peer_start_as(&peers[i], member_run);
}

static void crowd_wait(int count)
{
	int i;

	for (i = 0; i < count; i++)
		peer_done(&peers[i]);
}

static void crowd_end(int count)
{
	int i;

	for (i = 0; i < count; i++)
		kill(peers[i].pid, SIGKILL);
	for (i = 0; i < count; i++)
		peer_kill(&peers[i]);
}

static bool is_listed(const struct cpg_address *list, size_t len, pid_t pid)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (list[i].nodeid == 1 && list[i].pid == (uint32_t)pid)
			return true;
	return false;
}

/* Each member of the crowd is listed once, and no other process. */
static void members_assert(const struct cpg_address *list, size_t len,
			   int crowd, bool self)
{
	int i;

	ck_assert_uint_eq(len, (size_t)crowd + self);
	for (i = 0; i < crowd; i++)
		ck_assert(is_listed(list, len, peers[i].pid));
	ck_assert(is_listed(list, len, getpid()) == self);
}

static cpg_handle_t observer_open(void)
{
	cpg_callbacks_t callbacks = { .cpg_confchg_fn = confchg };
	cpg_handle_t handle;

	memset(&change, 0, sizeof(change));
	assert_ok(cpg_initialize(&handle, &callbacks));
	assert_ok(cpg_join(handle, &group));
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_int_eq(change.count, 1);
	return handle;
}

/* Members join one by one; the first member gets an event for each. */
START_TEST(they_come_and_go)
{
	int crowd = crowds[_i], i;
	cpg_handle_t handle;

	group = name_unique("crowd");
	handle = observer_open();
	crowd_start(crowd);
	for (i = 1; i <= crowd; i++) {
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		ck_assert_uint_eq(change.members_len, (size_t)i + 1);
		ck_assert_uint_eq(change.joined_len, 1);
		ck_assert_uint_eq(change.left_len, 0);
		ck_assert(is_listed(change.members, change.members_len,
				    (pid_t)change.who));
	}
	members_assert(change.members, change.members_len, crowd, true);
	crowd_wait(crowd);
	crowd_end(crowd);
	for (i = crowd; i > 0; i--) {
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		ck_assert_uint_eq(change.members_len, (size_t)i);
		ck_assert_uint_eq(change.joined_len, 0);
		ck_assert_uint_eq(change.left_len, 1);
		ck_assert(!is_listed(change.members, change.members_len,
				     (pid_t)change.who));
	}
	members_assert(change.members, change.members_len, 0, true);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

static void membership_assert(cpg_handle_t handle, int crowd)
{
	struct cpg_address list[CPG_MEMBERS_MAX + CROWD_MAX];
	const unsigned char *rest = (void *)&list[CPG_MEMBERS_MAX];
	bool fits = crowd <= CPG_MEMBERS_MAX;
	int i, found = 0, count = -1;
	size_t k;

	memset(list, MARK, sizeof(list));
	assert_cs(fits ? CS_OK : CS_ERR_NO_SPACE,
		  patiently(cpg_membership_get(handle, &group, list, &count)));
	ck_assert_int_eq(count, fits ? crowd : CPG_MEMBERS_MAX);
	for (i = 0; i < crowd; i++)
		found += is_listed(list, (size_t)count, peers[i].pid);
	ck_assert_int_eq(found, count);
	for (k = 0; k < CROWD_MAX * sizeof(list[0]); k++)
		ck_assert_uint_eq(rest[k], MARK);
}

static void iteration_assert(cpg_handle_t handle, int crowd)
{
	struct cpg_iteration_description_t description;
	struct cpg_address list[CROWD_MAX];
	cpg_iteration_handle_t iteration;
	cs_error_t err;
	int count = 0;

	assert_ok(cpg_iteration_initialize(handle, CPG_ITERATION_ONE_GROUP,
					   &group, &iteration));
	while ((err = patiently(cpg_iteration_next(iteration, &description))) ==
	       CS_OK) {
		ck_assert_int_lt(count, CROWD_MAX);
		list[count].nodeid = description.nodeid;
		list[count++].pid = description.pid;
	}
	assert_cs(CS_ERR_NO_SECTIONS, err);
	members_assert(list, (size_t)count, crowd, false);
	assert_ok(cpg_iteration_finalize(iteration));
}

/* All join at once; membership get, and the last one's events, list all. */
START_TEST(they_are_there)
{
	int crowd = crowds[_i];
	cpg_handle_t handle;

	crowd_start(crowd);
	crowd_wait(crowd);
	totem_flush();
	assert_ok(cpg_initialize(&handle, NULL));
	membership_assert(handle, crowd);
	iteration_assert(handle, crowd);
	assert_cs(CS_OK, cpg_finalize(handle));
	handle = observer_open();
	members_assert(change.members, change.members_len, crowd, true);
	ck_assert_uint_eq(change.joined_len, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
	crowd_end(crowd);
}
END_TEST

Suite *crowd_suite(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tcase = case_add(suite, "crowd");

	tcase_set_tags(tcase, "long");
	tcase_add_loop_test(tcase, they_come_and_go, 0, ARRAY_SIZE(crowds));
	tcase_add_loop_test(tcase, they_are_there, 0, ARRAY_SIZE(crowds));
	return suite;
}
