/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The suites, one of each topic.
 */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

Suite *initialize_suite(void);
Suite *handles_suite(void);
Suite *arguments_suite(void);
Suite *fd_suite(void);
Suite *modes_suite(void);
Suite *waits_suite(void);
Suite *messages_suite(void);
Suite *group_suite(void);
Suite *membership_suite(void);
Suite *iteration_suite(void);
Suite *context_suite(void);
Suite *callbacks_suite(void);
Suite *quorum_suite(void);
Suite *stack_suite(void);
Suite *threads_suite(void);
Suite *finalize_suite(void);
Suite *rejoin_suite(void);
Suite *hostile_suite(void);
Suite *unfinished_suite(void);
Suite *descriptors_suite(void);
Suite *leaks_suite(void);
Suite *limits_suite(void);
Suite *users_suite(void);
Suite *crowd_suite(void);
Suite *forks_suite(void);
Suite *forks_use_suite(void);
Suite *signals_suite(void);
Suite *memory_suite(void);
Suite *client_killed_suite(void);
Suite *stress_suite(void);
Suite *stopped_suite(void);
Suite *daemon_killed_suite(void);
Suite *daemon_stops_under_load_suite(void);
Suite *restarts_suite(void);

#endif
