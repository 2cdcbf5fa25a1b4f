/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Reassembly of large messages, of one message for each sender. The size that
 * a sender announces is not trusted: memory grows with the bytes that arrive,
 * and never exceeds twice their number. The caller locks.
 */
#ifndef CPG_ASSEMBLY_H
#define CPG_ASSEMBLY_H

#include "cpg_decode.h"

struct cpg_assembly_part;

/* Initially zero, which means empty. */
struct cpg_assembly {
	struct cpg_assembly_part *first;
};

/*
 * Add a fragment. Returns 1 if the message is complete; *ret_deliver owns it.
 * Returns 0 if the message is incomplete, or was dropped because the fragment
 * did not fit. Returns -ENOMEM if memory ran out and the message was dropped.
 */
int cpg_assembly_add(struct cpg_assembly *assembly,
		     const struct cpg_event_partial *partial,
		     struct cpg_event_deliver *ret_deliver);

/* Drop the message of a sender. */
void cpg_assembly_forget(struct cpg_assembly *assembly, uint32_t nodeid,
			 uint32_t pid);

/* Drop all messages whose senders are not in the list. */
void cpg_assembly_keep(struct cpg_assembly *assembly,
		       const struct cpg_address *senders, size_t count);

/* Drop all messages. */
void cpg_assembly_clear(struct cpg_assembly *assembly);

#endif
