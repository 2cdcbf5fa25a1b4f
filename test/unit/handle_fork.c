/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <unistd.h>

#include "../../lib/handle.h"
#include "suites.h"
#include "support.h"
#include "watch.h"

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
	*thing = (struct thing){
		.object = { .kind = &kind,
			    .destroy = thing_destroy,
			    .references = 1 },
	};
	return handle_open(&thing->object, &thing->handle) == 0 &&
	       thing->handle != 0;
}

/* The handle works, and the object ends with it. */
static bool thing_works(struct thing *thing)
{
	struct handle_object *object = handle_get(thing->handle, &kind);

	if (object != &thing->object || !handle_is_ours(object))
		return false;
	handle_put(object);
	if (handle_close(thing->handle, &kind) != object ||
	    handle_get(thing->handle, &kind) != NULL || thing->destroyed != 0)
		return false;
	handle_put(object);
	return thing->destroyed == 1;
}

/* Nothing that a process does to it has any effect. */
static bool thing_is_foreign(struct thing *thing)
{
	if (handle_get(thing->handle, &kind) != NULL ||
	    handle_close(thing->handle, &kind) != NULL ||
	    handle_is_ours(&thing->object))
		return false;
	for (int i = 0; i < 3; i++)
		handle_put(&thing->object);
	return thing->destroyed == 0 && thing->object.references == 1;
}

static struct thing inherited[INHERITED];

static bool all_are_foreign(void)
{
	for (int i = 0; i < INHERITED; i++)
		if (!thing_is_foreign(&inherited[i]))
			return false;
	return true;
}

/* An exit status tells the step that failed. */
static int child_looks(void *data)
{
	(void)data;
	return all_are_foreign() ? 0 : 1;
}

static int child_opens_its_own(void *data)
{
	struct thing own[3];

	(void)data;
	for (size_t i = 0; i < COUNT(own); i++)
		if (!thing_open(&own[i]))
			return 1;
	if (!all_are_foreign())
		return 2;
	for (size_t i = 0; i < COUNT(own); i++)
		if (!thing_works(&own[i]))
			return 3;
	return all_are_foreign() ? 0 : 4;
}

static int grandchild(void *data)
{
	struct thing *between = data;
	struct thing own;

	if (!all_are_foreign() || !thing_is_foreign(between))
		return 1;
	if (!thing_open(&own))
		return 2;
	if (!all_are_foreign() || !thing_is_foreign(between))
		return 3;
	return thing_works(&own) ? 0 : 4;
}

static int child_forks(void *data)
{
	struct thing own;

	(void)data;
	if (child_run(grandchild, &inherited[0]) != 0)
		return 1;
	if (!thing_open(&own))
		return 2;
	if (child_run(grandchild, &own) != 0)
		return 3;
	return thing_works(&own) && all_are_foreign() ? 0 : 4;
}

static int (*const children[])(void *data) = {
	child_looks,
	child_opens_its_own,
	child_forks,
};

/* Without the wiped page of new kernels, and with it. */
START_TEST(child_owns_nothing)
{
	watch_madvise_fail((size_t)_i >= COUNT(children));
	for (int i = 0; i < INHERITED; i++)
		ck_assert(thing_open(&inherited[i]));
	ck_assert_int_eq(child_run(children[(size_t)_i % COUNT(children)],
				   NULL), 0);
	for (int i = 0; i < INHERITED; i++)
		ck_assert(thing_works(&inherited[i]));
}
END_TEST

static atomic_bool stop;
static atomic_uint failures;

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

static int child_of_busy(void *data)
{
	struct thing own;

	(void)data;
	if (handle_get(inherited[0].handle, &kind) != NULL)
		return 1;
	if (handle_is_ours(&inherited[0].object))
		return 2;
	return thing_open(&own) && thing_works(&own) ? 0 : 3;
}

START_TEST(fork_while_the_table_is_busy)
{
	pthread_t threads[THREADS];

	watch_madvise_fail(_i == 1);
	ck_assert(thing_open(&inherited[0]));
	for (int i = 0; i < THREADS; i++)
		thread_start(&threads[i], table_keep_busy, NULL);
	for (int i = 0; i < FORKS; i++)
		ck_assert_int_eq(child_run(child_of_busy, NULL), 0);
	stop = true;
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	ck_assert_uint_eq(failures, 0);
	ck_assert(thing_works(&inherited[0]));
}
END_TEST

static int child_status = -1;

static void fork_now(void)
{
	child_status = child_run(child_of_busy, NULL);
}

/* Its memory moves, and the table does not know it yet. */
START_TEST(fork_while_the_table_grows)
{
	watch_madvise_fail(_i == 1);
	ck_assert(thing_open(&inherited[0]));
	watch_realloc_hook(fork_now);
	for (int i = 1; i < INHERITED; i++)
		ck_assert(WATCHED(thing_open(&inherited[i])));
	ck_assert_int_eq(child_status, 0);
	for (int i = 0; i < INHERITED; i++)
		ck_assert(thing_works(&inherited[i]));
}
END_TEST

static void setup(void)
{
	watch_reset();
	stop = false;
}

TCase *handle_fork_case(void)
{
	TCase *tcase = tcase_create("handle_fork");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, child_owns_nothing, 0,
			    2 * (int)COUNT(children));
	tcase_add_loop_test(tcase, fork_while_the_table_is_busy, 0, 2);
	tcase_add_loop_test(tcase, fork_while_the_table_grows, 0, 2);
	return tcase;
}
