/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Functions for all measurements: clocks, errors, /proc, results.
 */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <corosync/corotypes.h>
#include <stdbool.h>
#include <stddef.h>

/* True if the call succeeded, false if it must be retried later. */
#define TRY(call)    call_check(#call, call)
#define INSIST(call) while (!TRY(call)) pause_briefly()

/* For TRY. Any other error ends the program with a message. */
bool call_check(const char *call, cs_error_t error);

/* Sleep between two tries. */
void pause_briefly(void);

/* Wait until the descriptor is readable. */
void fd_wait(int fd);

/* In seconds. */
struct usage {
	double time;
	double client; /* CPU time of this process, user and system */
	double daemon; /* CPU time of the process $COROSYNC_PID */
};

/* Return the monotonic time in seconds. */
double time_get(void);

struct usage usage_get(void);
struct usage usage_since(const struct usage *begin);

/* Print the usage since @begin, per message, as results. */
void usage_print(const struct usage *begin, unsigned long messages);

/* Read the text, or the number, after "FIELD:" in a file of /proc. */
void field_read(const char *path, const char *field, char *text, size_t size);
double field_number(const char *path, const char *field);

/* Return the number of lines of a file. */
unsigned long lines_count(const char *path);

/* Return the nearest-rank percentile. Sorts the values. */
double percentile(double *values, size_t count, unsigned int percent);

/* calloc that ends the program on failure. */
void *array_make(size_t count, size_t size);

/* Parse a number of at least @min. Anything else ends the program. */
unsigned long number_parse(const char *text, unsigned long min);

/* Print a line, "NAME VALUE" or "NAME.NUMBER VALUE". */
void result_print(const char *name, double value);
void result_print_of(const char *name, unsigned long number, double value);

#endif
