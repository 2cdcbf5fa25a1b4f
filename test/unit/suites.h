/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The test cases, by topic. CK_RUN_CASE selects one. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* Tests without a transport. */
TCase *error_case(void);
TCase *handle_case(void);
TCase *handle_fork_case(void);
TCase *cpg_decode_case(void);
TCase *cpg_assembly_case(void);
TCase *quorum_decode_case(void);

/* Tests with the fake transport. */
TCase *dispatch_case(void);
TCase *dispatch_wait_case(void);
TCase *dispatch_pace_case(void);
TCase *dispatch_nest_case(void);
TCase *dispatch_cancel_case(void);
TCase *client_case(void);
TCase *cpg_case(void);
TCase *cpg_event_case(void);
TCase *cpg_iteration_case(void);
TCase *cpg_mcast_case(void);
TCase *cpg_fragment_case(void);
TCase *quorum_case(void);

#endif
