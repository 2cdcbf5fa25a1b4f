/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A session, its groups, its lock, and how its threads wait for each other.
 * The session uses cpg and quorum through their public functions only.
 *
 * The lock of a session is held for short times only: never in a callback, in
 * a wait for an event, or in a function of cpg or quorum.
 *
 * References keep the memory of sessions and groups: one is the application's,
 * and each call has one of its own.
 *
 * The turn. Only the thread that has it handles events. It may take it again,
 * if a callback dispatches.
 *
 * The link is the connection of the session: a quorum handle, and a cpg handle
 * of each group. It is
 *
 *	LINK_DOWN	not connected; link_advance connects when it is time
 *	LINK_UP		connected
 *	LINK_LOST	a handle has failed. The thread that has the turn
 *			delivers the last events, and then closes all handles
 *	LINK_ENDED	lost, and there will be no other
 *
 * A group is wanted or joined; its handle exists only if it is joined.
 *
 * A field without a comment on its lock is constant, or only used by the
 * thread that has the turn.
 */
#ifndef SESSION_STATE_H
#define SESSION_STATE_H

#include <coroclient/session.h>
#include <pthread.h>
#include <stdatomic.h>

#include "backlog.h"

#define WHY_SIZE 256

/* If nothing has come back for so long, one more message may be sent. */
#define STALL_NS 2000000000

/* The pauses after TRY_AGAIN, from the first to the longest. */
#define PAUSE_MIN_NS 1000000
#define PAUSE_MAX_NS 50000000

/* What the epoll descriptor returns. A group has its id, from ID_GROUPS on. */
enum { ID_TIMER, ID_QUORUM, ID_GROUPS };

enum link_state { LINK_DOWN, LINK_UP, LINK_LOST, LINK_ENDED };

/* The members, or nodes, of the last event. Replaced as a whole. */
struct members {
	size_t count;
	struct cpg_address list[];
};

struct nodes {
	bool is_quorate;
	struct quorum_ring_id ring;
	size_t count;
	uint32_t list[];
};

struct coro_group {
	struct coro_session *session;
	struct cpg_name name;
	uint64_t id;
	_Atomic(void *) context;	/* the application's */
	/* All below: lock. */
	struct coro_group *next;
	unsigned int refs;
	unsigned int turn_refs;	/* those of the thread that has the turn */
	atomic_bool is_gone;	/* left, or the session is closed */
	cpg_handle_t handle;	/* 0: not joined */
	uint64_t process;	/* the process_id of the process that joined */
	uint32_t pid;		/* of that process */
	int64_t heir_ns;	/* when a child checks whether it has ended */
	bool is_member;		/* its own join was delivered */
	struct members *members;	/* NULL: never a member */
	bool has_lost;		/* a connection, maybe before its first event */
	bool is_joining;	/* a thread tries to */
	bool is_leaving;	/* a thread tries to */
	cs_error_t error;	/* of the last attempt to join */
	int64_t retry_ns;	/* of the next one */
	int64_t pause_ns;	/* the last pause */
	struct backlog backlog;
	bool is_refused;	/* the next event may be "sendable" */
	int64_t refused_ns;	/* but not before this time */
	size_t refused_len;	/* of the message */
};

struct coro_session {
	pthread_mutex_t lock;
	pthread_cond_t changed;	/* anything that a thread may wait for */
	_Atomic uint64_t process;	/* the process_id of the last user */
	struct coro_events events;
	void *context;
	struct coro_options options;
	int epoll_fd;
	int timer_fd;
	/* All below: lock, except where the turn is named. */
	unsigned int waiters;	/* threads that wait for "changed" */
	unsigned int refs;
	atomic_bool is_closed;
	int64_t timer_ns;	/* when the timer ends; 0: never */
	pthread_t turn_owner;	/* if turn_depth is not 0 */
	unsigned int turn_depth;
	int cancel_state;	/* turn: for callbacks */
	unsigned int handled;	/* turn: events */
	enum link_state link;
	bool is_connecting;	/* a thread tries to */
	bool is_closing;	/* turn: the link, after a loss */
	quorum_handle_t quorum;	/* 0: none */
	uint32_t nodeid;
	int64_t retry_ns;	/* of the next attempt to connect */
	int64_t retry_pause_ns;	/* the last pause */
	bool has_connected;	/* "connected" is due */
	bool has_failed;	/* "disconnected" is due */
	cs_error_t error;	/* of the last failure */
	cs_error_t reported;	/* that of the last "disconnected" */
	char why[WHY_SIZE];
	struct nodes *first_nodes;	/* is_connecting or turn: not delivered */
	struct nodes *nodes;	/* turn: of the last event */
	uint64_t next_id;
	struct coro_group *groups;	/* in the order of their ids */
	size_t backlog_bytes;	/* of all groups */
	bool has_progress;	/* a message came back since progress_ns */
	int64_t progress_ns;
	bool has_stalled;	/* since the backlog was below its limit */
	bool has_credit;	/* one came back since; another may be sent */
	struct coro_stats stats;
};

int64_t clock_ns(void);

/* The pause after one of @pause_ns, or the first one: min, 2 min, ..., max. */
int64_t pause_next(int64_t pause_ns, int64_t min_ns, int64_t max_ns);

/* The end of a timeout: 0 if there is none. */
int64_t deadline_make(int timeout_ms);
bool deadline_is_over(int64_t deadline_ns);

/* The time until then in milliseconds, rounded up; -1 if there is no end. */
int deadline_left_ms(int64_t deadline_ns);

/* Of two times, of which 0 is never, the one that comes first. */
int64_t time_first(int64_t one, int64_t other);

/*
 * A call begins, and ends: a reference, the lock, and cancellation disabled.
 * The first call in a child of fork takes the session over. session_leave may
 * free the session.
 */
struct session_use {
	struct coro_session *session;
	int cancel_state;
};

void session_enter(struct coro_session *session, struct session_use *ret_use);
void session_leave(struct session_use *use);

/* Initialize the lock and the condition. */
void session_locks_init(struct coro_session *session);

/* Free a session that has no references. */
void session_free(struct coro_session *session);

/* The lock is held for all below. */

void group_ref(struct coro_group *group);
void group_unref(struct coro_group *group);
/*
 * References for the time of callbacks, of the thread that has the turn.
 * group_release is called without the lock, and can be a cleanup handler.
 */
void group_hold(struct coro_group *group);
void group_release(void *group);

struct coro_group *group_find(struct coro_session *session, uint64_t id);

/* Where the list points to a group, or, for NULL, its end. */
struct coro_group **group_place(struct coro_session *session,
				const struct coro_group *group);

/* Whether the thread has the turn: it is in a callback. */
bool turn_is_own(const struct coro_session *session);

/* Unlock and lock, around what may block. */
void session_unlock(struct coro_session *session);
void session_lock(struct coro_session *session);

/*
 * Wait, without the lock, until something changes or until one of two times,
 * of which 0 is never.
 */
void session_wait(struct coro_session *session, int64_t until_ns,
		  int64_t deadline_ns);

/* Wait for a little longer than the last time, which is in *pause_ns. */
void session_pause(struct coro_session *session, int64_t *pause_ns,
		   int64_t deadline_ns);

/* Wake the threads that wait. */
void session_wake(struct coro_session *session);

/* Set the timer of the descriptor to the time when a dispatch has work. */
void session_timer_set(struct coro_session *session);

/* Watch a descriptor. Returns false if resources ran out. */
bool session_watch(struct coro_session *session, int fd, uint64_t id);

/* Watch the descriptors of all handles, or stop. */
void handles_watch(struct coro_session *session, bool are_watched);

/* Whether the group can take a message now. */
bool group_is_sendable(struct coro_session *session,
		       const struct coro_group *group, size_t len);

/* When one more message may be sent if none comes back. */
int64_t stall_end(struct coro_session *session);

/* Clear the backlog of a group. Returns the number of messages in it. */
size_t group_backlog_clear(struct coro_group *group);

/* The link has failed. */
void link_fail(struct coro_session *session, cs_error_t error);

#endif
