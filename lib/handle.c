/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "handle.h"
#include "process.h"

#define SLOT_NONE UINT32_MAX

/* Block n has SLOTS_FIRST << n slots. A block never moves. */
#define SLOTS_FIRST 16
#define BLOCKS 20

struct slot {
	struct handle_object *object;	/* NULL: free */
	uint32_t check;
	uint32_t next_free;
};

/*
 * A process may fork while another thread changes the table. The child then
 * finds every handle that was open before, as slots do not move. But the list
 * of free slots may be inconsistent, so the child builds a new one.
 */
static struct {
	struct slot *blocks[BLOCKS];
	uint32_t count;		/* of slots */
	uint32_t first_free;
	uint64_t process;	/* that built the list of free slots */
} table;			/* process_lock() */

/* The number of references that this thread holds. */
static __thread unsigned int thread_references;

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static unsigned int block_of(uint32_t index)
{
	return 31 - (unsigned int)__builtin_clz(index / SLOTS_FIRST + 1);
}

static struct slot *slot_at(uint32_t index)
{
	unsigned int block = block_of(index);

	return &table.blocks[block][index + SLOTS_FIRST -
				    ((uint32_t)SLOTS_FIRST << block)];
}

static void slot_free_locked(uint32_t index)
{
	struct slot *slot = slot_at(index);

	slot->object = NULL;
	slot->next_free = table.first_free;
	table.first_free = index;
}

/*
 * Only the thread that called fork exists in the child, so the references of
 * other threads are never given back. If this thread holds none, only those
 * of the table are left.
 */
static void references_forget(void)
{
	struct handle_object *object;

	if (thread_references > 0)
		return;
	for (uint32_t i = 0; i < table.count; i++) {
		object = slot_at(i)->object;
		if (object != NULL)
			object->references = 1;
	}
}

static void fork_prepare(void)
{
	pthread_atfork(NULL, NULL, references_forget);
}

/* Build the list of free slots, unless this process has done so. */
static void table_claim_locked(uint64_t process)
{
	if (table.process == process)
		return;
	table.process = process;
	table.first_free = SLOT_NONE;
	for (uint32_t i = table.count; i > 0; i--)
		if (slot_at(i - 1)->object == NULL)
			slot_free_locked(i - 1);
}

static int table_grow_locked(void)
{
	unsigned int block = block_of(table.count);
	uint32_t count = (uint32_t)SLOTS_FIRST << block;

	if (block == BLOCKS)
		return -ENOMEM;
	table.blocks[block] = calloc(count, sizeof(struct slot));
	if (table.blocks[block] == NULL)
		return -ENOMEM;
	table.count += count;
	for (uint32_t i = 1; i <= count; i++)
		slot_free_locked(table.count - i);
	return 0;
}

static struct slot *slot_find_locked(uint64_t handle, const void *kind)
{
	uint32_t index = (uint32_t)handle;
	struct slot *slot;

	if (index >= table.count)
		return NULL;
	slot = slot_at(index);
	if (slot->object == NULL || slot->check != handle >> 32 ||
	    slot->object->kind != kind)
		return NULL;
	return slot;
}

void handle_init(struct handle_object *object, const void *kind,
		 void (*destroy)(struct handle_object *object))
{
	object->kind = kind;
	object->destroy = destroy;
	atomic_init(&object->references, 1);
	thread_references++;
}

int handle_open(struct handle_object *object, uint64_t *ret_handle)
{
	uint64_t process = process_id();
	struct slot *slot;
	int res = 0;

	pthread_once(&fork_once, fork_prepare);
	process_lock();
	table_claim_locked(process);
	if (table.first_free == SLOT_NONE)
		res = table_grow_locked();
	if (res == 0) {
		*ret_handle = table.first_free;
		slot = slot_at(table.first_free);
		table.first_free = slot->next_free;
		slot->check = (uint32_t)process_random() | 1;
		*ret_handle |= (uint64_t)slot->check << 32;
		atomic_fetch_add(&object->references, 1);
		slot->object = object;
	}
	process_unlock();
	return res;
}

struct handle_object *handle_get(uint64_t handle, const void *kind)
{
	struct handle_object *object = NULL;
	struct slot *slot;

	process_lock();
	slot = slot_find_locked(handle, kind);
	if (slot != NULL) {
		object = slot->object;
		atomic_fetch_add(&object->references, 1);
		thread_references++;
	}
	process_unlock();
	return object;
}

struct handle_object *handle_close(uint64_t handle, const void *kind)
{
	uint64_t process = process_id();
	struct handle_object *object = NULL;
	struct slot *slot;

	process_lock();
	slot = slot_find_locked(handle, kind);
	if (slot != NULL) {
		table_claim_locked(process);
		object = slot->object;
		slot_free_locked((uint32_t)handle);
		thread_references++;
	}
	process_unlock();
	return object;
}

void handle_put(struct handle_object *object)
{
	thread_references--;
	if (atomic_fetch_sub(&object->references, 1) == 1)
		object->destroy(object);
}
