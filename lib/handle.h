/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * 64-bit handles for reference-counted objects. A handle is the index of a
 * slot and 32 random bits that the slot is checked for, never 0. Looking one
 * up is O(1). Any function may be called from any thread.
 *
 * Handles do not survive fork: in the child none is open, and the objects
 * that it inherited stay as they are, for ever.
 */
#ifndef HANDLE_H
#define HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The head of every object that a handle stands for. */
struct handle_object {
	const void *kind;	/* lookups must name the same */
	void (*destroy)(struct handle_object *object);
	uint64_t owner;		/* the process that opened it */
	atomic_uint references;
};

/*
 * Make @object, which has one reference, known. The table takes over that
 * reference. -ENOMEM; the reference is then still the caller's.
 */
int handle_open(struct handle_object *object, uint64_t *ret_handle);

/* The object with one more reference, or NULL. */
struct handle_object *handle_get(uint64_t handle, const void *kind);

/*
 * Forget the handle. The object with the table's reference, now the
 * caller's, or NULL. Of several callers one gets the object.
 */
struct handle_object *handle_close(uint64_t handle, const void *kind);

/* Give a reference back; the last one destroys, but never after a fork. */
void handle_put(struct handle_object *object);

/* Was the object opened by this process, and not by one it was forked from? */
bool handle_is_ours(const struct handle_object *object);

#endif
