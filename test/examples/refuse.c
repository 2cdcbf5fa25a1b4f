/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * loops.test preloads this. The first call of each function that an example
 * must make again returns CS_ERR_TRY_AGAIN, as if corosync were busy.
 */

#define _GNU_SOURCE
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <dlfcn.h>
#include <stdatomic.h>

#define REFUSE_FIRST(name, parameters, arguments)              \
	cs_error_t name parameters                             \
	{                                                      \
		static atomic_bool was_called;                 \
		cs_error_t(*next) parameters;                  \
                                                               \
		if (!atomic_exchange(&was_called, 1))          \
			return CS_ERR_TRY_AGAIN;               \
		*(void **)&next = dlsym(RTLD_NEXT, #name);     \
		return next arguments;                         \
	}

REFUSE_FIRST(cpg_initialize,
	     (cpg_handle_t *handle, cpg_callbacks_t *callbacks),
	     (handle, callbacks))
REFUSE_FIRST(cpg_model_initialize,
	     (cpg_handle_t *handle, cpg_model_t model, cpg_model_data_t *data,
	      void *context),
	     (handle, model, data, context))
REFUSE_FIRST(cpg_local_get, (cpg_handle_t handle, unsigned int *nodeid),
	     (handle, nodeid))
REFUSE_FIRST(cpg_join, (cpg_handle_t handle, const struct cpg_name *group),
	     (handle, group))
REFUSE_FIRST(cpg_leave, (cpg_handle_t handle, const struct cpg_name *group),
	     (handle, group))
REFUSE_FIRST(cpg_mcast_joined,
	     (cpg_handle_t handle, cpg_guarantee_t guarantee,
	      const struct iovec *iovec, unsigned int iov_len),
	     (handle, guarantee, iovec, iov_len))
REFUSE_FIRST(quorum_initialize,
	     (quorum_handle_t *handle, quorum_callbacks_t *callbacks,
	      uint32_t *type),
	     (handle, callbacks, type))
REFUSE_FIRST(quorum_trackstart, (quorum_handle_t handle, unsigned int flags),
	     (handle, flags))
