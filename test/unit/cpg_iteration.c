/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

static cs_error_t initialize(cpg_handle_t handle, cpg_iteration_type_t type,
			     cpg_iteration_handle_t *ret_iteration)
{
	struct cpg_name name = name_of(GROUP);
	struct cpg_name *group = type == CPG_ITERATION_ONE_GROUP ? &name : NULL;

	return COUNTED(
		cpg_iteration_initialize(handle, type, group, ret_iteration));
}

static cpg_iteration_handle_t iteration_open(cpg_handle_t handle)
{
	cpg_iteration_handle_t iteration = 0;

	ck_assert_int_eq(initialize(handle, CPG_ITERATION_ALL, &iteration),
			 CS_OK);
	ck_assert_uint_ne(iteration, 0);
	return iteration;
}

START_TEST(requests)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration;
	unsigned char expected[160] = { 0 };

	put_request(expected, 5, 160);
	put_u32(expected, 152, (uint32_t)_i);
	if (_i == CPG_ITERATION_ONE_GROUP)
		put_name(expected, 16, GROUP);
	ck_assert_int_eq(initialize(handle, (cpg_iteration_type_t)_i,
				    &iteration), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_ITERATION_INITIALIZE, 160)
				 ->bytes, expected, 160);
	put_request(expected, 6, 24);
	put_u64(expected, 16, DAEMON_ITERATION);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_ITERATION_NEXT, 24)->bytes,
			 expected, 24);
	put_request(expected, 7, 24);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_OK);
	ck_assert_mem_eq(cpg_daemon_last(DAEMON_ITERATION_FINALIZE, 24)->bytes,
			 expected, 24);
	cpg_close(handle);
}
END_TEST

static const uint32_t lengths[] = { 0, 1, 127, 128 };

START_TEST(next)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration = iteration_open(handle);

	memset(&description, 0x5a, sizeof(description));
	cpg_daemon.iteration_name_length = lengths[_i];
	ck_assert_int_eq(cpg_iteration_next(iteration, &description), CS_OK);
	ck_assert_uint_eq(description.group.length, lengths[_i]);
	for (uint32_t i = 0; i < 128; i++)
		ck_assert_int_eq(description.group.value[i],
				 i < lengths[_i] ? 'n' : 0);
	ck_assert_uint_eq(description.nodeid, 4242);
	ck_assert_uint_eq(description.pid, 4343);
	cpg_close(handle);
}
END_TEST

START_TEST(next_fails)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	struct cpg_iteration_description_t untouched;
	cpg_iteration_handle_t iteration = iteration_open(handle);

	memset(&untouched, 0x5a, sizeof(untouched));
	memset(&description, 0x5a, sizeof(description));
	ck_assert_int_eq(cpg_iteration_next(iteration, NULL),
			 CS_ERR_INVALID_PARAM);
	cpg_daemon_refuse(DAEMON_ITERATION_NEXT, CS_ERR_NO_SECTIONS, 1);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description),
			 CS_ERR_NO_SECTIONS);
	cpg_daemon.iteration_name_length = 129;
	ck_assert_int_eq(cpg_iteration_next(iteration, &description),
			 CS_ERR_LIBRARY);
	ck_assert_mem_eq(&description, &untouched, sizeof(untouched));
	cpg_close(handle);
}
END_TEST

START_TEST(arguments)
{
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = cpg_open(NULL);
	cpg_iteration_handle_t iteration = 77;
	static const int bad[] = { 0, 4, -1, 99 };
	static const cpg_iteration_type_t all[] = { CPG_ITERATION_ONE_GROUP,
						    CPG_ITERATION_NAME_ONLY,
						    CPG_ITERATION_ALL };

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(initialize(handle,
					    (cpg_iteration_type_t)bad[i],
					    &iteration), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(initialize(handle, CPG_ITERATION_ALL, NULL),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_iteration_initialize(handle,
						  CPG_ITERATION_ONE_GROUP,
						  NULL, &iteration),
			 CS_ERR_INVALID_PARAM);
	for (size_t i = 1; i < COUNT(all); i++)
		ck_assert_int_eq(cpg_iteration_initialize(handle, all[i],
							  &group, &iteration),
				 CS_ERR_INVALID_PARAM);
	group.length = 129;
	for (size_t i = 0; i < COUNT(all); i++)
		ck_assert_int_eq(cpg_iteration_initialize(handle, all[i],
							  &group, &iteration),
				 CS_ERR_NAME_TOO_LONG);
	ck_assert_uint_eq(iteration, 77);
	ck_assert_uint_eq(fake_request_count(), 0);
	ck_assert_int_eq(initialize(0, CPG_ITERATION_ALL, &iteration),
			 CS_ERR_BAD_HANDLE);
	cpg_close(handle);
}
END_TEST

START_TEST(handles_are_apart)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration = iteration_open(handle);

	ck_assert_int_eq(cpg_iteration_next(handle, &description),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_iteration_finalize(handle), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_dispatch(iteration, CS_DISPATCH_ALL),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_finalize(iteration), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_OK);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description),
			 CS_ERR_BAD_HANDLE);
	cpg_close(handle);
}
END_TEST

START_TEST(finalize_is_refused)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration = iteration_open(handle);

	cpg_daemon_refuse(DAEMON_ITERATION_FINALIZE, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description), CS_OK);
	cpg_daemon_refuse(DAEMON_ITERATION_FINALIZE, CS_ERR_BAD_HANDLE, 1);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description),
			 CS_ERR_BAD_HANDLE);
	cpg_close(handle);
}
END_TEST

START_TEST(after_finalize)
{
	cpg_handle_t handle;
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iterations[5];
	unsigned int count;

	cpg_close(cpg_open(NULL));
	libc_hooks_reset();
	handle = cpg_open(NULL);
	for (size_t i = 0; i < COUNT(iterations); i++)
		iterations[i] = iteration_open(handle);
	ck_assert_int_eq(COUNTED(cpg_iteration_finalize(iterations[2])), CS_OK);
	iterations[2] = iteration_open(handle);
	cpg_close(handle);
	count = fake_request_count();
	for (size_t i = 0; i < COUNT(iterations); i++) {
		ck_assert_int_eq(cpg_iteration_next(iterations[i],
						    &description),
				 CS_ERR_BAD_HANDLE);
		ck_assert_int_eq(cpg_iteration_finalize(iterations[i]),
				 CS_ERR_BAD_HANDLE);
	}
	ck_assert_uint_eq(fake_request_count(), count);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

/* The handle is closed, but the dispatch still has a reference. */
static cpg_iteration_handle_t open_iteration;

static void finalize_deliver(cpg_handle_t handle, const struct cpg_name *group,
			     uint32_t nodeid, uint32_t pid, void *msg,
			     size_t len)
{
	struct cpg_iteration_description_t description;
	bool counted = libc_count_set(false);

	(void)group;
	(void)nodeid;
	(void)pid;
	(void)msg;
	(void)len;
	cpg_close(handle);
	ck_assert_int_eq(cpg_iteration_next(open_iteration, &description),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_iteration_finalize(open_iteration),
			 CS_ERR_BAD_HANDLE);
	libc_count_set(counted);
}

START_TEST(after_finalize_inside)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = finalize_deliver };
	cpg_handle_t handle;
	struct wire wire;

	cpg_close(cpg_open(NULL));
	libc_hooks_reset();
	handle = cpg_open(&callbacks);
	open_iteration = iteration_open(handle);
	wire_deliver(&wire);
	fake_event_queue(wire.bytes, wire.size);
	ck_assert_int_eq(COUNTED(cpg_dispatch(handle, CS_DISPATCH_ONE)),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

/* The table would grow if its slots were not reused. */
START_TEST(handles_are_given_back)
{
	cpg_handle_t handle;

	for (int round = 0; round < 100; round++) {
		handle = cpg_open(NULL);
		for (int i = 0; i < 5; i++)
			iteration_open(handle);
		cpg_close(handle);
		if (round == 0)
			libc_hooks_reset();
	}
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

static void *iterations_run(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration;

	for (int i = 0; i < 200; i++)
		if (cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL,
					     &iteration) != CS_OK ||
		    cpg_iteration_next(iteration, &description) != CS_OK ||
		    (i % 5 != 0 &&
		     cpg_iteration_finalize(iteration) != CS_OK))
			return data;
	return NULL;
}

START_TEST(threads_iterate)
{
	cpg_handle_t handle = cpg_open(NULL);
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		thread_start(&threads[i], iterations_run, &handle);
	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_ptr_null(thread_join(threads[i]));
	cpg_close(handle);
}
END_TEST

START_TEST(after_death)
{
	cpg_handle_t handle = cpg_open(NULL);
	struct cpg_iteration_description_t description;
	cpg_iteration_handle_t iteration = iteration_open(handle);

	fake_die(false);
	ck_assert_int_eq(cpg_iteration_next(iteration, &description),
			 CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_iteration_finalize(iteration), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
}
END_TEST

START_TEST(initialize_fails)
{
	cpg_handle_t handle = cpg_open(NULL);
	cpg_iteration_handle_t iteration = 77;
	long before = libc_live();

	cpg_daemon_refuse(DAEMON_ITERATION_INITIALIZE, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(initialize(handle, CPG_ITERATION_ALL, &iteration),
			 CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(iteration, 77);
	ck_assert_uint_eq(fake_request_count(), 1);
	ck_assert_int_eq(libc_live(), before);
	cpg_close(handle);
}
END_TEST

static bool request_is_finalize(unsigned int index)
{
	return get_u32(fake_request_get(index)->bytes, 0) ==
	       DAEMON_ITERATION_FINALIZE;
}

/* The library asks the daemon to finalize an iteration it cannot use. */
START_TEST(initialize_without_memory)
{
	cpg_handle_t handle = cpg_open(NULL);
	cpg_iteration_handle_t iteration = 77;

	libc_fail_after(0);
	ck_assert_int_eq(initialize(handle, CPG_ITERATION_ALL, &iteration),
			 CS_ERR_NO_MEMORY);
	ck_assert(libc_has_failed());
	ck_assert_uint_eq(iteration, 77);
	ck_assert_uint_eq(fake_request_count(), 2);
	ck_assert(request_is_finalize(1));
	cpg_close(handle);
}
END_TEST

/* The same if the table of handles cannot grow. */
START_TEST(initialize_without_room)
{
	cpg_handle_t handle = cpg_open(NULL);
	cpg_iteration_handle_t iteration;
	cs_error_t err = CS_OK;
	long before = 0;

	for (int i = 0; i < 100 && err == CS_OK; i++) {
		iteration = 77;
		before = libc_live();
		libc_fail_after(1);
		err = initialize(handle, CPG_ITERATION_ALL, &iteration);
	}
	ck_assert(libc_has_failed());
	ck_assert_int_eq(err, CS_ERR_NO_MEMORY);
	ck_assert_uint_eq(iteration, 77);
	ck_assert_int_eq(libc_live(), before);
	ck_assert(request_is_finalize(fake_request_count() - 1));
	cpg_close(handle);
}
END_TEST

TCase *cpg_iteration_case(void)
{
	TCase *tcase = tcase_create("cpg_iteration");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, cpg_daemon_setup,
				  cpg_daemon_teardown);
	tcase_add_loop_test(tcase, requests, CPG_ITERATION_NAME_ONLY,
			    CPG_ITERATION_ALL + 1);
	tcase_add_loop_test(tcase, next, 0, (int)COUNT(lengths));
	tcase_add_test(tcase, next_fails);
	tcase_add_test(tcase, arguments);
	tcase_add_test(tcase, handles_are_apart);
	tcase_add_test(tcase, finalize_is_refused);
	tcase_add_test(tcase, after_finalize);
	tcase_add_test(tcase, after_finalize_inside);
	tcase_add_test(tcase, handles_are_given_back);
	tcase_add_test(tcase, threads_iterate);
	tcase_add_test(tcase, after_death);
	tcase_add_test(tcase, initialize_fails);
	tcase_add_test(tcase, initialize_without_memory);
	tcase_add_test(tcase, initialize_without_room);
	return tcase;
}
