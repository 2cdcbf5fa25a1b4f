/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Large messages that are not finished: how much memory the other members use
 * for them, and for how long.
 */
#include <stdio.h>
#include <unistd.h>

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"
#include "receiver.h"

#define MIB (1024u * 1024u)
#define CROWD 16
#define SMALL_CROWD 40
#define FRAGMENTS 3
#define ROUNDS 16
#define SMALL 100

/* Memory that malloc keeps, and events of the daemon in transit. */
#define SLACK (16ul * MIB)

/* Checkers free memory late, so the limit is higher with them. */
#define SLACK_CHECKED (1024ul * MIB)

static unsigned long slack(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return SLACK_CHECKED;
#else
	return valgrind_is_there() ? SLACK_CHECKED : SLACK;
#endif
}

/* Of the address space, used or not. */
static unsigned long memory_held(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	ck_assert_ptr_nonnull(statm);
	ck_assert_int_eq(fscanf(statm, "%*u %*u %*u %*u %*u %lu", &pages), 1);
	fclose(statm);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

static void memory_assert(unsigned long before, unsigned long arrived)
{
	unsigned long held = memory_held();

	ck_assert_msg(held <= before + 2 * arrived + slack(),
		      "%lu bytes held for %lu that arrived",
		      held - before, arrived);
}

static struct raw_piece piece(enum raw_type type, uint32_t msglen,
			      uint32_t len)
{
	return (struct raw_piece){ .type = (int32_t)type,
				   .msglen = msglen,
				   .fraglen = len,
				   .len = len };
}

/* Each fragment is an event, and has to be there. */
static void fragment_take(cpg_handle_t handle)
{
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	ck_assert_uint_eq(events_count_of(EVENT_DELIVER), 0);
}

static void crowd_start(struct peer *peers, int count)
{
	int i;

	for (i = 0; i < count; i++)
		raw_start(&peers[i]);
}

static void crowd_meet(cpg_handle_t handle, struct peer *peers, int count,
		       const struct cpg_name *group)
{
	int i;

	for (i = 0; i < count; i++)
		raw_join(&peers[i], group);
	for (i = 0; i < count; i++)
		fragment_take(handle);
	receiver_assert_idle(handle);
	events_clear();
}

/* Almost 4 GiB are announced by each, and 3 MiB come. */
START_TEST(announced_and_never_sent)
{
	struct cpg_name group = name_unique("announced");
	struct peer peers[CROWD];
	unsigned long before, arrived = 0;
	cpg_handle_t handle;
	int i, k;

	crowd_start(peers, CROWD);
	handle = receiver_open(&group, _i == 0);
	crowd_meet(handle, peers, CROWD, &group);
	before = memory_held();
	for (k = 0; k < FRAGMENTS; k++)
		for (i = 0; i < CROWD; i++) {
			raw_send(&peers[i],
				 piece(k == 0 ? RAW_FIRST : RAW_CONTINUED,
				       UINT32_MAX, RAW_FRAGMENT_MAX));
			fragment_take(handle);
			arrived += RAW_FRAGMENT_MAX;
			memory_assert(before, arrived);
		}
	receiver_assert_well(handle, &peers[0], 0, "announcements");
	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < CROWD; i++)
		raw_end(&peers[i]);
}
END_TEST

/* Next to nothing comes of it. */
START_TEST(announced_by_many)
{
	struct cpg_name group = name_unique("many");
	struct peer peers[SMALL_CROWD];
	unsigned long before;
	cpg_handle_t handle;
	int i;

	crowd_start(peers, SMALL_CROWD);
	handle = receiver_open(&group, _i == 0);
	crowd_meet(handle, peers, SMALL_CROWD, &group);
	before = memory_held();
	for (i = 0; i < SMALL_CROWD; i++) {
		raw_send(&peers[i], piece(RAW_FIRST, 1u << 31, SMALL));
		fragment_take(handle);
	}
	memory_assert(before, SMALL_CROWD * SMALL);
	receiver_assert_well(handle, &peers[SMALL_CROWD - 1], 0, "announcements");
	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < SMALL_CROWD; i++)
		raw_end(&peers[i]);
}
END_TEST

/* Each beginning voids the one before it. */
START_TEST(begun_again_and_again)
{
	struct cpg_name group = name_unique("again");
	struct peer peer;
	unsigned long before;
	cpg_handle_t handle;
	int i;

	raw_start(&peer);
	handle = receiver_open(&group, _i == 0);
	receiver_meet(handle, &peer, &group);
	before = memory_held();
	for (i = 0; i < 2 * ROUNDS; i++) {
		raw_send(&peer, piece(RAW_FIRST, UINT32_MAX,
				      RAW_FRAGMENT_MAX));
		fragment_take(handle);
		memory_assert(before, RAW_FRAGMENT_MAX);
	}
	receiver_assert_well(handle, &peer, 0, "beginnings");
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peer);
}
END_TEST

static void half_send(cpg_handle_t handle, const struct peer *peer)
{
	raw_send(peer, piece(RAW_FIRST, 4 * MIB, RAW_FRAGMENT_MAX));
	raw_send(peer, piece(RAW_CONTINUED, 4 * MIB, RAW_FRAGMENT_MAX));
	fragment_take(handle);
	fragment_take(handle);
}

static void peer_leave(struct peer *peer, const struct cpg_name *group)
{
	raw_leave(peer, group, 0);
	raw_end(peer);
}

static void peer_close(struct peer *peer, const struct cpg_name *group)
{
	(void)group;
	raw_end(peer);
}

static void peer_die(struct peer *peer, const struct cpg_name *group)
{
	(void)group;
	peer_kill(peer);
}

static void (*const farewells[])(struct peer *peer,
				 const struct cpg_name *group) = {
	peer_leave,
	peer_close,
	peer_die,
};

/* Who is gone will not finish: nothing of that is kept. */
START_TEST(sender_goes)
{
	struct cpg_name group = name_unique("goes");
	struct peer peers[ROUNDS + 1];
	unsigned long before;
	cpg_handle_t handle;
	int i;

	crowd_start(peers, ROUNDS + 1);
	handle = receiver_open(&group, _i % 2 == 0);
	receiver_meet(handle, &peers[ROUNDS], &group);
	before = memory_held();
	for (i = 0; i < ROUNDS; i++) {
		receiver_meet(handle, &peers[i], &group);
		half_send(handle, &peers[i]);
		farewells[_i / 2](&peers[i], &group);
		/* The change is an event even without a callback for it. */
		fragment_take(handle);
		events_clear();
	}
	memory_assert(before, 0);
	receiver_assert_well(handle, &peers[ROUNDS], 0, "those who left");
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peers[ROUNDS]);
}
END_TEST

START_TEST(receiver_goes)
{
	struct cpg_name group = name_unique("goes");
	unsigned long before = memory_held();
	struct peer peers[ROUNDS];
	cpg_handle_t handle;
	int i;

	crowd_start(peers, ROUNDS);
	for (i = 0; i < ROUNDS; i++) {
		handle = receiver_open(&group, _i == 0);
		receiver_meet(handle, &peers[i], &group);
		half_send(handle, &peers[i]);
		assert_cs(CS_OK, cpg_finalize(handle));
		events_clear();
		raw_end(&peers[i]);
	}
	memory_assert(before, 0);
}
END_TEST

/* Two at once, and a third that disturbs: each has its own. */
START_TEST(senders_at_once)
{
	struct cpg_name group = name_unique("once");
	const size_t len = 2 * MIB;
	struct peer peers[3];
	cpg_handle_t handle;
	size_t at;
	int i;

	crowd_start(peers, 3);
	handle = receiver_open(&group, _i == 0);
	for (i = 0; i < 3; i++)
		raw_join(&peers[i], &group);
	for (at = 0; at < len; at += len / 8) {
		raw_slice(&peers[0], len, 8, at, len / 8);
		raw_send(&peers[2], piece(RAW_FIRST, (uint32_t)len, SMALL));
		raw_slice(&peers[1], len, 9, at, len / 8);
		raw_send(&peers[2], piece(RAW_LAST, (uint32_t)len, SMALL));
	}
	receiver_assert_well(handle, &peers[2], 2, "the third");
	receiver_assert_message(0, &peers[0], len, 8);
	receiver_assert_message(1, &peers[1], len, 9);
	assert_cs(CS_OK, cpg_finalize(handle));
	for (i = 0; i < 3; i++)
		raw_end(&peers[i]);
}
END_TEST

Suite *unfinished_suite(void)
{
	Suite *suite = suite_create("unfinished");
	TCase *memory = case_add(suite, "memory");
	TCase *senders = case_add(suite, "senders");

	tcase_set_tags(memory, "long");
	tcase_add_loop_test(memory, announced_and_never_sent, 0, 2);
	tcase_add_loop_test(memory, announced_by_many, 0, 2);
	tcase_add_loop_test(memory, begun_again_and_again, 0, 2);
	tcase_add_loop_test(memory, sender_goes, 0, 2 * ARRAY_SIZE(farewells));
	tcase_add_loop_test(memory, receiver_goes, 0, 2);
	tcase_add_loop_test(senders, senders_at_once, 0, 2);
	return suite;
}
