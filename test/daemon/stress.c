/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Four threads dispatch, each in another mode, and four call, all on one
 * handle; each message has to be delivered once, and unchanged. STRESS_SECONDS
 * sets the duration.
 */

#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pattern.h"
#include "peer.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define SECONDS_DEFAULT 5
#define SENDERS 2
#define MESSAGES_MAX (8 * 1024 * 1024)
#define SMALL_MAX 256
#define BIG_LEN (2 * 1024 * 1024 + 4321)
/* One of this many messages of the second sender is large. */
#define BIG_EVERY 64

struct message {
	uint32_t sender, number;
};

static struct {
	const struct service_api *service;
	uint64_t handle;
	struct cpg_name group;
	atomic_bool enough;
	atomic_uchar *seen[SENDERS];
	atomic_uint sent[SENDERS];
	atomic_ulong delivered, twice, broken, answers, notifications;
} stress;

static void stress_deliver(cpg_handle_t handle, const struct cpg_name *group,
			   uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct message message;
	size_t size = sizeof(message);

	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	if (len < size) {
		stress.broken++;
		return;
	}
	memcpy(&message, msg, size);
	if (message.sender >= SENDERS || message.number >= MESSAGES_MAX ||
	    !pattern_matches((char *)msg + size, len - size, message.number))
		stress.broken++;
	else if (stress.seen[message.sender][message.number]++ > 0)
		stress.twice++;
	else
		stress.delivered++;
}

static void stress_notify(quorum_handle_t handle, uint32_t quorate,
			  uint64_t ring_seq, uint32_t entries, uint32_t *list)
{
	(void)handle;
	(void)ring_seq;
	if (quorate != 1 || entries != 1 || list[0] != 1)
		stress.broken++;
	stress.notifications++;
}

/* In ALL and ONE_NONBLOCKING, who has nothing to do waits for the fd. */
static void *mode_run(void *data)
{
	cs_dispatch_flags_t mode = *(cs_dispatch_flags_t *)data;
	struct pollfd fd = { .events = POLLIN };
	cs_error_t err;

	if (stress.service->fd_get(stress.handle, &fd.fd) != CS_OK)
		return NULL;
	do {
		err = stress.service->dispatch(stress.handle, mode);
		if (mode == CS_DISPATCH_ALL || err == CS_ERR_TRY_AGAIN)
			poll(&fd, 1, 1);
	} while (err == CS_OK || err == CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(err, CS_ERR_BAD_HANDLE);
	return NULL;
}

static void message_send(uint32_t sender, void *bytes, size_t len)
{
	struct message message = { sender, stress.sent[sender] };
	struct iovec iov[] = { { &message, sizeof(message) }, { bytes, len } };

	pattern_fill(bytes, len, message.number);
	assert_ok(cpg_mcast_joined(stress.handle, CPG_TYPE_AGREED, iov, 2));
	stress.sent[sender]++;
}

static void *small_send(void *data)
{
	char bytes[SMALL_MAX];

	while (!stress.enough && stress.sent[0] < MESSAGES_MAX)
		message_send(0, bytes, stress.sent[0] % SMALL_MAX);
	return data;
}

static void *any_send(void *data)
{
	char *bytes = malloc(BIG_LEN);

	while (!stress.enough && stress.sent[1] < MESSAGES_MAX)
		message_send(1, bytes, stress.sent[1] % BIG_EVERY == 0 ?
					       BIG_LEN :
					       stress.sent[1] % SMALL_MAX);
	free(bytes);
	return data;
}

static void *ask(void *data)
{
	struct cpg_name group = stress.group;
	struct cpg_address members[CPG_MEMBERS_MAX];
	unsigned int nodeid;
	int count;

	while (!stress.enough) {
		assert_ok(cpg_local_get(stress.handle, &nodeid));
		ck_assert_uint_eq(nodeid, 1);
		assert_ok(cpg_membership_get(stress.handle, &group, members,
					     &count));
		ck_assert_int_eq(count, 1);
		ck_assert_uint_eq(members[0].pid, (uint32_t)getpid());
		stress.answers += 2;
	}
	return data;
}

/* Among all groups; there may be others than ours. */
static void own_group_find(void)
{
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration;
	int found = 0;
	cs_error_t err;

	assert_ok(cpg_iteration_initialize(stress.handle, CPG_ITERATION_ALL,
					   NULL, &iteration));
	while ((err = patiently(cpg_iteration_next(iteration,
						   &description))) == CS_OK) {
		if (name_equal(&description.group, &stress.group)) {
			ck_assert_uint_eq(description.nodeid, 1);
			ck_assert_uint_eq(description.pid, (uint32_t)getpid());
			found++;
		}
	}
	ck_assert_int_eq(err, CS_ERR_NO_SECTIONS);
	ck_assert_int_eq(found, 1);
	assert_ok(cpg_iteration_finalize(iteration));
}

static void *iterate(void *data)
{
	void *context;

	while (!stress.enough) {
		own_group_find();
		assert_ok(cpg_context_set(stress.handle, &stress));
		assert_ok(cpg_context_get(stress.handle, &context));
		ck_assert_ptr_eq(context, &stress);
		stress.answers += 3;
	}
	return data;
}

static void *quorum_ask(void *data)
{
	int quorate;

	while (!stress.enough) {
		assert_ok(quorum_getquorate(stress.handle, &quorate));
		ck_assert_int_eq(quorate, 1);
		stress.answers++;
	}
	return data;
}

/* Two do, so each may find it as the other left it. */
static void *quorum_track(void *data)
{
	cs_error_t err;

	while (!stress.enough) {
		err = quorum_trackstart(stress.handle, CS_TRACK_CHANGES);
		ck_assert(err == CS_OK || err == CS_ERR_EXIST ||
			  err == CS_ERR_TRY_AGAIN);
		err = quorum_trackstop(stress.handle);
		ck_assert(err == CS_OK || err == CS_ERR_NOT_EXIST ||
			  err == CS_ERR_TRY_AGAIN);
		stress.answers += 2;
	}
	return data;
}

static int stress_seconds(void)
{
	const char *seconds = getenv("STRESS_SECONDS");

	return seconds == NULL ? SECONDS_DEFAULT : atoi(seconds);
}

static void everything_wait(void)
{
	struct timespec deadline = deadline_start();
	unsigned long before = 0;

	/* As long as anything comes there is no need to lose patience. */
	while (stress.delivered < stress.sent[0] + stress.sent[1]) {
		if (stress.delivered != before)
			deadline = deadline_start();
		before = stress.delivered;
		deadline_pause(&deadline, "the messages that are missing");
	}
}

static void stress_run(void *(*const callers[4])(void *))
{
	cs_dispatch_flags_t modes[] = { CS_DISPATCH_ONE, CS_DISPATCH_ALL,
					CS_DISPATCH_BLOCKING,
					CS_DISPATCH_ONE_NONBLOCKING };
	pthread_t dispatching[4], calling[4];
	struct timespec end, now;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += stress_seconds();
	for (i = 0; i < 4; i++) {
		pthread_create(&dispatching[i], NULL, mode_run, &modes[i]);
		pthread_create(&calling[i], NULL, callers[i], NULL);
	}
	do {
		poll(NULL, 0, 10);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	stress.enough = true;
	for (i = 0; i < 4; i++)
		pthread_join(calling[i], NULL);
	everything_wait();
	assert_cs(CS_OK, stress.service->finalize(stress.handle));
	for (i = 0; i < 4; i++)
		pthread_join(dispatching[i], NULL);
	ck_assert_uint_eq(stress.broken, 0);
	ck_assert_uint_eq(stress.twice, 0);
	ck_assert_uint_eq(stress.delivered, stress.sent[0] + stress.sent[1]);
}

/* To a group of its own. */
static void other_join(const struct peer *other)
{
	peer_do(other, (struct peer_order){ .verb = PEER_JOIN,
					    .group = name_unique("other") });
}

START_TEST(cpg)
{
	static void *(*const callers[])(void *) = { small_send, any_send, ask,
						    iterate };
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = stress_deliver };
	struct peer before, after;
	int i;

	stress.service = &services[SERVICE_CPG];
	stress.group = name_unique("stress");
	for (i = 0; i < SENDERS; i++)
		stress.seen[i] = calloc(MESSAGES_MAX, 1);
	peer_start(&before);
	peer_start(&after);
	other_join(&before);
	assert_ok(cpg_initialize(&stress.handle, &callbacks));
	assert_ok(cpg_join(stress.handle, &stress.group));
	other_join(&after);
	/* The handle's own join event would interrupt a large message. */
	totem_flush();
	stress_run(callers);
	printf("stress: %u small, %u small and large messages sent, %lu "
	       "delivered, %lu twice, %lu other calls\n",
	       stress.sent[0], stress.sent[1], stress.delivered, stress.twice,
	       stress.answers);
	peer_end(&before);
	peer_end(&after);
	for (i = 0; i < SENDERS; i++)
		free(stress.seen[i]);
}
END_TEST

START_TEST(quorum)
{
	static void *(*const callers[])(void *) = { quorum_ask, quorum_ask,
						    quorum_track,
						    quorum_track };
	quorum_callbacks_t callbacks = { .quorum_notify_fn = stress_notify };

	stress.service = &services[SERVICE_QUORUM];
	assert_ok(quorum_initialize(&stress.handle, &callbacks, NULL));
	stress_run(callers);
	printf("stress: %lu notifications, %lu other calls\n",
	       stress.notifications, stress.answers);
	ck_assert_uint_gt(stress.notifications, 0);
}
END_TEST

Suite *stress_suite(void)
{
	Suite *suite = suite_create("stress");
	TCase *tcase = case_add(suite, "stress");

	tcase_set_timeout(tcase, 180 + 4 * stress_seconds());
	tcase_add_test(tcase, cpg);
	tcase_add_test(tcase, quorum);
	return suite;
}
