/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_JSON_H
#define CPGCAT_JSON_H

#include <stddef.h>

/*
 * Prints a member of an object, with a comma before it: the bytes as the string
 * "key" if they are valid UTF-8, otherwise their hexadecimal digits as
 * "key_hex".
 */
void json_bytes(const char *key, const void *bytes, size_t len);

#endif
