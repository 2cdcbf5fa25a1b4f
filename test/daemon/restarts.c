/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A program that continues across restarts of the daemon: one thread receives,
 * one sends, one tracks the quorum, and the daemon is killed and restarted
 * several times.
 */

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../unit/libc_hooks.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define RESTARTS 10
#define RESTART_S_MAX 30
#define FLOW_MIN 100
#define LIFE_US_MAX 100000

/* A restarted daemon must be used soon. */
#define RETRY_MS 5

/* One of this many messages is large. */
#define BIG_EVERY 50
#define BIG_LEN sizeof(struct message)
#define SMALL_LEN offsetof(struct message, rest)

struct message {
	cpg_handle_t handle;		/* that sent it */
	uint32_t number;		/* among those of the handle */
	char rest[2 * 1024 * 1024];
};

static struct cpg_name group;
static _Atomic cpg_handle_t current;	/* 0: none */
static atomic_uint received;		/* on the current handle */
static atomic_uint trackings;		/* that have begun, on any handle */
static atomic_bool enough;

/* In order, each once, and none of those of an earlier daemon. */
static void deliver(cpg_handle_t handle, const struct cpg_name *name,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	const struct message *message = msg;

	(void)name;
	(void)nodeid;
	ck_assert_uint_eq(pid, (uint32_t)getpid());
	ck_assert_uint_ge(msg_len, SMALL_LEN);
	ck_assert_uint_eq(message->handle, handle);
	ck_assert_uint_eq(message->number, received);
	received++;
}

static cpg_callbacks_t callbacks = { .cpg_deliver_fn = deliver };

/* There may be no daemon now, but no other error is allowed. */
static bool result_is_ok(cs_error_t err, const char *what)
{
	if (err == CS_ERR_LIBRARY)
		poll(NULL, 0, RETRY_MS);
	else
		ck_assert_msg(err == CS_OK, "%s: %s", what, cs_strerror(err));
	return err == CS_OK;
}

#define IS_OK(call) result_is_ok(patiently(call), #call)

/* Until the daemon ends or the handle is finalized. */
static void dispatch_long(const struct service_api *service, uint64_t handle)
{
	cs_error_t err = service->dispatch(handle, CS_DISPATCH_BLOCKING);

	assert_cs(enough ? CS_ERR_BAD_HANDLE : CS_ERR_LIBRARY, err);
}

static void *receiver_run(void *data)
{
	cpg_handle_t handle;

	libc_count_set(true);
	while (!enough) {
		if (!IS_OK(cpg_initialize(&handle, &callbacks)))
			continue;
		received = 0;
		if (IS_OK(cpg_join(handle, &group))) {
			current = handle;
			dispatch_long(&services[SERVICE_CPG], handle);
		}
		cpg_finalize(handle);
	}
	return data;
}

static void *sender_run(void *data)
{
	static struct message message;
	struct iovec iov = { .iov_base = &message };
	cpg_handle_t handle;
	cs_error_t err;

	libc_count_set(true);
	while (!enough) {
		handle = current;
		if (handle != message.handle)
			message.number = 0;
		message.handle = handle;
		iov.iov_len = message.number % BIG_EVERY == 0 ? BIG_LEN :
								SMALL_LEN;
		err = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
		if (err == CS_OK)
			message.number++;
		else
			poll(NULL, 0, 1);
		ck_assert_msg(err == CS_OK || err == CS_ERR_TRY_AGAIN ||
				      err == CS_ERR_LIBRARY ||
				      err == CS_ERR_BAD_HANDLE ||
				      err == CS_ERR_INTERRUPT,
			      "cpg_mcast_joined: %s", cs_strerror(err));
	}
	return data;
}

/* The handle of the tracker, for the end. */
static _Atomic quorum_handle_t tracker;

static void *tracker_run(void *data)
{
	quorum_handle_t handle;

	libc_count_set(true);
	while (!enough) {
		if (!IS_OK(quorum_initialize(&handle, NULL, NULL)))
			continue;
		if (IS_OK(quorum_trackstart(handle, CS_TRACK_CHANGES)) &&
		    IS_OK(quorum_dispatch(handle, CS_DISPATCH_ONE))) {
			tracker = handle;
			trackings++;
			dispatch_long(&services[SERVICE_QUORUM], handle);
		}
		quorum_finalize(handle);
	}
	return data;
}

static void *(*const runs[])(void *data) = {
	receiver_run,
	sender_run,
	tracker_run,
};

static unsigned int number_get(const char *variable, unsigned int usual)
{
	const char *value = getenv(variable);

	return value == NULL ? usual : (unsigned int)strtoul(value, NULL, 0);
}

static void flow_await(cpg_handle_t before, unsigned int trackings_before)
{
	wait_for(current != before && received >= FLOW_MIN &&
		 trackings > trackings_before);
}

static void daemons_outlive(unsigned int restarts)
{
	unsigned int trackings_before;
	struct timespec life = { 0 };
	cpg_handle_t before;

	while (restarts-- > 0) {
		life.tv_nsec = random() % LIFE_US_MAX * 1000;
		nanosleep(&life, NULL);
		before = current;
		trackings_before = trackings;
		daemon_kill();
		daemon_restart();
		flow_await(before, trackings_before);
	}
}

/* All memory is freed, except the tables of handles. */
static void memory_warm(void)
{
	assert_cs(CS_OK, cpg_finalize(cpg_open()));
	assert_cs(CS_OK, quorum_finalize(quorum_open(QUORUM_MODEL_V0)));
	libc_hooks_reset();
}

static bool rings_are_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = strstr(line, "/dev/shm/qb-") != NULL;
	fclose(maps);
	return found;
}

START_TEST(all_goes_on)
{
	unsigned int seed = number_get("RESTARTS_SEED", (unsigned int)getpid());
	pthread_t threads[ARRAY_SIZE(runs)];
	int i;

	printf("RESTARTS_SEED=%u\n", seed);
	srandom(seed);
	group = name_unique("restarts");
	memory_warm();
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, runs[i], NULL), 0);
	flow_await(0, 0);
	daemons_outlive(number_get("RESTARTS", RESTARTS));
	enough = true;
	assert_cs(CS_OK, COUNTED(cpg_finalize(current)));
	assert_cs(CS_OK, COUNTED(quorum_finalize(tracker)));
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(libc_live(), 0);
	ck_assert(!rings_are_mapped());
}
END_TEST

Suite *restarts_suite(void)
{
	Suite *suite = suite_create("restarts");
	TCase *tcase = case_add(suite, "restarts");
	unsigned int restarts = number_get("RESTARTS", RESTARTS);

	tcase_set_timeout(tcase, (restarts + 1) * RESTART_S_MAX);
	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, all_goes_on);
	return suite;
}
