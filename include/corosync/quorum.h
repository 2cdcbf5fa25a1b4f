/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Quorum: whether this part of the cluster has enough votes to continue, and
 * which nodes it consists of.
 *
 *	quorum_initialize, or quorum_model_initialize	one connection
 *	quorum_getquorate				query the state
 *	quorum_trackstart				request notifications
 *	quorum_fd_get, poll, quorum_dispatch		receive them
 *	quorum_trackstop, quorum_finalize
 *
 * corosync/corotypes.h explains "Blocks", "Threads: any", "Returns" and
 * "Common", and what holds for every function.
 */
#ifndef COROSYNC_QUORUM_H_DEFINED
#define COROSYNC_QUORUM_H_DEFINED

#include <corosync/corotypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The set of callbacks. */
typedef enum {
	QUORUM_MODEL_V0 = 0, /* the one of quorum_model_v0_data_t */
	QUORUM_MODEL_V1 = 1  /* those of quorum_model_v1_data_t */
} quorum_model_t;

/* A connection to the daemon; never 0. */
typedef uint64_t quorum_handle_t;

/* The id of a ring: a membership of nodes. Ring ids are unique. */
struct quorum_ring_id {
	uint32_t nodeid; /* of the node that formed the ring */
	uint64_t seq;	 /* increases with each ring */
};

/*
 * quorum_dispatch calls the callbacks, in the calling thread and before it
 * returns. If several threads dispatch one handle, callbacks may run
 * concurrently. A callback may call every function of this header, including
 * quorum_dispatch and quorum_finalize of its own handle. The library owns the
 * lists; they stay valid until the callback returns, even across a nested
 * quorum_dispatch. No list is NULL, even if its number of entries is 0.
 */

/*
 * quorum_notification_fn_t: the state, after quorum_trackstart or a change.
 *
 *	handle			the handle that is being dispatched
 *	quorate			1 if quorate, otherwise 0
 *	ring_seq		the seq of the ring
 *	view_list_entries	the number of member nodes
 *	view_list		the ids of the member nodes
 *
 * See quorum_initialize(3).
 */
typedef void (*quorum_notification_fn_t)(quorum_handle_t handle,
					 uint32_t quorate, uint64_t ring_seq,
					 uint32_t view_list_entries,
					 uint32_t *view_list);

/*
 * quorum_v1_quorum_notification_fn_t: the state, after quorum_trackstart or a
 * change.
 *
 *	handle			the handle that is being dispatched
 *	quorate			1 if quorate, otherwise 0
 *	ring_id			the ring
 *	member_list_entries	the number of member nodes
 *	member_list		the ids of the member nodes
 *
 * See quorum_model_initialize(3).
 */
typedef void (*quorum_v1_quorum_notification_fn_t)(
	quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring_id,
	uint32_t member_list_entries, const uint32_t *member_list);

/*
 * quorum_v1_nodelist_notification_fn_t: the nodes, after quorum_trackstart
 * (just before the state) or a change.
 *
 *	handle		the handle that is being dispatched
 *	ring_id		the ring
 *	member_list	the ids of the member nodes
 *	joined_list	the ids of the nodes that joined with this change
 *	left_list	the ids of the nodes that left with this change
 *	..._entries	the number of entries of the list; may be 0
 *
 * See quorum_model_initialize(3).
 */
typedef void (*quorum_v1_nodelist_notification_fn_t)(
	quorum_handle_t handle, struct quorum_ring_id ring_id,
	uint32_t member_list_entries, const uint32_t *member_list,
	uint32_t joined_list_entries, const uint32_t *joined_list,
	uint32_t left_list_entries, const uint32_t *left_list);

/* For quorum_initialize. Events whose callback is NULL are dropped. */
typedef struct {
	quorum_notification_fn_t quorum_notify_fn;
} quorum_callbacks_t;

/* The first members of the data of every model. */
typedef struct {
	quorum_model_t model;
} quorum_model_data_t;

/* For QUORUM_MODEL_V0. Events whose callback is NULL are dropped. */
typedef struct {
	quorum_model_t model; /* QUORUM_MODEL_V0 */
	quorum_notification_fn_t quorum_notify_fn;
} quorum_model_v0_data_t;

/* For QUORUM_MODEL_V1. Events whose callback is NULL are dropped. */
typedef struct {
	quorum_model_t model; /* QUORUM_MODEL_V1 */
	quorum_v1_quorum_notification_fn_t quorum_notify_fn;
	quorum_v1_nodelist_notification_fn_t nodelist_notify_fn;
} quorum_model_v1_data_t;

/* A quorum_type: without a quorum provider, the cluster is always quorate. */
#define QUORUM_FREE 0
/* A quorum_type: a quorum provider is configured. */
#define QUORUM_SET 1

/*
 * quorum_initialize(3): connect to the daemon, with the callback of
 * QUORUM_MODEL_V0. The context of the handle is NULL.
 *
 *	handle		output: the new handle, which the caller owns until
 *			quorum_finalize
 *	callbacks	copied; may be NULL, and so may its callback
 *	quorum_type	output: QUORUM_FREE or QUORUM_SET; may be NULL
 *
 * Blocks:  until the daemon has accepted the connection and replied with the
 *	type
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL
 *	CS_ERR_TRY_AGAIN	the daemon is synchronizing with other nodes;
 *				no connection is left open
 *	CS_ERR_LIBRARY		the daemon is not running, the process has no
 *				free file descriptors, or the files of the
 *				connection do not belong to the daemon
 *	CS_ERR_ACCESS		the daemon refuses this user, or runs as neither
 *				root nor the effective user of the caller
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t quorum_initialize(quorum_handle_t *handle,
			     quorum_callbacks_t *callbacks,
			     uint32_t *quorum_type);

/*
 * quorum_model_initialize(3): connect to the daemon, with the callbacks of a
 * model and a context.
 *
 *	handle		output: the new handle, which the caller owns until
 *			quorum_finalize
 *	model		QUORUM_MODEL_V0, or QUORUM_MODEL_V1, which needs
 *			corosync 3.1.0 or newer; an older daemon may terminate
 *			when it receives the request
 *	model_data	a quorum_model_v0_data_t or _v1_data_t, cast; copied;
 *			may be NULL, and so may each callback
 *	quorum_type	output: QUORUM_FREE or QUORUM_SET; may be NULL
 *	context		any value, see quorum_context_get; never dereferenced
 *
 * Blocks:  until the daemon has accepted the connection and replied with the
 *	type
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL, or the library or the daemon
 *				does not know the model
 *	CS_ERR_TRY_AGAIN	the daemon is synchronizing with other nodes;
 *				no connection is left open
 *	CS_ERR_LIBRARY		the daemon is not running, the process has no
 *				free file descriptors, or the files of the
 *				connection do not belong to the daemon
 *	CS_ERR_ACCESS		the daemon refuses this user, or runs as neither
 *				root nor the effective user of the caller
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t quorum_model_initialize(quorum_handle_t *handle,
				   quorum_model_t model,
				   quorum_model_data_t *model_data,
				   uint32_t *quorum_type, void *context);

/*
 * quorum_finalize(3): close the handle. Every quorum_dispatch of the handle
 * returns CS_ERR_BAD_HANDLE: at once if it waits, or when the current callback
 * has returned. The connection ends when the last call that uses it has
 * returned. In a process that has inherited the handle by fork and has not used
 * it, the function only releases the copy of that process.
 *
 *	handle	closed, whatever the function returns
 *
 * Blocks:  no, not even for a callback
 * Threads: any
 * Returns:
 *	CS_OK			closed, even if the daemon is gone
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_finalize(quorum_handle_t handle);

/*
 * quorum_fd_get(3): return the file descriptor of the connection, which stays
 * the same until the handle is closed: its socket, or, if system.qb_ipc_type is
 * socket, an epoll descriptor. It is readable (POLLIN) as long as an event is
 * pending, and not after that, not even in the callback for the last event. If
 * the daemon is gone, the descriptor shows POLLHUP; an epoll descriptor shows
 * POLLIN instead. It is for poll and similar calls, and, if it is a socket, for
 * SO_PEERCRED. The caller must not read, write, change or close it.
 *
 *	handle	open
 *	fd	output: owned by the library, until quorum_finalize
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*fd is set, even if the daemon is gone
 *	CS_ERR_INVALID_PARAM	fd is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd);

/*
 * quorum_dispatch(3): receive events and call the callbacks for them. Any
 * number of threads may dispatch one handle, and so may processes that share it
 * after fork; each event goes to one of them. Events that arrived before the
 * daemon died are delivered first. The thread can be canceled while it waits
 * and while it is in a callback, but nowhere else.
 *
 *	handle		open
 *	dispatch_types	how many events to take, and whether to wait for them
 *
 * Blocks:  CS_DISPATCH_ONE and CS_DISPATCH_BLOCKING: for events.
 *	quorum_finalize ends the wait; signals do not. The other modes: no
 * Threads: any
 * Returns:
 *	CS_OK			CS_DISPATCH_ONE and _ONE_NONBLOCKING: one event
 *				was taken; _ALL: no event is pending
 *	CS_ERR_TRY_AGAIN	CS_DISPATCH_ONE_NONBLOCKING, and no event is
 *				pending
 *	CS_ERR_INVALID_PARAM	dispatch_types is not a mode
 *	CS_ERR_BAD_HANDLE	the handle is not open, or another thread or a
 *				callback has finalized it
 *	CS_ERR_LIBRARY		the daemon is gone, or an event is larger than
 *				the connection allows
 *	CS_ERR_NO_MEMORY	memory ran out; the handle stays usable
 */
cs_error_t quorum_dispatch(quorum_handle_t handle,
			   cs_dispatch_flags_t dispatch_types);

/*
 * quorum_getquorate(3): return whether this part of the cluster is quorate.
 *
 *	handle	open
 *	quorate	output: 1 if quorate, otherwise 0
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			*quorate is set
 *	CS_ERR_INVALID_PARAM	quorate is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t quorum_getquorate(quorum_handle_t handle, int *quorate);

/*
 * quorum_trackstart(3): request notifications. If the flags request the current
 * state, it is pending when the function returns: one event with
 * QUORUM_MODEL_V0, two with QUORUM_MODEL_V1, first the nodes, then the state.
 *
 *	handle	open
 *	flags	what to report: CS_TRACK_CURRENT, CS_TRACK_CHANGES,
 *		CS_TRACK_CHANGES_ONLY, or several of them; other bits are
 *		ignored. CS_TRACK_CURRENT alone does not start tracking
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			the request is accepted
 *	CS_ERR_EXIST		the handle tracks changes already; the current
 *				state is pending all the same, if requested
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags);

/*
 * quorum_trackstop(3): stop notifications. Pending notifications are still
 * dispatched.
 *
 *	handle	open, tracking or not
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			the handle does not track changes
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t quorum_trackstop(quorum_handle_t handle);

/*
 * quorum_context_set(3): set the context of the handle, a pointer that the
 * application keeps with it for use in callbacks.
 *
 *	handle	open
 *	context	any value, including NULL; never dereferenced
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			the context is set
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_context_set(quorum_handle_t handle, const void *context);

/*
 * quorum_context_get(3): return the context of the handle.
 *
 *	handle	open
 *	context	output: the value that was set last
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*context is set
 *	CS_ERR_INVALID_PARAM	context is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_context_get(quorum_handle_t handle, const void **context);

#ifdef __cplusplus
}
#endif

#endif
