/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_GROUP_NAME_H
#define CPGCAT_GROUP_NAME_H

#include <corosync/cpg.h>
#include <stdbool.h>

/*
 * Converts an argument to the name of a group: hexadecimal digits, or text with
 * escapes. Returns NULL, or why the argument is no name.
 */
const char *group_name_parse(const char *text, bool hex, struct cpg_name *ret);

#endif
