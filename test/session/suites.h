/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The test cases, by topic. CK_RUN_CASE selects one. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

TCase *backlog_case(void);
TCase *close_case(void);
TCase *dispatch_case(void);
TCase *dispatch_threads_case(void);
TCase *forks_case(void);
TCase *group_case(void);
TCase *loss_case(void);
TCase *memory_case(void);
TCase *open_case(void);
TCase *reason_case(void);
TCase *reconnect_case(void);
TCase *send_case(void);

#endif
