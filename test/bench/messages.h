/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Members of groups, and messages from them. One struct for the whole process,
 * so that callbacks need no lookup.
 */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

#include <corosync/cpg.h>
#include <stdalign.h>
#include <stdbool.h>

/* The sender and the dispatcher may be two threads: one cache line for each. */
struct messages {
	struct iovec message;
	alignas(64) unsigned long sent;
	alignas(64) unsigned long delivered;
};

extern struct messages messages;

/* Return the name of a group, unique for this process and the number. */
struct cpg_name group_name(unsigned long number);

/* Return a handle that has joined, and has dispatched no event. */
cpg_handle_t member_start(const struct cpg_name *group,
			  cpg_deliver_fn_t deliver);

/* Return a handle that has joined, and has dispatched its join event. */
cpg_handle_t member_open(const struct cpg_name *group,
			 cpg_deliver_fn_t deliver);

/* Reset the counters, and use messages of @size bytes. */
void messages_begin(size_t size);

/* Send the next message. Returns false if this must be retried later. */
bool message_send(cpg_handle_t handle);

/* A callback that counts messages, and checks their size. */
void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
		     uint32_t nodeid, uint32_t pid, void *data, size_t len);

/* The same for one sender; also checks the order of its messages. */
void message_deliver_ordered(cpg_handle_t handle, const struct cpg_name *group,
			     uint32_t nodeid, uint32_t pid, void *data,
			     size_t len);

/*
 * In one thread: send until the daemon refuses, dispatch ALL, and repeat until
 * @count messages are delivered.
 */
void messages_pass(cpg_handle_t handle, unsigned long count);

#endif
