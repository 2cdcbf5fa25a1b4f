/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The daemon's side of the cpg service, over the fake transport. */
#ifndef CPG_DAEMON_H
#define CPG_DAEMON_H

#include <corosync/cpg.h>
#include <stdatomic.h>
#include <stdint.h>

#include "../common/name.h"
#include "fake_transport.h"

/* The ids of requests. */
enum cpg_daemon_request {
	DAEMON_JOIN = 0,
	DAEMON_LEAVE = 1,
	DAEMON_MCAST = 2,
	DAEMON_MEMBERSHIP_GET = 3,
	DAEMON_LOCAL_GET = 4,
	DAEMON_ITERATION_INITIALIZE = 5,
	DAEMON_ITERATION_NEXT = 6,
	DAEMON_ITERATION_FINALIZE = 7,
	DAEMON_FINALIZE = 8,
	DAEMON_PARTIAL_MCAST = 12,
	DAEMON_REQUESTS,
};

#define DAEMON_NODEID 0x01020304
#define DAEMON_ITERATION UINT64_C(0x1122334455667788)

extern struct cpg_daemon {
	/* By request: the next @times replies have this error. */
	struct {
		_Atomic cs_error_t error;
		atomic_uint times;
	} refusals[DAEMON_REQUESTS];
	atomic_uint member_count; /* in the reply to membership get */
	atomic_uint iteration_name_length;
} cpg_daemon;

/* Fixtures; they include those of the fake transport. */
void cpg_daemon_setup(void);
void cpg_daemon_teardown(void);

/* Reply to the next @times requests of this id with the error. */
void cpg_daemon_refuse(enum cpg_daemon_request id, cs_error_t error,
		       unsigned int times);

/* The number of requests of this id so far. */
unsigned int cpg_daemon_count(enum cpg_daemon_request id);

/* The last request; it must have this id and size, and expect a reply. */
const struct fake_request *cpg_daemon_last(enum cpg_daemon_request id,
					   size_t size);

/* Open a handle, or one that has joined GROUP. Allocations are counted. */
cpg_handle_t cpg_open(cpg_callbacks_t *callbacks);
cpg_handle_t cpg_open_joined(cpg_callbacks_t *callbacks);
void cpg_close(cpg_handle_t handle);

#endif
