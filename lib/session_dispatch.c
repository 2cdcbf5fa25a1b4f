/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <sys/epoll.h>

#include "export.h"
#include "session_event.h"
#include "session_link.h"

#define READY_MAX 16

/* One call of coro_dispatch. */
struct dispatch {
	struct session_use use;
	int64_t deadline_ns;	/* 0: none */
	bool has_turn;
	int outer_cancel_state;	/* that of the dispatch around it */
	unsigned int handled;	/* before the turn */
	struct epoll_event ready[READY_MAX];
	int ready_count;
};

/* The turn. */

static bool turn_is_free(const struct coro_session *session)
{
	return session->turn_depth == 0 || turn_is_own(session);
}

/* A canceled wait ends with the lock, and without the end of session_wait. */
static void turn_await_cancel(void *data)
{
	struct coro_session *session = data;

	session->waiters--;
	session_unlock(session);
}

static void turn_await(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;

	pthread_cleanup_push(turn_await_cancel, session);
	pthread_setcancelstate(dispatch->use.cancel_state, NULL);
	session_wait(session, 0, dispatch->deadline_ns);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_pop(0);
}

static bool turn_take(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;

	while (!turn_is_free(session)) {
		if (session->is_closed ||
		    deadline_is_over(dispatch->deadline_ns))
			return false;
		turn_await(dispatch);
	}
	session->turn_owner = pthread_self();
	session->turn_depth++;
	dispatch->outer_cancel_state = session->cancel_state;
	session->cancel_state = dispatch->use.cancel_state;
	dispatch->handled = session->handled;
	dispatch->has_turn = true;
	return true;
}

static void turn_give(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;

	dispatch->has_turn = false;
	session->cancel_state = dispatch->outer_cancel_state;
	if (--session->turn_depth == 0)
		session_wake(session);
}

/* The end of the call, or of the thread. */
static void dispatch_end(void *data)
{
	struct dispatch *dispatch = data;
	struct coro_session *session = dispatch->use.session;

	session_lock(session);
	if (dispatch->has_turn) {
		turn_give(dispatch);
		session->is_closing = false;
		session_timer_set(session);
	}
	session_leave(&dispatch->use);
}

/* Events. */

static void quorum_events(struct coro_session *session)
{
	quorum_handle_t handle = session->quorum;
	cs_error_t error;

	session_unlock(session);
	error = quorum_dispatch(handle, CS_DISPATCH_ALL);
	session_lock(session);
	if (error != CS_OK && session->quorum == handle)
		link_fail(session, error);
}

static void source_handle(struct coro_session *session, uint64_t id)
{
	struct coro_group *group;

	link_report(session);
	if (id == ID_QUORUM && session->quorum != 0) {
		quorum_events(session);
	} else if (id >= ID_GROUPS) {
		group = group_find(session, id);
		if (group != NULL && group->handle != 0)
			group_dispatch(group);
	}
}

static struct coro_group *sendable_find(struct coro_session *session)
{
	struct coro_group *group = session->groups;

	while (group != NULL &&
	       !(group->is_refused &&
		 group_is_sendable(session, group, group->refused_len) &&
		 clock_ns() >= group->refused_ns))
		group = group->next;
	return group;
}

static void sendable_report(struct coro_session *session)
{
	struct coro_group *group = sendable_find(session);

	if (group == NULL)
		return;
	group->is_refused = false;
	group_hold(group);
	session_unlock(session);
	pthread_cleanup_push(group_release, group);
	event_sendable(group);
	pthread_cleanup_pop(1);
	session_lock(session);
	sendable_report(session);
}

static void turn_use(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;

	link_advance(session);
	link_report(session);
	for (int i = 0; i < dispatch->ready_count; i++)
		source_handle(session, dispatch->ready[i].data.u64);
	if (session->link == LINK_LOST && !session->is_closing &&
	    !session->is_closed)
		link_close(session);
	sendable_report(session);
	session_timer_set(session);
}

/* Waits. */

static void ready_await(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;
	int left = deadline_left_ms(dispatch->deadline_ns);

	session_unlock(session);
	pthread_setcancelstate(dispatch->use.cancel_state, NULL);
	dispatch->ready_count = epoll_wait(session->epoll_fd, dispatch->ready,
					   READY_MAX, left);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	session_lock(session);
}

static bool dispatch_once(struct dispatch *dispatch)
{
	struct coro_session *session = dispatch->use.session;
	unsigned int handled;

	ready_await(dispatch);
	if (dispatch->ready_count <= 0 || !turn_take(dispatch))
		return false;
	turn_use(dispatch);
	handled = session->handled - dispatch->handled;
	turn_give(dispatch);
	return handled > 0;
}

static cs_error_t dispatch_run(struct dispatch *dispatch, int timeout_ms)
{
	struct coro_session *session = dispatch->use.session;
	bool has_handled;

	do {
		if (session->link == LINK_ENDED)
			return CS_ERR_LIBRARY;
		has_handled = dispatch_once(dispatch);
		if (session->is_closed)
			return CS_ERR_BAD_HANDLE;
		if (has_handled || timeout_ms == 0)
			return CS_OK;
	} while (!deadline_is_over(dispatch->deadline_ns));
	return CS_ERR_TIMEOUT;
}

EXPORT cs_error_t coro_dispatch(struct coro_session *session, int timeout_ms)
{
	struct dispatch dispatch = {
		.deadline_ns = deadline_make(timeout_ms),
	};
	cs_error_t error;

	session_enter(session, &dispatch.use);
	pthread_cleanup_push(dispatch_end, &dispatch);
	error = dispatch_run(&dispatch, timeout_ms);
	session_unlock(session);
	pthread_cleanup_pop(1);
	return error;
}
