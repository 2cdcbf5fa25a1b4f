/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_CONNECTION_H
#define CPGCAT_CONNECTION_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <poll.h>
#include <stdbool.h>

/* The handles of one connection to the daemon; 0 if they are not open. */
struct connection {
	cpg_handle_t cpg;
	quorum_handle_t quorum;
	int cpg_fd, quorum_fd;
};

/* False if the daemon is gone, or a signal requests the end. */
bool connection_open(struct connection *connection,
		     const cpg_model_v1_data_t *model);

void connection_close(struct connection *connection);

/* Waits for events, a signal, and for what the caller adds. */
void connection_wait(const struct connection *connection,
		     struct pollfd *input, int timeout_ms);

/* Prints the pending events. */
void connection_dispatch(const struct connection *connection);

#endif
