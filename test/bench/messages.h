/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Members of groups, and messages from them. All of one process, so that a
 * callback has nothing to look up.
 */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

#include <corosync/cpg.h>
#include <stdalign.h>
#include <stdbool.h>

/* A sender and a dispatcher may be two threads: one cache line for each. */
struct messages {
	struct iovec message;
	alignas(64) unsigned long sent;
	alignas(64) unsigned long delivered;
};

extern struct messages messages;

/* A group that no other process, and no other number, has. */
struct cpg_name group_name(unsigned long number);

/* A handle that has joined, and has dispatched nothing. */
cpg_handle_t member_start(const struct cpg_name *group,
			  cpg_deliver_fn_t deliver);

/* The same, but its own join has been dispatched. */
cpg_handle_t member_open(const struct cpg_name *group,
			 cpg_deliver_fn_t deliver);

/* Begin again, with messages of that size. */
void messages_begin(size_t size);

/* Send the next message. False: it has to be tried again later. */
bool message_send(cpg_handle_t handle);

/* The callback that counts, and insists on the size. */
void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
		     uint32_t nodeid, uint32_t pid, void *data, size_t len);

/* The same, and each message has to be the next one of one sender. */
void message_deliver_ordered(cpg_handle_t handle, const struct cpg_name *group,
			     uint32_t nodeid, uint32_t pid, void *data,
			     size_t len);

/* In one thread: send as much as goes, dispatch ALL, until all is back. */
void messages_pass(cpg_handle_t handle, unsigned long count);

#endif
