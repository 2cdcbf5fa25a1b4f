/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* A log of the errors that the public functions return in the tests. */
#ifndef ERROR_LOG_H
#define ERROR_LOG_H

#include <stdbool.h>

/*
 * Do not log errors until this is called with false. For a daemon that replies
 * with arbitrary numbers: a function then returns errors that it never returns
 * with a real daemon.
 */
void error_log_pause(bool pause);

#endif
