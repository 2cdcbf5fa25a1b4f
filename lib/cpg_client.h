/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* One open cpg handle, for the files cpg*.c. */
#ifndef CPG_CLIENT_H
#define CPG_CLIENT_H

#include <corosync/cpg.h>

#include "client.h"
#include "cpg_assembly.h"

struct cpg_iteration;

/* In memory that processes share. */
struct cpg_shared {
	struct client_shared client;
	pthread_mutex_t group_lock;	/* client.h describes the locks */
	pthread_mutex_t send_lock;
	pthread_mutex_t iterations_lock;
	struct cpg_name group;		/* group_lock; valid if joined */
	uint32_t pid;			/* group_lock; of the process that
					   joined */
	bool has_left;			/* group_lock; any group, ever */
	atomic_bool joined;		/* written with group_lock held */
	struct cpg_address self;	/* recv_lock; nodeid 0: unknown */
};

struct cpg {
	struct client client;	/* its shared is a struct cpg_shared */
	cpg_model_v1_data_t model;	/* constant */
	struct cpg_assembly assembly;	/* recv_lock */
	struct cpg_iteration *iterations;	/* iterations_lock */
};

/* The part that processes share. */
static inline struct cpg_shared *cpg_shared(const struct cpg *cpg)
{
	return (struct cpg_shared *)cpg->client.shared;
}

extern const struct service cpg_service;

#endif
