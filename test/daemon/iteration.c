/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <unistd.h>

#include "events.h"
#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define DESCRIPTIONS_MAX 64

static const int types_bad[] = { 0, 4, 99, -1 };

/* Two groups: we and a peer in the first, another peer in the second. */
static struct cpg_name groups[2];
static struct peer peers[2];

static struct cpg_iteration_description_t found[DESCRIPTIONS_MAX];
static int found_len;

static cpg_handle_t groups_fill(void)
{
	cpg_handle_t handle;
	int i;

	groups[0] = name_unique("first");
	groups[1] = name_unique("second");
	for (i = 0; i < 2; i++) {
		peer_start(&peers[i]);
		peer_do(&peers[i], (struct peer_order){ .verb = PEER_JOIN,
							.group = groups[i] });
	}
	handle = cpg_open_joined(&groups[0]);
	return handle;
}

static void groups_clear(cpg_handle_t handle)
{
	int i;

	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < 2; i++)
		peer_end(&peers[i]);
}

static cpg_iteration_handle_t iteration_open(cpg_handle_t handle,
					     cpg_iteration_type_t type,
					     const struct cpg_name *group)
{
	cpg_iteration_handle_t iteration = 0;

	assert_ok(cpg_iteration_initialize(handle, type, group, &iteration));
	ck_assert_uint_ne(iteration, 0);
	return iteration;
}

/* Walk to the end, which must be CS_ERR_NO_SECTIONS. */
static void iteration_walk(cpg_iteration_handle_t iteration)
{
	struct cpg_iteration_description_t description;
	cs_error_t err;

	found_len = 0;
	while ((err = patiently(cpg_iteration_next(iteration,
						   &description))) == CS_OK) {
		ck_assert_int_lt(found_len, DESCRIPTIONS_MAX);
		found[found_len++] = description;
	}
	assert_cs(CS_ERR_NO_SECTIONS, err);
	assert_cs(CS_OK, cpg_iteration_finalize(iteration));
	assert_cs(CS_ERR_BAD_HANDLE,
		  cpg_iteration_next(iteration, &description));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iteration));
}

/* The number of entries of the group, or of the process in the group. */
static int found_count(const struct cpg_name *group, pid_t pid)
{
	int i, count = 0;

	for (i = 0; i < found_len; i++)
		if (name_equal(&found[i].group, group) &&
		    (pid == 0 || (found[i].pid == (uint32_t)pid &&
				  found[i].nodeid == 1)))
			count++;
	return count;
}

START_TEST(names_only)
{
	cpg_handle_t handle = groups_fill();

	iteration_walk(iteration_open(handle, CPG_ITERATION_NAME_ONLY, NULL));
	ck_assert_int_eq(found_count(&groups[0], 0), 1);
	ck_assert_int_eq(found_count(&groups[1], 0), 1);
	groups_clear(handle);
}
END_TEST

START_TEST(one_group)
{
	cpg_handle_t handle = groups_fill();

	iteration_walk(iteration_open(handle, CPG_ITERATION_ONE_GROUP,
				      &groups[0]));
	ck_assert_int_eq(found_len, 2);
	ck_assert_int_eq(found_count(&groups[0], getpid()), 1);
	ck_assert_int_eq(found_count(&groups[0], peers[0].pid), 1);
	iteration_walk(iteration_open(handle, CPG_ITERATION_ONE_GROUP,
				      &groups[1]));
	ck_assert_int_eq(found_len, 1);
	ck_assert_int_eq(found_count(&groups[1], peers[1].pid), 1);
	groups_clear(handle);
}
END_TEST

START_TEST(all_groups)
{
	cpg_handle_t handle = groups_fill();

	iteration_walk(iteration_open(handle, CPG_ITERATION_ALL, NULL));
	ck_assert_int_eq(found_count(&groups[0], getpid()), 1);
	ck_assert_int_eq(found_count(&groups[0], peers[0].pid), 1);
	ck_assert_int_eq(found_count(&groups[1], peers[1].pid), 1);
	ck_assert_int_eq(found_count(&groups[0], 0), 2);
	ck_assert_int_eq(found_count(&groups[1], 0), 1);
	groups_clear(handle);
}
END_TEST

START_TEST(group_of_nobody)
{
	struct cpg_name nobody = name_unique("empty");
	cpg_handle_t handle = cpg_open();

	iteration_walk(iteration_open(handle, CPG_ITERATION_ONE_GROUP,
				      &nobody));
	ck_assert_int_eq(found_len, 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(is_a_snapshot)
{
	cpg_handle_t handle = groups_fill();
	cpg_iteration_handle_t iteration =
		iteration_open(handle, CPG_ITERATION_ONE_GROUP, &groups[0]);

	peer_do(&peers[0], (struct peer_order){ .verb = PEER_LEAVE,
						.group = groups[0] });
	iteration_walk(iteration);
	ck_assert_int_eq(found_len, 2);
	ck_assert_int_eq(found_count(&groups[0], peers[0].pid), 1);
	iteration_walk(iteration_open(handle, CPG_ITERATION_ONE_GROUP,
				      &groups[0]));
	ck_assert_int_eq(found_len, 1);
	groups_clear(handle);
}
END_TEST

START_TEST(several_at_once)
{
	cpg_handle_t handle = groups_fill();
	cpg_iteration_handle_t first =
		iteration_open(handle, CPG_ITERATION_ONE_GROUP, &groups[0]);
	cpg_iteration_handle_t second =
		iteration_open(handle, CPG_ITERATION_ONE_GROUP, &groups[1]);
	struct cpg_iteration_description_t description;

	ck_assert_uint_ne(first, second);
	assert_ok(cpg_iteration_next(first, &description));
	iteration_walk(second);
	ck_assert_int_eq(found_len, 1);
	iteration_walk(first);
	ck_assert_int_eq(found_len, 1);
	groups_clear(handle);
}
END_TEST

/* What corosync-cpgtool does: no callbacks, no group. */
START_TEST(without_callbacks)
{
	cpg_handle_t handle;

	assert_ok(cpg_initialize(&handle, NULL));
	iteration_walk(iteration_open(handle, CPG_ITERATION_NAME_ONLY, NULL));
	iteration_walk(iteration_open(handle, CPG_ITERATION_ALL, NULL));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(type_bad)
{
	cpg_handle_t handle = cpg_open();
	cpg_iteration_handle_t iteration = 0;
	struct cpg_name group = name_unique("bad");

	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(
			  handle, (cpg_iteration_type_t)types_bad[_i], &group,
			  &iteration));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iteration));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(after_cpg_finalize)
{
	struct cpg_iteration_description_t description;
	cpg_handle_t handle = cpg_open();
	cpg_iteration_handle_t iteration =
		iteration_open(handle, CPG_ITERATION_ALL, NULL);

	assert_cs(CS_OK, cpg_finalize(handle));
	assert_cs(CS_ERR_BAD_HANDLE,
		  cpg_iteration_next(iteration, &description));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iteration));
}
END_TEST

Suite *iteration_suite(void)
{
	Suite *suite = suite_create("iteration");
	TCase *walk = case_add(suite, "walk");
	TCase *bad = case_add(suite, "bad");

	tcase_add_test(walk, names_only);
	tcase_add_test(walk, one_group);
	tcase_add_test(walk, all_groups);
	tcase_add_test(walk, group_of_nobody);
	tcase_add_test(walk, is_a_snapshot);
	tcase_add_test(walk, several_at_once);
	tcase_add_test(walk, without_callbacks);
	tcase_add_loop_test(bad, type_bad, 0, ARRAY_SIZE(types_bad));
	tcase_add_test(bad, after_cpg_finalize);
	return suite;
}
