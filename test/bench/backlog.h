/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Events that are known to wait for a dispatch.
 */
#ifndef BENCH_BACKLOG_H
#define BENCH_BACKLOG_H

#include <corosync/cpg.h>

/*
 * The marker is a member of a group of its own. All groups have one order:
 * when its message is back, what the daemon took before has been queued.
 */
void marker_open(void);
void marker_close(void);

/* Send that many to the handle's own group; the daemon has taken them. */
void backlog_send(cpg_handle_t handle, unsigned long count);

/* Wait until all that was sent is queued for its receivers. */
void backlog_wait(void);

/* Dispatch ALL until all that was sent is delivered. */
void backlog_drain(cpg_handle_t handle);

#endif
