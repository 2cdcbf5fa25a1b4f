/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>

#include "../../lib/handle.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define MANY 10000
#define THREADS 8
#define ROUNDS 2000
#define CROWD 64

static const char kind;
static const char other_kind;

/* An object with a handle. */
struct thing {
	struct handle_object object;
	atomic_uint *destroyed;
};

static atomic_uint destroyed;

static void thing_destroy(struct handle_object *object)
{
	struct thing *thing = (struct thing *)object;

	(*thing->destroyed)++;
	free(thing);
}

static struct thing *thing_create(void)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	handle_init(&thing->object, &kind, thing_destroy);
	thing->destroyed = &destroyed;
	return thing;
}

static uint64_t thing_open(void)
{
	struct thing *thing = thing_create();
	uint64_t handle = 0;

	ck_assert_int_eq(COUNTED(handle_open(&thing->object, &handle)), 0);
	handle_put(&thing->object);
	return handle;
}

static void thing_close(uint64_t handle)
{
	struct handle_object *object = handle_close(handle, &kind);

	ck_assert_ptr_nonnull(object);
	handle_put(object);
}

static void nobody_knows(uint64_t handle)
{
	ck_assert_ptr_null(handle_get(handle, &kind));
	ck_assert_ptr_null(handle_close(handle, &kind));
}

START_TEST(open_get_close_put)
{
	struct thing *thing = thing_create();
	uint64_t handle = 0;

	ck_assert_int_eq(handle_open(&thing->object, &handle), 0);
	ck_assert_uint_eq(thing->object.references, 2);
	handle_put(&thing->object);
	ck_assert_ptr_eq(handle_get(handle, &kind), &thing->object);
	ck_assert_uint_eq(thing->object.references, 2);
	handle_put(&thing->object);
	ck_assert_ptr_eq(handle_close(handle, &kind), &thing->object);
	nobody_knows(handle);
	ck_assert_uint_eq(destroyed, 0);
	handle_put(&thing->object);
	ck_assert_uint_eq(destroyed, 1);
}
END_TEST

START_TEST(nothing_is_open_at_first)
{
	nobody_knows(0);
	nobody_knows(UINT64_MAX);
	nobody_knows(UINT64_C(1) << 32);
}
END_TEST

START_TEST(last_put_destroys_once)
{
	uint64_t handle = thing_open();
	struct handle_object *object = NULL;

	for (int i = 0; i < 5; i++)
		object = handle_get(handle, &kind);
	thing_close(handle);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(destroyed, 0);
		handle_put(object);
	}
	ck_assert_uint_eq(destroyed, 1);
}
END_TEST

START_TEST(kinds_are_apart)
{
	uint64_t handle = thing_open();

	ck_assert_ptr_null(handle_get(handle, &other_kind));
	ck_assert_ptr_null(handle_get(handle, NULL));
	ck_assert_ptr_null(handle_close(handle, &other_kind));
	thing_close(handle);
}
END_TEST

START_TEST(every_bit_counts)
{
	uint64_t handle = thing_open();

	for (int bit = 0; bit < 64; bit++)
		nobody_knows(handle ^ UINT64_C(1) << bit);
	nobody_knows(handle & UINT32_MAX);
	nobody_knows(handle | (uint64_t)UINT32_MAX << 32);
	nobody_knows(handle | UINT32_MAX);
	for (uint32_t index = 1; index < 100; index++)
		nobody_knows(handle + index);
	thing_close(handle);
}
END_TEST

START_TEST(handles_are_not_zero_and_not_repeated)
{
	uint64_t former = thing_open();

	thing_close(former);
	for (int i = 1; i < 1000; i++) {
		uint64_t handle = thing_open();

		ck_assert_uint_ne(handle, 0);
		ck_assert_uint_ne(handle >> 32, 0);
		ck_assert_uint_eq((uint32_t)handle, (uint32_t)former);
		nobody_knows(former);
		thing_close(handle);
		nobody_knows(handle);
		former = handle;
	}
	ck_assert_uint_eq(destroyed, 1000);
}
END_TEST

START_TEST(handles_cannot_be_guessed)
{
	uint32_t former = 0;
	uint32_t step = 0;
	unsigned int repeated = 0;

	for (int i = 0; i < 100; i++) {
		uint64_t handle = thing_open();
		uint32_t check = (uint32_t)(handle >> 32);

		repeated += check - former == step || check == former;
		step = check - former;
		former = check;
		thing_close(handle);
	}
	ck_assert_uint_le(repeated, 1);
}
END_TEST

START_TEST(applications_random_is_left_alone)
{
	long expected;

	srandom(1);
	expected = random();
	srandom(1);
	thing_close(thing_open());
	ck_assert_int_eq(random(), expected);
}
END_TEST

/* The clock is used until the kernel has gathered entropy. */
START_TEST(without_randomness)
{
	uint64_t before = 0;
	uint64_t handle;
	int changes = 0;

	libc_getrandom_fail(true);
	for (int i = 0; i < 100; i++) {
		handle = thing_open();
		ck_assert_uint_ne(handle >> 32, 0);
		changes += handle != before;
		before = handle;
		thing_close(handle);
	}
	ck_assert_int_ge(changes, 50);
}
END_TEST

START_TEST(open_without_memory)
{
	struct thing *thing = thing_create();
	uint64_t handle = 77;

	libc_fail_after(0);
	ck_assert_int_eq(COUNTED(handle_open(&thing->object, &handle)),
			 -ENOMEM);
	ck_assert_uint_eq(handle, 77);
	ck_assert_uint_eq(thing->object.references, 1);
	ck_assert_int_eq(handle_open(&thing->object, &handle), 0);
	handle_put(&thing->object);
	thing_close(handle);
	ck_assert_uint_eq(destroyed, 1);
}
END_TEST

static uint32_t many_open(uint64_t *handles)
{
	uint32_t highest = 0;

	for (int i = 0; i < MANY; i++) {
		handles[i] = thing_open();
		if ((uint32_t)handles[i] > highest)
			highest = (uint32_t)handles[i];
	}
	return highest;
}

START_TEST(many_grow_and_reuse)
{
	static uint64_t handles[MANY];
	uint32_t highest = many_open(handles);

	for (int i = 0; i < MANY; i++) {
		handle_put(handle_get(handles[i], &kind));
		if (i % 2 == 0)
			thing_close(handles[i]);
	}
	for (int i = 1; i < MANY; i += 2)
		thing_close(handles[i]);
	ck_assert_uint_eq(destroyed, MANY);
	libc_hooks_reset();
	ck_assert_uint_eq(many_open(handles), highest);
	ck_assert_uint_eq(libc_allocations(), 0);
	for (int i = 0; i < MANY; i++)
		thing_close(handles[i]);
}
END_TEST

/* Handles that the threads share. */
static _Atomic uint64_t crowd[CROWD];
static atomic_uint lost;

static void crowd_replace(unsigned int place)
{
	struct handle_object *object;
	uint64_t handle;

	object = &thing_create()->object;
	if (handle_open(object, &handle) < 0)
		lost++;
	handle_put(object);
	handle = atomic_exchange(&crowd[place], handle);
	if (handle == 0)
		return;
	object = handle_close(handle, &kind);
	if (object == NULL)
		lost++;
	else
		handle_put(object);
}

static void *crowd_stir(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data;
	struct handle_object *object;

	for (int i = 0; i < ROUNDS; i++) {
		crowd_replace((unsigned int)rand_r(&seed) % CROWD);
		object = handle_get(crowd[(unsigned int)rand_r(&seed) % CROWD],
				    &kind);
		if (object == NULL)
			continue;
		if (object->kind != &kind)
			lost++;
		handle_put(object);
	}
	return NULL;
}

START_TEST(threads_open_get_close)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		thread_start(&threads[i], crowd_stir, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	for (int i = 0; i < CROWD; i++)
		if (crowd[i] != 0)
			thing_close(crowd[i]);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(destroyed, THREADS * ROUNDS);
}
END_TEST

static pthread_barrier_t barrier;
static _Atomic uint64_t contested;
static atomic_uint winners;

static void *contested_close(void *data)
{
	struct handle_object *object;

	for (int i = 0; i < ROUNDS / 4; i++) {
		pthread_barrier_wait(&barrier);
		object = handle_close(contested, &kind);
		if (object != NULL) {
			winners++;
			handle_put(object);
		}
		pthread_barrier_wait(&barrier);
	}
	return data;
}

START_TEST(one_of_several_closers_gets_it)
{
	pthread_t threads[2];

	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 2; i++)
		thread_start(&threads[i], contested_close, NULL);
	for (unsigned int i = 0; i < ROUNDS / 4; i++) {
		contested = thing_open();
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		ck_assert_uint_eq(winners, i + 1);
		ck_assert_uint_eq(destroyed, i + 1);
	}
	for (int i = 0; i < 2; i++)
		thread_join(threads[i]);
	pthread_barrier_destroy(&barrier);
}
END_TEST

static void setup(void)
{
	libc_hooks_reset();
	destroyed = 0;
}

TCase *handle_case(void)
{
	TCase *tcase = tcase_create("handle");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, nothing_is_open_at_first);
	tcase_add_test(tcase, open_without_memory);
	tcase_add_test(tcase, open_get_close_put);
	tcase_add_test(tcase, last_put_destroys_once);
	tcase_add_test(tcase, kinds_are_apart);
	tcase_add_test(tcase, every_bit_counts);
	tcase_add_test(tcase, handles_are_not_zero_and_not_repeated);
	tcase_add_test(tcase, handles_cannot_be_guessed);
	tcase_add_test(tcase, applications_random_is_left_alone);
	tcase_add_test(tcase, without_randomness);
	tcase_add_test(tcase, many_grow_and_reuse);
	tcase_add_test(tcase, threads_open_get_close);
	tcase_add_test(tcase, one_of_several_closers_gets_it);
	return tcase;
}
