/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A fake daemon, and the functions of cpg and quorum that sessions call, which
 * the test controls. Its state is shared with children of fork, as the state of
 * a daemon is. The functions never allocate memory.
 *
 * The fake daemon is node 1. It completes each join at once, and each message
 * comes back at once, unless the test holds them.
 */
#ifndef FAKE_H
#define FAKE_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_NODEID 1

enum fake_call {
	FAKE_QUORUM_INITIALIZE,
	FAKE_QUORUM_TRACKSTART,
	FAKE_QUORUM_DISPATCH,
	FAKE_QUORUM_FD_GET,
	FAKE_QUORUM_FINALIZE,
	FAKE_CPG_INITIALIZE,	/* without a model, for the node id */
	FAKE_CPG_LOCAL_GET,
	FAKE_CPG_MODEL_INITIALIZE,
	FAKE_CPG_JOIN,
	FAKE_CPG_LEAVE,
	FAKE_CPG_MCAST,
	FAKE_CPG_MCAST_END,	/* after it was sent */
	FAKE_CPG_DISPATCH,
	FAKE_CPG_FD_GET,
	FAKE_CPG_FINALIZE,
	FAKE_PEER,		/* handshake_peer */
	FAKE_CALLS
};

/* A daemon that runs. The handles of the last test must be closed. */
void fake_setup(void);

/* The number of handles that are open in this process. */
unsigned int fake_handles(void);

/*
 * Calls. The next @count of them return @error, and do nothing; -1: all. A
 * session calls some functions several times; @skip of them succeed first.
 */
void fake_fail(enum fake_call call, cs_error_t error, int count);
void fake_fail_later(enum fake_call call, int skip, cs_error_t error,
		     int count);
unsigned int fake_calls(enum fake_call call);

/* When the last calls began, on CLOCK_MONOTONIC; 0: the first call. */
int64_t fake_time_ns(enum fake_call call, unsigned int index);

/* The calls wait until fake_unblock. fake_blocked: how many wait now. */
void fake_block(enum fake_call call);
void fake_unblock(enum fake_call call);
unsigned int fake_blocked(enum fake_call call);

/* At the begin of the next call, once. */
void fake_hook(enum fake_call call, void (*hook)(void));

/* What handshake_peer returns, if no daemon is running or else. */
void fake_peer(int result, uid_t uid);

/* The daemon ends: pending events can still be dispatched. It starts again. */
void fake_die(void);
void fake_start(void);

/* The connection of quorum, or of the groups, is lost. */
void fake_drop(bool is_quorum);

/* The quorum changes. */
void fake_quorum(bool is_quorate, uint64_t seq, const uint32_t *nodes,
		 uint32_t count);

/* Another process joins or leaves the group, which need not have members. */
void fake_enter(const char *group, uint32_t nodeid, uint32_t pid);
void fake_exit(const char *group, uint32_t nodeid, uint32_t pid,
	       uint32_t reason);

/* Hold the joins from now on, or complete those that were held. */
void fake_hold_joins(bool hold);

/* A message of another process. */
void fake_message(const char *group, uint32_t nodeid, uint32_t pid,
		  const void *bytes, size_t len);

/* Hold own messages from now on; or let the oldest ones come back, or not. */
void fake_hold_messages(bool hold);
void fake_return(unsigned int count);
void fake_discard(unsigned int count);

#endif
