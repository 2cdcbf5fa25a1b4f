/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Each allocation of each function fails once, including those of libqb. The
 * function returns CS_ERR_NO_MEMORY, changes nothing, leaks nothing, and
 * succeeds the next time.
 */

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/libc_hooks.h"
#include "calls.h"
#include "events.h"
#include "memory.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MARK 0x5a5a5a5a5a5a5a5a

static uint64_t handle, iteration;
static const struct call *call;

/* The call returned the right error, and had no other effect. */
static void failure_assert(const struct subject *subject, int number,
			   cs_error_t err, int fds, long live)
{
	ck_assert_msg(err == CS_ERR_NO_MEMORY, "%s, allocation %d: %s",
		      subject->name, number, cs_strerror(err));
	ck_assert_msg(libc_live() == live, "%s, allocation %d: %ld bytes left",
		      subject->name, number, libc_live() - live);
	ck_assert_int_eq(fds_count(), fds);
}

/* False: it does not allocate so often. */
static bool subject_fail(const struct subject *subject, int number)
{
	bool failed;
	cs_error_t err;
	long live;
	int fds;

	subject->open();
	fds = fds_count();
	live = libc_live();
	libc_fail_after(number);
	err = subject->run();
	failed = libc_has_failed();
	libc_fail_after(-1);
	if (err != subject->expected) {
		ck_assert_msg(failed, "%s: %s", subject->name,
			      cs_strerror(err));
		failure_assert(subject, number, err, fds, live);
		err = subject->run();
	}
	ck_assert_msg(err == subject->expected, "%s, after allocation %d: %s",
		      subject->name, number, cs_strerror(err));
	subject->close();
	events_clear();
	return failed;
}

int subject_run(const struct subject *subject)
{
	int number = 0;

	/* The table of handles stays. */
	subject->open();
	assert_cs(subject->expected, subject->run());
	subject->close();
	events_clear();
	libc_hooks_reset();
	libc_count_set(true);
	while (subject_fail(subject, number)) {
		ck_assert_msg(libc_live() == 0,
			      "%s, after allocation %d: %ld bytes left",
			      subject->name, number, libc_live());
		number++;
	}
	libc_count_set(false);
	return number;
}

/* The ways to get a handle. */

static cs_error_t cpg_initialize_run(void)
{
	return cpg_initialize(&handle, NULL);
}

static cs_error_t cpg_model_initialize_run(void)
{
	return cpg_model_initialize(&handle, CPG_MODEL_V1, NULL, NULL);
}

static cs_error_t quorum_initialize_run(void)
{
	return quorum_initialize(&handle, NULL, NULL);
}

static cs_error_t quorum_model_v0_initialize_run(void)
{
	return quorum_model_initialize(&handle, QUORUM_MODEL_V0, NULL, NULL,
				       NULL);
}

static cs_error_t quorum_model_v1_initialize_run(void)
{
	return quorum_model_initialize(&handle, QUORUM_MODEL_V1, NULL, NULL,
				       NULL);
}

static void handle_mark(void)
{
	handle = MARK;
}

static void cpg_close(void)
{
	assert_cs(CS_OK, cpg_finalize(handle));
	shm_assert_gone(getpid());
}

static void quorum_close(void)
{
	assert_cs(CS_OK, quorum_finalize(handle));
	shm_assert_gone(getpid());
}

static const struct subject initializes[] = {
	{ "cpg_initialize", handle_mark, cpg_initialize_run, CS_OK, cpg_close },
	{ "cpg_model_initialize", handle_mark, cpg_model_initialize_run, CS_OK,
	  cpg_close },
	{ "quorum_initialize", handle_mark, quorum_initialize_run, CS_OK,
	  quorum_close },
	{ "quorum_model_initialize, 0", handle_mark,
	  quorum_model_v0_initialize_run, CS_OK, quorum_close },
	{ "quorum_model_initialize, 1", handle_mark,
	  quorum_model_v1_initialize_run, CS_OK, quorum_close },
};

START_TEST(initialize_needs_memory)
{
	ck_assert_int_gt(subject_run(&initializes[_i]), 0);
}
END_TEST

/* In a process that has no table of handles yet. */
static bool first_subject_fail(const struct subject *subject, int number)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		libc_count_set(true);
		_exit(subject_fail(subject, number) ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	shm_assert_gone(pid);
	ck_assert(WIFEXITED(status));
	ck_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2);
	return WEXITSTATUS(status) == 0;
}

START_TEST(first_initialize_needs_memory)
{
	const struct subject *subject = &initializes[_i];
	int number = 0;

	while (first_subject_fail(subject, number))
		number++;
	ck_assert_int_eq(number, subject_run(subject) + 1);
}
END_TEST

/* The functions that take a handle. */

static void member_open(void)
{
	calls_group = name_unique("memory");
	handle = cpg_open_joined(&calls_group);
}

static void iteration_open(void)
{
	member_open();
	assert_ok(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					   &iteration));
}

static void quorum_open_v1(void)
{
	handle = quorum_open(QUORUM_MODEL_V1);
}

static cs_error_t call_run(void)
{
	return patiently(call->run(handle));
}

static cs_error_t iteration_call_run(void)
{
	return patiently(call->run(iteration));
}

static void member_close(void)
{
	assert_cs(call->run == cpg_finalize ? CS_ERR_BAD_HANDLE : CS_OK,
		  cpg_finalize(handle));
}

static void quorum_close_v1(void)
{
	assert_cs(call->run == quorum_finalize ? CS_ERR_BAD_HANDLE : CS_OK,
		  quorum_finalize(handle));
}

START_TEST(cpg_call_needs_memory)
{
	struct subject subject = { .open = member_open,
				   .run = call_run,
				   .close = member_close };

	call = &cpg_calls[_i];
	subject.name = call->name;
	subject.expected = call->expected;
	subject_run(&subject);
}
END_TEST

START_TEST(iteration_call_needs_memory)
{
	struct subject subject = { .open = iteration_open,
				   .run = iteration_call_run,
				   .close = member_close };

	call = &iteration_calls[_i];
	subject.name = call->name;
	subject.expected = call->expected;
	subject_run(&subject);
}
END_TEST

START_TEST(quorum_call_needs_memory)
{
	struct subject subject = { .open = quorum_open_v1,
				   .run = call_run,
				   .close = quorum_close_v1 };

	call = &quorum_calls[_i];
	subject.name = call->name;
	subject.expected = call->expected;
	subject_run(&subject);
}
END_TEST

Suite *memory_suite(void)
{
	Suite *suite = suite_create("memory");
	TCase *functions = case_add(suite, "functions");

	tcase_add_loop_test(functions, initialize_needs_memory, 0,
			    ARRAY_SIZE(initializes));
	tcase_add_loop_test(functions, first_initialize_needs_memory, 0,
			    ARRAY_SIZE(initializes));
	tcase_add_loop_test(functions, cpg_call_needs_memory, 0,
			    CPG_CALLS);
	tcase_add_loop_test(functions, iteration_call_needs_memory, 0,
			    ITERATION_CALLS);
	tcase_add_loop_test(functions, quorum_call_needs_memory, 0,
			    QUORUM_CALLS);
	memory_messages_add(suite);
	return suite;
}
