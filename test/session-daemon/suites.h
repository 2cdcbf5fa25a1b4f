/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef SUITES_H
#define SUITES_H

#include <check.h>

Suite *use_suite(void);
Suite *deadlines_suite(void);
Suite *words_suite(void);
Suite *threads_suite(void);
Suite *forks_suite(void);
Suite *loops_suite(void);
Suite *restarts_suite(void);

#endif
