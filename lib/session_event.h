/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The events of cpg and quorum, and the application's callbacks for them. The
 * thread that has the turn calls them, without the lock.
 */
#ifndef SESSION_EVENT_H
#define SESSION_EVENT_H

#include "session_state.h"

/* For cpg_model_initialize, with the group as context. */
void event_message(cpg_handle_t handle, const struct cpg_name *name,
		   uint32_t nodeid, uint32_t pid, void *msg, size_t len);
void event_change(cpg_handle_t handle, const struct cpg_name *name,
		  const struct cpg_address *members, size_t member_count,
		  const struct cpg_address *left, size_t left_count,
		  const struct cpg_address *joined, size_t joined_count);

/*
 * For quorum_model_initialize, with the session as context. Before the handle
 * is that of the link, the state is only stored in first_nodes.
 */
void event_quorum(quorum_handle_t handle, uint32_t quorate,
		  struct quorum_ring_id ring, uint32_t count,
		  const uint32_t *list);

/* Deliver a state. Takes the ownership of @nodes. */
void event_nodes(struct coro_session *session, struct nodes *nodes);

void event_connected(struct coro_session *session);
void event_disconnected(struct coro_session *session, cs_error_t error,
			const char *why);
void event_lost(struct coro_group *group, const struct coro_loss *loss);
void event_sendable(struct coro_group *group);

#endif
