/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The kinds of events, and a handle that receives one of them. */
#ifndef KINDS_H
#define KINDS_H

#include <corosync/quorum.h>
#include <stdbool.h>
#include <stddef.h>

#include "../unit/wire.h"

/* An event and its counts: how large they are, and what one stands for. */
struct kind {
	void (*make)(struct wire *wire);
	size_t counts[3];	/* offsets; 0: there is none */
	size_t unit;
	quorum_model_t model;	/* of quorum events */
	bool is_quorum;
	bool is_partial;	/* whole or not, no callback is called */
};

/* All, and those before the last one, which is the fragment. */
#define KINDS 7
#define KINDS_WHOLE 6

extern const struct kind kinds[KINDS];

/* The one that kind_open has chosen. */
extern const struct kind *kind;

/* Start the server and open a handle for the events of this number. */
void kind_open(int number);

/* Finalize the handle, and end the server. */
void kind_close(void);

cs_error_t kind_dispatch(cs_dispatch_flags_t mode);

/* Dispatch a valid event; it has to be delivered. */
void kind_next_assert(void);

/* Dispatch an event; it has to count as one, without a callback. */
void kind_dropped_assert(const void *bytes, size_t size);

#endif
