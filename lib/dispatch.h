/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The dispatch engine: the only place that knows the four modes.
 *
 * A dispatch receives and decodes an event under recv_lock, and calls the
 * application with no lock held: from inside a callback every function may
 * be called, another dispatch and the handle's finalize included, and any
 * number of threads may dispatch one handle, each event going to one of
 * them. For that every dispatch has an event buffer of its own; the client
 * keeps one spare.
 *
 * While nothing is pending ONE and BLOCKING wait, with no lock held, in a
 * poll on the connection and on the client's wake fd. Under a sustained high
 * rate of events BLOCKING sleeps on a short timer instead (pace.h), and goes
 * back to poll after a few timers without an event. Finalize takes
 * recv_lock, marks the client closing and writes to the wake fd, which is
 * never read: a dispatcher has either made the wake fd before, and its poll
 * returns, or takes recv_lock after, and sees the mark. A timer ends by itself.
 *
 * Processes that share the connection after fork take recv_lock in turn, too.
 * The mark and the wake fd are each process's own: dispatchers of another
 * process see that the connection has ended.
 *
 * A thread can be cancelled in the wait and in a callback, nowhere else;
 * then, and when a C++ callback throws, everything is given back.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "client.h"

/*
 * cpg_dispatch and quorum_dispatch. CS_ERR_INVALID_PARAM, CS_ERR_BAD_HANDLE
 * (also finalized meanwhile), CS_ERR_TRY_AGAIN (CS_DISPATCH_ONE_NONBLOCKING,
 * nothing pending), CS_ERR_LIBRARY, CS_ERR_NO_MEMORY.
 */
cs_error_t dispatch_run(uint64_t handle, const struct service *service,
			cs_dispatch_flags_t mode);

#endif
