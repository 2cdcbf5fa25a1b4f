/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* dup3 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "session_state.h"

#define SECOND_NS 1000000000

/* For session->process, as process_id() is never 0. */
#define TAKEN 0

/* A time in the past: a dispatch has work at once. */
#define NOW_NS 1

int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

int64_t pause_next(int64_t pause_ns, int64_t min_ns, int64_t max_ns)
{
	if (pause_ns == 0)
		return min_ns;
	return 2 * pause_ns < max_ns ? 2 * pause_ns : max_ns;
}

static struct timespec timespec_make(int64_t time_ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(time_ns / SECOND_NS),
		.tv_nsec = (long)(time_ns % SECOND_NS),
	};
}

int64_t deadline_make(int timeout_ms)
{
	if (timeout_ms <= 0)
		return timeout_ms < 0 ? 0 : NOW_NS;
	return clock_ns() + (int64_t)timeout_ms * 1000000;
}

bool deadline_is_over(int64_t deadline_ns)
{
	return deadline_ns == NOW_NS ||
	       (deadline_ns != 0 && clock_ns() >= deadline_ns);
}

int deadline_left_ms(int64_t deadline_ns)
{
	int64_t left;

	if (deadline_ns == 0)
		return -1;
	left = deadline_ns - clock_ns();
	if (left <= 0)
		return 0;
	left = (left + 999999) / 1000000;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int64_t time_first(int64_t one, int64_t other)
{
	if (one == 0 || other == 0)
		return one + other;
	return one < other ? one : other;
}

/* Groups. */

void group_ref(struct coro_group *group)
{
	group->refs++;
}

void group_unref(struct coro_group *group)
{
	if (--group->refs > 0)
		return;
	backlog_free(&group->backlog);
	free(group->members);
	free(group);
}

void group_hold(struct coro_group *group)
{
	group->turn_refs++;
	group_ref(group);
}

void group_release(void *data)
{
	struct coro_group *group = data;
	struct coro_session *session = group->session;

	session_lock(session);
	group->turn_refs--;
	group_unref(group);
	session_unlock(session);
}

struct coro_group *group_find(struct coro_session *session, uint64_t id)
{
	struct coro_group *group = session->groups;

	while (group != NULL && group->id != id)
		group = group->next;
	return group;
}

size_t group_backlog_clear(struct coro_group *group)
{
	group->session->backlog_bytes -= group->backlog.bytes;
	return backlog_clear(&group->backlog);
}

struct coro_group **group_place(struct coro_session *session,
				const struct coro_group *group)
{
	struct coro_group **place = &session->groups;

	while (*place != group)
		place = &(*place)->next;
	return place;
}

/* The clock is read only if a thread has to wait. */
int64_t stall_end(struct coro_session *session)
{
	if (session->has_progress)
		session->progress_ns = clock_ns();
	session->has_progress = false;
	return session->progress_ns + STALL_NS;
}

/* Whether there is room beside the messages that are in flight. */
static bool backlog_has_room(struct coro_session *session, size_t len)
{
	size_t max = session->options.backlog_max;
	size_t bytes = session->backlog_bytes;

	if (bytes == 0 || session->has_credit)
		return true;
	if (bytes + BACKLOG_OVERHEAD <= max &&
	    len <= max - bytes - BACKLOG_OVERHEAD)
		return true;
	return clock_ns() >= stall_end(session);
}

/*
 * The first message to a new group may be sent before its first event is
 * delivered. After a lost connection, the event comes first.
 */
static bool group_is_ready(const struct coro_session *session,
			   const struct coro_group *group)
{
	return session->link == LINK_UP && group->handle != 0 &&
	       (group->is_member || !group->has_lost);
}

bool group_is_sendable(struct coro_session *session,
		       const struct coro_group *group, size_t len)
{
	return group_is_ready(session, group) && backlog_has_room(session, len);
}

/* Threads. */

bool turn_is_own(const struct coro_session *session)
{
	return session->turn_depth > 0 &&
	       pthread_equal(session->turn_owner, pthread_self());
}

void session_locks_init(struct coro_session *session)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&session->lock, NULL);
	pthread_cond_init(&session->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

void session_free(struct coro_session *session)
{
	pthread_cond_destroy(&session->changed);
	pthread_mutex_destroy(&session->lock);
	close(session->timer_fd);
	close(session->epoll_fd);
	free(session->first_nodes);
	free(session->nodes);
	free(session);
}

void session_lock(struct coro_session *session)
{
	pthread_mutex_lock(&session->lock);
}

void session_unlock(struct coro_session *session)
{
	pthread_mutex_unlock(&session->lock);
}

void session_wake(struct coro_session *session)
{
	if (session->waiters > 0)
		pthread_cond_broadcast(&session->changed);
}

void session_wait(struct coro_session *session, int64_t until_ns,
		  int64_t deadline_ns)
{
	int64_t end = time_first(until_ns, deadline_ns);
	struct timespec time = timespec_make(end);

	session->waiters++;
	if (end == 0)
		pthread_cond_wait(&session->changed, &session->lock);
	else
		pthread_cond_timedwait(&session->changed, &session->lock,
				       &time);
	session->waiters--;
}

void session_pause(struct coro_session *session, int64_t *pause_ns,
		   int64_t deadline_ns)
{
	*pause_ns = pause_next(*pause_ns, PAUSE_MIN_NS, PAUSE_MAX_NS);
	session_wait(session, clock_ns() + *pause_ns, deadline_ns);
}

/* The descriptor. */

bool session_watch(struct coro_session *session, int fd, uint64_t id)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = id };

	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void fd_watch(struct coro_session *session, int fd, uint64_t id,
		     bool is_watched)
{
	if (is_watched)
		session_watch(session, fd, id);
	else
		epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void handles_watch(struct coro_session *session, bool are_watched)
{
	int fd;

	if (session->quorum != 0 &&
	    quorum_fd_get(session->quorum, &fd) == CS_OK)
		fd_watch(session, fd, ID_QUORUM, are_watched);
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next)
		if (group->handle != 0 &&
		    cpg_fd_get(group->handle, &fd) == CS_OK)
			fd_watch(session, fd, group->id, are_watched);
}

static int64_t group_due(struct coro_session *session,
			 const struct coro_group *group)
{
	if (session->link != LINK_UP)
		return 0;
	if (group->handle == 0)
		return group->is_joining ? 0 : group->retry_ns;
	if (!group->is_refused || !group_is_ready(session, group))
		return 0;
	if (group_is_sendable(session, group, group->refused_len))
		return group->refused_ns;
	return session->backlog_bytes > 0 ? stall_end(session) : 0;
}

static int64_t session_due(struct coro_session *session)
{
	int64_t due = 0;

	if (session->is_closed || session->has_connected ||
	    session->has_failed || session->link == LINK_ENDED)
		return NOW_NS;
	if (session->link == LINK_LOST)
		return session->is_closing ? 0 : NOW_NS;
	if (session->link == LINK_DOWN)
		return session->is_connecting ? 0 : session->retry_ns;
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next)
		due = time_first(due, group_due(session, group));
	return due;
}

/* A timer that ends too early does no harm, and saves system calls. */
void session_timer_set(struct coro_session *session)
{
	int64_t due = session_due(session);
	struct itimerspec timer = { .it_value = timespec_make(due) };

	if (due == session->timer_ns)
		return;
	if (session->timer_ns > clock_ns() &&
	    (due == 0 || due > session->timer_ns))
		return;
	session->timer_ns = due;
	timerfd_settime(session->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

void link_fail(struct coro_session *session, cs_error_t error)
{
	if (session->link != LINK_UP)
		return;
	session->link = LINK_LOST;
	session->error = error;
	session_timer_set(session);
	session_wake(session);
}

/* Fork. */

static void fd_replace(int fd, int replacement)
{
	if (replacement < 0)
		return;
	dup3(replacement, fd, O_CLOEXEC);
	close(replacement);
}

/* The parent has the same descriptors, and changes what they watch. */
static void descriptors_take_over(struct coro_session *session)
{
	fd_replace(session->epoll_fd, epoll_create1(EPOLL_CLOEXEC));
	fd_replace(session->timer_fd,
		   timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	session->timer_ns = 0;
	session_watch(session, session->timer_fd, ID_TIMER);
	handles_watch(session, true);
}

/* Of the parent's threads, only the one that called fork exists. */
static void session_take_over(struct coro_session *session)
{
	if (session->turn_depth > 0 &&
	    !pthread_equal(session->turn_owner, pthread_self()))
		session->turn_depth = 0;
	session->refs = 1 + session->turn_depth;
	session->waiters = 0;
	session->is_connecting = false;
	session->is_closing = session->is_closing && session->turn_depth > 0;
	for (struct coro_group *group = session->groups; group != NULL;
	     group = group->next) {
		if (session->turn_depth == 0)
			group->turn_refs = 0;
		group->refs = 1 + group->turn_refs;
		group->is_joining = group->is_leaving = false;
		group_backlog_clear(group);
	}
	descriptors_take_over(session);
	session_locks_init(session);
	session_timer_set(session);
}

/* The first thread that comes takes over, and others wait for it. */
static void session_take(struct coro_session *session)
{
	uint64_t self = process_id();
	uint64_t process = session->process;

	if (process != TAKEN && process != self &&
	    atomic_compare_exchange_strong(&session->process, &process,
					   TAKEN)) {
		session_take_over(session);
		session->process = self;
	}
	while (session->process != self)
		sched_yield();
}

void session_enter(struct coro_session *session, struct session_use *ret_use)
{
	ret_use->session = session;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
			       &ret_use->cancel_state);
	if (session->process != process_id())
		session_take(session);
	session_lock(session);
	session->refs++;
}

void session_leave(struct session_use *use)
{
	struct coro_session *session = use->session;
	bool is_last = --session->refs == 0;

	session_unlock(session);
	if (is_last)
		session_free(session);
	pthread_setcancelstate(use->cancel_state, NULL);
}
