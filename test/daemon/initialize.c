/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"
#include "ways.h"

#define HANDLES 20
#define TICK_US 200
#define TIMES 100

static const int cpg_models_bad[] = { 0, 2, 99, -1 };
static const int quorum_models_bad[] = { 2, 99, -1 };
static const unsigned int flags_bad[] = { 0x2, 0x3, 0x80000000u, ~0u };

static volatile int ticks;

START_TEST(handles_differ_and_are_not_0)
{
	const struct way *way = &ways[_i];
	uint64_t handles[HANDLES];
	int i, j;

	for (i = 0; i < HANDLES; i++) {
		assert_ok(way->initialize(&handles[i]));
		ck_assert_uint_ne(handles[i], 0);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(handles[i], handles[j]);
	}
	for (i = 0; i < HANDLES; i++)
		assert_cs(CS_OK, way->finalize(handles[i]));
}
END_TEST

START_TEST(callbacks_may_be_missing)
{
	quorum_handle_t quorum;
	cpg_handle_t cpg;

	assert_ok(cpg_initialize(&cpg, NULL));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_ok(cpg_model_initialize(&cpg, CPG_MODEL_V1, NULL, NULL));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_ok(quorum_initialize(&quorum, NULL, NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_ok(quorum_model_initialize(&quorum, QUORUM_MODEL_V0, NULL, NULL,
					  NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_ok(quorum_model_initialize(&quorum, QUORUM_MODEL_V1, NULL, NULL,
					  NULL));
	assert_cs(CS_OK, quorum_finalize(quorum));
}
END_TEST

START_TEST(quorum_type_is_set)
{
	quorum_handle_t handle;
	uint32_t type = 99;

	assert_ok(quorum_initialize(&handle, &events_quorum, &type));
	ck_assert_uint_eq(type, QUORUM_SET);
	assert_cs(CS_OK, quorum_finalize(handle));
	type = 99;
	assert_ok(quorum_model_initialize(
		&handle, QUORUM_MODEL_V1,
		(quorum_model_data_t *)&events_quorum_v1, &type, NULL));
	ck_assert_uint_eq(type, QUORUM_SET);
	assert_cs(CS_OK, quorum_finalize(handle));
}
END_TEST

START_TEST(cpg_model_bad)
{
	cpg_handle_t handle = 0;

	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&handle,
				       (cpg_model_t)cpg_models_bad[_i],
				       (cpg_model_data_t *)&events_cpg_v1,
				       NULL));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}
END_TEST

START_TEST(cpg_flags_bad)
{
	cpg_model_v1_data_t model = events_cpg_v1;
	cpg_handle_t handle = 0;

	model.flags = flags_bad[_i];
	assert_cs(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&handle, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL));
	assert_cs(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}
END_TEST

START_TEST(quorum_model_bad)
{
	quorum_handle_t handle = 0;
	uint32_t type;

	assert_cs(CS_ERR_INVALID_PARAM,
		  quorum_model_initialize(
			  &handle, (quorum_model_t)quorum_models_bad[_i],
			  (quorum_model_data_t *)&events_quorum_v1, &type,
			  NULL));
	assert_cs(CS_ERR_BAD_HANDLE, quorum_finalize(handle));
}
END_TEST

/* A handle of a failed initialize is finalized by applications, too. */
static void initialize_assert(const struct way *way, cs_error_t want)
{
	uint64_t handle = 0;

	assert_cs(want, patiently(way->initialize(&handle)));
	assert_cs(want == CS_OK ? CS_OK : CS_ERR_BAD_HANDLE,
		  way->finalize(handle));
}

/* Where no other user can be had, the daemon would see root again. */
static bool user_drop(void)
{
	return setgroups(0, NULL) == 0 &&
	       setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

START_TEST(permission_denied)
{
	if (user_drop())
		initialize_assert(&ways[_i], CS_ERR_ACCESS);
}
END_TEST

/* Also fd 0, which an application may have given any purpose, stays. */
START_TEST(no_descriptors_left)
{
	struct rlimit limit = { 0 };
	int fds = fds_count(), used;

	getrlimit(RLIMIT_NOFILE, &limit);
	used = dup(0);
	ck_assert_int_ge(used, 0);
	limit.rlim_cur = (rlim_t)used;
	close(used);
	setrlimit(RLIMIT_NOFILE, &limit);
	initialize_assert(&ways[_i], CS_ERR_LIBRARY);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_ge(fcntl(0, F_GETFD), 0);
	ck_assert_int_eq(fds_count(), fds);
}
END_TEST

/* Each number of descriptors that is not enough, up to the one that is. */
START_TEST(few_descriptors_left)
{
	struct rlimit limit = { 0 };
	int fds = fds_count(), first = dup(0);
	uint64_t handle = 0;
	cs_error_t err;

	close(first);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)first;
	do {
		limit.rlim_cur++;
		setrlimit(RLIMIT_NOFILE, &limit);
		err = patiently(ways[_i].initialize(&handle));
		ck_assert(err == CS_OK || err == CS_ERR_LIBRARY);
	} while (err != CS_OK && limit.rlim_cur < (rlim_t)first + 64);
	assert_cs(CS_OK, err);
	assert_cs(CS_OK, ways[_i].finalize(handle));
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_ge(fcntl(0, F_GETFD), 0);
	ck_assert_int_eq(fds_count(), fds);
}
END_TEST

static void shm_resize(unsigned long long bytes)
{
	char option[40];

	snprintf(option, sizeof(option), "size=%llu", bytes);
	ck_assert_msg(mount("", "/dev/shm", "", MS_REMOUNT, option) == 0,
		      "/dev/shm cannot be resized");
}

static void shm_limit(void)
{
	struct statvfs shm;

	ck_assert_int_eq(statvfs("/dev/shm", &shm), 0);
	shm_resize((shm.f_blocks - shm.f_bfree) * shm.f_bsize + 16384);
}

static void shm_unlimit(void)
{
	shm_resize(1ull << 32);
}

/* Sockets keep next to nothing there. */
START_TEST(shm_full)
{
	shm_limit();
	initialize_assert(&ways[_i],
			  ipc_is_socket() ? CS_OK : CS_ERR_NO_SPACE);
	shm_unlimit();
	initialize_assert(&ways[_i], CS_OK);
}
END_TEST

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

START_TEST(signals_do_not_disturb)
{
	uint64_t handle;
	int i;

	timer_start(TICK_US, tick);
	for (i = 0; i < TIMES || ticks < TIMES; i++) {
		assert_cs(CS_OK, ways[_i].initialize(&handle));
		assert_cs(CS_OK, ways[_i].finalize(handle));
	}
	timer_stop();
}
END_TEST

Suite *initialize_suite(void)
{
	Suite *suite = suite_create("initialize");
	TCase *good = case_add(suite, "good");
	TCase *bad = case_add(suite, "bad");

	tcase_add_loop_test(good, handles_differ_and_are_not_0, 0, WAYS);
	tcase_add_test(good, callbacks_may_be_missing);
	tcase_add_test(good, quorum_type_is_set);
	tcase_add_loop_test(good, signals_do_not_disturb, 0, WAYS);
	tcase_add_loop_test(bad, cpg_model_bad, 0, ARRAY_SIZE(cpg_models_bad));
	tcase_add_loop_test(bad, cpg_flags_bad, 0, ARRAY_SIZE(flags_bad));
	tcase_add_loop_test(bad, quorum_model_bad, 0,
			    ARRAY_SIZE(quorum_models_bad));
	return suite;
}
