/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The connection of a session to corosync: its beginning, its end, and the
 * time until the next one. The lock is held for all functions; they release it
 * in between.
 */
#ifndef SESSION_LINK_H
#define SESSION_LINK_H

#include "session_state.h"

/* Do what is due: connect, and join the groups. Any thread. */
void link_advance(struct coro_session *session);

/* Call the callbacks for what link_advance did. The caller has the turn. */
void link_report(struct coro_session *session);

/* Deliver the pending events of a joined group. The caller has the turn. */
void group_dispatch(struct coro_group *group);

/*
 * Remove a group, and finalize its handle, if it has one. If the session is
 * closed, the member leaves the group first.
 */
void group_remove(struct coro_group *group);

/*
 * The link is lost: deliver the last events, and close all handles. The caller
 * has the turn.
 */
void link_close(struct coro_session *session);

/* When link_advance will have something to do; 0: not known. */
int64_t link_due(const struct coro_session *session);

#endif
