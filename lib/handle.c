/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "handle.h"

#define SLOT_NONE UINT32_MAX
#define SLOTS_MAX (UINT32_C(1) << 24)

struct slot {
	struct handle_object *object;	/* NULL: free */
	uint32_t check;
	uint32_t next_free;
};

/*
 * The kernel clears the page of the guard in a child: its lock is then a
 * fresh one, whoever held it, and owner 0 says that the table is inherited.
 */
struct guard {
	pthread_mutex_t lock;
	_Atomic uint64_t owner;	/* written with lock held */
};

static struct guard guard_static;
static struct guard *guard = &guard_static;
static pthread_once_t guard_once = PTHREAD_ONCE_INIT;

static struct {
	struct slot *slots;
	uint32_t count;
	uint32_t first_free;
} table;			/* guard->lock */

/*
 * Tables of the processes before a fork: never read, and not freed, as the
 * fork may have come in the middle of a change; for leak checkers to find.
 */
struct inheritance {
	struct inheritance *next;
	struct slot *slots;
};

static struct inheritance *inheritances;	/* guard->lock */

static void guard_wipe(void)
{
	memset(guard, 0, sizeof(*guard));
}

static void guard_create(void)
{
	void *page = mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		pthread_atfork(NULL, NULL, guard_wipe);
	} else if (madvise(page, sizeof(*guard), MADV_WIPEONFORK) != 0) {
		munmap(page, sizeof(*guard));
		pthread_atfork(NULL, NULL, guard_wipe);
	} else {
		guard = page;
	}
}

static void guard_lock(void)
{
	pthread_once(&guard_once, guard_create);
	pthread_mutex_lock(&guard->lock);
}

static void guard_unlock(void)
{
	pthread_mutex_unlock(&guard->lock);
}

static uint64_t random_get(void)
{
	uint64_t value;
	struct timespec now;

	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) == sizeof(value))
		return value;
	clock_gettime(CLOCK_MONOTONIC, &now);
	value = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32 ^
		(uint64_t)(uintptr_t)&value;
	return value * UINT64_C(0x9e3779b97f4a7c15);
}

static void inheritance_keep_locked(void)
{
	struct inheritance *inheritance = malloc(sizeof(*inheritance));

	if (inheritance == NULL)
		return;
	inheritance->slots = table.slots;
	inheritance->next = inheritances;
	inheritances = inheritance;
}

static void owner_claim_locked(void)
{
	if (guard->owner != 0)
		return;
	guard->owner = random_get() | 1;
	if (table.slots != NULL)
		inheritance_keep_locked();
	table.slots = NULL;
	table.count = 0;
	table.first_free = SLOT_NONE;
}

static int table_grow_locked(void)
{
	uint32_t count = table.count == 0 ? 16 : table.count * 2;
	struct slot *slots;

	if (count > SLOTS_MAX)
		return -ENOMEM;
	slots = realloc(table.slots, count * sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (uint32_t i = table.count; i < count; i++) {
		slots[i].object = NULL;
		slots[i].next_free = i + 1 < count ? i + 1 : SLOT_NONE;
	}
	table.first_free = table.count;
	table.slots = slots;
	table.count = count;
	return 0;
}

static struct slot *slot_find_locked(uint64_t handle, const void *kind)
{
	uint32_t index = (uint32_t)handle;
	struct slot *slot;

	if (guard->owner == 0 || index >= table.count)
		return NULL;
	slot = &table.slots[index];
	if (slot->object == NULL || slot->check != handle >> 32 ||
	    slot->object->kind != kind)
		return NULL;
	return slot;
}

int handle_open(struct handle_object *object, uint64_t *ret_handle)
{
	struct slot *slot;
	int res = 0;

	guard_lock();
	owner_claim_locked();
	if (table.first_free == SLOT_NONE)
		res = table_grow_locked();
	if (res == 0) {
		slot = &table.slots[table.first_free];
		*ret_handle = table.first_free;
		table.first_free = slot->next_free;
		slot->check = (uint32_t)random_get() | 1;
		slot->object = object;
		object->owner = guard->owner;
		*ret_handle |= (uint64_t)slot->check << 32;
	}
	guard_unlock();
	return res;
}

struct handle_object *handle_get(uint64_t handle, const void *kind)
{
	struct handle_object *object = NULL;
	struct slot *slot;

	guard_lock();
	slot = slot_find_locked(handle, kind);
	if (slot != NULL) {
		object = slot->object;
		atomic_fetch_add(&object->references, 1);
	}
	guard_unlock();
	return object;
}

struct handle_object *handle_close(uint64_t handle, const void *kind)
{
	struct handle_object *object = NULL;
	struct slot *slot;

	guard_lock();
	slot = slot_find_locked(handle, kind);
	if (slot != NULL) {
		object = slot->object;
		slot->object = NULL;
		slot->next_free = table.first_free;
		table.first_free = (uint32_t)handle;
	}
	guard_unlock();
	return object;
}

bool handle_is_ours(const struct handle_object *object)
{
	return object->owner == 0 || object->owner == guard->owner;
}

void handle_put(struct handle_object *object)
{
	if (!handle_is_ours(object))
		return;
	if (atomic_fetch_sub(&object->references, 1) == 1)
		object->destroy(object);
}
