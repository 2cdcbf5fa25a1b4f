/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Quorum: does this part of the cluster have enough nodes to go on, and
 * which nodes are they?
 *
 *	quorum_initialize, or quorum_model_initialize	one connection
 *	quorum_getquorate				ask
 *	quorum_trackstart				be told
 *	quorum_fd_get, poll, quorum_dispatch		what is told
 *	quorum_trackstop, quorum_finalize
 *
 * What "Blocks", "Threads: any", "Returns" and "Common" stand for, and what
 * holds for every function, is explained in corosync/corotypes.h.
 */
#ifndef COROSYNC_QUORUM_H_DEFINED
#define COROSYNC_QUORUM_H_DEFINED

#include <corosync/corotypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which callbacks there are. */
typedef enum {
	QUORUM_MODEL_V0 = 0, /* that of quorum_model_v0_data_t */
	QUORUM_MODEL_V1 = 1  /* those of quorum_model_v1_data_t */
} quorum_model_t;

/* A connection to the daemon; never 0. */
typedef uint64_t quorum_handle_t;

/* A membership of the ring of all nodes; none has the id of another. */
struct quorum_ring_id {
	uint32_t nodeid; /* of the node that formed it */
	uint64_t seq;	 /* greater with each */
};

/*
 * Callbacks are called by quorum_dispatch, in its thread and before it
 * returns. When several threads dispatch one handle their callbacks may
 * overlap. A callback may call every function here, quorum_dispatch and
 * quorum_finalize of its own handle included. The lists are the library's,
 * and valid until the callback returns, also across a nested quorum_dispatch;
 * they are not NULL, even where the number of entries is 0.
 */

/*
 * quorum_notification_fn_t: the state, at quorum_trackstart or after a
 * change.
 *
 *	handle			the one that is dispatched
 *	quorate			1, or 0 if not
 *	ring_seq		seq of the ring
 *	view_list_entries	the number of nodes that are members
 *	view_list		their ids
 *
 * See quorum_initialize(3).
 */
typedef void (*quorum_notification_fn_t)(quorum_handle_t handle,
					 uint32_t quorate, uint64_t ring_seq,
					 uint32_t view_list_entries,
					 uint32_t *view_list);

/*
 * quorum_v1_quorum_notification_fn_t: the state, at quorum_trackstart or
 * after a change.
 *
 *	handle			the one that is dispatched
 *	quorate			1, or 0 if not
 *	ring_id			the ring
 *	member_list_entries	the number of nodes that are members
 *	member_list		their ids
 *
 * See quorum_model_initialize(3).
 */
typedef void (*quorum_v1_quorum_notification_fn_t)(
	quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring_id,
	uint32_t member_list_entries, const uint32_t *member_list);

/*
 * quorum_v1_nodelist_notification_fn_t: the nodes, at quorum_trackstart (just
 * before the state) or after a change.
 *
 *	handle		the one that is dispatched
 *	ring_id		the ring
 *	member_list	ids of the nodes that are members
 *	joined_list	ids of those that joined with this change
 *	left_list	ids of those that left with it
 *	..._entries	the number of entries of the list, may be 0
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

/* What the data of every model begin with. */
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

/* The quorum_type: nobody provides quorum, the cluster is always quorate. */
#define QUORUM_FREE 0
/* The quorum_type: a provider is configured, and decides. */
#define QUORUM_SET 1

/*
 * quorum_initialize(3): connect to the daemon, with the callback of
 * QUORUM_MODEL_V0. The context of the handle is NULL.
 *
 *	handle		output: the new handle, the caller's until
 *			quorum_finalize
 *	callbacks	copied; may be NULL, as may its callback
 *	quorum_type	output: QUORUM_FREE or QUORUM_SET; may be NULL
 *
 * Blocks:  until the daemon has accepted, and for a reply
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL
 *	CS_ERR_TRY_AGAIN	not now: the daemon synchronizes with other
 *				nodes; nothing is left open
 *	CS_ERR_LIBRARY		no daemon, no file descriptors left, or the
 *				files of the connection are not the daemon's
 *	CS_ERR_ACCESS		the daemon does not let this user in, or is
 *				neither root nor the caller's effective user
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t quorum_initialize(quorum_handle_t *handle,
			     quorum_callbacks_t *callbacks,
			     uint32_t *quorum_type);

/*
 * quorum_model_initialize(3): the same, with the callbacks of a model, and a
 * context.
 *
 *	handle		output: the new handle, the caller's until
 *			quorum_finalize
 *	model		QUORUM_MODEL_V0, or QUORUM_MODEL_V1, which needs
 *			corosync 3.1.0 or later; a daemon before that may not
 *			survive the request
 *	model_data	a quorum_model_v0_data_t or _v1_data_t, cast; copied;
 *			may be NULL, as may each callback
 *	quorum_type	output: QUORUM_FREE or QUORUM_SET; may be NULL
 *	context		any value, see quorum_context_get; never looked at
 *
 * Blocks:  until the daemon has accepted, and for a reply
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL, or the model is unknown, here
 *				or to the daemon
 *	CS_ERR_TRY_AGAIN	not now: the daemon synchronizes with other
 *				nodes; nothing is left open
 *	CS_ERR_LIBRARY		no daemon, no file descriptors left, or the
 *				files of the connection are not the daemon's
 *	CS_ERR_ACCESS		the daemon does not let this user in, or is
 *				neither root nor the caller's effective user
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t quorum_model_initialize(quorum_handle_t *handle,
				   quorum_model_t model,
				   quorum_model_data_t *model_data,
				   uint32_t *quorum_type, void *context);

/*
 * quorum_finalize(3): close the handle. Every quorum_dispatch of it returns
 * CS_ERR_BAD_HANDLE, one that waits at once, one in a callback after that.
 * The connection ends when the last call that uses it has returned. In a
 * process that inherited the handle by fork and has not used it, only the copy
 * of that process is given back.
 *
 *	handle	closed, whatever is returned
 *
 * Blocks:  no; never for a callback
 * Threads: any
 * Returns:
 *	CS_OK			closed; also when the daemon is gone
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_finalize(quorum_handle_t handle);

/*
 * quorum_fd_get(3): the descriptor of the connection, the same for the life of
 * the handle: its socket, or, if system.qb_ipc_type is socket, an epoll
 * descriptor. It is readable (POLLIN) as long as an event is not dispatched.
 * After a dispatch it is not readable if none is pending; only while another
 * thread or process takes several events in one dispatch it may be. When the
 * daemon is gone it shows POLLHUP; an epoll descriptor shows POLLIN instead.
 * For poll and the like, and for SO_PEERCRED if it is a socket; not to be
 * read, written, changed or closed.
 *
 *	handle	open
 *	fd	output: the library's, until quorum_finalize
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*fd is set; also when the daemon is gone
 *	CS_ERR_INVALID_PARAM	fd is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd);

/*
 * quorum_dispatch(3): receive events, and call the callbacks for them. Any
 * number of threads may dispatch one handle, and so may processes that share it
 * after fork; each event goes to one of them.
 * Events that came before the daemon died are delivered first. The thread can
 * be cancelled in a wait and in a callback, nowhere else.
 *
 *	handle		open
 *	dispatch_types	how many events, and whether to wait for them
 *
 * Blocks:  CS_DISPATCH_ONE and CS_DISPATCH_BLOCKING: for events; signals do
 *	not end the wait, quorum_finalize does. The others: no
 * Threads: any
 * Returns:
 *	CS_OK			CS_DISPATCH_ONE and _ONE_NONBLOCKING: one
 *				event is done; _ALL: none is pending
 *	CS_ERR_TRY_AGAIN	CS_DISPATCH_ONE_NONBLOCKING, and no event is
 *				pending
 *	CS_ERR_INVALID_PARAM	no such dispatch_types
 *	CS_ERR_BAD_HANDLE	the handle is not open, or was finalized
 *				meanwhile, perhaps by a callback
 *	CS_ERR_LIBRARY		the daemon is gone, or an event is larger than
 *				the connection allows
 *	CS_ERR_NO_MEMORY	memory ran out; to dispatch again is possible
 */
cs_error_t quorum_dispatch(quorum_handle_t handle,
			   cs_dispatch_flags_t dispatch_types);

/*
 * quorum_getquorate(3): is this part of the cluster quorate?
 *
 *	handle	open
 *	quorate	output: 1, or 0 if not
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
 * quorum_trackstart(3): ask for notifications. The present state, if asked
 * for, is pending when this returns: QUORUM_MODEL_V0 one event,
 * QUORUM_MODEL_V1 two, the nodes and then the state.
 *
 *	handle	open
 *	flags	CS_TRACK_CURRENT, CS_TRACK_CHANGES, CS_TRACK_CHANGES_ONLY,
 *		or several; other bits are ignored. CS_TRACK_CURRENT alone
 *		does not start to track
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			done
 *	CS_ERR_EXIST		tracking already; the present state is pending
 *				all the same, if asked for
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags);

/*
 * quorum_trackstop(3): ask for no more notifications. Those that are pending
 * are still dispatched.
 *
 *	handle	open, tracking or not
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			not tracking any more
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t quorum_trackstop(quorum_handle_t handle);

/*
 * quorum_context_set(3): replace the context, a pointer that the application
 * keeps with the handle, for its callbacks to get.
 *
 *	handle	open
 *	context	any value, NULL too; never looked at
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			it is set
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t quorum_context_set(quorum_handle_t handle, const void *context);

/*
 * quorum_context_get(3): the context, as it was last set.
 *
 *	handle	open
 *	context	output
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
