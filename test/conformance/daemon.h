/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The private daemon, which COROSYNC_PID names and COROSYNC_RESTART starts.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

/* Both variables are set. */
bool daemon_is_known(void);

/* For cases. */
void daemon_stop(void);
void daemon_continue(void);
/* Returns when no process is left. */
void daemon_kill(void);

/* For the runner: the daemon runs afterwards; false on failure. */
bool daemon_repair(void);

#endif
