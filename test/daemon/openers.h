/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The four functions that open a handle, with the recording callbacks.
 */
#ifndef OPENERS_H
#define OPENERS_H

#include <corosync/corotypes.h>
#include <stdint.h>

struct opener {
	cs_error_t (*initialize)(uint64_t *handle);
	cs_error_t (*finalize)(uint64_t handle);
	/* A request to which the daemon has to reply. */
	cs_error_t (*ask)(uint64_t handle);
};

#define OPENERS 4
extern const struct opener openers[OPENERS];

/*
 * Initialize has to return @want. Finalizes the handle even if initialize
 * fails, as applications do.
 */
void opener_assert(const struct opener *opener, cs_error_t want);

#endif
