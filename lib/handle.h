/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * 64-bit handles for reference-counted objects. A handle is the index of a
 * slot and 32 random bits that the slot is checked for, never 0. Looking one
 * up is O(1). Any function may be called from any thread.
 *
 * A child of fork has the same handles, and a copy of each object.
 */
#ifndef HANDLE_H
#define HANDLE_H

#include <stdatomic.h>
#include <stdint.h>

/* The head of every object that a handle stands for. */
struct handle_object {
	const void *kind;	/* lookups must name the same; constant */
	void (*destroy)(struct handle_object *object);	/* constant */
	atomic_uint references;
};

/* Give a new object its first reference, which is the caller's. */
void handle_init(struct handle_object *object, const void *kind,
		 void (*destroy)(struct handle_object *object));

/* Make the object known; the table takes a reference. 0 or -ENOMEM. */
int handle_open(struct handle_object *object, uint64_t *ret_handle);

/* The object with one more reference, or NULL. */
struct handle_object *handle_get(uint64_t handle, const void *kind);

/*
 * Forget the handle. The object with the table's reference, now the
 * caller's, or NULL. Of several callers one gets the object.
 */
struct handle_object *handle_close(uint64_t handle, const void *kind);

/* Give back a reference that this thread got; the last one destroys. */
void handle_put(struct handle_object *object);

#endif
