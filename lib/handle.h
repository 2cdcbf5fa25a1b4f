/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * 64-bit handles for reference-counted objects. A handle is the index of a
 * slot and 32 random bits, which the slot stores for comparison. It is never
 * 0. A lookup is O(1). Any thread may call any function.
 *
 * A child of fork has the same handles, and a copy of each object.
 */
#ifndef HANDLE_H
#define HANDLE_H

#include <stdatomic.h>
#include <stdint.h>

/* The struct of every object that has a handle begins with this. */
struct handle_object {
	const void *kind;	/* a lookup must pass the same; constant */
	void (*destroy)(struct handle_object *object);	/* constant */
	atomic_uint references;
};

/* Initialize a new object. The caller owns its first reference. */
void handle_init(struct handle_object *object, const void *kind,
		 void (*destroy)(struct handle_object *object));

/* Give the object a handle; the table takes a reference. 0 or -ENOMEM. */
int handle_open(struct handle_object *object, uint64_t *ret_handle);

/* Return the object with one more reference, or NULL. */
struct handle_object *handle_get(uint64_t handle, const void *kind);

/*
 * Remove the handle from the table. Returns the object, with the table's
 * reference, which the caller then owns; or NULL. If several threads close a
 * handle, one of them gets the object.
 */
struct handle_object *handle_close(uint64_t handle, const void *kind);

/* Give back a reference of this thread. The last one destroys the object. */
void handle_put(struct handle_object *object);

#endif
