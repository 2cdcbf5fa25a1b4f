/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_TEXT_H
#define CPGCAT_TEXT_H

#include <stddef.h>

/*
 * Prints bytes so that they cannot harm a terminal: what is printable in the
 * locale as it is, a backslash twice, and any other byte as \xHH.
 */
void text_print(const void *bytes, size_t len);

/* The local time, as in ISO 8601, in static storage. */
const char *text_time(void);

#endif
