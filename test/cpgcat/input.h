/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_INPUT_H
#define CPGCAT_INPUT_H

#include <stdbool.h>
#include <sys/uio.h>

/* The lines of standard input. */

/* Reads more input; to be called when there is some, or its end. */
void input_read(void);

/* Finds the next line, without its newline. False if more has to be read. */
bool input_line(struct iovec *ret_line);

/* Removes the line that input_line has found. */
void input_line_done(void);

/* Whether the end was read; whether no line is left as well. */
bool input_has_ended(void);
bool input_is_done(void);

#endif
