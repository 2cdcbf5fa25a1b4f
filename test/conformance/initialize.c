/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "cases.h"
#include "service.h"

#define TIMES 20
#define TIMER_US 150
#define INITIALIZES 50
#define USER 65534
/* As many descriptors as a library may need for a handle, or more. */
#define ROOM_MAX 24

static void models_unknown(void)
{
	cpg_model_v1_data_t cpg_data = { .model = (cpg_model_t)99 };
	quorum_model_v1_data_t data = { .model = (quorum_model_t)99 };
	quorum_handle_t quorum = 0;
	cpg_handle_t handle = 0;

	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_model_initialize(&handle, (cpg_model_t)99,
				      (cpg_model_data_t *)&cpg_data, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 quorum_model_initialize(&quorum, (quorum_model_t)99,
					 (quorum_model_data_t *)&data, NULL,
					 NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
}

static void flags_fail(void)
{
	cpg_model_v1_data_t data = events_cpg_v1;
	cpg_handle_t handle = 0;

	data.flags = 0x8000;
	CHECK_CS(CS_ERR_INVALID_PARAM,
		 cpg_model_initialize(&handle, CPG_MODEL_V1,
				      (cpg_model_data_t *)&data, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
}

/* The first initialize may keep something for the process. */
static void flags_leak(void)
{
	int i, before;

	CHECK_CS(CS_OK, cpg_finalize(cpg_open()));
	flags_fail();
	before = fds_count();
	for (i = 0; i < TIMES; i++)
		flags_fail();
	CHECK_INT(before, fds_count());
}

static void nothing_leaks(void)
{
	int i, before;

	CHECK_CS(CS_OK, cpg_finalize(cpg_open()));
	CHECK_CS(CS_OK, quorum_finalize(quorum_open()));
	before = fds_count();
	for (i = 0; i < TIMES; i++) {
		CHECK_CS(CS_OK, cpg_finalize(cpg_open()));
		CHECK_CS(CS_OK, quorum_finalize(quorum_open()));
	}
	CHECK_INT(before, fds_count());
}

static int fd_lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	close(fd);
	return fd;
}

static void fds_assert_open(int below)
{
	int fd;

	for (fd = 0; fd < below; fd++)
		CHECK(fcntl(fd, F_GETFD) != -1);
}

/* The number of new descriptors that are possible is 0, 1, 2, and so on. */
static void without_descriptors(cs_error_t (*initialize)(uint64_t *handle),
				cs_error_t (*finalize)(uint64_t handle),
				bool others_stay)
{
	struct rlimit limit;
	uint64_t handle = 0;
	int room = 0, lowest;
	cs_error_t err;

	CHECK_OK(initialize(&handle));
	CHECK_CS(CS_OK, finalize(handle));
	while (fd_lowest_free() < 20)
		CHECK(dup(0) >= 0);
	lowest = fd_lowest_free();
	getrlimit(RLIMIT_NOFILE, &limit);
	do {
		CHECK(room <= ROOM_MAX);
		limit.rlim_cur = (rlim_t)(lowest + room++);
		CHECK_INT(0, setrlimit(RLIMIT_NOFILE, &limit));
		err = initialize(&handle);
		if (others_stay)
			fds_assert_open(lowest);
		if (err == CS_OK)
			break;
		if (!others_stay)
			CHECK_CS(CS_ERR_LIBRARY, err);
	} while (true);
	CHECK(room > 1);
	CHECK_CS(CS_OK, finalize(handle));
}

static cs_error_t cpg_initialize_plain(uint64_t *handle)
{
	return cpg_initialize(handle, &events_cpg);
}

static cs_error_t quorum_initialize_plain(uint64_t *handle)
{
	return quorum_initialize(handle, &events_quorum, NULL);
}

static void cpg_without_descriptors(void)
{
	without_descriptors(cpg_initialize_plain, cpg_finalize, false);
}

static void quorum_without_descriptors(void)
{
	without_descriptors(quorum_initialize_plain, quorum_finalize, false);
}

static void cpg_closes_no_other(void)
{
	without_descriptors(cpg_initialize_plain, cpg_finalize, true);
}

static void quorum_closes_no_other(void)
{
	without_descriptors(quorum_initialize_plain, quorum_finalize, true);
}

static void signal_ignore(int number)
{
	(void)number;
}

static void under_signals(void)
{
	const struct sigaction action = { .sa_handler = signal_ignore };
	struct itimerval timer = { { 0, TIMER_US }, { 0, TIMER_US } };
	cpg_handle_t handle = 0;
	int i;

	sigaction(SIGALRM, &action, NULL);
	CHECK_INT(0, setitimer(ITIMER_REAL, &timer, NULL));
	for (i = 0; i < INITIALIZES; i++) {
		CHECK_CS(CS_OK, cpg_initialize(&handle, &events_cpg));
		CHECK_CS(CS_OK, cpg_finalize(handle));
	}
}

/* The configuration of a private daemon lets no other user connect. */
static void without_permission(void)
{
	quorum_handle_t quorum = 0;
	cpg_handle_t handle = 0;

	if (setgroups(0, NULL) != 0 || setgid(USER) != 0 || setuid(USER) != 0)
		check_skip("cannot become another user");
	CHECK_CS(CS_ERR_ACCESS, cpg_initialize(&handle, &events_cpg));
	CHECK_CS(CS_ERR_BAD_HANDLE, cpg_finalize(handle));
	CHECK_CS(CS_ERR_ACCESS,
		 quorum_initialize(&quorum, &events_quorum, NULL));
	CHECK_CS(CS_ERR_BAD_HANDLE, quorum_finalize(quorum));
}

const struct conf_case initialize_cases[] = {
	{ "models_unknown", "K15 K17",
	  "an unknown model is CS_ERR_INVALID_PARAM", 0, models_unknown },
	{ "flags_unknown", "K15 K17",
	  "unknown flags of cpg are CS_ERR_INVALID_PARAM", 0, flags_fail },
	{ "flags_unknown_leak", "B16",
	  "an initialize with unknown flags leaks no descriptor", 0,
	  flags_leak },
	{ "initialize_leaks_nothing", "K15",
	  "initialize and finalize leak no descriptor", 0, nothing_leaks },
	{ "cpg_without_descriptors", "K16",
	  "cpg_initialize without descriptors left: CS_ERR_LIBRARY", 0,
	  cpg_without_descriptors },
	{ "quorum_without_descriptors", "K16",
	  "quorum_initialize without descriptors left: CS_ERR_LIBRARY", 0,
	  quorum_without_descriptors },
	{ "cpg_closes_no_other", "B13",
	  "a cpg_initialize that fails closes no descriptor of others", 0,
	  cpg_closes_no_other },
	{ "quorum_closes_no_other", "B13",
	  "a quorum_initialize that fails closes no descriptor of others", 0,
	  quorum_closes_no_other },
	{ "initialize_under_signals", "B14",
	  "signals do not make cpg_initialize fail", 0, under_signals },
	{ "without_permission", "K16",
	  "initialize by another user: CS_ERR_ACCESS", CASE_PRIVATE,
	  without_permission },
	{ 0 },
};
