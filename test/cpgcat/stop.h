/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_STOP_H
#define CPGCAT_STOP_H

#include <stdbool.h>

/* The signals that request the end, SIGINT and SIGTERM. */

void stop_catch(void);

bool stop_requested(void);

/* Waits for a signal, up to a time. True if one has arrived, now or before. */
bool stop_wait(int timeout_ms);

/* Readable when the first signal arrives; -1 after stop_requested. */
int stop_fd_get(void);

#endif
