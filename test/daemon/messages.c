/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define ATOMIC_MAX 1047552
#define MIB (1024u * 1024u)
#define INTERRUPTED_LEN (5 * MIB)

/* Peers join one after the other until one interrupts a message. */
#define PEERS 24u

static const size_t lens[] = {
	0,	    1,	     7,	       8,	1000,	  4096, 100000,
	ATOMIC_MAX, ATOMIC_MAX + 1, 2 * MIB, 5 * MIB, 20 * MIB,
};

/* Upstream's stack overflows with 64 and more. */
static const unsigned int iov_lens[] = { 1, 7, 64, 100, 1024 };

#define LENS	 ARRAY_SIZE(lens)
#define IOV_LENS ARRAY_SIZE(iov_lens)

static void event_assert(const struct event *event,
			 const struct cpg_name *group, size_t len,
			 uint32_t seed)
{
	ck_assert_int_eq(event->kind, EVENT_DELIVER);
	ck_assert(name_equal(&event->group, group));
	ck_assert_uint_eq(event->pid, (uint32_t)getpid());
	ck_assert_uint_eq(event->nodeid, 1);
	ck_assert_uint_eq(event->msg_len, len);
	ck_assert(pattern_matches(event->msg, len, seed));
}

/* A message is delivered once, unchanged, and no other message is. */
static void message_assert(size_t len, unsigned int iov_len)
{
	struct cpg_name group = name_unique("message");
	cpg_handle_t handle = cpg_open_joined(&group);

	assert_ok(pattern_send(handle, len, 5, iov_len));
	dispatch_until(handle, events_count() == 1);
	assert_ok(pattern_send(handle, 3, 6, 1));
	dispatch_until(handle, events_count() == 2);
	event_assert(event_get(0), &group, len, 5);
	event_assert(event_get(1), &group, 3, 6);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}

START_TEST(message_arrives)
{
	message_assert(lens[_i % LENS], iov_lens[_i / LENS]);
}
END_TEST

START_TEST(many_iovecs)
{
	message_assert(3000, iov_lens[_i]);
	message_assert(3 * MIB, iov_lens[_i]);
}
END_TEST

/* Three of four are empty, with the first and the last; some are NULL. */
static cs_error_t sparse_send(cpg_handle_t handle, unsigned char *bytes,
			      size_t len, unsigned int count)
{
	struct iovec *iov = calloc(count, sizeof(*iov));
	size_t at = 0, share = len / (count / 4);
	cs_error_t err;
	unsigned int i;

	ck_assert_ptr_nonnull(iov);
	for (i = 0; i < count; i++) {
		if (i % 4 == 1)
			iov[i].iov_len = i < count - 3 ? share : len - at;
		iov[i].iov_base = i % 4 == 0 ? NULL : bytes + at;
		at += iov[i].iov_len;
	}
	ck_assert_uint_eq(at, len);
	err = cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, count);
	free(iov);
	return err;
}

START_TEST(empty_iovecs)
{
	static const size_t sizes[] = { 3000, ATOMIC_MAX, 3 * MIB };
	size_t len = sizes[_i % ARRAY_SIZE(sizes)];
	unsigned int iov_len = iov_lens[2 + _i / ARRAY_SIZE(sizes)];
	struct cpg_name group = name_unique("empty");
	cpg_handle_t handle = cpg_open_joined(&group);
	unsigned char *bytes = malloc(len);

	ck_assert_ptr_nonnull(bytes);
	pattern_fill(bytes, len, 31);
	assert_ok(sparse_send(handle, bytes, len, iov_len));
	dispatch_until(handle, events_count() == 1);
	event_assert(event_get(0), &group, len, 31);
	free(bytes);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* Each guarantee that the header names. */
START_TEST(guarantee)
{
	struct cpg_name group = name_unique("guarantee");
	cpg_handle_t handle = cpg_open_joined(&group);
	char bytes[100];
	struct iovec iov = { bytes, sizeof(bytes) };

	pattern_fill(bytes, sizeof(bytes), 1);
	assert_ok(cpg_mcast_joined(handle, (cpg_guarantee_t)_i, &iov, 1));
	dispatch_until(handle, events_count() == 1);
	event_assert(event_get(0), &group, sizeof(bytes), 1);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(no_iovec)
{
	struct cpg_name group = name_unique("none");
	cpg_handle_t handle = cpg_open_joined(&group);
	char byte = 0;
	struct iovec empty[3] = { { NULL, 0 }, { &byte, 0 }, { NULL, 0 } };

	assert_ok(cpg_mcast_joined(handle, CPG_TYPE_AGREED, NULL, 0));
	assert_ok(cpg_mcast_joined(handle, CPG_TYPE_AGREED, empty, 3));
	dispatch_until(handle, events_count() == 2);
	event_assert(event_get(0), &group, 0, 0);
	event_assert(event_get(1), &group, 0, 0);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(order_is_kept)
{
	struct cpg_name group = name_unique("order");
	cpg_handle_t handle = cpg_open_joined(&group);
	static const size_t order[] = { 10, 3 * MIB, 20, 30, 2 * MIB, 40 };
	int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		assert_ok(pattern_send(handle, order[i], (uint32_t)i, 1));
	dispatch_until(handle, events_count() == ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		event_assert(event_get((size_t)i), &group, order[i],
			     (uint32_t)i);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* A sender need not dispatch: the daemon keeps its messages. */
START_TEST(more_than_the_ring_holds)
{
	struct cpg_name group = name_unique("many");
	cpg_handle_t handle = cpg_open_joined(&group);
	uint32_t i, count = 300;

	for (i = 0; i < count; i++)
		assert_ok(pattern_send(handle, 20000, i, 3));
	dispatch_until(handle, events_count() == count);
	for (i = 0; i < count; i++)
		event_assert(event_get(i), &group, 20000, i);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* ONE takes one fragment, and ALL what has arrived: no callback is CS_OK. */
START_TEST(fragments_are_events)
{
	struct cpg_name group = name_unique("fragments");
	cpg_handle_t handle = cpg_open_joined(&group);
	int calls = 0;

	assert_ok(pattern_send(handle, 5 * MIB, 9, 1));
	while (events_count() == 0) {
		assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
		calls++;
	}
	ck_assert_int_ge(calls, 6);
	event_assert(event_get(0), &group, 5 * MIB, 9);
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

static void mcast_assert(cs_error_t want, cpg_handle_t handle)
{
	char bytes[] = "message";
	struct iovec iov = { bytes, sizeof(bytes) };

	assert_cs(want, cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1));
	assert_cs(want, cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED,
					     iov.iov_base, iov.iov_len));
	assert_cs(want, pattern_send(handle, 2 * MIB, 1, 1));
}

START_TEST(before_join)
{
	cpg_handle_t handle = cpg_open();

	mcast_assert(CS_ERR_NOT_EXIST, handle);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(after_leave)
{
	struct cpg_name group = name_unique("left");
	cpg_handle_t handle = cpg_open_joined(&group);

	assert_ok(cpg_leave(handle, &group));
	mcast_assert(CS_ERR_NOT_EXIST, handle);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

/* Invalid lengths: the memory of the pieces is not read. */
START_TEST(too_big)
{
	struct cpg_name group = name_unique("big");
	cpg_handle_t handle = cpg_open_joined(&group);
	char byte = 0;
	struct iovec iov[2] = { { &byte, 1u << 31 }, { &byte, 1u << 31 } };

	assert_cs(CS_ERR_TOO_BIG,
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 2));
#if SIZE_MAX > UINT32_MAX
	assert_cs(CS_ERR_TOO_BIG,
		  cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, &byte,
				       0x100000000));
	iov[0].iov_len = SIZE_MAX;
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 2));
	iov[1].iov_len = 1;
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 2));
#endif
	message_assert(10, 1);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(from_another_process)
{
	struct cpg_name group = name_unique("another");
	struct peer peer;
	cpg_handle_t handle;

	peer_start(&peer);
	peer_do(&peer,
		(struct peer_order){ .verb = PEER_JOIN, .group = group });
	handle = cpg_open_joined(&group);
	peer_do(&peer, (struct peer_order){ .verb = PEER_SEND,
					    .len = lens[_i],
					    .seed = 21,
					    .count = 1 });
	dispatch_until(handle, event_was_delivered(lens[_i], 21));
	ck_assert_uint_eq(event_get(0)->pid, (uint32_t)peer.pid);
	assert_ok(pattern_send(handle, lens[_i], 22, 1));
	peer_do(&peer, (struct peer_order){ .verb = PEER_RECEIVE,
					    .len = lens[_i],
					    .seed = 22 });
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
	peer_end(&peer);
}
END_TEST

START_TEST(max_atomic_size)
{
	cpg_handle_t handle = cpg_open();
	uint32_t size = 0;

	assert_ok(cpg_max_atomic_msgsize_get(handle, &size));
	ck_assert_uint_eq(size, ATOMIC_MAX);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(flow_control_is_disabled)
{
	cpg_flow_control_state_t state = CPG_FLOW_CONTROL_ENABLED;
	cpg_handle_t handle = cpg_open();

	assert_ok(cpg_flow_control_state_get(handle, &state));
	ck_assert_int_eq(state, CPG_FLOW_CONTROL_DISABLED);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

START_TEST(zcb_arrives)
{
	struct cpg_name group = name_unique("zcb");
	cpg_handle_t handle = cpg_open_joined(&group);
	void *buffer = NULL;

	assert_ok(cpg_zcb_alloc(handle, lens[_i], &buffer));
	ck_assert_ptr_nonnull(buffer);
	pattern_fill(buffer, lens[_i], 3);
	assert_ok(cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer,
				       lens[_i]));
	assert_ok(cpg_zcb_free(handle, buffer));
	dispatch_until(handle, events_count() == 1);
	event_assert(event_get(0), &group, lens[_i], 3);
	events_clear();
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

static atomic_bool interrupted, enough;
static atomic_uint sent;

static void *big_messages_send(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	struct iovec iov = { malloc(INTERRUPTED_LEN), INTERRUPTED_LEN };
	cs_error_t err;

	pattern_fill(iov.iov_base, INTERRUPTED_LEN, 1);
	while (!enough) {
		/* Or the dispatcher would have much to do in the end. */
		wait_for(events_count_of(EVENT_DELIVER) + 2 >= sent);
		err = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
		ck_assert(err == CS_OK || err == CS_ERR_TRY_AGAIN ||
			  err == CS_ERR_INTERRUPT);
		interrupted |= err == CS_ERR_INTERRUPT;
		sent += err == CS_OK;
	}
	free(iov.iov_base);
	return NULL;
}

/* An interrupted message is not delivered, not even in part. */
START_TEST(membership_change_interrupts)
{
	struct cpg_name group = name_unique("interrupted");
	struct peer peers[PEERS];
	struct caller dispatcher;
	cpg_handle_t handle;
	pthread_t sender;
	unsigned int i;

	for (i = 0; i < PEERS; i++)
		peer_start(&peers[i]);
	handle = cpg_open_joined(&group);
	caller_dispatch(&dispatcher, services[SERVICE_CPG].dispatch, handle,
			CS_DISPATCH_BLOCKING);
	pthread_create(&sender, NULL, big_messages_send, &handle);
	wait_for(sent > 0);
	for (i = 0; i < PEERS && !interrupted; i++) {
		peer_do(&peers[i], (struct peer_order){ .verb = PEER_JOIN,
							.group = group });
		peer_do(&peers[i], (struct peer_order){ .verb = PEER_LEAVE,
							.group = group });
	}
	enough = true;
	pthread_join(sender, NULL);
	for (i = 0; i < PEERS; i++)
		peer_end(&peers[i]);
	wait_for(events_count_of(EVENT_DELIVER) == sent);
	assert_cs(CS_OK, cpg_finalize(handle));
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	ck_assert(interrupted);
	for (i = 0; i < sent; i++)
		event_assert(event_get_of(EVENT_DELIVER, i), &group,
			     INTERRUPTED_LEN, 1);
	events_clear();
}
END_TEST

Suite *messages_suite(void)
{
	Suite *suite = suite_create("messages");
	TCase *sizes = case_add(suite, "sizes");
	TCase *order = case_add(suite, "order");
	TCase *refused = case_add(suite, "refused");
	TCase *queries = case_add(suite, "queries");

	tcase_add_loop_test(sizes, message_arrives, 0, 2 * LENS);
	tcase_add_loop_test(sizes, many_iovecs, 2, IOV_LENS);
	tcase_add_loop_test(sizes, empty_iovecs, 0, 3 * (IOV_LENS - 2));
	tcase_add_loop_test(sizes, from_another_process, 0, LENS);
	tcase_add_loop_test(sizes, zcb_arrives, 0, LENS);
	tcase_add_loop_test(order, guarantee, CPG_TYPE_UNORDERED,
			    CPG_TYPE_SAFE + 1);
	tcase_add_test(order, no_iovec);
	tcase_add_test(order, order_is_kept);
	tcase_add_test(order, more_than_the_ring_holds);
	tcase_add_test(order, fragments_are_events);
	tcase_add_test(order, membership_change_interrupts);
	tcase_add_test(refused, before_join);
	tcase_add_test(refused, after_leave);
	tcase_add_test(refused, too_big);
	tcase_add_test(queries, max_atomic_size);
	tcase_add_test(queries, flow_control_is_disabled);
	return suite;
}
