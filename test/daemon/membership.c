/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "events.h"
#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define PEERS 3

static int members_get(cpg_handle_t handle, struct cpg_name *group,
		       struct cpg_address *members, int garbage)
{
	int count = garbage;

	memset(members, 0xff, CPG_MEMBERS_MAX * sizeof(*members));
	assert_ok(cpg_membership_get(handle, group, members, &count));
	return count;
}

static bool has_member(const struct cpg_address *members, int count, pid_t pid)
{
	int i;

	for (i = 0; i < count; i++)
		if (members[i].nodeid == 1 &&
		    members[i].pid == (uint32_t)pid)
			return true;
	return false;
}

START_TEST(count_is_output_only)
{
	static const int garbage[] = { 0, 1, -1, 0x7fffffff, 12345 };
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = name_unique("members");
	cpg_handle_t handle = cpg_open_joined(&group);

	ck_assert_int_eq(members_get(handle, &group, members, garbage[_i]), 1);
	ck_assert(has_member(members, 1, getpid()));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(group_of_nobody)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = name_unique("empty");
	cpg_handle_t handle = cpg_open();

	ck_assert_int_eq(members_get(handle, &group, members, 7), 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* Works even if the caller is not a member. */
START_TEST(group_of_several)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = name_unique("several");
	struct peer peers[PEERS];
	cpg_handle_t handle;
	int i, left;

	for (i = 0; i < PEERS; i++) {
		peer_start(&peers[i]);
		peer_do(&peers[i], (struct peer_order){ .verb = PEER_JOIN,
							.group = group });
	}
	handle = cpg_open();
	for (left = PEERS; left > 0; left--) {
		ck_assert_int_eq(members_get(handle, &group, members, 0),
				 left);
		for (i = 0; i < PEERS; i++)
			ck_assert(has_member(members, left, peers[i].pid) ==
				  (i < left));
		peer_do(&peers[left - 1],
			(struct peer_order){ .verb = PEER_LEAVE,
					     .group = group });
	}
	ck_assert_int_eq(members_get(handle, &group, members, 0), 0);
	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < PEERS; i++)
		peer_end(&peers[i]);
}
END_TEST

START_TEST(local_is_this_node)
{
	cpg_handle_t handle = cpg_open();
	unsigned int nodeid = 0;

	assert_ok(cpg_local_get(handle, &nodeid));
	ck_assert_uint_eq(nodeid, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

Suite *membership_suite(void)
{
	Suite *suite = suite_create("membership");
	TCase *tcase = case_add(suite, "membership");

	tcase_add_loop_test(tcase, count_is_output_only, 0, 5);
	tcase_add_test(tcase, group_of_nobody);
	tcase_add_test(tcase, group_of_several);
	tcase_add_test(tcase, local_is_this_node);
	return suite;
}
