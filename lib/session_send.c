/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "export.h"
#include "process.h"
#include "session_link.h"

/* What cpg sends in one request. An error means that it was not sent. */
#define WHOLE_MAX 1047552

/* How often a child of fork checks whether its parent has ended. */
#define HEIR_NS 1000000000

/* One call of coro_send. */
struct send {
	struct coro_group *group;
	const struct iovec *iov;
	size_t count;
	struct backlog_mark mark;
	int64_t deadline_ns;	/* 0: none */
	int64_t pause_ns;	/* after the last refusal; 0: none */
	int64_t begin_ns;	/* of the wait; 0: there is none */
};

static cs_error_t iov_check(const struct iovec *iov, size_t count)
{
	uint64_t size = 0;

	if (iov == NULL && count > 0)
		return CS_ERR_INVALID_PARAM;
	for (size_t i = 0; i < count; i++)
		if ((iov[i].iov_base == NULL && iov[i].iov_len > 0) ||
		    __builtin_add_overflow(size, iov[i].iov_len, &size))
			return CS_ERR_INVALID_PARAM;
	return size > UINT32_MAX || count > UINT32_MAX ? CS_ERR_TOO_BIG : CS_OK;
}

/*
 * The process that joined counts the messages, as it is the one that receives
 * them. When it has ended, as after daemon(3), a child takes its place.
 */
static bool is_counted(struct coro_group *group)
{
	int64_t now;

	if (group->process == process_id())
		return true;
	now = clock_ns();
	if (now < group->heir_ns)
		return false;
	group->heir_ns = now + HEIR_NS;
	if (kill((pid_t)group->pid, 0) == 0 || errno != ESRCH)
		return false;
	group->process = process_id();
	return true;
}

static void backlog_note(struct coro_session *session, size_t bytes)
{
	session->has_progress |= session->backlog_bytes == 0;
	session->backlog_bytes += bytes;
	session->has_credit = false;
	if (session->backlog_bytes <= session->options.backlog_max)
		return;
	session->has_progress = true;
	session->has_stalled = true;
}

static cs_error_t count_begin(struct send *send, uint64_t *ret_begin)
{
	struct coro_group *group = send->group;

	*ret_begin = 0;
	if (!is_counted(group))
		return CS_OK;
	*ret_begin = backlog_begin(&group->backlog, &send->mark);
	if (*ret_begin == 0)
		return CS_ERR_NO_MEMORY;
	backlog_note(group->session, send->mark.len + BACKLOG_OVERHEAD);
	return CS_OK;
}

static void count_cancel(struct coro_group *group, uint64_t begin)
{
	struct coro_session *session = group->session;

	session->backlog_bytes -= group->backlog.bytes;
	backlog_cancel(&group->backlog, begin);
	session->backlog_bytes += group->backlog.bytes;
}

/*
 * The result of a multicast. CS_ERR_TRY_AGAIN: it was not sent, and may be sent
 * later.
 */
static cs_error_t result_make(const struct send *send, cpg_handle_t handle,
			      cs_error_t error)
{
	struct coro_group *group = send->group;

	switch (error) {
	case CS_OK:
		return group->handle == handle ? CS_OK : CS_ERR_INTERRUPT;
	case CS_ERR_TRY_AGAIN:
	case CS_ERR_INTERRUPT:
	case CS_ERR_BAD_HANDLE:
	case CS_ERR_NOT_EXIST:
		return CS_ERR_TRY_AGAIN;
	case CS_ERR_LIBRARY:
		if (group->handle == handle)
			link_fail(group->session, error);
		return send->mark.len <= WHOLE_MAX ? CS_ERR_TRY_AGAIN :
						     CS_ERR_INTERRUPT;
	default:
		return error;
	}
}

static void sent_note(struct coro_session *session, const struct send *send)
{
	session->stats.sent++;
	session->stats.sent_bytes += send->mark.len;
}

static cs_error_t send_once(struct send *send)
{
	struct coro_group *group = send->group;
	struct coro_session *session = group->session;
	cpg_handle_t handle = group->handle;
	uint64_t begin;
	cs_error_t error = count_begin(send, &begin);

	if (error != CS_OK)
		return error;
	session_unlock(session);
	error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, send->iov,
				 (unsigned int)send->count);
	session_lock(session);
	error = result_make(send, handle, error);
	if (error == CS_OK)
		backlog_end(&group->backlog, begin);
	else
		count_cancel(group, begin);
	if (error == CS_OK)
		sent_note(session, send);
	return error;
}

static cs_error_t send_check(const struct send *send)
{
	struct coro_session *session = send->group->session;

	if (session->is_closed || send->group->is_gone)
		return CS_ERR_BAD_HANDLE;
	return session->link == LINK_ENDED ? CS_ERR_LIBRARY : CS_OK;
}

/* When "sendable" may be called, after a refusal by the daemon. */
static void refused_note(struct send *send)
{
	struct coro_group *group = send->group;

	group->is_refused = true;
	group->refused_len = send->mark.len;
	group->refused_ns = clock_ns() + send->pause_ns;
	session_timer_set(group->session);
}

/* In a callback: only this thread can end the wait, by a dispatch. */
static bool send_is_stuck(const struct send *send)
{
	const struct coro_group *group = send->group;
	const struct coro_session *session = group->session;

	return turn_is_own(session) &&
	       (session->link == LINK_LOST ||
		(group->has_lost && !group->is_member));
}

/* Returns CS_OK if the message can wait, or else why not. */
static cs_error_t wait_check(const struct send *send)
{
	if (deadline_is_over(send->deadline_ns))
		return CS_ERR_TIMEOUT;
	return send->deadline_ns == 0 && send_is_stuck(send) ?
		       CS_ERR_TRY_AGAIN :
		       CS_OK;
}

static void send_await(struct send *send)
{
	struct coro_session *session = send->group->session;

	if (send->begin_ns == 0)
		send->begin_ns = clock_ns();
	if (send->pause_ns != 0)
		session_wait(session, clock_ns() + send->pause_ns,
			     send->deadline_ns);
	else
		session_wait(session,
			     time_first(link_due(session),
					clock_ns() + PAUSE_MAX_NS),
			     send->deadline_ns);
}

static cs_error_t send_run(struct send *send)
{
	struct coro_session *session = send->group->session;
	cs_error_t error;

	for (;;) {
		error = send_check(send);
		if (error != CS_OK)
			return error;
		if (group_is_sendable(session, send->group, send->mark.len)) {
			error = send_once(send);
			if (error != CS_ERR_TRY_AGAIN)
				return error;
			send->pause_ns = pause_next(send->pause_ns,
						    PAUSE_MIN_NS, PAUSE_MAX_NS);
		}
		error = wait_check(send);
		if (error != CS_OK) {
			refused_note(send);
			return error;
		}
		send_await(send);
		link_advance(session);
	}
}

static void wait_note(struct coro_session *session, const struct send *send)
{
	if (send->begin_ns == 0)
		return;
	session->stats.waits++;
	session->stats.wait_ns += (uint64_t)(clock_ns() - send->begin_ns);
}

EXPORT cs_error_t coro_send(struct coro_group *group, const struct iovec *iov,
			    size_t count, int timeout_ms)
{
	struct send send = { .group = group, .iov = iov, .count = count };
	struct session_use use;
	cs_error_t error;

	if (group == NULL)
		return CS_ERR_INVALID_PARAM;
	error = iov_check(iov, count);
	if (error != CS_OK)
		return error;
	send.mark = backlog_mark_iov(iov, count);
	send.deadline_ns = deadline_make(timeout_ms);
	session_enter(group->session, &use);
	group_ref(group);
	error = send_run(&send);
	wait_note(group->session, &send);
	group_unref(group);
	session_leave(&use);
	return error;
}
