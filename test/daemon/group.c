/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static void confchg_wait(cpg_handle_t handle)
{
	events_clear();
	dispatch_until(handle, events_count() == 1);
	ck_assert_int_eq(event_get(0)->kind, EVENT_CONFCHG);
}

static void address_assert(const struct cpg_address *address, pid_t pid,
			   cpg_reason_t reason)
{
	ck_assert_uint_eq(address->nodeid, 1);
	ck_assert_uint_eq(address->pid, (uint32_t)pid);
	ck_assert_uint_eq(address->reason, reason);
}

static bool is_member(const struct event *event, pid_t pid)
{
	size_t i;

	for (i = 0; i < event->members_len; i++)
		if (event->members[i].pid == (uint32_t)pid &&
		    event->members[i].reason == CPG_REASON_UNDEFINED)
			return true;
	return false;
}

/* The event lists this pid as joined, and no other process. */
static void joined_assert(const struct cpg_name *group, pid_t pid,
			  size_t members)
{
	const struct event *event = event_get(0);

	ck_assert(name_equal(&event->group, group));
	ck_assert_uint_eq(event->joined_len, 1);
	ck_assert_uint_eq(event->left_len, 0);
	ck_assert_uint_eq(event->members_len, members);
	address_assert(&event->joined[0], pid, CPG_REASON_JOIN);
	ck_assert(is_member(event, pid));
}

static void left_assert(const struct cpg_name *group, pid_t pid,
			cpg_reason_t reason, size_t members)
{
	const struct event *event = event_get(0);

	ck_assert(name_equal(&event->group, group));
	ck_assert_uint_eq(event->joined_len, 0);
	ck_assert_uint_eq(event->left_len, 1);
	ck_assert_uint_eq(event->members_len, members);
	address_assert(&event->left[0], pid, reason);
	ck_assert(!is_member(event, pid));
}

static void peer_join(const struct peer *peer, const struct cpg_name *group)
{
	peer_do(peer,
		(struct peer_order){ .verb = PEER_JOIN, .group = *group });
}

static void peer_leave(const struct peer *peer, const struct cpg_name *group)
{
	peer_do(peer,
		(struct peer_order){ .verb = PEER_LEAVE, .group = *group });
}

START_TEST(join_and_leave)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open();

	assert_ok(cpg_join(handle, &group));
	confchg_wait(handle);
	joined_assert(&group, getpid(), 1);
	assert_ok(cpg_leave(handle, &group));
	confchg_wait(handle);
	left_assert(&group, getpid(), CPG_REASON_LEAVE, 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* Events of a member for what a peer does. */
START_TEST(peer_comes_talks_and_leaves)
{
	struct cpg_name group = name_unique("group");
	struct peer peer;
	cpg_handle_t handle;

	peer_start(&peer);
	handle = cpg_open_joined(&group);
	peer_join(&peer, &group);
	confchg_wait(handle);
	joined_assert(&group, peer.pid, 2);
	ck_assert(is_member(event_get(0), getpid()));
	events_clear();
	peer_do(&peer, (struct peer_order){
			       .verb = PEER_SEND, .len = 50, .count = 1 });
	dispatch_until(handle, event_was_delivered(50, 0));
	ck_assert_uint_eq(event_get(0)->pid, (uint32_t)peer.pid);
	peer_leave(&peer, &group);
	confchg_wait(handle);
	left_assert(&group, peer.pid, CPG_REASON_LEAVE, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
	peer_end(&peer);
}
END_TEST

/* The same with the roles exchanged. */
START_TEST(peer_sees_us_come_talk_and_leave)
{
	struct cpg_name group = name_unique("group");
	struct peer_order see = { .verb = PEER_SEE,
				  .pid = (uint32_t)getpid(),
				  .reason = CPG_REASON_JOIN };
	struct peer peer;
	cpg_handle_t handle;

	peer_start(&peer);
	peer_join(&peer, &group);
	handle = cpg_open();
	assert_ok(cpg_join(handle, &group));
	confchg_wait(handle);
	joined_assert(&group, getpid(), 2);
	peer_do(&peer, see);
	assert_ok(pattern_send(handle, 60, 4, 1));
	peer_do(&peer, (struct peer_order){
			       .verb = PEER_RECEIVE, .len = 60, .seed = 4 });
	assert_ok(cpg_leave(handle, &group));
	see.reason = CPG_REASON_LEAVE;
	peer_do(&peer, see);
	assert_cs(CS_OK, cpg_finalize(handle));
	peer_end(&peer);
}
END_TEST

START_TEST(peer_dies)
{
	struct cpg_name group = name_unique("group");
	struct peer peer;
	cpg_handle_t handle;
	pid_t pid;

	peer_start(&peer);
	peer_join(&peer, &group);
	handle = cpg_open_joined(&group);
	pid = peer.pid;
	peer_kill(&peer);
	confchg_wait(handle);
	left_assert(&group, pid, CPG_REASON_PROCDOWN, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* A peer ends without leave. The reason shows how it ended. */
START_TEST(peer_finalizes)
{
	struct cpg_name group = name_unique("group");
	struct peer peer;
	cpg_handle_t handle;
	pid_t pid;

	peer_start(&peer);
	peer_join(&peer, &group);
	handle = cpg_open_joined(&group);
	pid = peer.pid;
	peer_end(&peer);
	confchg_wait(handle);
	left_assert(&group, pid, CPG_REASON_PROCDOWN, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(join_twice)
{
	struct cpg_name group = name_unique("group");
	struct cpg_name second = name_unique("second");
	cpg_handle_t handle = cpg_open_joined(&group), other = cpg_open();

	assert_cs(CS_ERR_EXIST, cpg_join(handle, &group));
	assert_cs(CS_ERR_EXIST, cpg_join(handle, &second));
	/* The same process in the same group. */
	assert_cs(CS_ERR_EXIST, cpg_join(other, &group));
	assert_ok(cpg_join(other, &second));
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_cs(CS_OK, cpg_finalize(other));
}
END_TEST

START_TEST(leave_without_join)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open();

	assert_cs(CS_ERR_NOT_EXIST, cpg_leave(handle, &group));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* The member would receive a leave event, but still be a member. */
START_TEST(leave_another_group)
{
	struct cpg_name group = name_unique("group");
	struct cpg_name second = name_unique("second");
	cpg_handle_t handle = cpg_open_joined(&group);

	assert_cs(CS_ERR_NOT_EXIST, cpg_leave(handle, &second));
	assert_ok(pattern_send(handle, 10, 1, 1));
	dispatch_until(handle, events_count() == 1);
	assert_ok(cpg_leave(handle, &group));
	confchg_wait(handle);
	left_assert(&group, getpid(), CPG_REASON_LEAVE, 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* While the old handle is open, the daemon may list it as a member. */
START_TEST(rejoin_with_another_handle)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open_joined(&group), other = cpg_open();

	assert_ok(cpg_leave(handle, &group));
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_ok(cpg_join(other, &group));
	assert_cs(CS_OK, cpg_finalize(other));
}
END_TEST

/* If the daemon does not complete the leave, join retries for a second. */
START_TEST(rejoin_with_the_same_handle)
{
	struct cpg_name group = name_unique("group");
	cpg_handle_t handle = cpg_open_joined(&group);
	cs_error_t err;

	assert_ok(cpg_leave(handle, &group));
	err = patiently(cpg_join(handle, &group));
	ck_assert_msg(err == CS_OK || err == CS_ERR_BUSY ||
			      err == CS_ERR_EXIST,
		      "%s", cs_strerror(err));
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* Every length of a name that is allowed works as a group of its own. */
START_TEST(name_len)
{
	static const size_t lens[] = { 0, 1, 127, 128 };
	char bytes[CPG_MAX_NAME_LENGTH];
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group;
	cpg_handle_t handle = cpg_open();
	int count = -1;

	memset(bytes, 'x', sizeof(bytes));
	group = name_make(bytes, lens[_i]);
	assert_ok(cpg_join(handle, &group));
	confchg_wait(handle);
	joined_assert(&group, getpid(), 1);
	assert_ok(pattern_send(handle, 10, 1, 1));
	dispatch_until(handle, events_count() == 2);
	ck_assert(name_equal(&event_get(1)->group, &group));
	assert_ok(cpg_membership_get(handle, &group, members, &count));
	ck_assert_int_eq(count, 1);
	assert_ok(cpg_leave(handle, &group));
	confchg_wait(handle);
	left_assert(&group, getpid(), CPG_REASON_LEAVE, 0);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* The bytes after a name in the caller's struct are ignored. */
START_TEST(name_is_counted)
{
	struct cpg_name x = name_make("x", 1), x0 = name_make("x\0", 2);
	struct cpg_name dirty = name_make("xyz", 3);
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t first = cpg_open(), second = cpg_open();
	int count = -1;

	dirty.length = 1;
	assert_ok(cpg_join(first, &x));
	confchg_wait(first);
	joined_assert(&x, getpid(), 1);
	assert_ok(cpg_join(second, &x0));
	confchg_wait(second);
	joined_assert(&x0, getpid(), 1);
	assert_ok(cpg_membership_get(first, &dirty, members, &count));
	ck_assert_int_eq(count, 1);
	assert_cs(CS_ERR_EXIST, cpg_join(second, &dirty));
	assert_ok(pattern_send(first, 5, 8, 1));
	events_clear();
	dispatch_until(first, events_count() == 1);
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(second, CS_DISPATCH_ONE_NONBLOCKING));
	assert_ok(cpg_leave(first, &dirty));
	assert_cs(CS_OK, cpg_finalize(first));
	assert_cs(CS_OK, cpg_finalize(second));
}
END_TEST

static void totem_assert(unsigned int flags, size_t totems)
{
	struct cpg_name group = name_unique("group");
	cpg_model_v1_data_t model = events_cpg_v1;
	const struct event *event;
	cpg_handle_t handle;

	model.flags = flags;
	assert_ok(cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_ok(cpg_join(handle, &group));
	dispatch_until(handle, events_count_of(EVENT_CONFCHG) == 1);
	assert_ok(pattern_send(handle, 10, 1, 1));
	dispatch_until(handle, events_count_of(EVENT_DELIVER) == 1);
	ck_assert_uint_eq(events_count_of(EVENT_TOTEM), totems);
	if (totems > 0) {
		event = event_get_of(EVENT_TOTEM, 0);
		ck_assert_uint_eq(event->nodeid, 1);
		ck_assert_uint_gt(event->ring_seq, 0);
		ck_assert_uint_eq(event->members_len, 1);
		ck_assert_uint_eq(event->nodes[0], 1);
	}
	assert_cs(CS_OK, cpg_finalize(handle));
}

START_TEST(totem_confchg_after_join)
{
	totem_assert(CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF, 1);
}
END_TEST

START_TEST(no_totem_confchg_without_flag)
{
	totem_assert(0, 0);
}
END_TEST

Suite *group_suite(void)
{
	Suite *suite = suite_create("group");
	TCase *together = case_add(suite, "together");
	TCase *alone = case_add(suite, "alone");
	TCase *name = case_add(suite, "name");
	TCase *totem = case_add(suite, "totem");

	tcase_add_test(together, peer_comes_talks_and_leaves);
	tcase_add_test(together, peer_sees_us_come_talk_and_leave);
	tcase_add_test(together, peer_dies);
	tcase_add_test(together, peer_finalizes);
	tcase_add_test(alone, join_and_leave);
	tcase_add_test(alone, join_twice);
	tcase_add_test(alone, leave_without_join);
	tcase_add_test(alone, leave_another_group);
	tcase_add_test(alone, rejoin_with_another_handle);
	tcase_add_test(alone, rejoin_with_the_same_handle);
	tcase_add_loop_test(name, name_len, 0, 4);
	tcase_add_test(name, name_is_counted);
	tcase_add_test(totem, totem_confchg_after_join);
	tcase_add_test(totem, no_totem_confchg_without_flag);
	return suite;
}
