/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/support.h"
#include "suites.h"
#include "support.h"

static struct coro_session *session;
static struct coro_group *group;

/* The parent has a session with a group "a". */
static void forks_setup(void)
{
	session_setup();
	session = session_joined(&group);
}

static void forks_teardown(void)
{
	coro_close(session);
	session_teardown();
}

/* Nothing that a child did has changed the session of its parent. */
static void parent_is_undisturbed(void)
{
	ck_assert(!fd_is_readable(coro_fd(session)));
	ck_assert_int_eq(send_text(group, "parent", 0), CS_OK);
	ck_assert(fd_is_readable(coro_fd(session)));
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("message a me parent");
	stats_are(session, 1, 0, 0, 0);
	ck_assert(!fd_is_readable(coro_fd(session)));
}

static int close_run(void *data)
{
	(void)data;
	coro_close(session);
	return (int)fake_handles();
}

START_TEST(child_closes)
{
	ck_assert_int_eq(child_run(close_run, NULL), 0);
	ck_assert_uint_eq(fake_handles(), 2);
	parent_is_undisturbed();
}
END_TEST

/* The members are those of the parent. */
static int use_run(void *data)
{
	ck_assert_int_eq(coro_fd(session), *(int *)data);
	ck_assert(fd_is_readable(coro_fd(session)));
	ck_assert_int_eq(coro_dispatch(session, -1), CS_OK);
	events_are("message a 2.20 first");
	ck_assert(!fd_is_readable(coro_fd(session)));
	fake_message("a", 2, 20, "second", 6);
	ck_assert_int_eq(coro_dispatch(session, -1), CS_OK);
	events_are("message a 2.20 second");
	ck_assert_int_eq(coro_dispatch(session, 5), CS_ERR_TIMEOUT);
	return 0;
}

START_TEST(child_dispatches)
{
	int fd = coro_fd(session);

	fake_message("a", 2, 20, "first", 5);
	ck_assert_int_eq(child_run(use_run, &fd), 0);
	session_settle(session);
	events_are("");
	parent_is_undisturbed();
}
END_TEST

/* The child has descriptors of its own, which the parent does not watch. */
static int join_run(void *data)
{
	struct coro_group *other;

	(void)data;
	ck_assert_int_eq(join_text(session, "b", &other, -1), CS_OK);
	session_settle(session);
	events_are("members b: me +me/1");
	fake_message("b", 2, 20, "hello", 5);
	ck_assert_int_eq(coro_leave(other, -1), CS_OK);
	coro_close(session);
	return 0;
}

START_TEST(child_has_an_epoll_descriptor)
{
	struct child child;

	fake_block(FAKE_CPG_LEAVE);
	child = child_fork();
	if (child.pid == 0)
		_exit(join_run(NULL));
	wait_for(fake_blocked(FAKE_CPG_LEAVE) == 1);
	ck_assert(!fd_is_readable(coro_fd(session)));
	parent_is_undisturbed();
	fake_unblock(FAKE_CPG_LEAVE);
	ck_assert_int_eq(child_wait(&child), 0);
	ck_assert_uint_eq(fake_handles(), 2);
}
END_TEST

/* The thread of the parent that joins does not exist in the child. */
static int joined_run(void *data)
{
	(void)data;
	fake_unblock(FAKE_CPG_JOIN);
	wait_for(({
		coro_dispatch(session, 1);
		events_count("members b: ") == 1;
	}));
	coro_close(session);
	return 0;
}

START_TEST(fork_during_a_join)
{
	struct call call = { .kind = CALL_JOIN,
			     .session = session,
			     .text = "b",
			     .timeout_ms = -1 };

	fake_block(FAKE_CPG_JOIN);
	call_start(&call);
	wait_for(fake_blocked(FAKE_CPG_JOIN) == 1);
	ck_assert_int_eq(child_run(joined_run, NULL), 0);
	ck_assert_int_eq(call_join(&call), CS_OK);
	session_settle(session);
	ck_assert_uint_ge(events_count("members b: "), 1);
}
END_TEST

/* The parent was a member, and is so no longer. */
static int reconnect_run(void *data)
{
	char expected[128];

	(void)data;
	snprintf(expected, sizeof(expected),
		 "connected 4; quorum yes 4: 1; members a: me +me/1 -1.%d/0 "
		 "rejoin",
		 (int)getppid());
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY");
	fake_start();
	session_reconnect(session);
	events_are(expected);
	ck_assert_int_eq(send_text(group, "child", 0), CS_OK);
	session_settle(session);
	events_are("message a me child");
	stats_are(session, 1, 0, 0, 0);
	coro_close(session);
	return (int)fake_handles();
}

START_TEST(child_connects_for_itself)
{
	fake_die();
	ck_assert_int_eq(child_run(reconnect_run, NULL), 0);
	session_settle(session);
	events_are("disconnected CS_ERR_LIBRARY");
	session_reconnect(session);
	events_are("connected 4; quorum yes 4: 1; members a: me +me/1 rejoin");
	parent_is_undisturbed();
}
END_TEST

/* Messages on the inherited connection come back to the parent, or the child.
 */
static int send_run(void *data)
{
	(void)data;
	ck_assert_uint_eq(session_stats(session).backlog_bytes, 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(send_long(group, "child", 100000, 0), CS_OK);
	ck_assert_uint_eq(session_stats(session).backlog_bytes, 0);
	ck_assert_uint_eq(session_stats(session).backlog, 0);
	return 0;
}

START_TEST(child_sends_without_a_window)
{
	fake_hold_messages(true);
	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_int_eq(child_run(send_run, NULL), 0);
	stats_are(session, 0, 0, 0, 1);
	fake_return(6);
	session_settle(session);
	ck_assert_uint_eq(events_count("message a me child"), 5);
	ck_assert_uint_eq(events_count("lost"), 0);
	stats_are(session, 1, 0, 0, 0);
}
END_TEST

/* Other threads of the parent do not exist in the child. */

static atomic_bool is_blocked;
static atomic_bool is_released;

static void blocking_hook(struct coro_session *called,
			  struct coro_group *of_group, const char *line)
{
	(void)called;
	(void)of_group;
	(void)line;
	events_hook(NULL);
	is_blocked = true;
	wait_for(is_released);
}

static int other_threads_run(void *data)
{
	(void)data;
	events_take();
	ck_assert_int_eq(coro_dispatch(session, -1), CS_OK);
	events_are("message a 2.20 second");
	coro_close(session);
	return 0;
}

START_TEST(other_threads_are_gone)
{
	struct call inside = { .session = session, .timeout_ms = -1 };
	struct call waits = { .session = session, .timeout_ms = -1 };

	fake_message("a", 2, 20, "first", 5);
	events_hook(blocking_hook);
	call_start(&inside);
	wait_for(is_blocked);
	fake_message("a", 2, 20, "second", 6);
	call_start(&waits);
	call_wait_asleep(&waits);
	ck_assert_int_eq(child_run(other_threads_run, NULL), 0);
	is_released = true;
	ck_assert_int_eq(call_join(&inside), CS_OK);
	fake_message("a", 2, 20, "third", 5);
	ck_assert_int_eq(call_join(&waits), CS_OK);
	session_settle(session);
	events_are("message a 2.20 first; message a 2.20 third");
}
END_TEST

/*
 * A fork in a callback: the child returns from it as well. The two share a
 * connection, so the parent waits before it could take the child's message.
 */

static struct child callback_child;

static void fork_hook(struct coro_session *called, struct coro_group *of_group,
		      const char *line)
{
	(void)called;
	(void)of_group;
	(void)line;
	events_hook(NULL);
	callback_child = child_fork();
	if (callback_child.pid != 0) {
		ck_assert_int_eq(child_wait(&callback_child), 0);
		return;
	}
	events_take();
	fake_message("a", 2, 20, "child", 5);
	ck_assert_int_eq(coro_dispatch(session, 0), CS_OK);
	events_are("message a 2.20 child");
}

START_TEST(fork_in_a_callback)
{
	cs_error_t error;

	fake_message("a", 2, 20, "1", 1);
	events_hook(fork_hook);
	error = coro_dispatch(session, 0);
	if (callback_child.pid == 0) {
		ck_assert_int_eq(error, CS_OK);
		ck_assert_int_eq(coro_dispatch(session, 1), CS_ERR_TIMEOUT);
		coro_close(session);
		_exit((int)fake_handles());
	}
	ck_assert_int_eq(error, CS_OK);
	events_are("message a 2.20 1");
	parent_is_undisturbed();
}
END_TEST

/*
 * The process that joined has ended, as after daemon(3): a child counts the
 * messages on.
 */
static int heir_run(pid_t parent)
{
	struct coro_stats stats;

	ck_assert_int_eq(send_text(group, "1", 0), CS_OK);
	ck_assert_uint_eq(session_stats(session).backlog, 0);
	wait_for(kill(parent, 0) != 0 && errno == ESRCH);
	clock_skip_ms(1000);
	ck_assert_int_eq(send_text(group, "2", 0), CS_OK);
	ck_assert_int_eq(send_text(group, "3", 0), CS_OK);
	stats = session_stats(session);
	ck_assert_uint_eq(stats.backlog, 2);
	fake_discard(2);
	fake_return(1);
	session_settle(session);
	ck_assert_uint_eq(events_count("lost a 1 0"), 1);
	return 0;
}

/* A process whose child is inherited by its own parent. */
static int parent_run(void *data)
{
	pid_t self = getpid();

	(void)data;
	coro_close(session);
	fake_setup();
	events_reset();
	session = session_joined(&group);
	fake_hold_messages(true);
	if (fork() == 0)
		_exit(heir_run(self));
	wait_for(fake_calls(FAKE_CPG_MCAST_END) == 1);
	return 0;
}

static int status_wait(void)
{
	int status = -1;

	ck_assert_int_gt(waitpid(-1, &status, 0), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int heirs_run(void *data)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	if (fork() == 0)
		_exit(parent_run(data));
	return status_wait() | status_wait();
}

START_TEST(child_counts_after_its_parent)
{
	ck_assert_int_eq(child_run(heirs_run, NULL), 0);
}
END_TEST

TCase *forks_case(void)
{
	TCase *tcase = tcase_create("forks");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, forks_setup, forks_teardown);
	tcase_add_test(tcase, child_closes);
	tcase_add_test(tcase, child_dispatches);
	tcase_add_test(tcase, child_has_an_epoll_descriptor);
	tcase_add_test(tcase, fork_during_a_join);
	tcase_add_test(tcase, child_connects_for_itself);
	tcase_add_test(tcase, child_sends_without_a_window);
	tcase_add_test(tcase, other_threads_are_gone);
	tcase_add_test(tcase, fork_in_a_callback);
	tcase_add_test(tcase, child_counts_after_its_parent);
	return tcase;
}
