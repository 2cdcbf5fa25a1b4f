/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * For every test of this program: assertions on results, control of the daemon,
 * and a check that a test leaves nothing behind.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <check.h>
#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "../common/caller.h"
#include "../common/name.h"
#include "../common/process.h"
#include "../common/wait.h"

#define ARRAY_SIZE(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The result of the call, which is repeated while it is TRY_AGAIN. */
#define patiently(call)                                                        \
	({                                                                     \
		struct timespec patient_deadline = deadline_start();           \
		cs_error_t patient_err;                                        \
                                                                               \
		while ((patient_err = (call)) == CS_ERR_TRY_AGAIN)             \
			deadline_pause(&patient_deadline, #call);              \
		patient_err;                                                   \
	})

/* Fail the test unless the call, made once, returns @want. */
#define assert_cs(want, call)                                                  \
	result_assert(want, call, #call, __FILE__, __LINE__)

/* Fail the test unless the call, repeated while TRY_AGAIN, returns CS_OK. */
#define assert_ok(call)                                                        \
	result_assert(CS_OK, patiently(call), #call, __FILE__, __LINE__)

void result_assert(cs_error_t want, cs_error_t got, const char *what,
		   const char *file, int line);

/* A test case, in @suite, with the check for leaks around each test. */
TCase *case_add(Suite *suite, const char *name);

/* Wait until the shared memory of this client process is gone. */
void shm_assert_gone(pid_t pid);

/* Whether the daemon uses socket IPC, according to TEST_IPC. */
bool ipc_is_socket(void);

/* Whether valgrind runs the test: it is slow, and frees memory late. */
bool valgrind_is_there(void);

/* The value of the variable; ends the program if it is not set. */
const char *environment_get(const char *name);

/* The daemon's process id. */
pid_t daemon_pid(void);

/* Kill the daemon and wait for its end; stop it until daemon_continue. */
void daemon_kill(void);
void daemon_stop(void);
void daemon_continue(void);

/* Restart the daemon; kills it first if it is running. */
void daemon_restart(void);

/* Limit the numbers of new descriptors to less than @count; the maximum. */
void fds_limit(rlim_t count);
void fds_unlimit(void);

/* The lowest descriptor that is free. */
rlim_t fd_next(void);

/*
 * Call @handler for SIGALRM every @us microseconds until timer_stop. The signal
 * interrupts system calls.
 */
void timer_start(long us, void (*handler)(int));
void timer_stop(void);

#endif
