/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The suites, one of each topic. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

Suite *file_sockets_suite(void);
Suite *handshake_suite(void);
Suite *impostor_suite(void);
Suite *rings_suite(void);
Suite *sockets_suite(void);
Suite *doorbell_suite(void);
Suite *malformed_suite(void);
Suite *death_suite(void);
Suite *requests_suite(void);
Suite *replies_suite(void);
Suite *refusals_suite(void);
Suite *killed_suite(void);
Suite *versions_suite(void);

#endif
