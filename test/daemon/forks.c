/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A child that does not use its parent's handles. Whatever else it does, and
 * wherever it was forked, the parent's connections stay usable and lose no
 * event.
 */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

#define MESSAGE_LEN 10

/* Handles of the parent. */
static struct cpg_name group;
static cpg_handle_t cpg;
static cpg_iteration_handle_t iteration;
static quorum_handle_t quorum;

/* The child is forked in a callback: a dispatch has the handle in use. */
static bool is_in_callback;

/* A child that returned into the dispatch that it was forked in. */
static bool is_returned_child;

/* In a child, LeakSanitizer misses the stacks of its parent's threads. */
static bool is_child_of_threads;

int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return is_child_of_threads;
}

/* Actions of children; one that returns continues where it was forked. */

static void end_at_once(void)
{
	_exit(0);
}

static void end_in_order(void)
{
	exit(0);
}

static void be_killed(void)
{
	kill(getpid(), SIGKILL);
}

static bool ring_is_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4200];
	bool found = false;

	while (fgets(line, sizeof(line), maps) != NULL)
		found = found || strstr(line, "/dev/shm/qb-") != NULL;
	fclose(maps);
	return found;
}

/* Functions that do not use the connection. */
static void handles_give_back(void)
{
	int cpg_fd, quorum_fd;
	void *context;

	assert_cs(CS_OK, cpg_fd_get(cpg, &cpg_fd));
	assert_cs(CS_OK, cpg_context_get(cpg, &context));
	assert_cs(CS_OK, cpg_context_set(cpg, &context));
	assert_cs(CS_OK, cpg_finalize(cpg));
	cpg_assert_bad(cpg);
	iteration_assert_bad(iteration);
	assert_cs(CS_OK, quorum_fd_get(quorum, &quorum_fd));
	assert_cs(CS_OK, quorum_finalize(quorum));
	quorum_assert_bad(quorum);
	if (is_in_callback)
		return;
	ck_assert_int_eq(fcntl(cpg_fd, F_GETFD), -1);
	ck_assert_int_eq(fcntl(quorum_fd, F_GETFD), -1);
	/* Other threads may have had handles of their own. */
	ck_assert(is_child_of_threads || !ring_is_mapped());
}

static void give_back(void)
{
	if (cpg != 0)
		handles_give_back();
	_exit(0);
}

static void spawn_another(void)
{
	char *const arguments[] = { (char *)"true", NULL };
	int status;
	pid_t pid;

	ck_assert_int_eq(posix_spawnp(&pid, "true", NULL, NULL, arguments,
				      NULL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	pid = vfork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	_exit(0);
}

static void handles_use(const char *suffix)
{
	struct cpg_name own_group = name_unique(suffix);
	quorum_handle_t own_quorum;
	cpg_handle_t own_cpg;

	event_hook = NULL;
	events_clear();
	own_cpg = cpg_open_joined(&own_group);
	assert_ok(pattern_send(own_cpg, MESSAGE_LEN, 2, 1));
	dispatch_until(own_cpg, event_was_delivered(MESSAGE_LEN, 2));
	own_quorum = quorum_open(QUORUM_MODEL_V1);
	assert_ok(quorum_trackstart(own_quorum, CS_TRACK_CURRENT));
	assert_cs(CS_OK, quorum_dispatch(own_quorum, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count_of(EVENT_QUORUM), 1);
	ck_assert_uint_ne(own_cpg, cpg);
	ck_assert_uint_ne(own_quorum, quorum);
	assert_cs(CS_OK, cpg_finalize(own_cpg));
	assert_cs(CS_OK, quorum_finalize(own_quorum));
}

static void open_and_use(void)
{
	handles_use("child");
	_exit(0);
}

static void child_await(pid_t pid, int expected)
{
	int status;

	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, expected);
	shm_assert_gone(pid);
}

static void fork_again(void)
{
	pid_t pid = fork();

	handles_use(pid == 0 ? "grandchild" : "child");
	if (pid != 0)
		child_await(pid, 0);
	_exit(0);
}

/* Another program gets none of the descriptors. */
static void be_replaced(void)
{
	execl("/bin/sh", "sh", "-c",
	      "! ls -l /proc/$$/fd 2>/dev/null | grep -v ' [012] -> ' |"
	      "grep -E 'socket:|eventfd|/dev/shm/'",
	      (char *)NULL);
	_exit(1);
}

static void return_from_callback(void)
{
	is_returned_child = true;
}

static const struct {
	void (*run)(void);
	int status;
} children[] = {
	/* These do not allocate. */
	{ end_at_once, 0 },
	{ be_killed, SIGKILL },
	/* These do. */
	{ end_in_order, 0 },
	{ give_back, 0 },
	{ spawn_another, 0 },
	{ open_and_use, 0 },
	{ fork_again, 0 },
	/* libqb opens rings by descriptors that are not yet close-on-exec. */
	{ be_replaced, 0 },
	/* Only for callbacks. */
	{ return_from_callback, 0 },
};

/* The number of actions, from the first, that are possible at each place. */
#define CHILDREN_IN_CALLBACK ARRAY_SIZE(children)
#define CHILDREN	     (CHILDREN_IN_CALLBACK - 1)
#define CHILDREN_ANY_MOMENT  (has_sanitizer() ? 2 : CHILDREN - 1)

void __asan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));

/*
 * The locks of a sanitizer's allocator are not free after a fork beside other
 * threads: a child that allocates may wait for such a lock forever.
 */
static bool has_sanitizer(void)
{
	return __asan_init != NULL || __tsan_init != NULL;
}

static int child_number;

static void child_run(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		children[child_number].run();
	else
		child_await(pid, children[child_number].status);
}

/* The parent has a message and a notification pending. */
static void parent_open(void)
{
	group = name_unique("parent");
	cpg = cpg_open_joined(&group);
	assert_ok(cpg_iteration_initialize(cpg, CPG_ITERATION_ALL, NULL,
					   &iteration));
	quorum = quorum_open(QUORUM_MODEL_V0);
	assert_ok(quorum_trackstart(quorum, CS_TRACK_CURRENT));
	assert_ok(pattern_send(cpg, MESSAGE_LEN, 1, 1));
	wait_for(fd_is_readable(cpg_fd(cpg)));
}

/* These events were delivered, and the connections are usable. */
static void parent_assert_undisturbed(size_t messages, size_t notifications)
{
	struct cpg_iteration_description_t description;
	struct cpg_address members[CPG_MEMBERS_MAX];
	int count = 0, quorate = 0;

	ck_assert_uint_eq(events_count_of(EVENT_DELIVER), messages);
	ck_assert_uint_eq(events_count_of(EVENT_NOTIFICATION), notifications);
	ck_assert_uint_eq(events_count(), messages + notifications);
	assert_ok(pattern_send(cpg, MESSAGE_LEN, 3, 1));
	dispatch_until(cpg, event_was_delivered(MESSAGE_LEN, 3));
	ck_assert_uint_eq(events_count(), messages + notifications + 1);
	assert_ok(cpg_membership_get(cpg, &group, members, &count));
	ck_assert_int_eq(count, 1);
	assert_ok(cpg_iteration_next(iteration, &description));
	assert_ok(quorum_getquorate(quorum, &quorate));
	ck_assert_int_eq(quorate, 1);
	assert_cs(CS_ERR_TRY_AGAIN,
		  quorum_dispatch(quorum, CS_DISPATCH_ONE_NONBLOCKING));
}

static void parent_close(void)
{
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	cpg = 0;
	events_clear();
}

static void pending_dispatch(void)
{
	assert_cs(CS_OK, cpg_dispatch(cpg, CS_DISPATCH_ONE));
	assert_cs(CS_OK, quorum_dispatch(quorum, CS_DISPATCH_ONE));
}

START_TEST(with_events_pending)
{
	child_number = _i;
	parent_open();
	child_run();
	pending_dispatch();
	parent_assert_undisturbed(1, 1);
	parent_close();
}
END_TEST

static enum event_kind kind_hooked;

static void hook_fork(struct event *event)
{
	if (event->kind == kind_hooked)
		child_run();
}

/* Dispatch, and fork a child in the callback. */
static void dispatch_and_fork(const struct service_api *service,
			      uint64_t handle, enum event_kind kind,
			      cs_dispatch_flags_t mode)
{
	cs_error_t err;

	kind_hooked = kind;
	event_hook = hook_fork;
	is_in_callback = true;
	err = service->dispatch(handle, mode);
	is_in_callback = false;
	event_hook = NULL;
	if (is_returned_child)
		_exit(err == CS_OK ? 0 : 1);
	assert_cs(CS_OK, err);
}

static cs_dispatch_flags_t row_mode(int row)
{
	return row % 2 == 0 ? CS_DISPATCH_ONE : CS_DISPATCH_ALL;
}

START_TEST(in_a_callback)
{
	child_number = _i / 2;
	parent_open();
	dispatch_and_fork(&services[SERVICE_CPG], cpg, EVENT_DELIVER,
			  row_mode(_i));
	dispatch_and_fork(&services[SERVICE_QUORUM], quorum, EVENT_NOTIFICATION,
			  row_mode(_i));
	parent_assert_undisturbed(1, 1);
	parent_close();
}
END_TEST

/* The other threads get the events after the fork. */
START_TEST(beside_dispatchers)
{
	struct caller dispatchers[SERVICES];
	int i;

	child_number = _i;
	parent_open();
	pending_dispatch();
	for (i = 0; i < SERVICES; i++) {
		caller_dispatch(&dispatchers[i], services[i].dispatch,
				i == 0 ? cpg : quorum, CS_DISPATCH_ONE);
		caller_wait_asleep(&dispatchers[i]);
	}
	is_child_of_threads = true;
	child_run();
	is_child_of_threads = false;
	assert_ok(pattern_send(cpg, MESSAGE_LEN, 2, 1));
	assert_ok(quorum_trackstart(quorum, CS_TRACK_CURRENT));
	for (i = 0; i < SERVICES; i++)
		assert_cs(CS_OK, caller_join(&dispatchers[i]));
	parent_assert_undisturbed(2, 2);
	parent_close();
}
END_TEST

static atomic_bool enough;
static atomic_uint rounds;

/* libcheck's file must not be in use elsewhere while a child is forked. */
static void *call_without_end(void *data)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name copy = group;
	cpg_handle_t own;
	int count, quorate;
	bool good = true;

	while (good && !enough) {
		good = patiently(cpg_membership_get(cpg, &copy, members,
						    &count)) == CS_OK &&
		       patiently(quorum_getquorate(quorum, &quorate)) ==
			       CS_OK &&
		       cpg_initialize(&own, NULL) == CS_OK &&
		       cpg_dispatch(own, CS_DISPATCH_ALL) == CS_OK &&
		       cpg_finalize(own) == CS_OK;
		rounds++;
	}
	return good ? data : NULL;
}

/* Other threads hold one of the locks at the moment of the fork. */
START_TEST(beside_callers)
{
	pthread_t threads[3];
	void *result;
	int i;

	child_number = _i;
	parent_open();
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						call_without_end, threads),
				 0);
	wait_for(rounds > 10);
	is_child_of_threads = true;
	for (i = 0; i < 20; i++)
		child_run();
	is_child_of_threads = false;
	enough = true;
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
		ck_assert_ptr_eq(result, threads);
	}
	pending_dispatch();
	parent_assert_undisturbed(1, 1);
	parent_close();
}
END_TEST

/* The descriptors that it inherited do not keep a connection alive. */
START_TEST(child_lives_on)
{
	pid_t pid;

	parent_open();
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	pending_dispatch();
	parent_assert_undisturbed(1, 1);
	parent_close();
	shm_assert_gone(getpid());
	kill(pid, SIGKILL);
	child_await(pid, SIGKILL);
}
END_TEST

/* Both processes open their first handles after the fork. */
START_TEST(without_handles)
{
	child_number = _i;
	child_run();
	parent_open();
	pending_dispatch();
	parent_assert_undisturbed(1, 1);
	parent_close();
	child_run();
}
END_TEST

Suite *forks_suite(void)
{
	Suite *suite = suite_create("forks");
	TCase *tcase = case_add(suite, "forks");

	tcase_add_test(tcase, child_lives_on);
	tcase_add_loop_test(tcase, without_handles, 0, CHILDREN);
	tcase_add_loop_test(tcase, with_events_pending, 0, CHILDREN);
	tcase_add_loop_test(tcase, in_a_callback, 0,
			    2 * CHILDREN_IN_CALLBACK);
	tcase_add_loop_test(tcase, beside_dispatchers, 0, CHILDREN);
	tcase_add_loop_test(tcase, beside_callers, 0,
			    CHILDREN_ANY_MOMENT);
	return suite;
}
