/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define MARK 0x5a

static void name_assert_after(const struct cpg_name *name)
{
	uint32_t i;

	for (i = name->length; i < CPG_MAX_NAME_LENGTH; i++)
		CHECK_INT(0, name->value[i]);
}

static void names_are_counted(void)
{
	struct cpg_name plain = name_unique("counted"), longer = plain;
	cpg_handle_t a, b;
	struct event *event;

	longer.length++;
	a = cpg_open_joined(&plain);
	b = cpg_open_joined(&longer);
	message_send(a, 10, 1);
	message_send(b, 10, 2);
	dispatch_until(a, 1);
	event = event_get(0);
	CHECK(event_is_message(event, 10, 1));
	CHECK(name_equal(&event->group, &plain));
	name_assert_after(&event->group);
	dispatch_until(b, 2);
	event = event_get(1);
	CHECK(event_is_message(event, 10, 2));
	CHECK(name_equal(&event->group, &longer));
	CHECK_CS(CS_OK, cpg_finalize(a));
	CHECK_CS(CS_OK, cpg_finalize(b));
}

/* What follows the name in the argument is not a part of it. */
static void names_without_garbage(void)
{
	struct cpg_name group = name_unique("garbage");
	cpg_handle_t handle;

	memset(group.value + group.length, MARK,
	       sizeof(group.value) - group.length);
	handle = cpg_open_joined(&group);
	message_round(handle, 10, 1);
	CHECK(name_equal(&event_get(0)->group, &group));
	name_assert_after(&event_get(0)->group);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

/* Other processes on the daemon may be members of this group. */
static void name_empty(void)
{
	struct cpg_name empty = { .length = 0 };
	cpg_handle_t handle = cpg_open_joined(&empty);

	CHECK_OK(cpg_leave(handle, &empty));
	dispatch_until(handle, 1);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void name_longest(void)
{
	struct cpg_name name = name_unique("longest");
	cpg_handle_t handle;

	memset(name.value + name.length, 'x',
	       sizeof(name.value) - name.length);
	name.length = CPG_MAX_NAME_LENGTH;
	handle = cpg_open_joined(&name);
	message_round(handle, 10, 1);
	CHECK(name_equal(&event_get(0)->group, &name));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void name_too_long(void)
{
	struct cpg_name name = { .length = CPG_MAX_NAME_LENGTH + 1 };
	cpg_handle_t handle = cpg_open();

	CHECK_CS(CS_ERR_NAME_TOO_LONG, cpg_join(handle, &name));
	CHECK_CS(CS_ERR_NAME_TOO_LONG, cpg_leave(handle, &name));
	name.length = UINT32_MAX;
	CHECK_CS(CS_ERR_NAME_TOO_LONG, cpg_join(handle, &name));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void name_checked_first(void)
{
	struct cpg_name name = { .length = CPG_MAX_NAME_LENGTH + 1 };

	CHECK_CS(CS_ERR_NAME_TOO_LONG, cpg_join(0, &name));
}

static void join_twice(void)
{
	struct cpg_name group = name_unique("group");
	struct cpg_name second = name_unique("second");
	cpg_handle_t handle = cpg_open_joined(&group), other = cpg_open();

	CHECK_CS_LATER(CS_ERR_EXIST, cpg_join(handle, &group));
	CHECK_CS_LATER(CS_ERR_EXIST, cpg_join(handle, &second));
	CHECK_CS_LATER(CS_ERR_EXIST, cpg_join(other, &group));
	CHECK_OK(cpg_join(other, &second));
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_CS(CS_OK, cpg_finalize(other));
}

static void leave_without_join(void)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open();

	CHECK_CS_LATER(CS_ERR_NOT_EXIST, cpg_leave(handle, &group));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void rejoin_with_another_handle(void)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open_joined(&group), other = cpg_open();

	CHECK_OK(cpg_leave(handle, &group));
	CHECK_CS(CS_OK, cpg_finalize(handle));
	CHECK_OK(cpg_join(other, &group));
	dispatch_until(other, 1);
	CHECK_CS(CS_OK, cpg_finalize(other));
}

/* Membership events. */

static bool is_member(const struct event *event, pid_t pid)
{
	size_t i;

	for (i = 0; i < event->members_len; i++)
		if (event->members[i].pid == (uint32_t)pid &&
		    event->members[i].reason == CPG_REASON_UNDEFINED)
			return true;
	return false;
}

/* The next event lists this process alone as joined or as left. */
static void change_assert(cpg_handle_t handle, pid_t pid, size_t members,
			  cpg_reason_t reason)
{
	bool joins = reason == CPG_REASON_JOIN;
	struct cpg_address *address;
	struct event *event;

	events_clear();
	dispatch_until(handle, 1);
	event = event_get(0);
	CHECK_INT(EVENT_CONFCHG, event->kind);
	CHECK_INT(members, event->members_len);
	CHECK_INT(joins, event->joined_len);
	CHECK_INT(!joins, event->left_len);
	CHECK(event->lists_are_there);
	address = joins ? event->joined : event->left;
	CHECK_INT(pid, address->pid);
	CHECK_INT(reason, address->reason);
	CHECK(is_member(event, pid) == joins);
}

static void join_and_leave(void)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open();

	CHECK_OK(cpg_join(handle, &group));
	change_assert(handle, getpid(), 1, CPG_REASON_JOIN);
	CHECK_OK(cpg_leave(handle, &group));
	change_assert(handle, getpid(), 0, CPG_REASON_LEAVE);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

enum end { END_LEAVE, END_FINALIZE, END_KILL };

static pid_t member_start(const struct cpg_name *group, enum end end)
{
	pid_t child = child_start();
	cpg_handle_t handle;

	if (child > 0)
		return child;
	handle = cpg_open_joined(group);
	if (end == END_KILL)
		raise(SIGKILL);
	if (end == END_LEAVE) {
		CHECK_OK(cpg_leave(handle, group));
		dispatch_until(handle, 1);
	}
	CHECK_CS(CS_OK, cpg_finalize(handle));
	_exit(CASE_PASSES);
}

static void member_comes_and_goes(enum end end, cpg_reason_t reason)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open_joined(&group);
	pid_t child = member_start(&group, end);

	change_assert(handle, child, 2, CPG_REASON_JOIN);
	CHECK(is_member(event_get(0), getpid()));
	change_assert(handle, child, 1, reason);
	if (end == END_KILL)
		child_kill(child);
	else
		child_wait(child);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void member_leaves(void)
{
	member_comes_and_goes(END_LEAVE, CPG_REASON_LEAVE);
}

static void member_finalizes(void)
{
	member_comes_and_goes(END_FINALIZE, CPG_REASON_PROCDOWN);
}

static void member_is_killed(void)
{
	member_comes_and_goes(END_KILL, CPG_REASON_PROCDOWN);
}

static void membership(void)
{
	struct cpg_name group = name_unique("group");
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t handle = cpg_open();
	int counts[] = { 0, -1, 1 << 30 }, i;

	CHECK_OK(cpg_membership_get(handle, &group, members, &counts[0]));
	CHECK_INT(0, counts[0]);
	CHECK_OK(cpg_join(handle, &group));
	dispatch_until(handle, 1);
	for (i = 0; i < LENGTH(counts); i++) {
		CHECK_OK(cpg_membership_get(handle, &group, members,
					    &counts[i]));
		CHECK_INT(1, counts[i]);
		CHECK_INT(getpid(), members[0].pid);
		CHECK_INT(CPG_REASON_UNDEFINED, members[0].reason);
	}
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

static void membership_null(void)
{
	struct cpg_name group = name_unique("group");
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t handle = cpg_open();
	int count = 12345;

	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_membership_get(handle, &group, NULL, &count));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_membership_get(handle, &group, members, NULL));
	CHECK_INT(12345, count);
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case group_cases[] = {
	{ "names_are_counted", "K20",
	  "\"x\" and \"x\\0\" are two groups, and zero bytes follow", 0,
	  names_are_counted },
	{ "names_without_garbage", "B20",
	  "what follows a name in memory is not sent", 0,
	  names_without_garbage },
	{ "name_empty", "K20", "a name of length 0", 0, name_empty },
	{ "name_longest", "K20", "a name of 128 bytes", 0, name_longest },
	{ "name_too_long", "K20 K21", "a longer name: CS_ERR_NAME_TOO_LONG", 0,
	  name_too_long },
	{ "name_checked_first", "K21",
	  "cpg_join checks the name before the handle", 0,
	  name_checked_first },
	{ "join_twice", "K21", "a second join: CS_ERR_EXIST", 0, join_twice },
	{ "leave_without_join", "K21",
	  "a leave without a join: CS_ERR_NOT_EXIST", 0, leave_without_join },
	{ "rejoin_with_another_handle", "K21",
	  "a join while an old leave is in progress: CS_ERR_TRY_AGAIN", 0,
	  rejoin_with_another_handle },
	{ "join_and_leave", "K22", "events of a join and a leave", 0,
	  join_and_leave },
	{ "member_leaves", "K22", "events for a member that leaves", 0,
	  member_leaves },
	{ "member_finalizes", "K22", "events for a member that finalizes", 0,
	  member_finalizes },
	{ "member_is_killed", "K22", "events for a member that is killed", 0,
	  member_is_killed },
	{ "membership", "K23",
	  "the count of cpg_membership_get is output only", 0, membership },
	{ "membership_null", "K23",
	  "NULL in cpg_membership_get: CS_ERR_INVALID_PARAM", 0,
	  membership_null },
	{ 0 },
};
