/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of the group sends malformed messages. The others get no events for
 * them, but do get the messages that it sends after that.
 */
#include "../unit/libc_hooks.h"
#include "events.h"
#include "raw.h"
#include "receiver.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MIB (1024u * 1024u)
#define PIECES_MAX 4

/* A piece with its true length in the header, and one with any length. */
#define PIECE(type, msglen, len) { RAW_##type, msglen, len, len }
#define LIE(type, msglen, fraglen, len) { RAW_##type, msglen, fraglen, len }

struct script {
	const char *name;
	struct raw_piece pieces[PIECES_MAX];	/* up to one of type 0 */
};

static const struct script scripts[] = {
	{ "overrun at once", { PIECE(FIRST, 100, 200) } },
	{ "overrun by a lot", { PIECE(FIRST, 100, RAW_FRAGMENT_MAX) } },
	{ "overrun in the middle",
	  { PIECE(FIRST, 100, 60), PIECE(CONTINUED, 100, 60),
	    PIECE(LAST, 100, 40) } },
	{ "overrun at the end", { PIECE(FIRST, 100, 60),
				  PIECE(LAST, 100, 60) } },
	{ "overrun by one byte", { PIECE(FIRST, 100, 60),
				   PIECE(LAST, 100, 41) } },
	{ "overrun after all is there", { PIECE(FIRST, 100, 60),
					  PIECE(CONTINUED, 100, 40),
					  PIECE(LAST, 100, 1) } },
	{ "underrun", { PIECE(FIRST, 100, 60), PIECE(LAST, 100, 10) } },
	{ "underrun by one byte", { PIECE(FIRST, 100, 60),
				    PIECE(LAST, 100, 39) } },
	{ "underrun of a big one", { PIECE(FIRST, 3 * MIB, RAW_FRAGMENT_MAX),
				     PIECE(LAST, 3 * MIB, 10) } },
	{ "nothing in any fragment", { PIECE(FIRST, 100, 0),
				       PIECE(CONTINUED, 100, 0),
				       PIECE(LAST, 100, 0) } },
	{ "only the last", { PIECE(LAST, 100, 100) } },
	{ "no first", { PIECE(CONTINUED, 100, 60), PIECE(LAST, 100, 40) } },
	{ "growing", { PIECE(FIRST, 100, 60), PIECE(CONTINUED, 200, 40),
		       PIECE(LAST, 200, 100) } },
	{ "growing, but not in truth", { PIECE(FIRST, 100, 60),
					 PIECE(LAST, 200, 40) } },
	{ "growing at the end", { PIECE(FIRST, 100, 60),
				  PIECE(LAST, 2 * MIB, RAW_FRAGMENT_MAX) } },
	{ "shrinking", { PIECE(FIRST, 200, 60), PIECE(CONTINUED, 100, 20),
			 PIECE(LAST, 100, 20) } },
	{ "shrinking, but not in truth", { PIECE(FIRST, 100, 60),
					   PIECE(LAST, 50, 40) } },
	{ "shrinking below what came", { PIECE(FIRST, 200, 100),
					 PIECE(LAST, 50, 10) } },
	{ "shrinking to what came", { PIECE(FIRST, 200, 100),
				      PIECE(LAST, 100, 0) } },
	{ "zero", { PIECE(FIRST, 0, 0), PIECE(LAST, 0, 0) } },
	{ "zero, but some", { PIECE(FIRST, 0, 10), PIECE(LAST, 0, 10) } },
	{ "zero at the end", { PIECE(FIRST, 100, 60), PIECE(LAST, 0, 40) } },
	{ "2 GiB", { PIECE(FIRST, 0x80000000, 100),
		     PIECE(LAST, 0x80000000, 100) } },
	{ "almost 4 GiB", { PIECE(FIRST, 0xffffffff, 100),
			    PIECE(CONTINUED, 0xffffffff, RAW_FRAGMENT_MAX),
			    PIECE(LAST, 0xffffffff, 1) } },
	{ "type 4", { { 4, 100, 100, 100 } } },
	{ "type 4 in the middle", { PIECE(FIRST, 100, 60), { 4, 100, 20, 20 },
				    PIECE(LAST, 100, 20) } },
	{ "type 4 instead of the last", { PIECE(FIRST, 100, 60),
					  { 4, 100, 40, 40 } } },
	{ "type -1", { PIECE(FIRST, 100, 60), { -1, 100, 20, 20 },
		       PIECE(LAST, 100, 20) } },
	{ "type 257", { { 257, 100, 60, 60 }, PIECE(LAST, 100, 40) } },
	{ "two first", { PIECE(FIRST, 100, 60), PIECE(FIRST, 100, 60) } },
	{ "two first, the end of both", { PIECE(FIRST, 100, 60),
					  PIECE(FIRST, 200, 20),
					  PIECE(LAST, 100, 40) } },
	{ "two last", { PIECE(FIRST, 100, 60), PIECE(LAST, 100, 30),
			PIECE(LAST, 100, 40) } },
	/* The daemon makes events of them that are larger than a request. */
	{ "an event of 1 MiB", { LIE(FIRST, 3 * MIB, MIB - 200, 10) } },
	{ "an event of a byte more", { LIE(FIRST, 3 * MIB, MIB - 199, 10) } },
	{ "a request of 1 MiB", { PIECE(FIRST, 3 * MIB, MIB - 56) } },
	{ "a fragment of 1 MiB", { LIE(FIRST, 3 * MIB, MIB, 10) } },
	{ "less than is announced", { LIE(FIRST, 100, 60, 10),
				      LIE(LAST, 100, 60, 10) } },
	{ "more than is announced", { LIE(FIRST, 100, 10, 60),
				      LIE(LAST, 100, 10, 40) } },
	{ "nothing is announced", { LIE(FIRST, 100, 0, 60),
				    LIE(LAST, 100, 0, 40) } },
};

START_TEST(nonsense)
{
	const struct script *script = &scripts[_i / 2];
	struct cpg_name group = name_unique("nonsense");
	struct peer peer;
	cpg_handle_t handle;
	int i;

	raw_start(&peer);
	handle = receiver_open(&group, _i % 2 == 0);
	receiver_meet(handle, &peer, &group);
	for (i = 0; i < PIECES_MAX && script->pieces[i].type != 0; i++)
		raw_send(&peer, script->pieces[i]);
	ck_assert_int_gt(i, 0);
	receiver_assert_well(handle, &peer, 0, script->name);
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peer);
}
END_TEST

/* Type 0 ends a script. */
START_TEST(type_zero)
{
	struct cpg_name group = name_unique("zero");
	struct peer peer;
	cpg_handle_t handle;

	raw_start(&peer);
	handle = receiver_open(&group, _i == 0);
	receiver_meet(handle, &peer, &group);
	raw_send(&peer, (struct raw_piece){ 0, 100, 60, 60 });
	raw_send(&peer, (struct raw_piece)PIECE(FIRST, 100, 60));
	raw_send(&peer, (struct raw_piece){ 0, 100, 40, 40 });
	raw_send(&peer, (struct raw_piece)PIECE(LAST, 100, 40));
	receiver_assert_well(handle, &peer, 0, "type 0");
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peer);
}
END_TEST

/* Only the second message is delivered, with no part of the first. */
START_TEST(begins_again)
{
	struct cpg_name group = name_unique("again");
	struct peer peer;
	cpg_handle_t handle;

	raw_start(&peer);
	handle = receiver_open(&group, _i == 0);
	receiver_meet(handle, &peer, &group);
	raw_slice(&peer, MIB, 5, 0, MIB / 2);
	raw_slice(&peer, MIB, 6, 0, MIB / 2);
	raw_slice(&peer, MIB, 6, MIB / 2, MIB / 2);
	raw_slice(&peer, MIB, 5, MIB / 2, MIB / 2);
	receiver_assert_well(handle, &peer, 1, "the end of the first");
	receiver_assert_message(0, &peer, MIB, 6);
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peer);
}
END_TEST

/* Small messages between the fragments do no harm to them. */
START_TEST(small_ones_between)
{
	struct cpg_name group = name_unique("between");
	struct peer peer;
	cpg_handle_t handle;
	uint32_t i;

	raw_start(&peer);
	handle = receiver_open(&group, _i == 0);
	receiver_meet(handle, &peer, &group);
	for (i = 0; i < 4; i++) {
		raw_slice(&peer, MIB, 7, i * MIB / 4, MIB / 4);
		raw_pattern(&peer, 10, i);
	}
	receiver_assert_well(handle, &peer, 5, "small ones between");
	for (i = 0; i < 3; i++)
		receiver_assert_message(i, &peer, 10, i);
	receiver_assert_message(3, &peer, MIB, 7);
	receiver_assert_message(4, &peer, 10, 3);
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&peer);
}
END_TEST

#define GHOSTS 6

/* With the pid of another member, which is no member then but can send. */
static void leave_as(const struct peer *peer, const struct peer *other,
		     const struct cpg_name *group)
{
	raw_leave(peer, group, (uint32_t)other->pid);
	totem_flush();
}

/*
 * A process that has left sends the first part of a message. The next change
 * must discard it; otherwise receivers grow with each such sender.
 */
START_TEST(senders_that_are_no_members)
{
	struct cpg_name group = name_unique("ghost");
	struct peer ghosts[GHOSTS], liars[GHOSTS], last;
	cpg_handle_t handle;
	int i;

	for (i = 0; i < GHOSTS; i++) {
		raw_start(&ghosts[i]);
		raw_start(&liars[i]);
	}
	raw_start(&last);
	handle = receiver_open(&group, true);
	libc_hooks_reset();
	libc_count_set(true);
	for (i = 0; i < GHOSTS; i++) {
		receiver_meet(handle, &ghosts[i], &group);
		receiver_meet(handle, &liars[i], &group);
		events_clear();
		ck_assert_int_lt(libc_live(), MIB);
		leave_as(&liars[i], &ghosts[i], &group);
		raw_send(&ghosts[i], (struct raw_piece)PIECE(FIRST, 3 * MIB,
							     RAW_FRAGMENT_MAX));
		totem_flush();
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
		ck_assert_int_gt(libc_live(), MIB);
		events_clear();
	}
	receiver_meet(handle, &last, &group);
	events_clear();
	ck_assert_int_lt(libc_live(), MIB);
	libc_count_set(false);
	for (i = 0; i < GHOSTS; i++) {
		raw_end(&ghosts[i]);
		raw_end(&liars[i]);
	}
	totem_flush();
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	receiver_assert_well(handle, &last, 0, "ghosts");
	assert_cs(CS_OK, cpg_finalize(handle));
	raw_end(&last);
}
END_TEST

Suite *hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = case_add(suite, "fragments");
	TCase *ghosts = case_add(suite, "ghosts");

	tcase_add_loop_test(tcase, nonsense, 0, 2 * ARRAY_SIZE(scripts));
	tcase_add_loop_test(tcase, type_zero, 0, 2);
	tcase_add_loop_test(tcase, begins_again, 0, 2);
	tcase_add_loop_test(tcase, small_ones_between, 0, 2);
	/* Corosync keeps the malicious peers as members. */
	tcase_add_unchecked_fixture(ghosts, NULL, daemon_restart);
	tcase_add_test(ghosts, senders_that_are_no_members);
	return suite;
}
