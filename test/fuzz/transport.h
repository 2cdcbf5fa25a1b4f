/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A transport that has one event at a time, linked instead of
 * lib/transport.c, and the daemon behind it: it says yes to everything.
 */
#ifndef FUZZ_TRANSPORT_H
#define FUZZ_TRANSPORT_H

#include "event.h"

/* What the daemon says this node is. */
#define TRANSPORT_NODEID 1

/* Let the event come. Its allocations fail from when it is taken. */
void transport_give(struct event *event);

/* Are all connections closed, and was the event taken? */
bool transport_is_idle(void);

#endif
