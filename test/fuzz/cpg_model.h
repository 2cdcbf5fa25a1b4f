/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What the library has to make of cpg events, told again without it: what is
 * well formed, which messages become complete, what may be held of those
 * that did not. There is one model, that of the input.
 */
#ifndef CPG_MODEL_H
#define CPG_MODEL_H

#include "event.h"

enum cpg_outcome_type {
	CPG_OUTCOME_NONE,
	CPG_OUTCOME_CONFCHG,
	CPG_OUTCOME_DELIVER,
	CPG_OUTCOME_TOTEM,
};

/* What the application has to see of an event. */
struct cpg_outcome {
	enum cpg_outcome_type type;
	/* Of a message: */
	uint32_t nodeid;
	uint32_t pid;
	const unsigned char *message;
	size_t size;
	unsigned char *owned;	/* where it is, to be freed; NULL: the event */
};

/*
 * Begin with nothing. @takes_messages: there is a callback for them. @pid:
 * that of this process, whose join voids all that is unfinished; 0: none.
 */
void cpg_model_begin(bool takes_messages, uint32_t nodeid, uint32_t pid);

/* An event comes; @no_memory: and the library was refused some. */
struct cpg_outcome cpg_model_take(const struct event *event, bool no_memory);

/* What a sender has announced and not finished; zeroes: nothing. */
struct cpg_unfinished {
	uint32_t announced;
	uint32_t arrived;
};

struct cpg_unfinished cpg_model_unfinished(uint32_t nodeid, uint32_t pid);

/* The most that may be held now. */
size_t cpg_model_memory(void);

/* Forget all. */
void cpg_model_clear(void);

#endif
