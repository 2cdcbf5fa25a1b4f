/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What the tests do with the library: open and close, call from another
 * thread, and look at how much work it makes.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../daemon/events.h"
#include "../daemon/support.h"
#include "../unit/bytes.h"
#include "server.h"

#define MODES 4	/* CS_DISPATCH_ONE and on */

/* A case whose tests have a server each. */
TCase *fake_case_add(Suite *suite, const char *name);

/* Start the server and open a handle; one that has joined "a group". */
cpg_handle_t fake_open(void);
cpg_handle_t fake_open_joined(void);

/* Finalize has to answer @want; end the server. */
void fake_close(cpg_handle_t handle, cs_error_t want);

/* The group of fake_open_joined. */
extern const struct cpg_name fake_group;

/*
 * To initialize, in each way that the library of the planned service has, has
 * to answer @want, and to leave nothing behind if it fails.
 */
void initialize_assert(cs_error_t want);

/* The descriptor of the connection. */
int fake_fd(cpg_handle_t handle);

/* A multicast of a number; of that many bytes of zero. */
cs_error_t number_send(cpg_handle_t handle, uint32_t number);
cs_error_t zeroes_send(cpg_handle_t handle, size_t len);

/* cpg_local_get; the answer has to be SERVER_NODEID. */
cs_error_t local_ask(cpg_handle_t handle);

/* Start a thread that makes the call, and wait until it sleeps there. */
void caller_start_asleep(struct caller *caller, run_fn run, uint64_t handle);
void caller_dispatch_asleep(struct caller *caller, uint64_t handle,
			    cs_dispatch_flags_t mode);

/* For a while this process has next to nothing to do. */
void idle_assert(void);

/* The processor time of this process so far, in milliseconds. */
long cpu_ms(void);

#endif
