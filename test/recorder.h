/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Which errors do the functions answer, in all the tests? */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>

/*
 * Do not record what comes from now on: a daemon that answers with any number
 * says nothing about the function.
 */
void recorder_pause(bool pause);

#endif
