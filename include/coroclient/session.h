/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A session: what a cluster daemon needs around cpg and quorum. A session has
 * one descriptor for everything, joins any number of groups, follows the
 * quorum, connects again when corosync restarts, waits for flow control up to
 * a deadline, and describes failures in words. Only libcoroclient has it.
 * coro_overview(3) has an example.
 *
 * A session needs corosync 3.1.0 or newer. An older daemon may terminate when
 * it receives the requests of a session.
 *
 *	coro_open					a session
 *	coro_join, coro_leave				groups
 *	coro_send					multicast to a group
 *	coro_fd, poll, coro_dispatch			receive
 *	coro_why, coro_stats				what happened
 *	coro_close
 *
 * Progress. Only coro_dispatch calls callbacks, and only it can replace a lost
 * connection: the application must have had the last events of the old
 * connection first. So while coro_send waits for messages to come back, or for
 * a new connection, another thread has to dispatch. A program that has only one
 * thread sends with a timeout of 0, and continues when it is called back by
 * "sendable". coro_join can connect by itself, but after the loss of a
 * connection only once coro_dispatch has called "disconnected".
 *
 * Timeouts are in milliseconds; 0: do not wait; negative: wait for as long as
 * it takes. A function returns CS_ERR_TIMEOUT after the timeout, not before,
 * and nothing was done. A timeout limits the waits of the session. It does not
 * limit requests to a corosync that does not read them because it is stopped
 * (SIGSTOP), nor a message of more than a MiB that the daemon has begun to
 * accept.
 *
 * "Threads: any" means: from any thread at any time, and from any callback,
 * while the session exists. Only one thread at a time calls callbacks, so
 * their order is that of the events; another thread that dispatches waits for
 * it. No lock is held while a callback runs. A thread that waits in
 * coro_dispatch or is in a callback can be canceled.
 *
 * Fork. A child of fork can use the session of its parent, see
 * corosync/corotypes.h: both share the connections, and each event goes to the
 * process that takes it. In the child, coro_fd has the same number. When a
 * connection is lost, each process connects for itself. Messages on an
 * inherited connection are counted (see "lost") and bounded in the parent, or
 * in the child after the parent has ended.
 */
#ifndef COROCLIENT_SESSION_H_DEFINED
#define COROCLIENT_SESSION_H_DEFINED

#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A session. It exists until coro_close. */
struct coro_session;

/* A group of a session. It exists until coro_leave or coro_close. */
struct coro_group;

/* For "connected": this process. */
struct coro_self {
	uint32_t nodeid; /* of the local node */
	uint32_t pid;	 /* of this process, in the groups that it joins */
	struct quorum_ring_id ring;
};

/* For "members". */
struct coro_change {
	const struct cpg_address *members; /* from now on */
	size_t member_count;
	const struct cpg_address *left; /* with reasons */
	size_t left_count;
	const struct cpg_address *joined; /* with reasons */
	size_t joined_count;
	/*
	 * True if the session has joined again after a lost connection. Then
	 * messages may have been missed; left contains the members of the last
	 * change that are no longer members, with CPG_REASON_UNDEFINED; and
	 * joined contains this process and the members that are new since the
	 * last change.
	 */
	bool is_rejoin;
};

/* For "message". */
struct coro_sender {
	uint32_t nodeid;
	uint32_t pid;
	bool is_self; /* sent by this member */
};

/* For "quorum". */
struct coro_quorum {
	bool is_quorate;
	struct quorum_ring_id ring;
	const uint32_t *nodes; /* the ids of the member nodes */
	size_t node_count;
	const uint32_t *joined; /* those that were not in the last list */
	size_t joined_count;
	const uint32_t *left; /* those of the last list that are gone */
	size_t left_count;
};

/* For "lost": numbers of messages that coro_send has accepted. */
struct coro_loss {
	uint64_t lost;	    /* no member receives them */
	uint64_t uncertain; /* they may or may not arrive */
};

/*
 * Callbacks; each may be NULL. coro_dispatch calls them in its thread. They
 * may call every function of this header. What the pointers point to is valid
 * until the callback returns.
 */
struct coro_events {
	size_t size; /* sizeof(struct coro_events) */

	/*
	 * The session is connected to corosync, for the first time or again.
	 * "quorum" follows, and then "members" of each group.
	 */
	void (*connected)(struct coro_session *session,
			  const struct coro_self *self);

	/*
	 * The connection is lost, after all its events were delivered; or the
	 * session cannot connect, for the reason given. A reason is given once,
	 * not for each attempt. @why is like that of coro_why.
	 */
	void (*disconnected)(struct coro_session *session, cs_error_t error,
			     const char *why);

	/*
	 * Processes have joined or left the group. The first change of a group
	 * has this process in its joined list, and so has the first one of each
	 * new connection.
	 */
	void (*members)(struct coro_session *session, struct coro_group *group,
			const struct coro_change *change);

	/*
	 * A message has arrived. @msg is 8-byte aligned and never NULL, and the
	 * callback may modify it. @len is in bytes and may be 0.
	 */
	void (*message)(struct coro_session *session, struct coro_group *group,
			const struct coro_sender *sender, void *msg,
			size_t len);

	/* The state of the quorum, after "connected" and after a change. */
	void (*quorum)(struct coro_session *session,
		       const struct coro_quorum *quorum);

	/*
	 * Messages of this session that have not come back. They are lost if a
	 * later one has come back: corosync discards messages when its queue
	 * is full. They are uncertain if the connection was lost before; then
	 * "disconnected" follows. Of messages with the same contents, a loss is
	 * found when one with other contents comes back.
	 */
	void (*lost)(struct coro_session *session, struct coro_group *group,
		     const struct coro_loss *loss);

	/*
	 * A coro_send to the group has returned CS_ERR_TIMEOUT or
	 * CS_ERR_TRY_AGAIN, and the next one can succeed. Called once, even if
	 * several were refused.
	 */
	void (*sendable)(struct coro_session *session,
			 struct coro_group *group);
};

/* Do not connect again. */
#define CORO_NO_RECONNECT 0x01

/* Options. A field that is 0 has its default. */
struct coro_options {
	size_t size;	    /* sizeof(struct coro_options) */
	unsigned int flags; /* CORO_NO_RECONNECT, or 0 */
	/*
	 * How much may be in flight: bytes of messages that have not come
	 * back, where each message counts 64 bytes more than its length. One
	 * message may always be in flight. If none has come back for 2
	 * seconds, one more may be sent, as it shows whether they are lost.
	 * Default: 131072. With much more, corosync may discard messages.
	 */
	size_t backlog_max;
	/*
	 * The pause between attempts to connect, in milliseconds. It begins
	 * with retry_min_ms (default 50) and doubles up to retry_max_ms
	 * (default 5000). Up to a fifth is added at random.
	 */
	unsigned int retry_min_ms;
	unsigned int retry_max_ms;
};

/*
 * Numbers since coro_open. A message for which coro_send returned
 * CS_ERR_INTERRUPT counts neither as sent nor as uncertain. One that is in
 * flight when its group is left counts as uncertain; "lost" is not called.
 */
struct coro_stats {
	size_t size; /* to be set: sizeof(struct coro_stats) */
	uint64_t sent;		 /* messages that coro_send accepted */
	uint64_t sent_bytes;
	uint64_t received;	 /* messages delivered, own ones included */
	uint64_t received_bytes;
	uint64_t returned;	 /* own messages that have come back */
	uint64_t lost;		 /* see struct coro_loss */
	uint64_t uncertain;
	uint64_t waits;		 /* calls of coro_send that had to wait */
	uint64_t wait_ns;	 /* how long, in nanoseconds */
	uint64_t connects;	 /* connections to corosync */
	uint64_t backlog;	 /* messages in flight now */
	uint64_t backlog_bytes;	 /* counted as in backlog_max */
};

/*
 * coro_open(3): create a session, and try to connect. If corosync is not
 * running or does not accept the connection, the session exists, and
 * coro_dispatch tries again.
 *
 *	session	output: the caller owns it until coro_close
 *	events	copied; may be NULL
 *	context	any value, see coro_context; never dereferenced
 *	options	copied; may be NULL
 *
 * Blocks:  for the replies of corosync
 * Threads: any
 * Returns:
 *	CS_OK			*session is set, connected or not
 *	CS_ERR_INVALID_PARAM	session is NULL, a size is wrong, or a flag is
 *				unknown
 *	CS_ERR_NO_RESOURCES	the process has no free descriptors
 *	CS_ERR_NO_MEMORY	memory ran out
 *	with CORO_NO_RECONNECT, if it cannot connect: CS_ERR_LIBRARY,
 *	CS_ERR_ACCESS, CS_ERR_NO_SPACE or CS_ERR_TRY_AGAIN, as of
 *	cpg_initialize(3)
 */
cs_error_t coro_open(struct coro_session **session,
		     const struct coro_events *events, void *context,
		     const struct coro_options *options);

/*
 * coro_close(3): leave the groups, and end the session. A coro_dispatch that
 * waits in another thread returns CS_ERR_BAD_HANDLE, and so do other functions
 * that wait. No further callback begins. The caller makes sure that no function
 * is called with the session or its groups after this.
 *
 *	session	may be NULL
 *
 * Blocks:  for the replies of corosync; never for a callback
 * Threads: any
 */
void coro_close(struct coro_session *session);

/*
 * coro_fd(3): return the descriptor of the session, which stays the same. It is
 * readable when coro_dispatch has something to do: an event, the end of a
 * connection, the time to connect again. It is for poll and similar calls. The
 * caller must not read, write, change or close it.
 *
 * Blocks:  no
 * Threads: any
 * Returns: an epoll descriptor, owned by the session
 */
int coro_fd(struct coro_session *session);

/*
 * coro_dispatch(3): call the callbacks for pending events, connect if
 * necessary, and join groups.
 *
 *	timeout_ms	how long to wait for a first event
 *
 * Blocks:  for an event, and for the replies of corosync. Signals do not end
 *	the wait
 * Threads: any
 * Returns:
 *	CS_OK			events were handled; or timeout_ms is 0
 *	CS_ERR_TIMEOUT		no event
 *	CS_ERR_BAD_HANDLE	the session was closed
 *	CS_ERR_LIBRARY		with CORO_NO_RECONNECT: the connection is lost
 */
cs_error_t coro_dispatch(struct coro_session *session, int timeout_ms);

/*
 * coro_join(3): become a member of a group. The join is complete when "members"
 * is called. With a timeout of 0 the group is joined as soon as possible, even
 * if corosync is not running yet.
 *
 *	name, len	of the group: any bytes, see struct cpg_name; copied
 *	group		output: owned by the session until coro_leave
 *	timeout_ms	how long to wait until corosync accepts the join
 *
 * Blocks:  up to the timeout, and for the replies of corosync
 * Threads: any
 * Returns:
 *	CS_OK			corosync has accepted it; or timeout_ms is 0
 *	CS_ERR_INVALID_PARAM	a pointer is NULL (name only if len is not 0)
 *	CS_ERR_NAME_TOO_LONG	len > CPG_MAX_NAME_LENGTH
 *	CS_ERR_EXIST		the process has joined this group already
 *	CS_ERR_TIMEOUT		not joined, *group is not set; see coro_why
 *	CS_ERR_TRY_AGAIN	not joined: timeout_ms is negative, a connection
 *				is lost, and this thread has to dispatch first
 *	CS_ERR_NO_MEMORY	memory ran out
 *	CS_ERR_BAD_HANDLE	the session was closed
 *	CS_ERR_LIBRARY		with CORO_NO_RECONNECT: the connection is lost
 */
cs_error_t coro_join(struct coro_session *session, const void *name,
		     size_t len, struct coro_group **group, int timeout_ms);

/*
 * coro_leave(3): leave a group. No further callback for the group begins.
 *
 *	group		on success it exists no longer
 *	timeout_ms	how long to wait until corosync accepts the request
 *
 * Blocks:  up to the timeout, and for the replies of corosync
 * Threads: any
 * Returns:
 *	CS_OK			left, or it was not joined
 *	CS_ERR_INVALID_PARAM	group is NULL
 *	CS_ERR_TIMEOUT		still a member
 *	CS_ERR_BAD_HANDLE	the session was closed
 */
cs_error_t coro_leave(struct coro_group *group, int timeout_ms);

/*
 * coro_send(3): multicast a message to the group. Waits while too much is in
 * flight, while corosync synchronizes or is overloaded, and while there is no
 * connection. After a lost connection, no message is sent before "members" has
 * been called for the new one.
 *
 *	iov, count	the message; as for cpg_mcast_joined(3)
 *	timeout_ms	how long to wait until the message is sent
 *
 * Blocks:  up to the timeout
 * Threads: any
 * Returns:
 *	CS_OK			accepted. The message comes back to this
 *				process, or "lost" is called
 *	CS_ERR_TIMEOUT		not sent; "sendable" follows
 *	CS_ERR_TRY_AGAIN	not sent: timeout_ms is negative, a connection
 *				is lost, and the thread is in a callback, so it
 *				has to dispatch first; "sendable" follows
 *	CS_ERR_INTERRUPT	the connection was lost, or the group left,
 *				during the call: the message may or may not
 *				arrive
 *	CS_ERR_INVALID_PARAM	a pointer is NULL, or the lengths overflow
 *	CS_ERR_TOO_BIG		more than 4 GiB - 1, or than socket IPC allows
 *	CS_ERR_NO_MEMORY	memory ran out; not sent
 *	CS_ERR_BAD_HANDLE	the session was closed, or the group was left;
 *				not sent
 *	CS_ERR_LIBRARY		with CORO_NO_RECONNECT: the connection is lost;
 *				not sent
 */
cs_error_t coro_send(struct coro_group *group, const struct iovec *iov,
		     size_t count, int timeout_ms);

/*
 * coro_why(3): describe the last failure to connect or to join, or the last loss
 * of a connection, in words: what failed, and, if known, what to do.
 *
 * Blocks:  no
 * Threads: any
 * Returns: a string, never NULL; empty if nothing has failed. It is valid until
 *	the thread calls this function again, or ends
 */
const char *coro_why(struct coro_session *session);

/*
 * coro_stats(3): return numbers. Those that stats->size does not cover are
 * omitted; those that the library does not know are set to 0.
 *
 *	stats	its size is set; output
 *
 * Blocks:  no
 * Threads: any
 */
void coro_stats(struct coro_session *session, struct coro_stats *stats);

/*
 * coro_context(3): return the context that was given to coro_open.
 *
 * Blocks:  no
 * Threads: any
 */
void *coro_context(struct coro_session *session);

/*
 * coro_group_context(3), coro_group_context_set(3): return and set a pointer
 * that the application keeps with the group; at first NULL.
 *
 * Blocks:  no
 * Threads: any
 */
void *coro_group_context(struct coro_group *group);
void coro_group_context_set(struct coro_group *group, void *context);

/*
 * coro_group_name(3): return the name of the group.
 *
 * Blocks:  no
 * Threads: any
 * Returns: a name that exists as long as the group
 */
const struct cpg_name *coro_group_name(struct coro_group *group);

#ifdef __cplusplus
}
#endif

#endif
