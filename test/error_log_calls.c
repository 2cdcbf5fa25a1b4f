/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The functions of cpg and quorum, with a log of their errors. */

#include <corosync/cpg.h>
#include <corosync/quorum.h>

#include "error_log.h"

#define LOGGED(function, parameters, arguments)                                \
	ERROR_LOG_WRAP(function, parameters, __real_##function arguments)

LOGGED(cpg_initialize, (cpg_handle_t * handle, cpg_callbacks_t *callbacks),
       (handle, callbacks))
LOGGED(cpg_model_initialize,
       (cpg_handle_t * handle, cpg_model_t model, cpg_model_data_t *data,
	void *context),
       (handle, model, data, context))
LOGGED(cpg_finalize, (cpg_handle_t handle), (handle))
LOGGED(cpg_fd_get, (cpg_handle_t handle, int *fd), (handle, fd))
LOGGED(cpg_max_atomic_msgsize_get, (cpg_handle_t handle, uint32_t *size),
       (handle, size))
LOGGED(cpg_context_get, (cpg_handle_t handle, void **context),
       (handle, context))
LOGGED(cpg_context_set, (cpg_handle_t handle, void *context), (handle, context))
LOGGED(cpg_dispatch, (cpg_handle_t handle, cs_dispatch_flags_t mode),
       (handle, mode))
LOGGED(cpg_join, (cpg_handle_t handle, const struct cpg_name *group),
       (handle, group))
LOGGED(cpg_leave, (cpg_handle_t handle, const struct cpg_name *group),
       (handle, group))
LOGGED(cpg_mcast_joined,
       (cpg_handle_t handle, cpg_guarantee_t guarantee, const struct iovec *iov,
	unsigned int iov_len),
       (handle, guarantee, iov, iov_len))
LOGGED(cpg_membership_get,
       (cpg_handle_t handle, struct cpg_name *group,
	struct cpg_address *members, int *count),
       (handle, group, members, count))
LOGGED(cpg_local_get, (cpg_handle_t handle, unsigned int *nodeid),
       (handle, nodeid))
LOGGED(cpg_flow_control_state_get,
       (cpg_handle_t handle, cpg_flow_control_state_t *state), (handle, state))
LOGGED(cpg_zcb_alloc, (cpg_handle_t handle, size_t size, void **buffer),
       (handle, size, buffer))
LOGGED(cpg_zcb_free, (cpg_handle_t handle, void *buffer), (handle, buffer))
LOGGED(cpg_zcb_mcast_joined,
       (cpg_handle_t handle, cpg_guarantee_t guarantee, void *msg, size_t len),
       (handle, guarantee, msg, len))
LOGGED(cpg_iteration_initialize,
       (cpg_handle_t handle, cpg_iteration_type_t type,
	const struct cpg_name *group, cpg_iteration_handle_t *iteration),
       (handle, type, group, iteration))
LOGGED(cpg_iteration_next,
       (cpg_iteration_handle_t iteration,
	struct cpg_iteration_description_t *description),
       (iteration, description))
LOGGED(cpg_iteration_finalize, (cpg_iteration_handle_t iteration), (iteration))
LOGGED(quorum_initialize,
       (quorum_handle_t * handle, quorum_callbacks_t *callbacks,
	uint32_t *type),
       (handle, callbacks, type))
LOGGED(quorum_model_initialize,
       (quorum_handle_t * handle, quorum_model_t model,
	quorum_model_data_t *data, uint32_t *type, void *context),
       (handle, model, data, type, context))
LOGGED(quorum_finalize, (quorum_handle_t handle), (handle))
LOGGED(quorum_fd_get, (quorum_handle_t handle, int *fd), (handle, fd))
LOGGED(quorum_dispatch, (quorum_handle_t handle, cs_dispatch_flags_t mode),
       (handle, mode))
LOGGED(quorum_getquorate, (quorum_handle_t handle, int *quorate),
       (handle, quorate))
LOGGED(quorum_trackstart, (quorum_handle_t handle, unsigned int flags),
       (handle, flags))
LOGGED(quorum_trackstop, (quorum_handle_t handle), (handle))
LOGGED(quorum_context_set, (quorum_handle_t handle, const void *context),
       (handle, context))
LOGGED(quorum_context_get, (quorum_handle_t handle, const void **context),
       (handle, context))
