/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "export.h"
#include "process.h"
#include "session_link.h"

#define BACKLOG_MAX (128 * 1024)
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 5000

/* The smallest size of a struct of the application: its first version. */
#define FIRST_SIZE(type, last_field) \
	(offsetof(type, last_field) + sizeof(((type *)0)->last_field))

/* Copies the fields that exist in the two, and sets further ones to 0. */
static void sized_copy(void *to, size_t to_size, const void *from,
		       size_t from_size)
{
	size_t size = from_size < to_size ? from_size : to_size;

	memset(to, 0, to_size);
	memcpy(to, from, size);
}

/* Open. */

static bool options_are_valid(const struct coro_events *events,
			      const struct coro_options *options)
{
	if (events != NULL &&
	    events->size < FIRST_SIZE(struct coro_events, sendable))
		return false;
	return options == NULL ||
	       (options->size >=
			FIRST_SIZE(struct coro_options, retry_max_ms) &&
		(options->flags & ~(unsigned int)CORO_NO_RECONNECT) == 0);
}

static void options_set(struct coro_session *session,
			const struct coro_options *options)
{
	struct coro_options *own = &session->options;

	if (options != NULL)
		sized_copy(own, sizeof(*own), options, options->size);
	if (own->backlog_max == 0)
		own->backlog_max = BACKLOG_MAX;
	if (own->retry_min_ms == 0)
		own->retry_min_ms = RETRY_MIN_MS;
	if (own->retry_max_ms == 0)
		own->retry_max_ms = RETRY_MAX_MS;
	if (own->retry_max_ms < own->retry_min_ms)
		own->retry_max_ms = own->retry_min_ms;
}

static bool descriptors_open(struct coro_session *session)
{
	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	session->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (session->epoll_fd >= 0 && session->timer_fd >= 0 &&
	    session_watch(session, session->timer_fd, ID_TIMER))
		return true;
	if (session->epoll_fd >= 0)
		close(session->epoll_fd);
	if (session->timer_fd >= 0)
		close(session->timer_fd);
	return false;
}

static cs_error_t session_create(struct coro_session **ret_session)
{
	struct coro_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return CS_ERR_NO_MEMORY;
	if (!descriptors_open(session)) {
		free(session);
		return CS_ERR_NO_RESOURCES;
	}
	session_locks_init(session);
	session->process = process_id();
	session->next_id = ID_GROUPS;
	session->refs = 1;
	*ret_session = session;
	return CS_OK;
}

/* Returns the reason why it did not connect, if there will be no other try. */
static cs_error_t session_begin(struct coro_session *session)
{
	struct session_use use;
	cs_error_t error = CS_OK;

	session_enter(session, &use);
	link_advance(session);
	if (session->link != LINK_UP &&
	    session->options.flags & CORO_NO_RECONNECT)
		error = session->error;
	session_leave(&use);
	return error;
}

EXPORT cs_error_t coro_open(struct coro_session **session,
			    const struct coro_events *events, void *context,
			    const struct coro_options *options)
{
	struct coro_session *created;
	cs_error_t error;

	if (session == NULL || !options_are_valid(events, options))
		return CS_ERR_INVALID_PARAM;
	error = session_create(&created);
	if (error != CS_OK)
		return error;
	created->context = context;
	if (events != NULL)
		sized_copy(&created->events, sizeof(created->events), events,
			   events->size);
	options_set(created, options);
	error = session_begin(created);
	if (error == CS_OK)
		*session = created;
	else
		coro_close(created);
	return error;
}

/* Close. */

EXPORT void coro_close(struct coro_session *session)
{
	struct session_use use;
	quorum_handle_t quorum;

	if (session == NULL)
		return;
	session_enter(session, &use);
	session->is_closed = true;
	session_timer_set(session);
	session_wake(session);
	while (session->groups != NULL)
		group_remove(session->groups);
	quorum = session->quorum;
	session->quorum = 0;
	session_unlock(session);
	if (quorum != 0)
		quorum_finalize(quorum);
	session_lock(session);
	session->refs--;
	session_leave(&use);
}

/* Questions. */

/* In a child of fork, this may be the first use. */
EXPORT int coro_fd(struct coro_session *session)
{
	struct session_use use;
	int fd = session->epoll_fd;

	session_enter(session, &use);
	session_leave(&use);
	return fd;
}

EXPORT void *coro_context(struct coro_session *session)
{
	return session->context;
}

EXPORT const char *coro_why(struct coro_session *session)
{
	static __thread char why[WHY_SIZE];
	struct session_use use;

	session_enter(session, &use);
	memcpy(why, session->why, sizeof(why));
	session_leave(&use);
	return why;
}

EXPORT void coro_stats(struct coro_session *session, struct coro_stats *stats)
{
	size_t size = stats->size;
	struct session_use use;

	session_enter(session, &use);
	session->stats.size = size;
	session->stats.backlog_bytes = session->backlog_bytes;
	session->stats.backlog = 0;
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next)
		session->stats.backlog += group->backlog.count;
	sized_copy(stats, size, &session->stats, sizeof(session->stats));
	session_leave(&use);
}
