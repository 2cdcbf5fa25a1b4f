/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "session_link.h"

static bool name_is(const struct coro_group *group, const void *name,
		    size_t len)
{
	return group->name.length == len &&
	       (len == 0 || memcmp(group->name.value, name, len) == 0);
}

static struct coro_group *group_find_name(const struct coro_session *session,
					  const void *name, size_t len)
{
	struct coro_group *group = session->groups;

	while (group != NULL && !name_is(group, name, len))
		group = group->next;
	return group;
}

static struct coro_group *group_create(struct coro_session *session,
				       const void *name, size_t len)
{
	struct coro_group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->session = session;
	group->id = session->next_id++;
	group->refs = 1;
	group->retry_ns = clock_ns();
	group->name.length = (uint32_t)len;
	if (len > 0)
		memcpy(group->name.value, name, len);
	*group_place(session, NULL) = group;
	return group;
}

/*
 * Whether only this thread can end the wait, by a dispatch. If the connection
 * is lost later, another thread has found that.
 */
static bool join_is_stuck(const struct coro_session *session, bool has_waited)
{
	if (session->link != LINK_LOST)
		return false;
	return turn_is_own(session) ||
	       (session->turn_depth == 0 && !has_waited);
}

/* Whether to wait on for the join; if not, *ret_error is its result. */
static bool join_is_pending(struct coro_session *session,
			    const struct coro_group *group, int64_t deadline_ns,
			    bool has_waited, cs_error_t *ret_error)
{
	if (session->is_closed)
		*ret_error = CS_ERR_BAD_HANDLE;
	else if (group->handle != 0)
		*ret_error = CS_OK;
	else if (session->link == LINK_ENDED)
		*ret_error = CS_ERR_LIBRARY;
	else if (group->error == CS_ERR_EXIST)
		*ret_error = CS_ERR_EXIST;
	else if (deadline_is_over(deadline_ns))
		*ret_error = CS_ERR_TIMEOUT;
	else if (deadline_ns == 0 && join_is_stuck(session, has_waited))
		*ret_error = CS_ERR_TRY_AGAIN;
	else
		return true;
	return false;
}

static cs_error_t group_join(struct coro_group *group, int timeout_ms)
{
	struct coro_session *session = group->session;
	int64_t deadline = deadline_make(timeout_ms);
	bool has_waited = false;
	cs_error_t error;

	link_advance(session);
	while (join_is_pending(session, group, deadline, has_waited, &error)) {
		session_wait(session, link_due(session), deadline);
		has_waited = true;
		link_advance(session);
	}
	return error == CS_ERR_TIMEOUT && timeout_ms == 0 ? CS_OK : error;
}

static cs_error_t session_join(struct coro_session *session, const void *name,
			       size_t len, struct coro_group **ret_group,
			       int timeout_ms)
{
	struct coro_group *group;
	cs_error_t error;

	if (group_find_name(session, name, len) != NULL)
		return CS_ERR_EXIST;
	group = group_create(session, name, len);
	if (group == NULL)
		return CS_ERR_NO_MEMORY;
	group_ref(group);
	error = group_join(group, timeout_ms);
	if (error == CS_OK)
		*ret_group = group;
	else if (!group->is_gone)
		group_remove(group);
	group_unref(group);
	return error;
}

EXPORT cs_error_t coro_join(struct coro_session *session, const void *name,
			    size_t len, struct coro_group **group,
			    int timeout_ms)
{
	struct session_use use;
	cs_error_t error;

	if (session == NULL || group == NULL || (name == NULL && len > 0))
		return CS_ERR_INVALID_PARAM;
	if (len > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	session_enter(session, &use);
	error = session_join(session, name, len, group, timeout_ms);
	session_leave(&use);
	return error;
}

/*
 * The daemon does not accept a leave before the join is complete, and cpg_leave
 * would wait for that without a limit of ours. The first event is the join.
 */
static bool join_await(cpg_handle_t handle, int64_t deadline_ns)
{
	struct pollfd pollfd = { .events = POLLIN };
	int count;

	if (cpg_fd_get(handle, &pollfd.fd) != CS_OK)
		return true;
	do
		count = poll(&pollfd, 1, deadline_left_ms(deadline_ns));
	while (count < 0 && errno == EINTR);
	return count != 0;
}

static cs_error_t handle_leave(struct coro_group *group, int64_t deadline_ns)
{
	struct coro_session *session = group->session;
	cpg_handle_t handle = group->handle;
	bool has_joined = group->is_member;
	cs_error_t error = CS_ERR_TRY_AGAIN;

	group->is_leaving = true;
	session_unlock(session);
	if (has_joined || join_await(handle, deadline_ns))
		error = cpg_leave(handle, &group->name);
	session_lock(session);
	group->is_leaving = false;
	return error;
}

static cs_error_t group_leave(struct coro_group *group, int timeout_ms)
{
	struct coro_session *session = group->session;
	int64_t deadline = deadline_make(timeout_ms);
	int64_t pause = 0;
	cs_error_t error;

	while (!session->is_closed && !group->is_gone) {
		if (session->link != LINK_UP || group->handle == 0) {
			group_remove(group);
			return CS_OK;
		}
		error = handle_leave(group, deadline);
		if (group->is_gone)
			break;
		if (error != CS_ERR_TRY_AGAIN && error != CS_ERR_BUSY) {
			group_remove(group);
			return CS_OK;
		}
		if (deadline_is_over(deadline))
			return CS_ERR_TIMEOUT;
		session_pause(session, &pause, deadline);
	}
	return CS_ERR_BAD_HANDLE;
}

EXPORT cs_error_t coro_leave(struct coro_group *group, int timeout_ms)
{
	struct session_use use;
	cs_error_t error;

	if (group == NULL)
		return CS_ERR_INVALID_PARAM;
	session_enter(group->session, &use);
	group_ref(group);
	error = group_leave(group, timeout_ms);
	group_unref(group);
	session_leave(&use);
	return error;
}

EXPORT void *coro_group_context(struct coro_group *group)
{
	return group->context;
}

EXPORT void coro_group_context_set(struct coro_group *group, void *context)
{
	group->context = context;
}

EXPORT const struct cpg_name *coro_group_name(struct coro_group *group)
{
	return &group->name;
}
