/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Big messages in the making, one for each sender. What a sender announces
 * is not believed: memory grows with what arrived, and never exceeds twice
 * that. Locking is the caller's.
 */
#ifndef CPG_ASSEMBLY_H
#define CPG_ASSEMBLY_H

#include "cpg_decode.h"

struct cpg_assembly_part;

/* Zeroed: empty. */
struct cpg_assembly {
	struct cpg_assembly_part *first;
};

/*
 * Add a fragment. 1: the message is complete; *ret_deliver owns it. 0: it is
 * not, or the fragment did not fit and whatever it belonged to was dropped.
 * -ENOMEM: dropped for want of memory.
 */
int cpg_assembly_add(struct cpg_assembly *assembly,
		     const struct cpg_event_partial *partial,
		     struct cpg_event_deliver *ret_deliver);

/* The sender left: what it did not finish, it never will. */
void cpg_assembly_forget(struct cpg_assembly *assembly, uint32_t nodeid,
			 uint32_t pid);

/* Forget all messages whose senders are not among these. */
void cpg_assembly_keep(struct cpg_assembly *assembly,
		       const struct cpg_address *senders, size_t count);

/* Forget all. */
void cpg_assembly_clear(struct cpg_assembly *assembly);

#endif
