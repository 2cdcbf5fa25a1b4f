/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_NAMES_H
#define CPGCAT_NAMES_H

#include <stdint.h>

/*
 * The names of nodes, from the daemon's configuration, if libcmap.so.4 can be
 * loaded and the daemon allows this user to read it.
 */

/* The name, which is valid until the next call, or NULL if there is none. */
const char *names_find(uint32_t nodeid);

/* Drops the names: the configuration may have changed. */
void names_reset(void);

#endif
