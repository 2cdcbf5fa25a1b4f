/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Failures in words, for an administrator. They contain only what the error and
 * a connection attempt show.
 */
#ifndef SESSION_REASON_H
#define SESSION_REASON_H

#include <corosync/corotypes.h>
#include <stddef.h>

/*
 * Describe why a connection to a service ("cpg", "quorum") or a request failed.
 * Connects to the service to find out, but does not wait for it.
 */
void reason_write(const char *service, cs_error_t error, char *ret_why,
		  size_t size);

/* Describe why a connection was lost. */
void reason_write_loss(cs_error_t error, char *ret_why, size_t size);

#endif
