/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <unistd.h>

#include "cases.h"
#include "service.h"

static struct cpg_name group;
static cpg_handle_t cpg;
static quorum_handle_t quorum;

static void handles_open(void)
{
	group = name_unique("forks");
	cpg = cpg_open_joined(&group);
	quorum = quorum_open();
}

/* The member is the process that joined. */
static void handles_use(pid_t member)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	unsigned int nodeid = 0;
	int count = 0;

	events_clear();
	CHECK_OK(cpg_local_get(cpg, &nodeid));
	CHECK_OK(cpg_membership_get(cpg, &group, members, &count));
	CHECK_INT(1, count);
	CHECK_INT(member, members[0].pid);
	message_round(cpg, 100, 1);
	message_round(cpg, 2000000, 2);
	events_clear();
	CHECK_OK(quorum_getquorate(quorum, &count));
	service_quorum.event_cause(quorum);
	CHECK_CS(CS_OK, quorum_dispatch(quorum, CS_DISPATCH_ONE));
	CHECK_INT(1, events_count());
}

static void handles_close(void)
{
	CHECK_CS(CS_OK, cpg_finalize(cpg));
	CHECK_CS(CS_OK, quorum_finalize(quorum));
}

/* A supervisor: the parent waits. */
static void worker_after_join(void)
{
	pid_t parent = getpid(), child;

	handles_open();
	child = child_start();
	if (child == 0) {
		handles_use(parent);
		handles_close();
		_exit(CASE_PASSES);
	}
	child_wait(child);
}

static void worker_joins(void)
{
	pid_t child;

	group = name_unique("forks");
	cpg = cpg_open();
	quorum = quorum_open();
	child = child_start();
	if (child == 0) {
		CHECK_OK(cpg_join(cpg, &group));
		dispatch_until(cpg, 1);
		handles_use(getpid());
		handles_close();
		_exit(CASE_PASSES);
	}
	child_wait(child);
}

/* As daemon(3): the process that initialized ends, the child continues. */
static void parent_ends(void)
{
	int fds[2];
	pid_t child;
	char byte = 0;

	CHECK_INT(0, pipe(fds));
	child = child_start();
	if (child == 0) {
		pid_t opener = getpid();

		handles_open();
		if (fork() != 0)
			_exit(CASE_PASSES);
		WAIT_FOR(getppid() != opener);
		handles_use(opener);
		handles_close();
		CHECK_INT(1, write(fds[1], "x", 1));
		_exit(CASE_PASSES);
	}
	close(fds[1]);
	child_wait(child);
	CHECK_INT(1, read(fds[0], &byte, 1));
}

static void child_ends(void)
{
	pid_t child;

	handles_open();
	child = child_start();
	if (child == 0)
		_exit(CASE_PASSES);
	child_wait(child);
	handles_use(getpid());
	handles_close();
}

static void child_cleans_up(void)
{
	pid_t child;

	handles_open();
	message_send(cpg, 50, 5);
	child = child_start();
	if (child == 0) {
		handles_close();
		_exit(CASE_PASSES);
	}
	child_wait(child);
	dispatch_until(cpg, 1);
	CHECK(event_is_message(event_get(0), 50, 5));
	handles_use(getpid());
	handles_close();
}

static void child_has_its_own(void)
{
	pid_t child;

	handles_open();
	child = child_start();
	if (child == 0) {
		handles_open();
		handles_use(getpid());
		handles_close();
		_exit(CASE_PASSES);
	}
	child_wait(child);
	handles_use(getpid());
	handles_close();
}

const struct conf_case fork_cases[] = {
	{ "fork_after_join", "K19", "a child uses handles that have joined", 0,
	  worker_after_join },
	{ "fork_before_join", "K19",
	  "a child joins with a handle of its parent", 0, worker_joins },
	{ "fork_parent_ends", "K19",
	  "a child uses handles after the end of its parent", 0, parent_ends },
	{ "fork_child_ends", "K19",
	  "the end of a child does not disturb the parent", 0, child_ends },
	{ "fork_own_handles", "K19", "a child opens handles of its own", 0,
	  child_has_its_own },
	{ "fork_child_finalizes", "B15",
	  "finalize in a child that did not use the handle", 0,
	  child_cleans_up },
	{ 0 },
};
