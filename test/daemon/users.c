/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Which users the daemon lets in.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "openers.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

/* Users of no importance; where there is a second one, it is this one. */
#define USER 1
#define GROUP 1
#define ROOT_GROUP 0

#define NO_SUCH_USER 77

static const char *const keys[] = { "uidgid.uid.1", "uidgid.gid.1" };

/* The tool is the distribution's, and so are the libraries it wants. */
static int cmapctl(const char *arguments, const char *key, const char *value)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "env -u LD_LIBRARY_PATH -u LD_PRELOAD "
		 "corosync-cmapctl %s %s %s >/dev/null 2>&1",
		 arguments, key, value);
	return system(command);
}

static void user_admit(const char *key)
{
	ck_assert_int_eq(cmapctl("-s", key, "u8 1"), 0);
}

/* It need not have been admitted. */
static void user_forget(const char *key)
{
	cmapctl("-d", key, "");
}

static bool user_become(gid_t group)
{
	return setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 &&
	       setresuid(USER, USER, USER) == 0;
}

static void talk(void)
{
	struct cpg_name group = name_unique("user");
	cpg_handle_t handle = cpg_open_joined(&group);

	assert_ok(pattern_send(handle, 3000000, 1, 1));
	dispatch_until(handle, event_was_delivered(3000000, 1));
	assert_cs(CS_OK, cpg_finalize(handle));
}

static void user_run(gid_t group, cs_error_t want)
{
	int i, fds = fds_count();

	if (!user_become(group))
		_exit(NO_SUCH_USER);
	for (i = 0; i < OPENERS; i++)
		opener_assert(&openers[i], want);
	ck_assert_int_eq(fds_count(), fds);
	if (want == CS_OK)
		talk();
	_exit(0);
}

/* Initialize has to return @want for a user in this group. */
static void user_assert(gid_t group, cs_error_t want)
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		user_run(group, want);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	shm_assert_gone(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SUCH_USER)
		puts("NOT TESTED: users: there is no second user in this "
		     "namespace; start the test as root");
	else
		ck_assert_int_eq(status, 0);
}

START_TEST(refused)
{
	user_assert(GROUP, CS_ERR_ACCESS);
}
END_TEST

START_TEST(admitted)
{
	user_admit(keys[_i]);
	user_assert(GROUP, CS_OK);
	user_forget(keys[_i]);
	user_assert(GROUP, CS_ERR_ACCESS);
}
END_TEST

START_TEST(in_the_group_of_root)
{
	user_assert(ROOT_GROUP, CS_OK);
}
END_TEST

static void users_forget(void)
{
	user_forget(keys[0]);
	user_forget(keys[1]);
}

Suite *users_suite(void)
{
	Suite *suite = suite_create("users");
	TCase *tcase = case_add(suite, "users");

	tcase_add_unchecked_fixture(tcase, users_forget, users_forget);
	tcase_add_test(tcase, refused);
	tcase_add_loop_test(tcase, admitted, 0, ARRAY_SIZE(keys));
	tcase_add_test(tcase, in_the_group_of_root);
	return suite;
}
