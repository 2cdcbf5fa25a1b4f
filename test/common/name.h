/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Names of groups. */
#ifndef NAME_H
#define NAME_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>

/* A name of these bytes. */
struct cpg_name name_make(const void *bytes, size_t len);

/* A name of this string, with garbage after it. */
struct cpg_name name_of(const char *string);

/* A name that no other test process uses. */
struct cpg_name name_unique(const char *suffix);

bool name_equal(const struct cpg_name *a, const struct cpg_name *b);

#endif
