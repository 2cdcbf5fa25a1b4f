/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Events that are known to be pending.
 */
#ifndef BENCH_BACKLOG_H
#define BENCH_BACKLOG_H

#include <corosync/cpg.h>

/*
 * The marker is a member of a group of its own. All groups share one order:
 * when the marker's message is delivered, all messages that the daemon read
 * before are queued.
 */
void marker_open(void);
void marker_close(void);

/* Send messages to the group, and wait until the daemon has read them. */
void backlog_send(cpg_handle_t handle, unsigned long count);

/* Wait until all messages are queued for their receivers. */
void backlog_wait(void);

/* Dispatch ALL until all messages are delivered. */
void backlog_drain(cpg_handle_t handle);

#endif
