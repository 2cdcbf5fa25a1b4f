/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The dispatch engine, which implements the four modes for all services.
 *
 * A dispatch receives and decodes an event under recv_lock, and calls the
 * callback with no lock held. So a callback may call every function, even a
 * dispatch or the finalize of its own handle. Any number of threads may
 * dispatch one handle; each event goes to one of them. Therefore every
 * dispatch has an event buffer of its own. The client keeps one spare buffer.
 *
 * While no event is pending, ONE and BLOCKING wait, with no lock held, in a
 * poll on the connection and on the client's wake fd. Under a sustained high
 * rate of events, BLOCKING sleeps on a short timer instead (pace.h), and
 * returns to poll within milliseconds when the rate falls.
 *
 * No dispatch misses a finalize. Finalize takes recv_lock, marks the client as
 * closing and writes to the wake fd, which is never read. If a dispatch got
 * the wake fd before that, its poll returns. If it takes recv_lock after that,
 * it finds the mark. A timer ends by itself.
 *
 * Processes that share a connection after fork share recv_lock, too. Each has
 * its own mark and wake fd. If another process finalizes, a dispatch returns
 * because the connection has ended.
 *
 * A thread can be canceled in a wait, in a callback and, in the modes that
 * wait, before each event; nowhere else. If it is canceled, or if a C++
 * callback throws, the dispatch releases everything that it holds.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "client.h"

/*
 * cpg_dispatch and quorum_dispatch. Returns CS_OK, CS_ERR_INVALID_PARAM (an
 * unknown mode), CS_ERR_BAD_HANDLE (not open, or finalized meanwhile),
 * CS_ERR_TRY_AGAIN (CS_DISPATCH_ONE_NONBLOCKING: no event is pending),
 * CS_ERR_LIBRARY (the daemon is gone) or CS_ERR_NO_MEMORY.
 */
cs_error_t dispatch_run(uint64_t handle, const struct service *service,
			cs_dispatch_flags_t mode);

#endif
