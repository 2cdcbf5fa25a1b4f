/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A process that has few file descriptors left.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "openers.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define FDS_MAX 128
#define NEEDED_MAX 16

/* What each descriptor is; inode 0: nothing. */
struct fds {
	dev_t devices[FDS_MAX];
	ino_t inodes[FDS_MAX];
};

static struct fds fds_look(void)
{
	struct fds fds = { 0 };
	struct stat file;
	int fd;

	for (fd = 0; fd < FDS_MAX; fd++)
		if (fstat(fd, &file) == 0) {
			fds.devices[fd] = file.st_dev;
			fds.inodes[fd] = file.st_ino;
		}
	return fds;
}

/* No descriptor of the application has changed, and no other is open. */
static void fds_assert_same(const struct fds *before)
{
	struct fds now = fds_look();
	int fd;

	for (fd = 0; fd < FDS_MAX; fd++)
		ck_assert_msg(before->devices[fd] == now.devices[fd] &&
				      before->inodes[fd] == now.inodes[fd],
			      "fd %d is not what it was", fd);
}

static bool initialize_works(const struct opener *opener,
			     const struct fds *before)
{
	uint64_t handle = 0;
	cs_error_t err = patiently(opener->initialize(&handle));

	if (err == CS_OK) {
		assert_ok(opener->ask(handle));
		assert_cs(CS_OK, opener->finalize(handle));
	} else {
		assert_cs(CS_ERR_LIBRARY, err);
		ck_assert_uint_eq(handle, 0);
		assert_cs(CS_ERR_BAD_HANDLE, opener->finalize(handle));
	}
	fds_assert_same(before);
	return err == CS_OK;
}

/* Each number of free descriptors, up to the first that is enough. */
START_TEST(too_few)
{
	const struct fds before = fds_look();
	rlim_t first = fd_next(), left = 0;

	fds_limit(first);
	while (!initialize_works(&openers[_i], &before)) {
		ck_assert_uint_lt(left, NEEDED_MAX);
		fds_limit(first + ++left);
	}
	ck_assert_uint_gt(left, 0);
	fds_unlimit();
}
END_TEST

/* The same if the free descriptors have gaps between them. */
START_TEST(too_few_gaps)
{
	int i, count = 0, fds[2 * NEEDED_MAX];
	struct fds before;

	for (i = 0; i < 2 * NEEDED_MAX; i++)
		fds[i] = dup(0);
	fds_limit((rlim_t)fds[2 * NEEDED_MAX - 1] + 1);
	for (before = fds_look(); !initialize_works(&openers[_i], &before);
	     before = fds_look()) {
		ck_assert_int_lt(count, NEEDED_MAX);
		close(fds[2 * count++]);
	}
	ck_assert_int_gt(count, 0);
	fds_unlimit();
	for (i = 0; i < 2 * NEEDED_MAX; i++)
		if (i % 2 == 1 || i >= 2 * count)
			close(fds[i]);
}
END_TEST

/* A thread whose state can be read without another descriptor. */
struct waiter {
	const struct service_api *service;
	uint64_t handle;
	pthread_t thread;
	_Atomic int stat_fd;	/* 0: not yet there */
	atomic_bool may_begin;
	atomic_bool done;
	cs_error_t result;	/* valid when done */
};

static void *waiter_run(void *data)
{
	struct waiter *waiter = data;

	waiter->stat_fd = open("/proc/thread-self/stat", O_RDONLY);
	while (!waiter->may_begin)
		sched_yield();
	waiter->result = waiter->service->dispatch(waiter->handle,
						   CS_DISPATCH_BLOCKING);
	waiter->done = true;
	return NULL;
}

static bool waiter_is_asleep(const struct waiter *waiter)
{
	char stat[256] = "";
	const char *state;

	ck_assert_int_gt(pread(waiter->stat_fd, stat, sizeof(stat) - 1, 0), 0);
	state = strrchr(stat, ')');
	return state != NULL && state[2] == 'S';
}

/* No descriptor is left to wake the thread with, but it must end. */
START_TEST(none_to_wait_with)
{
	struct waiter waiter = { .service = &services[_i] };

	waiter.handle = waiter.service->open();
	ck_assert_int_eq(pthread_create(&waiter.thread, NULL, waiter_run,
					&waiter),
			 0);
	wait_for(waiter.stat_fd != 0);
	fds_limit(fd_next());
	waiter.may_begin = true;
	wait_for(waiter_is_asleep(&waiter));
	ck_assert(!waiter.done);
	assert_cs(CS_OK, waiter.service->finalize(waiter.handle));
	wait_for(waiter.done);
	ck_assert_int_eq(pthread_join(waiter.thread, NULL), 0);
	assert_cs(CS_ERR_BAD_HANDLE, waiter.result);
	fds_unlimit();
	close(waiter.stat_fd);
	waiter.service->close();
}
END_TEST

Suite *descriptors_suite(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *initialize = case_add(suite, "initialize");
	TCase *dispatch = case_add(suite, "dispatch");

	tcase_add_loop_test(initialize, too_few, 0, OPENERS);
	tcase_add_loop_test(initialize, too_few_gaps, 0, OPENERS);
	tcase_add_loop_test(dispatch, none_to_wait_with, 0, SERVICES);
	return suite;
}
