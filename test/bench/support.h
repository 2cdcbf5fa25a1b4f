/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What every measurement needs: clocks, errors, /proc, results.
 */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <corosync/corotypes.h>
#include <stdbool.h>
#include <stddef.h>

/* True if it succeeded, false if it has to be tried again later. */
#define TRY(call)    call_check(#call, call)
#define INSIST(call) while (!TRY(call)) pause_briefly()

/* Any error that does not mean "later" ends the program with a message. */
bool call_check(const char *call, cs_error_t error);

/* The sleep between two tries. */
void pause_briefly(void);

/* Wait until the descriptor is readable. */
void fd_wait(int fd);

/* Seconds: of the clock, and of processor time used so far. */
struct usage {
	double time;
	double client; /* this process, user and system */
	double daemon; /* the process $COROSYNC_PID */
};

/* Seconds of the clock alone. */
double time_get(void);

struct usage usage_get(void);
struct usage usage_since(const struct usage *begin);

/* The first word after "FIELD:" in a file of /proc. */
void field_read(const char *path, const char *field, char *text, size_t size);
double field_number(const char *path, const char *field);

/* The number of lines of a file. */
unsigned long lines_count(const char *path);

/* The nearest-rank percentile; sorts the values. */
double percentile(double *values, size_t count, unsigned int percent);

/* calloc that ends the program instead of failing. */
void *array_make(size_t count, size_t size);

/* A number from @min on; ends the program if the text is anything else. */
unsigned long number_parse(const char *text, unsigned long min);

/* One line of output, "NAME VALUE", or "NAME.NUMBER VALUE". */
void result_print(const char *name, double value);
void result_print_of(const char *name, unsigned long number, double value);

#endif
