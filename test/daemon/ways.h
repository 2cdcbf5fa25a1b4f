/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The four ways to get a handle, with the recording callbacks.
 */
#ifndef WAYS_H
#define WAYS_H

#include <corosync/corotypes.h>
#include <stdint.h>

struct way {
	cs_error_t (*initialize)(uint64_t *handle);
	cs_error_t (*finalize)(uint64_t handle);
	/* A question that the daemon has to answer. */
	cs_error_t (*ask)(uint64_t handle);
};

#define WAYS 4
extern const struct way ways[WAYS];

/*
 * Initialize has to answer @want; the handle of a failed one is finalized by
 * applications, too.
 */
void way_assert(const struct way *way, cs_error_t want);

#endif
