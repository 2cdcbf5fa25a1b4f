/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The kinds of events in the inputs of the cpg fuzzer. */
#ifndef CPG_EVENTS_H
#define CPG_EVENTS_H

#include "event.h"

extern const event_build_fn cpg_events_builds[EVENT_KINDS];

#endif
