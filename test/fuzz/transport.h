/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A transport that has one event at a time, linked instead of
 * lib/transport.c, and a daemon that replies to each request with success.
 */
#ifndef FUZZ_TRANSPORT_H
#define FUZZ_TRANSPORT_H

#include "event.h"

/* The node id in the daemon's replies. */
#define TRANSPORT_NODEID 1

/* Make the event pending. Its allocations fail after it was taken. */
void transport_give(struct event *event);

/* Whether all connections are closed and the event was taken. */
bool transport_is_idle(void);

#endif
