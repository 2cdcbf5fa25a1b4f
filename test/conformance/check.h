/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What a case checks. A check that fails ends the process, with a message that
 * contains what was expected and what was seen. Before each check its text is
 * noted: if the process crashes, or has to be killed because it does not end,
 * the note shows where.
 */
#ifndef CHECK_H
#define CHECK_H

#include <corosync/corotypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses of a case. */
#define CASE_PASSES 0
#define CASE_FAILS 1
#define CASE_IS_SKIPPED 77

/* Memory that the processes of a case share with the program that runs it. */
struct check_report {
	int failures;
	char message[800];
	char note[200];
};

#define CHECK(condition)                                                    \
	do {                                                                \
		check_note(__FILE__, __LINE__, #condition);                 \
		if (!(condition))                                           \
			check_fail(__FILE__, __LINE__, "%s is not true",    \
				   #condition);                             \
	} while (0)

#define CHECK_CS(expected, call)                                            \
	do {                                                                \
		check_note(__FILE__, __LINE__, #call);                      \
		check_cs(__FILE__, __LINE__, #call, expected, call);        \
	} while (0)

/* Calls again while the daemon has no time: CS_ERR_TRY_AGAIN. */
#define CHECK_CS_LATER(expected, call)                                      \
	do {                                                                \
		cs_error_t check_err;                                       \
		check_note(__FILE__, __LINE__, #call);                      \
		while ((check_err = (call)) == CS_ERR_TRY_AGAIN)            \
			check_pause();                                      \
		check_cs(__FILE__, __LINE__, #call, expected, check_err);   \
	} while (0)

#define CHECK_OK(call) CHECK_CS_LATER(CS_OK, call)

#define CHECK_INT(expected, value)                                          \
	do {                                                                \
		check_note(__FILE__, __LINE__, #value);                     \
		check_int(__FILE__, __LINE__, #value, (long long)(expected),\
			  (long long)(value));                              \
	} while (0)

/* Waits until the condition is true. The time limit of the case ends it. */
#define WAIT_FOR(condition)                                                 \
	do {                                                                \
		check_note(__FILE__, __LINE__, "waiting for " #condition);  \
		while (!(condition))                                        \
			check_pause();                                      \
	} while (0)

/* NULL: there is no other program; failures are printed. */
void check_begin(struct check_report *report);
void check_note(const char *file, int line, const char *text);
void check_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void check_cs(const char *file, int line, const char *text,
	      cs_error_t expected, cs_error_t seen);
void check_int(const char *file, int line, const char *text,
	       long long expected, long long seen);
/* A property of the environment prevents the case. */
void check_skip(const char *reason) __attribute__((noreturn));
void check_pause(void);
const char *error_name(cs_error_t err);

/* A child of the case, which ends with it. 0 is returned in the child. */
pid_t child_start(void);
/* The child must exit with status 0. */
void child_wait(pid_t child);
void child_kill(pid_t child);

/* Seconds of a monotonic clock. */
double seconds_now(void);
int fds_count(void);

#endif
