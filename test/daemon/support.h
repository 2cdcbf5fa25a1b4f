/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What every test of this program needs: waits with a deadline, assertions
 * on results, and a check that nothing is left behind.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <check.h>
#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../common/caller.h"
#include "../common/name.h"
#include "../common/process.h"
#include "../common/wait.h"

#define ARRAY_SIZE(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The result of the call, repeated for as long as it is TRY_AGAIN. */
#define patiently(call)                                                        \
	({                                                                     \
		struct timespec patient_deadline = deadline_start();           \
		cs_error_t patient_err;                                        \
                                                                               \
		while ((patient_err = (call)) == CS_ERR_TRY_AGAIN)             \
			deadline_pause(&patient_deadline, #call);              \
		patient_err;                                                   \
	})

/* Fail the test unless the call, made once, answers @want. */
#define assert_cs(want, call)                                                  \
	result_assert(want, call, #call, __FILE__, __LINE__)

/* Fail the test unless the call, repeated while TRY_AGAIN, answers CS_OK. */
#define assert_ok(call)                                                        \
	result_assert(CS_OK, patiently(call), #call, __FILE__, __LINE__)

void result_assert(cs_error_t want, cs_error_t got, const char *what,
		   const char *file, int line);

/* A test case, in @suite, with the check for leaks around each test. */
TCase *case_add(Suite *suite, const char *name);

/* Fail unless the shared memory of that client process is gone in time. */
void shm_assert_gone(pid_t pid);

/* Does the daemon use libqb's socket transport, says TEST_IPC? */
bool ipc_is_socket(void);

/* Where all is slow, and memory is kept for a while. */
bool valgrind_is_there(void);

/* The environment variable, without which the program cannot run. */
const char *environment_get(const char *name);

/* The daemon's process id. */
pid_t daemon_pid(void);

/* End it, and wait until it is gone; stop it, until daemon_continue. */
void daemon_kill(void);
void daemon_stop(void);
void daemon_continue(void);

/* Start the daemon anew, killing it first if it lives. */
void daemon_restart(void);

/*
 * Have @handler called with SIGALRM every @us microseconds until timer_stop,
 * interrupting system calls.
 */
void timer_start(long us, void (*handler)(int));
void timer_stop(void);

#endif
