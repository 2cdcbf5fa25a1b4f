/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * How the tests use the library: they open and close handles, make calls in
 * other threads, and measure CPU time.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../daemon/events.h"
#include "../daemon/support.h"
#include "../unit/bytes.h"
#include "server.h"

#define MODES 4 /* from CS_DISPATCH_ONE on */

/* Add a test case; each of its tests has a server of its own. */
TCase *fake_case_add(Suite *suite, const char *name);

/* Start the server and open a handle, or one that has joined fake_group. */
cpg_handle_t fake_open(void);
cpg_handle_t fake_open_joined(void);

/* Finalize the handle, which has to return @want, and end the server. */
void fake_close(cpg_handle_t handle, cs_error_t want);

/* The group of fake_open_joined. */
extern const struct cpg_name fake_group;

/*
 * Each initialize function of the planned service has to return @want, and must
 * leave nothing behind if it fails.
 */
void initialize_assert(cs_error_t want);

/* The descriptor of the connection. */
int fake_fd(cpg_handle_t handle);

/* Multicast a number; multicast @len zeros. */
cs_error_t number_send(cpg_handle_t handle, uint32_t number);
cs_error_t zeroes_send(cpg_handle_t handle, size_t len);

/*
 * Multicast the numbers from numbers_sent to NUMBERS - 1, and count them in
 * numbers_sent; stop at an error.
 */
#define NUMBERS 10000
extern atomic_uint numbers_sent;
cs_error_t numbers_send(uint64_t handle);

/* Call cpg_local_get; on success, the result must be SERVER_NODEID. */
cs_error_t local_ask(cpg_handle_t handle);

/* Start a thread that makes the call, and wait until it sleeps there. */
void caller_start_asleep(struct caller *caller, run_fn run, uint64_t handle);
void caller_dispatch_asleep(struct caller *caller, uint64_t handle,
			    cs_dispatch_flags_t mode);

/* Fail unless this process uses almost no CPU time for a while. */
void idle_assert(void);

/* The CPU time of this process so far, in milliseconds. */
long cpu_ms(void);

#endif
