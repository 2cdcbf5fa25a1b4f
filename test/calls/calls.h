/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A sequence of calls that follows from a seed. All processes choose the same
 * sequence (choose.c), and each performs the calls on its own slots while the
 * others wait (main.c). What is chosen depends on a model of the handles, never
 * on a result, so that two libraries get the same calls. perform.c and
 * callbacks.c log what happens.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <corosync/cpg.h>
#include <corosync/quorum.h>

#define PROCESSES   3
#define SLOTS	    6
#define MESSAGE_MAX (3 * 1024 * 1024)

/* Callbacks that an initialize is given. */
#define WITH_DELIVER  1u /* of cpg */
#define WITH_CONFCHG  2u
#define WITH_TOTEM    4u
#define WITH_QUORUM   8u /* of quorum, either model */
#define WITH_NODELIST 16u
#define WITHOUT_DATA  32u /* the pointer to all of them is NULL */

enum call {
	CPG_INITIALIZE,
	CPG_MODEL_INITIALIZE,
	CPG_FINALIZE,
	CPG_FD_GET,
	CPG_MAX_ATOMIC_MSGSIZE_GET,
	CPG_CONTEXT_GET,
	CPG_CONTEXT_SET,
	CPG_DISPATCH,
	CPG_JOIN,
	CPG_LEAVE,
	CPG_MCAST_JOINED,
	CPG_MEMBERSHIP_GET,
	CPG_LOCAL_GET,
	CPG_FLOW_CONTROL_STATE_GET,
	CPG_ZCB, /* alloc, mcast and free */
	CPG_ITERATION_INITIALIZE,
	CPG_ITERATION_NEXT,
	CPG_ITERATION_FINALIZE,
	CPG_CALLS,
	QUORUM_INITIALIZE = CPG_CALLS,
	QUORUM_MODEL_INITIALIZE,
	QUORUM_FINALIZE,
	QUORUM_FD_GET,
	QUORUM_CONTEXT_GET,
	QUORUM_CONTEXT_SET,
	QUORUM_DISPATCH,
	QUORUM_GETQUORATE,
	QUORUM_TRACKSTART,
	QUORUM_TRACKSTOP,
	CALLS,
};

/* The handle that a call is given. */
enum handle {
	HANDLE_OF_SLOT, /* open or stale */
	HANDLE_ZERO,
	HANDLE_WRONG,
};

/* The position of a name in the list of name_get. */
#define NAME_EMPTY 2
#define NAMES_GOOD 5
#define NAMES	   7
#define NAME_NULL  NAMES

struct op {
	enum call call;
	int slot;
	enum handle handle;
	int name;	    /* a group */
	int number;	    /* model, mode, type, guarantee or context */
	unsigned int flags; /* of an initialize or trackstart */
	unsigned int callbacks;
	uint32_t len;	     /* of a message */
	unsigned int pieces; /* the buffers of the message */
	uint32_t pattern;    /* its contents, and where it is split */
	bool is_null;	     /* an optional output is NULL */
	bool has_events;     /* a handle has an event more afterwards */
	bool is_expected;    /* a join succeeds */
	int drain;	     /* dispatch until so many callbacks have run */
	struct op *inner;    /* performed in a callback of a dispatch */
	int inner_at;	     /* the number of the callback, from 1 */
};

/* choose.c */
void choose_begin(uint64_t seed);
struct op *op_next(void);
/* Closes one slot after the other; NULL if none is open. */
struct op *op_last(void);
int slot_process(int slot);
uint32_t pattern_next(uint32_t *state);

/* perform.c */
void op_perform(const struct op *op);

/* callbacks.c: the callbacks, and how often they ran for a slot. */
struct callbacks {
	cpg_callbacks_t cpg;
	cpg_model_v1_data_t cpg_v1;
	quorum_callbacks_t quorum;
	quorum_model_v0_data_t quorum_v0;
	quorum_model_v1_data_t quorum_v1;
};
extern const struct callbacks callbacks_logged;
int callbacks_count(int slot);
/* The dispatch that runs, and the number of its callbacks so far. */
struct dispatch {
	const struct op *op;
	int callbacks;
};
/* From now on, op->inner runs in a callback. Returns what was before. */
struct dispatch callbacks_begin(const struct op *op);
void callbacks_continue(struct dispatch before);

/* handles.c: the handles of this process. */
uint64_t handle_get(int slot);
void handle_set(int slot, uint64_t handle, bool is_quorum);
/* -1 if there is no such handle. */
int slot_find(uint64_t handle, bool is_quorum);

/* log.c */
void log_begin(unsigned int step);
void log_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_result(cs_error_t error);
void log_label(int name);
void log_name(const struct cpg_name *name);
void log_process(uint32_t nodeid, uint32_t pid);
void log_ring(uint32_t nodeid, uint64_t seq);
uint32_t sum_make(const void *data, size_t len);
const struct cpg_name *name_get(int name);

/* witness.c: a connection of its own, which is not logged. */
void witness_open(void);
void witness_close(void);
/* Waits until no group exists. */
void witness_wait_empty(void);
/*
 * Returns when each event that the calls so far have caused is pending. All
 * requests on other connections must have been read by the daemon.
 */
void witness_round(void);
/* Waits until this process is not a member of the group. */
void witness_wait_left(const struct cpg_name *name);

/* main.c */
extern int process_number;
extern struct shared {
	uint32_t pids[PROCESSES];
	uint32_t ring_node; /* the ring that was logged first */
	uint64_t ring_seq;
} *shared;
/* Ends this process, and all others with it. */
void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* Sleeps a little; false after some time in the same wait. */
bool wait_more(int *waited_ms);
/* The daemon may refuse a request for a while. */
bool is_later(cs_error_t error, int *waited_ms);
bool wait_readable(int fd);

#endif
