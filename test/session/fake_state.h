/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The state of the fake daemon, for its own files. */
#ifndef FAKE_STATE_H
#define FAKE_STATE_H

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

#include "fake.h"

#define FAKE_SLOTS   64
#define FAKE_EVENTS  2048
#define FAKE_MEMBERS 8
#define FAKE_GROUPS  8
#define FAKE_POOL    ((size_t)256 * 1024 * 1024)
#define FAKE_TIMES   64

struct fake_list {
	size_t count;
	struct cpg_address list[FAKE_MEMBERS];
};

enum fake_kind {
	FAKE_CHANGE,
	FAKE_MESSAGE,
	FAKE_NODES,
	FAKE_QUORUM
};

struct fake_event {
	enum fake_kind kind;
	/* A change. */
	struct fake_list members;
	struct fake_list left;
	struct fake_list joined;
	/* A message, in the pool. */
	struct cpg_address sender;
	size_t offset;
	size_t len;
	/* A state of the quorum. */
	uint32_t is_quorate;
	struct quorum_ring_id ring;
	uint32_t nodes[FAKE_MEMBERS];
	uint32_t node_count;
};

/* What a handle is for the daemon. */
struct fake_slot {
	bool is_used;
	bool is_dead;
	bool is_quorum;
	bool is_tracking;
	bool is_joined;
	bool join_held;
	struct cpg_name group;
	struct cpg_address member;
	struct fake_event events[FAKE_EVENTS];
	unsigned int first;
	unsigned int count;
};

/* What it is for a process. */
struct fake_handle {
	uint64_t handle; /* 0: not open */
	pid_t creator;
	int fd;
	int peer_fd;
	void *context;
	cpg_deliver_fn_t deliver;
	cpg_confchg_fn_t confchg;
	quorum_v1_quorum_notification_fn_t notify;
};

struct fake_group {
	struct cpg_name name;
	struct fake_list members;
};

/* An own message that is held. */
struct fake_flight {
	struct cpg_name group;
	struct fake_event event;
};

struct fake {
	pthread_mutex_t lock;
	uint64_t serial;
	bool is_up;
	struct fake_slot slots[FAKE_SLOTS];
	struct fake_group groups[FAKE_GROUPS];
	struct fake_event quorum; /* the state */
	struct fake_flight flights[FAKE_EVENTS];
	unsigned int flight_count;
	bool messages_held;
	bool joins_held;
	struct {
		int skip;
		int fail;
		cs_error_t error;
		unsigned int count;
		int64_t times[FAKE_TIMES];
		bool is_blocked;
		unsigned int blocked;
	} calls[FAKE_CALLS];
	int peer_result; /* 1: by the state of the daemon */
	uid_t peer_uid;
	size_t pool_used;
	_Alignas(8) char pool[FAKE_POOL];
};

/* Unlike ck_assert, this never allocates. */
#define fake_assert(condition)                                                 \
	do {                                                                   \
		if (!(condition))                                              \
			ck_abort_msg("%s", #condition);                        \
	} while (0)

extern struct fake *fake;
extern struct fake_handle fake_handles_open[FAKE_SLOTS];

/* A call begins: its time, its hook, its block. Returns its failure or CS_OK.
 */
cs_error_t fake_begin(enum fake_call call);

/* Below: the lock is held. */

void fake_lock(void);
void fake_unlock(void);

/* Opens a handle; 0 if no daemon is running. */
struct fake_handle *fake_open(bool is_quorum);

/* The handle, or NULL if it is not open. */
struct fake_handle *fake_get(uint64_t handle);
struct fake_slot *fake_slot(const struct fake_handle *handle);

/* Closes the handle. Takes the lock. */
cs_error_t fake_close(uint64_t handle);

/* Appends an event. */
void fake_push(struct fake_handle *handle, const struct fake_event *event);

/*
 * Takes the next event. Returns CS_ERR_TRY_AGAIN if there is none, or the
 * failure of the handle. Takes the lock.
 */
cs_error_t fake_pop(uint64_t handle, struct fake_event *ret_event,
		    struct fake_handle *ret_handle);

/* Its member leaves the group, if it is one. */
void fake_leave(struct fake_slot *slot, uint32_t reason);

/* Calls @deliver for events, according to the mode. */
cs_error_t fake_dispatch(uint64_t handle, cs_dispatch_flags_t mode,
			 void (*deliver)(const struct fake_handle *handle,
					 struct fake_event *event));

#endif
