/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <unistd.h>

#include "../../lib/handle.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define INHERITED 100
#define THREADS 3
#define FORKS 100

static const char kind;

struct thing {
	struct handle_object object;
	uint64_t handle;
	unsigned int destroyed;
};

static void thing_destroy(struct handle_object *object)
{
	((struct thing *)object)->destroyed++;
}

static bool thing_open(struct thing *thing)
{
	bool opened;

	thing->destroyed = 0;
	handle_init(&thing->object, &kind, thing_destroy);
	opened = handle_open(&thing->object, &thing->handle) == 0 &&
		 thing->handle != 0;
	handle_put(&thing->object);
	return opened;
}

static bool thing_is_open(struct thing *thing)
{
	struct handle_object *object = handle_get(thing->handle, &kind);

	if (object == NULL)
		return false;
	handle_put(object);
	return object == &thing->object && thing->destroyed == 0;
}

/* The handle is valid, and its object is destroyed with it. */
static bool thing_works(struct thing *thing)
{
	struct handle_object *object = &thing->object;

	if (!thing_is_open(thing) ||
	    handle_close(thing->handle, &kind) != object ||
	    handle_get(thing->handle, &kind) != NULL || thing->destroyed != 0)
		return false;
	handle_put(object);
	return thing->destroyed == 1;
}

static struct thing inherited[INHERITED];

static bool all_are_open(void)
{
	for (int i = 0; i < INHERITED; i++)
		if (!thing_is_open(&inherited[i]))
			return false;
	return true;
}

static bool all_work(void)
{
	for (int i = 0; i < INHERITED; i++)
		if (!thing_works(&inherited[i]))
			return false;
	return true;
}

static bool own_open_and_work(void)
{
	struct thing own[3];

	for (size_t i = 0; i < COUNT(own); i++)
		if (!thing_open(&own[i]))
			return false;
	if (!all_are_open())
		return false;
	for (size_t i = 0; i < COUNT(own); i++)
		if (!thing_works(&own[i]))
			return false;
	return true;
}

/* The exit status is the number of the step that failed. */
static int child_goes_on(void *data)
{
	(void)data;
	if (!all_are_open())
		return 1;
	return all_work() ? 0 : 2;
}

static int child_opens_its_own(void *data)
{
	(void)data;
	if (!own_open_and_work())
		return 1;
	return all_work() ? 0 : 2;
}

static int child_closes_first(void *data)
{
	(void)data;
	if (!thing_works(&inherited[0]) || !thing_open(&inherited[0]))
		return 1;
	return child_opens_its_own(NULL);
}

static int grandchild(void *data)
{
	struct thing *between = data;

	if (!own_open_and_work() || !thing_works(between))
		return 1;
	return all_work() ? 0 : 2;
}

static int child_forks(void *data)
{
	struct thing own;

	(void)data;
	if (!thing_open(&own))
		return 1;
	if (child_run(grandchild, &own) != 0)
		return 2;
	return thing_works(&own) && all_work() ? 0 : 3;
}

static int (*const children[])(void *data) = {
	child_goes_on,
	child_opens_its_own,
	child_closes_first,
	child_forks,
};

/* With MADV_WIPEONFORK of new kernels, and without it. */
START_TEST(child_has_its_own)
{
	libc_madvise_set((unsigned int)_i / COUNT(children));
	for (int i = 0; i < INHERITED; i++)
		ck_assert(thing_open(&inherited[i]));
	ck_assert_int_eq(child_run(children[(size_t)_i % COUNT(children)],
				   NULL), 0);
	ck_assert(all_work());
}
END_TEST

static atomic_bool stop;
static atomic_uint failures;
static atomic_uint holders;

/* The table's lock is held most of the time. */
static void *table_keep_busy(void *data)
{
	struct thing own;

	while (!stop) {
		if (!thing_open(&own) || !thing_works(&own))
			failures++;
		for (int i = 0; i < 100; i++)
			handle_put(handle_get(inherited[0].handle, &kind));
	}
	return data;
}

/* References of other threads at the fork do not count in the child. */
START_TEST(fork_while_the_table_is_busy)
{
	pthread_t threads[THREADS];

	libc_madvise_set((unsigned int)_i);
	for (int i = 0; i < INHERITED; i++)
		ck_assert(thing_open(&inherited[i]));
	for (int i = 0; i < THREADS; i++)
		thread_start(&threads[i], table_keep_busy, NULL);
	for (int i = 0; i < FORKS; i++)
		ck_assert_int_eq(child_run(child_opens_its_own, NULL), 0);
	stop = true;
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	ck_assert_uint_eq(failures, 0);
	ck_assert(all_work());
}
END_TEST

static void *reference_hold(void *data)
{
	struct handle_object *object = handle_get(inherited[0].handle, &kind);

	holders++;
	while (!stop)
		sched_yield();
	handle_put(object);
	return data;
}

static bool one_holds(void)
{
	return holders == 1;
}

/* The forking thread has a reference, too, and drops it in the child. */
static int child_gives_back(void *data)
{
	struct thing *thing = data;
	struct handle_object *object = handle_close(thing->handle, &kind);

	if (object != &thing->object)
		return 1;
	handle_put(object);
	if (thing->destroyed != 0)
		return 2;
	handle_put(object);
	return thing->destroyed == 1 ? 0 : 3;
}

START_TEST(references_of_the_forking_thread_remain)
{
	pthread_t thread;

	for (int i = 0; i < 2; i++)
		ck_assert(thing_open(&inherited[i]));
	thread_start(&thread, reference_hold, NULL);
	wait_for(one_holds());
	ck_assert_ptr_nonnull(handle_get(inherited[1].handle, &kind));
	ck_assert_int_eq(child_run(child_gives_back, &inherited[1]), 0);
	handle_put(&inherited[1].object);
	stop = true;
	thread_join(thread);
	ck_assert(thing_works(&inherited[0]));
	ck_assert(thing_works(&inherited[1]));
}
END_TEST

static int child_status = -1;

static int child_of_growth(void *data)
{
	struct thing own;
	int i = 0;

	(void)data;
	for (; inherited[i + 1].handle != 0; i++)
		if (!thing_is_open(&inherited[i]))
			return 1;
	return thing_open(&own) && thing_works(&own) ? 0 : 2;
}

static void fork_now(void)
{
	child_status = child_run(child_of_growth, NULL);
}

/* Another thread may be in the middle of an operation. */
START_TEST(fork_while_the_table_grows)
{
	libc_madvise_set((unsigned int)_i);
	ck_assert(thing_open(&inherited[0]));
	libc_calloc_hook(fork_now);
	for (int i = 1; i < INHERITED; i++)
		ck_assert(COUNTED(thing_open(&inherited[i])));
	ck_assert_int_eq(child_status, 0);
	ck_assert(all_work());
}
END_TEST

static void setup(void)
{
	libc_hooks_reset();
	stop = false;
	holders = 0;
}

TCase *handle_fork_case(void)
{
	TCase *tcase = tcase_create("handle_fork");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, child_has_its_own, 0,
			    LIBC_MADVISE_COUNT * (int)COUNT(children));
	tcase_add_loop_test(tcase, fork_while_the_table_is_busy, 0,
			    LIBC_MADVISE_COUNT);
	tcase_add_test(tcase, references_of_the_forking_thread_remain);
	tcase_add_loop_test(tcase, fork_while_the_table_grows, 0,
			    LIBC_MADVISE_COUNT);
	return tcase;
}
