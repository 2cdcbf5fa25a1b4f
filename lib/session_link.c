/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "session_event.h"
#include "session_link.h"
#include "session_reason.h"

/* The random part of a pause is one in so many of it. */
#define JITTER 5

#define MILLISECOND_NS 1000000

/* What link_open has opened, or why it failed. */
struct attempt {
	quorum_handle_t quorum;
	uint32_t nodeid;
	const char *service;	/* that has failed */
	cs_error_t error;
};

static int64_t retry_make(const struct coro_session *session, int64_t *pause_ns)
{
	*pause_ns = pause_next(*pause_ns,
			       (int64_t)session->options.retry_min_ms *
				       MILLISECOND_NS,
			       (int64_t)session->options.retry_max_ms *
				       MILLISECOND_NS);
	return clock_ns() + *pause_ns +
	       (int64_t)(process_random() % (uint64_t)(*pause_ns / JITTER + 1));
}

static void failure_keep(struct coro_session *session, const char *service,
			 cs_error_t error)
{
	char why[WHY_SIZE];

	session_unlock(session);
	reason_write(service, error, why, sizeof(why));
	session_lock(session);
	memcpy(session->why, why, sizeof(why));
}

/* To connect. */

static cs_error_t nodeid_get(uint32_t *ret_nodeid)
{
	cpg_handle_t handle;
	cs_error_t error = cpg_initialize(&handle, NULL);

	if (error != CS_OK)
		return error;
	error = cpg_local_get(handle, ret_nodeid);
	cpg_finalize(handle);
	return error;
}

/* corosync sends the list of nodes and then the state of the quorum at once. */
static cs_error_t quorum_track(struct coro_session *session,
			       quorum_handle_t handle)
{
	cs_error_t error = quorum_trackstart(handle, CS_TRACK_CURRENT |
							     CS_TRACK_CHANGES);

	for (int i = 0; i < 2 && error == CS_OK; i++)
		error = quorum_dispatch(handle, CS_DISPATCH_ONE);
	return error == CS_OK && session->first_nodes == NULL ?
		       CS_ERR_NO_MEMORY :
		       error;
}

static void link_open(struct coro_session *session, struct attempt *attempt)
{
	quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = event_quorum,
	};

	*attempt = (struct attempt){ .service = "quorum" };
	free(session->first_nodes);
	session->first_nodes = NULL;
	attempt->error = quorum_model_initialize(&attempt->quorum,
						 QUORUM_MODEL_V1,
						 (quorum_model_data_t *)&model,
						 NULL, session);
	if (attempt->error != CS_OK)
		return;
	attempt->error = quorum_track(session, attempt->quorum);
	if (attempt->error == CS_OK) {
		attempt->service = "cpg";
		attempt->error = nodeid_get(&attempt->nodeid);
	}
	if (attempt->error != CS_OK)
		quorum_finalize(attempt->quorum);
}

static bool quorum_watch(struct coro_session *session, quorum_handle_t handle)
{
	int fd;

	return quorum_fd_get(handle, &fd) == CS_OK &&
	       session_watch(session, fd, ID_QUORUM);
}

static void quorum_finalize_unlocked(struct coro_session *session,
				     quorum_handle_t handle)
{
	session_unlock(session);
	quorum_finalize(handle);
	session_lock(session);
}

static void link_begin(struct coro_session *session,
		       const struct attempt *attempt)
{
	session->quorum = attempt->quorum;
	session->nodeid = attempt->nodeid;
	session->link = LINK_UP;
	session->retry_pause_ns = 0;
	session->has_connected = true;
	session->has_failed = false;
	session->stats.connects++;
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next) {
		group->retry_ns = clock_ns();
		group->pause_ns = 0;
	}
}

/* A failure that lasts is reported once. A daemon that starts is none. */
static void link_retry(struct coro_session *session,
		       const struct attempt *attempt)
{
	free(session->first_nodes);
	session->first_nodes = NULL;
	failure_keep(session, attempt->service, attempt->error);
	session->retry_ns = retry_make(session, &session->retry_pause_ns);
	session->error = attempt->error;
	if (attempt->error == CS_ERR_TRY_AGAIN ||
	    attempt->error == session->reported)
		return;
	session->reported = attempt->error;
	session->has_failed = true;
}

static void link_connect(struct coro_session *session)
{
	struct attempt attempt;

	session->is_connecting = true;
	session_unlock(session);
	link_open(session, &attempt);
	session_lock(session);
	if (attempt.error == CS_OK && !quorum_watch(session, attempt.quorum)) {
		quorum_finalize_unlocked(session, attempt.quorum);
		attempt.error = CS_ERR_NO_RESOURCES;
	}
	if (attempt.error != CS_OK)
		link_retry(session, &attempt);
	else if (session->is_closed)
		quorum_finalize_unlocked(session, attempt.quorum);
	else
		link_begin(session, &attempt);
	session->is_connecting = false;
	session_wake(session);
}

/* Groups. */

static cs_error_t group_open(struct coro_group *group, cpg_handle_t *ret_handle)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = event_message,
		.cpg_confchg_fn = event_change,
	};
	cs_error_t error =
		cpg_model_initialize(ret_handle, CPG_MODEL_V1,
				     (cpg_model_data_t *)&model, group);

	if (error != CS_OK)
		return error;
	error = cpg_join(*ret_handle, &group->name);
	if (error != CS_OK)
		cpg_finalize(*ret_handle);
	return error;
}

static bool group_watch(struct coro_group *group, cpg_handle_t handle)
{
	int fd;

	return cpg_fd_get(handle, &fd) == CS_OK &&
	       session_watch(group->session, fd, group->id);
}

static void group_begin(struct coro_group *group, cpg_handle_t handle)
{
	group->handle = handle;
	group->process = process_id();
	group->pid = (uint32_t)getpid();
	group->is_member = false;
}

/* While corosync synchronizes, a join is tried again soon. */
static void group_retry(struct coro_group *group)
{
	if (group->error == CS_ERR_TRY_AGAIN) {
		group->pause_ns = pause_next(group->pause_ns, PAUSE_MIN_NS,
					     PAUSE_MAX_NS);
		group->retry_ns = clock_ns() + group->pause_ns;
		return;
	}
	group->retry_ns = retry_make(group->session, &group->pause_ns);
}

static void handle_close(const struct coro_group *group, cpg_handle_t handle,
			 bool leaves)
{
	session_unlock(group->session);
	if (leaves)
		cpg_leave(handle, &group->name);
	if (handle != 0)
		cpg_finalize(handle);
	session_lock(group->session);
}

/* Unless the session was closed, or the link replaced, in the meantime. */
static cs_error_t group_accept(struct coro_group *group, cpg_handle_t handle,
			       uint64_t connects)
{
	struct coro_session *session = group->session;

	if (session->link == LINK_UP && !group->is_gone &&
	    connects == session->stats.connects && group_watch(group, handle)) {
		group_begin(group, handle);
		return CS_OK;
	}
	handle_close(group, handle, false);
	return CS_ERR_TRY_AGAIN;
}

static void group_connect(struct coro_group *group)
{
	struct coro_session *session = group->session;
	uint64_t connects = session->stats.connects;
	cpg_handle_t handle;
	cs_error_t error;

	group_ref(group);
	group->is_joining = true;
	session_unlock(session);
	error = group_open(group, &handle);
	session_lock(session);
	if (error == CS_OK)
		error = group_accept(group, handle, connects);
	else
		failure_keep(session, "cpg", error);
	group->is_joining = false;
	group->error = error;
	if (error != CS_OK)
		group_retry(group);
	session_wake(session);
	group_unref(group);
}

static struct coro_group *group_find_due(struct coro_session *session)
{
	struct coro_group *group = session->groups;
	int64_t now = clock_ns();

	while (group != NULL && (group->handle != 0 || group->is_joining ||
				 group->retry_ns > now))
		group = group->next;
	return group;
}

int64_t link_due(const struct coro_session *session)
{
	int64_t due = 0;

	if (session->link == LINK_DOWN && !session->is_connecting)
		return session->retry_ns;
	if (session->link != LINK_UP)
		return 0;
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next)
		if (group->handle == 0 && !group->is_joining)
			due = time_first(due, group->retry_ns);
	return due;
}

void link_advance(struct coro_session *session)
{
	struct coro_group *group;

	if (session->link == LINK_DOWN && !session->is_connecting &&
	    !session->is_closed && clock_ns() >= session->retry_ns)
		link_connect(session);
	while (session->link == LINK_UP && !session->is_closed) {
		group = group_find_due(session);
		if (group == NULL)
			break;
		group_connect(group);
	}
	session_timer_set(session);
}

/*
 * A member leaves before the end, so that the others see a leave and not a
 * failure. In a child of fork, the member is the parent.
 */
static bool must_leave(const struct coro_group *group)
{
	return group->session->is_closed && group->is_member &&
	       !group->is_leaving && group->process == process_id();
}

void group_remove(struct coro_group *group)
{
	struct coro_session *session = group->session;
	cpg_handle_t handle = group->handle;

	*group_place(session, group) = group->next;
	group->is_gone = true;
	group->handle = 0;
	session->stats.uncertain += group_backlog_clear(group);
	session_timer_set(session);
	session_wake(session);
	handle_close(group, handle, must_leave(group));
	group_unref(group);
}

/* To report. */

void link_report(struct coro_session *session)
{
	char why[WHY_SIZE];
	cs_error_t error = session->reported;
	struct nodes *nodes;

	if (session->has_failed) {
		session->has_failed = false;
		memcpy(why, session->why, sizeof(why));
		session_unlock(session);
		event_disconnected(session, error, why);
		session_lock(session);
	}
	if (session->has_connected) {
		session->has_connected = false;
		session_unlock(session);
		event_connected(session);
		session_lock(session);
	}
	if (!session->is_connecting && session->first_nodes != NULL) {
		nodes = session->first_nodes;
		session->first_nodes = NULL;
		session_unlock(session);
		event_nodes(session, nodes);
		session_lock(session);
	}
}

/* To dispatch. */

void group_dispatch(struct coro_group *group)
{
	struct coro_session *session = group->session;
	cpg_handle_t handle = group->handle;
	cs_error_t error;

	group_hold(group);
	session_unlock(session);
	pthread_cleanup_push(group_release, group);
	error = cpg_dispatch(handle, CS_DISPATCH_ALL);
	session_lock(session);
	if (error != CS_OK && group->handle == handle)
		link_fail(session, error);
	session_unlock(session);
	pthread_cleanup_pop(1);
	session_lock(session);
}

/* To close. */

/* Delivers the events of all handles that are pending. */
static void events_drain(struct coro_session *session)
{
	quorum_handle_t quorum = session->quorum;
	uint64_t id = 0;
	struct coro_group *group;

	session_unlock(session);
	quorum_dispatch(quorum, CS_DISPATCH_ALL);
	session_lock(session);
	for (;;) {
		for (group = session->groups; group != NULL;
		     group = group->next)
			if (group->id > id && group->handle != 0)
				break;
		if (group == NULL)
			return;
		id = group->id;
		group_dispatch(group);
	}
}

static void group_close(struct coro_group *group)
{
	struct coro_session *session = group->session;
	struct coro_loss loss = { .uncertain = group_backlog_clear(group) };
	cpg_handle_t handle = group->handle;

	group->handle = 0;
	group->is_member = false;
	group->has_lost = true;
	session->stats.uncertain += loss.uncertain;
	group_hold(group);
	session_unlock(session);
	pthread_cleanup_push(group_release, group);
	cpg_finalize(handle);
	if (loss.uncertain > 0)
		event_lost(group, &loss);
	pthread_cleanup_pop(1);
	session_lock(session);
}

static void groups_close(struct coro_session *session)
{
	struct coro_group *group = session->groups;

	while (group != NULL) {
		if (group->handle == 0) {
			group = group->next;
		} else {
			group_close(group);
			group = session->groups;
		}
	}
}

static void link_end(struct coro_session *session, cs_error_t error,
		     const char *why)
{
	memcpy(session->why, why, WHY_SIZE);
	session->retry_ns = retry_make(session, &session->retry_pause_ns);
	session->reported = error;
	session->link = session->options.flags & CORO_NO_RECONNECT ?
				LINK_ENDED :
				LINK_DOWN;
	session->is_closing = false;
	session_wake(session);
}

void link_close(struct coro_session *session)
{
	cs_error_t error = session->error;
	quorum_handle_t quorum;
	char why[WHY_SIZE];

	session->is_closing = true;
	/* They stay readable: a callback that dispatches would be busy. */
	handles_watch(session, false);
	link_report(session);
	events_drain(session);
	groups_close(session);
	quorum = session->quorum;
	session->quorum = 0;
	session_unlock(session);
	if (quorum != 0)
		quorum_finalize(quorum);
	reason_write_loss(error, why, sizeof(why));
	session_lock(session);
	link_end(session, error, why);
	session_unlock(session);
	event_disconnected(session, error, why);
	session_lock(session);
}
