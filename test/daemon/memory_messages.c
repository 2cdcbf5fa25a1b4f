/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Sending and receiving while allocations fail. */

#include <corosync/quorum.h>
#include <poll.h>
#include <sys/uio.h>

#include "../unit/libc_hooks.h"
#include "events.h"
#include "memory.h"
#include "pattern.h"
#include "peer.h"
#include "service.h"
#include "support.h"

#define SMALL_LEN 100
#define ATOMIC_LEN 1047552
#define BIG_LEN (5 << 19)
#define PIECES_MAX 200

static uint64_t handle;

/* Sending. */

static const struct {
	size_t len;
	unsigned int pieces;
	int allocations;	/* at least */
} shapes[] = {
	{ 0, 1, 0 },	       { 0, 20, 0 },   { SMALL_LEN, 1, 0 },
	{ SMALL_LEN, 20, 1 },  { ATOMIC_LEN, 20, 1 }, { BIG_LEN, 1, 0 },
	{ BIG_LEN, PIECES_MAX, 3 },
};

static unsigned char message[BIG_LEN];
static struct iovec pieces[PIECES_MAX];
static size_t message_len;
static unsigned int pieces_count;
static uint32_t seed;

static void message_cut(void)
{
	unsigned int i;

	pattern_fill(message, message_len, ++seed);
	for (i = 0; i < pieces_count; i++) {
		size_t begin = message_len * i / pieces_count;
		size_t end = message_len * (i + 1) / pieces_count;

		pieces[i].iov_base = message + begin;
		pieces[i].iov_len = end - begin;
	}
}

static void sender_open(void)
{
	struct cpg_name group = name_unique("memory");

	handle = cpg_open_joined(&group);
	message_cut();
}

static cs_error_t sender_run(void)
{
	return patiently(cpg_mcast_joined(handle, CPG_TYPE_AGREED, pieces,
					  pieces_count));
}

/* There is one message, whatever the number of tries. */
static void sender_close(void)
{
	const size_t last_len = 33;

	assert_ok(pattern_send(handle, last_len, seed, 1));
	dispatch_until(handle, event_was_delivered(last_len, seed));
	ck_assert_uint_eq(events_count(), 2);
	ck_assert(event_was_delivered(message_len, seed));
	assert_cs(CS_OK, cpg_finalize(handle));
}

START_TEST(sending_needs_memory)
{
	const struct subject subject = { "cpg_mcast_joined", sender_open,
					 sender_run, CS_OK, sender_close };
	int row = _i;

	message_len = shapes[row].len;
	pieces_count = shapes[row].pieces;
	ck_assert_int_ge(subject_run(&subject), shapes[row].allocations);
}
END_TEST

/* Receiving. What libcheck allocates in a callback must not fail. */

enum { BEFORE, BIG, AFTER, AGAIN, MESSAGES };

static const size_t lens[MESSAGES] = { SMALL_LEN, BIG_LEN, SMALL_LEN, BIG_LEN };

static cs_dispatch_flags_t mode;
static unsigned int delivered[MESSAGES], confchgs, notifications;

/* The messages of a round have seeds that follow one another. */
static void deliver(cpg_handle_t cpg, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	bool before = libc_count_set(false);
	uint32_t i = 0;

	(void)group;
	(void)nodeid;
	(void)pid;
	while (i < MESSAGES && !(msg_len == lens[i] &&
				 pattern_matches(msg, msg_len, seed + i)))
		i++;
	ck_assert_uint_lt(i, MESSAGES);
	delivered[i]++;
	if (i == AFTER && mode == CS_DISPATCH_BLOCKING)
		assert_cs(CS_OK, cpg_finalize(cpg));
	libc_count_set(before);
}

static void confchg(cpg_handle_t cpg, const struct cpg_name *group,
		    const struct cpg_address *members, size_t members_len,
		    const struct cpg_address *left, size_t left_len,
		    const struct cpg_address *joined, size_t joined_len)
{
	(void)cpg;
	(void)group;
	(void)members;
	(void)members_len;
	(void)left;
	(void)left_len;
	(void)joined;
	confchgs += (unsigned int)joined_len;
}

static cpg_callbacks_t callbacks = {
	.cpg_deliver_fn = deliver,
	.cpg_confchg_fn = confchg,
};

static void receiver_open(const struct cpg_name *group)
{
	uint32_t i;

	seed += MESSAGES;
	confchgs = 0;
	assert_ok(cpg_initialize(&handle, &callbacks));
	assert_ok(cpg_join(handle, group));
	/* The handle's own join event would interrupt a large message. */
	wait_for(fd_is_readable(cpg_fd(handle)));
	for (i = 0; i < AGAIN; i++) {
		delivered[i] = 0;
		assert_ok(pattern_send(handle, lens[i], seed + i, 1));
	}
	delivered[AGAIN] = 0;
}

static cs_error_t receiver_dispatch(void)
{
	struct pollfd pollfd = { .fd = cpg_fd(handle), .events = POLLIN };
	bool waits = mode == CS_DISPATCH_ONE || mode == CS_DISPATCH_BLOCKING;
	cs_error_t err;

	if (!waits)
		poll(&pollfd, 1, 10);
	err = COUNTED(cpg_dispatch(handle, mode));
	if (err == CS_ERR_TRY_AGAIN && mode == CS_DISPATCH_ONE_NONBLOCKING)
		err = CS_OK;
	if (err == CS_ERR_BAD_HANDLE && mode == CS_DISPATCH_BLOCKING)
		err = CS_OK;
	return err;
}

/* Take pending events; returns the number of failed allocations. */
static int receiver_run(void)
{
	struct timespec deadline = deadline_start();
	bool before = libc_count_set(false);
	int refusals = 0;
	cs_error_t err;

	while (delivered[AFTER] == 0) {
		err = receiver_dispatch();
		ck_assert_msg(err == CS_OK || err == CS_ERR_NO_MEMORY, "%s",
			      cs_strerror(err));
		if (err == CS_ERR_NO_MEMORY)
			refusals++;
		deadline_pause(&deadline, "the last message");
	}
	libc_count_set(before);
	return refusals;
}

/* Large messages are delivered as before. */
static void receiver_close(void)
{
	if (mode == CS_DISPATCH_BLOCKING)
		return;
	assert_ok(pattern_send(handle, lens[AGAIN], seed + AGAIN, 1));
	while (delivered[AGAIN] == 0)
		assert_cs(CS_OK, receiver_dispatch());
	assert_cs(CS_OK, cpg_finalize(handle));
}

/* As in cpg_dispatch(3): the large message is lost, but only here. */
static bool receiver_fail(const struct cpg_name *group, const struct peer *peer,
			  int number)
{
	int refusals;
	bool failed;

	receiver_open(group);
	libc_fail_after(number);
	refusals = receiver_run();
	failed = libc_has_failed();
	libc_fail_after(-1);
	ck_assert_int_eq(refusals, failed ? 1 : 0);
	ck_assert_uint_eq(confchgs, 1);
	ck_assert_uint_eq(delivered[BEFORE], 1);
	ck_assert_uint_eq(delivered[AFTER], 1);
	ck_assert_uint_le(delivered[BIG], 1);
	ck_assert(delivered[BIG] == 1 || failed);
	peer_do(peer, (struct peer_order){ .verb = PEER_RECEIVE,
					   .len = lens[BIG],
					   .seed = seed + BIG });
	receiver_close();
	return failed;
}

START_TEST(receiving_needs_memory)
{
	struct cpg_name group = name_unique("memory");
	int number = 0, lost = 0;
	struct peer peer;

	mode = (cs_dispatch_flags_t)(_i + 1);
	peer_start(&peer);
	peer_do(&peer,
		(struct peer_order){ .verb = PEER_JOIN, .group = group });
	receiver_fail(&group, &peer, -1);
	libc_hooks_reset();
	libc_count_set(true);
	while (receiver_fail(&group, &peer, number++)) {
		ck_assert_int_eq(libc_live(), 0);
		lost += delivered[BIG] == 0;
	}
	libc_count_set(false);
	/* One for the buffer, the others for the large message. */
	ck_assert_int_ge(number, 3);
	ck_assert_int_eq(lost, number - 2);
	peer_end(&peer);
}
END_TEST

static void notify(quorum_handle_t quorum, uint32_t quorate, uint64_t ring_seq,
		   uint32_t nodes_len, uint32_t *nodes)
{
	bool before = libc_count_set(false);

	(void)quorum;
	(void)quorate;
	(void)ring_seq;
	(void)nodes_len;
	(void)nodes;
	notifications++;
	if (mode == CS_DISPATCH_BLOCKING)
		assert_cs(CS_OK, quorum_finalize(quorum));
	libc_count_set(before);
}

static void tracker_open(void)
{
	quorum_callbacks_t quorum_callbacks = { .quorum_notify_fn = notify };

	notifications = 0;
	assert_ok(quorum_initialize(&handle, &quorum_callbacks, NULL));
	assert_ok(quorum_trackstart(handle, CS_TRACK_CURRENT));
}

static cs_error_t tracker_run(void)
{
	return quorum_dispatch(handle, mode);
}

static void tracker_close(void)
{
	ck_assert_uint_eq(notifications, 1);
	assert_cs(mode == CS_DISPATCH_BLOCKING ? CS_ERR_BAD_HANDLE : CS_OK,
		  quorum_finalize(handle));
}

START_TEST(tracking_needs_memory)
{
	struct subject subject = { "quorum_dispatch", tracker_open,
				   tracker_run, CS_OK, tracker_close };

	mode = (cs_dispatch_flags_t)(_i + 1);
	if (mode == CS_DISPATCH_BLOCKING)
		subject.expected = CS_ERR_BAD_HANDLE;
	ck_assert_int_eq(subject_run(&subject), 1);
}
END_TEST

void memory_messages_add(Suite *suite)
{
	TCase *tcase = case_add(suite, "messages");
	int modes = CS_DISPATCH_ONE_NONBLOCKING;

	tcase_add_loop_test(tcase, sending_needs_memory, 0,
			    ARRAY_SIZE(shapes));
	tcase_add_loop_test(tcase, receiving_needs_memory, 0,
			    modes);
	tcase_add_loop_test(tcase, tracking_needs_memory, 0,
			    modes);
}
