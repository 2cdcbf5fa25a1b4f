/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Tests that leave something behind, each of which must fail: runner.test runs
 * them, and main.c adds them only if TEST_LEAKS is set.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suites.h"
#include "support.h"

/* More than a sanitizer has. */
#define THREADS 3

static void *sleep_run(void *data)
{
	pause();
	return data;
}

static int file_create(char *path, size_t size)
{
	int fd;

	snprintf(path, size, "/dev/shm/qb-1-%d-leak", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(nothing_left)
{
}
END_TEST

START_TEST(descriptor_left)
{
	ck_assert_int_ge(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}
END_TEST

START_TEST(child_left)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
}
END_TEST

START_TEST(thread_left)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		thread_start(&threads[i], sleep_run, NULL);
}
END_TEST

START_TEST(file_left)
{
	char path[64];

	close(file_create(path, sizeof(path)));
}
END_TEST

START_TEST(mapping_left)
{
	char path[64];
	int fd = file_create(path, sizeof(path));

	ck_assert_ptr_ne(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0),
			 MAP_FAILED);
	ck_assert_int_eq(unlink(path), 0);
	close(fd);
}
END_TEST

Suite *leaks_suite(void)
{
	Suite *suite = suite_create("leaks");
	TCase *tcase = case_add(suite, "leaks");

	tcase_add_test(tcase, nothing_left);
	tcase_add_test(tcase, descriptor_left);
	tcase_add_test(tcase, child_left);
	tcase_add_test(tcase, thread_left);
	tcase_add_test(tcase, file_left);
	tcase_add_test(tcase, mapping_left);
	return suite;
}
