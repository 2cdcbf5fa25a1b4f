/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* One open cpg handle, as the cpg*.c files share it. */
#ifndef CPG_CLIENT_H
#define CPG_CLIENT_H

#include <corosync/cpg.h>

#include "client.h"
#include "cpg_assembly.h"

struct cpg_iteration;

/* In memory that processes share. */
struct cpg_shared {
	struct client_shared client;
	pthread_mutex_t group_lock;	/* from a join or leave to its reply;
					   before client.call_lock */
	pthread_mutex_t send_lock;	/* from the first fragment of a message
					   to the last; before
					   client.call_lock */
	pthread_mutex_t iterations_lock;
	struct cpg_name group;		/* group_lock; if joined */
	uint32_t pid;			/* group_lock; of the process that
					   joined */
	bool has_left;			/* group_lock; a group, at any time */
	atomic_bool joined;		/* written with group_lock held */
	struct cpg_address self;	/* client.recv_lock; id 0: unknown */
};

struct cpg {
	struct client client;	/* its shared is a struct cpg_shared */
	cpg_model_v1_data_t model;	/* constant */
	struct cpg_assembly assembly;	/* client.recv_lock */
	struct cpg_iteration *iterations;	/* iterations_lock */
};

/* What the processes share of it. */
static inline struct cpg_shared *cpg_shared(const struct cpg *cpg)
{
	return (struct cpg_shared *)cpg->client.shared;
}

extern const struct service cpg_service;

#endif
