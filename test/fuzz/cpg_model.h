/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A second implementation of what the library does with cpg events: which are
 * well formed, which messages become complete, and how much memory incomplete
 * ones may take. There is one model, that of the current input.
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

/* What the application has to receive for an event. */
struct cpg_outcome {
	enum cpg_outcome_type type;
	/* Of a message: */
	uint32_t nodeid;
	uint32_t pid;
	const unsigned char *message;
	size_t size;
	unsigned char *owned; /* to be freed; NULL: in the event */
};

/*
 * Start without unfinished messages. @takes_messages: there is a callback for
 * messages. @pid: that of this process, whose join event discards all
 * unfinished messages; 0: none.
 */
void cpg_model_begin(bool takes_messages, uint32_t nodeid, uint32_t pid);

/* Process an event. @no_memory: an allocation of the library failed. */
struct cpg_outcome cpg_model_take(const struct event *event, bool no_memory);

/* A sender's unfinished message, in bytes; zeros: there is none. */
struct cpg_unfinished {
	uint32_t announced;
	uint32_t arrived;
};

struct cpg_unfinished cpg_model_unfinished(uint32_t nodeid, uint32_t pid);

/* The most memory that the library may use for fragments now. */
size_t cpg_model_memory(void);

/* Discard all unfinished messages. */
void cpg_model_clear(void);

#endif
