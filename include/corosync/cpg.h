/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Closed process groups. Processes on the nodes of a cluster join a group by
 * name. Every member, including the sender, receives each message that a member
 * multicasts. All members see the messages and the membership changes
 * ("confchg") of the group in the same order.
 *
 *	cpg_initialize, or cpg_model_initialize		one connection
 *	cpg_join					one group per handle
 *	cpg_mcast_joined				send
 *	cpg_fd_get, poll, cpg_dispatch			receive
 *	cpg_leave, cpg_finalize
 *
 * corosync/corotypes.h explains "Blocks", "Threads: any", "Returns" and
 * "Common", and what holds for every function.
 */
#ifndef COROSYNC_CPG_H_DEFINED
#define COROSYNC_CPG_H_DEFINED

#include <corosync/corotypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection to the daemon; never 0. */
typedef uint64_t cpg_handle_t;

/* An iteration over groups and members; never 0. */
typedef uint64_t cpg_iteration_handle_t;

/*
 * The order that a sender requests. corosync provides CPG_TYPE_AGREED,
 * whatever the value is.
 */
typedef enum {
	CPG_TYPE_UNORDERED, /* no order */
	CPG_TYPE_FIFO,	    /* the messages of each sender in order */
	CPG_TYPE_AGREED,    /* all messages in the same order at all members */
	CPG_TYPE_SAFE	    /* the same, once every member has the message */
} cpg_guarantee_t;

/* Whether senders have to wait. */
typedef enum {
	CPG_FLOW_CONTROL_DISABLED, /* no: the only value ever returned */
	CPG_FLOW_CONTROL_ENABLED   /* yes */
} cpg_flow_control_state_t;

/* Why a process is in the joined or the left list of a confchg. */
typedef enum {
	CPG_REASON_UNDEFINED = 0, /* no reason is given */
	CPG_REASON_JOIN = 1,	  /* it joined */
	CPG_REASON_LEAVE = 2,	  /* it left */
	CPG_REASON_NODEDOWN = 3,  /* its node failed or is unreachable */
	CPG_REASON_NODEUP = 4,	  /* its node joined the cluster */
	CPG_REASON_PROCDOWN = 5	  /* it exited or finalized without a leave */
} cpg_reason_t;

/* What to iterate over. */
typedef enum {
	CPG_ITERATION_NAME_ONLY = 1, /* groups */
	CPG_ITERATION_ONE_GROUP = 2, /* the members of one group */
	CPG_ITERATION_ALL = 3	     /* the members of every group */
} cpg_iteration_type_t;

/* The set of callbacks. */
typedef enum {
	CPG_MODEL_V1 = 1 /* those of cpg_model_v1_data_t */
} cpg_model_t;

/* A process that is, or was, in a group. */
struct cpg_address {
	uint32_t nodeid;
	uint32_t pid;
	uint32_t reason; /* a cpg_reason_t; 0 if no reason is given */
};

/* The maximum length of a group name, in bytes. */
#define CPG_MAX_NAME_LENGTH 128

/*
 * The name of a group: any bytes, counted and not terminated ("x" and "x\0"
 * are two groups). An empty name is valid. In the names that the library passes
 * to the application, zeros fill the rest of value.
 */
struct cpg_name {
	uint32_t length; /* in bytes, at most CPG_MAX_NAME_LENGTH */
	char value[CPG_MAX_NAME_LENGTH];
};

/*
 * The maximum number of members that cpg_membership_get returns. A group, and
 * the lists of a confchg, may have more.
 */
#define CPG_MEMBERS_MAX 128

/* A step of an iteration. */
struct cpg_iteration_description_t {
	struct cpg_name group;
	uint32_t nodeid; /* of a member; 0 for CPG_ITERATION_NAME_ONLY */
	uint32_t pid;	 /* likewise */
};

/* The id of a ring: a membership of nodes. Ring ids are unique. */
struct cpg_ring_id {
	uint32_t nodeid; /* of the node that formed the ring */
	uint64_t seq;	 /* increases with each ring */
};

/*
 * cpg_dispatch calls the callbacks, in the calling thread and before it
 * returns. If several threads dispatch one handle, callbacks may run
 * concurrently. A callback may call every function of this header, including
 * cpg_dispatch and cpg_finalize of its own handle. The library owns what the
 * pointers point to; it stays valid until the callback returns, even across a
 * nested cpg_dispatch. No pointer is NULL, even if a length or a number of
 * entries is 0.
 */

/*
 * cpg_deliver_fn_t: a message has arrived. Large messages arrive whole, too.
 *
 *	handle		the handle that is being dispatched
 *	group_name	the group that the message was sent to
 *	nodeid, pid	of the sender
 *	msg		8-byte aligned; the callback may modify it
 *	msg_len		in bytes; may be 0
 *
 * See cpg_initialize(3).
 */
typedef void (*cpg_deliver_fn_t)(cpg_handle_t handle,
				 const struct cpg_name *group_name,
				 uint32_t nodeid, uint32_t pid, void *msg,
				 size_t msg_len);

/*
 * cpg_confchg_fn_t: any number of processes have joined or left the group. The
 * first confchg of a new member has the member itself in joined_list.
 *
 *	handle		the handle that is being dispatched
 *	group_name	the group
 *	member_list	the members from now on; reason is usually 0
 *	left_list	the processes that left, with the reasons
 *	joined_list	the processes that joined, with the reasons
 *	..._entries	the number of entries of the list; may be 0, and more
 *			than CPG_MEMBERS_MAX
 *
 * See cpg_initialize(3).
 */
typedef void (*cpg_confchg_fn_t)(
	cpg_handle_t handle, const struct cpg_name *group_name,
	const struct cpg_address *member_list, size_t member_list_entries,
	const struct cpg_address *left_list, size_t left_list_entries,
	const struct cpg_address *joined_list, size_t joined_list_entries);

/*
 * cpg_totem_confchg_fn_t: the ring of nodes has changed.
 *
 *	handle			the handle that is being dispatched
 *	ring_id			the new ring
 *	member_list_entries	the number of its nodes
 *	member_list		the ids of its nodes
 *
 * See cpg_model_initialize(3).
 */
typedef void (*cpg_totem_confchg_fn_t)(cpg_handle_t handle,
				       struct cpg_ring_id ring_id,
				       uint32_t member_list_entries,
				       const uint32_t *member_list);

/* For cpg_initialize. Events whose callback is NULL are dropped. */
typedef struct {
	cpg_deliver_fn_t cpg_deliver_fn;
	cpg_confchg_fn_t cpg_confchg_fn;
} cpg_callbacks_t;

/* The first members of the data of every model. */
typedef struct {
	cpg_model_t model;
} cpg_model_data_t;

/* A flag: call cpg_totem_confchg_fn right after the join, too. */
#define CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF 0x01

/* For CPG_MODEL_V1. Events whose callback is NULL are dropped. */
typedef struct {
	cpg_model_t model; /* CPG_MODEL_V1 */
	cpg_deliver_fn_t cpg_deliver_fn;
	cpg_confchg_fn_t cpg_confchg_fn;
	cpg_totem_confchg_fn_t cpg_totem_confchg_fn;
	unsigned int flags; /* CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF, or 0 */
} cpg_model_v1_data_t;

/*
 * cpg_initialize(3): connect to the daemon. The context of the handle is NULL.
 *
 *	handle		output: the new handle, which the caller owns until
 *			cpg_finalize
 *	callbacks	copied; may be NULL, and so may each callback
 *
 * Blocks:  until the daemon has accepted the connection
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL
 *	CS_ERR_TRY_AGAIN	the daemon is not ready yet
 *	CS_ERR_LIBRARY		the daemon is not running, the process has no
 *				free file descriptors, or the files of the
 *				connection do not belong to the daemon
 *	CS_ERR_ACCESS		the daemon refuses this user, or runs as neither
 *				root nor the effective user of the caller
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks);

/*
 * cpg_model_initialize(3): connect to the daemon, with the callbacks of a
 * model and a context.
 *
 *	handle		output: the new handle, which the caller owns until
 *			cpg_finalize
 *	model		CPG_MODEL_V1
 *	model_data	a cpg_model_v1_data_t, cast; copied; may be NULL, and so
 *			may each callback
 *	context		any value, see cpg_context_get; never dereferenced
 *
 * Blocks:  until the daemon has accepted the connection
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL, or the model or its flags are
 *				unknown
 *	CS_ERR_TRY_AGAIN	the daemon is not ready yet
 *	CS_ERR_LIBRARY		the daemon is not running, the process has no
 *				free file descriptors, or the files of the
 *				connection do not belong to the daemon
 *	CS_ERR_ACCESS		the daemon refuses this user, or runs as neither
 *				root nor the effective user of the caller
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				cpg_model_data_t *model_data, void *context);

/*
 * cpg_finalize(3): leave the group, if joined, and close the handle and its
 * iterations. Every cpg_dispatch of the handle returns CS_ERR_BAD_HANDLE: at
 * once if it waits, or when the current callback has returned. The connection
 * ends when the last call that uses it has returned. Buffers of cpg_zcb_alloc
 * stay allocated. In a process that has inherited the handle by fork and has
 * not used it, the function only releases the copy of that process.
 *
 *	handle	closed, whatever the function returns
 *
 * Blocks:  for the reply; never for a callback
 * Threads: any
 * Returns:
 *	CS_OK			closed
 *	CS_ERR_BAD_HANDLE	the handle was not open
 *	CS_ERR_LIBRARY		closed; the daemon was gone
 */
cs_error_t cpg_finalize(cpg_handle_t handle);

/*
 * cpg_fd_get(3): return the file descriptor of the connection, which stays the
 * same until the handle is closed: its socket, or, if system.qb_ipc_type is
 * socket, an epoll descriptor. It is readable (POLLIN) as long as an event is
 * pending, and not after that, not even in the callback for the last event. If
 * the daemon is gone, the descriptor shows POLLHUP; an epoll descriptor shows
 * POLLIN instead. It is for poll and similar calls, and, if it is a socket, for
 * SO_PEERCRED. The caller must not read, write, change or close it.
 *
 *	handle	open
 *	fd	output: owned by the library, until cpg_finalize
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*fd is set, even if the daemon is gone
 *	CS_ERR_INVALID_PARAM	fd is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd);

/*
 * cpg_max_atomic_msgsize_get(3): return the size of the largest message that is
 * sent unfragmented, in bytes: 1047552. See cpg_mcast_joined.
 *
 *	handle	open
 *	size	output
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*size is set
 *	CS_ERR_INVALID_PARAM	size is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle, uint32_t *size);

/*
 * cpg_context_get(3): return the context of the handle.
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
cs_error_t cpg_context_get(cpg_handle_t handle, void **context);

/*
 * cpg_context_set(3): set the context of the handle, a pointer that the
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
cs_error_t cpg_context_set(cpg_handle_t handle, void *context);

/*
 * cpg_dispatch(3): receive events and call the callbacks for them. Any number
 * of threads may dispatch one handle, and so may processes that share it after
 * fork; each event goes to one of them. Events that arrived before the daemon
 * died are delivered first. The thread can be canceled while it waits and while
 * it is in a callback, but nowhere else.
 *
 *	handle		open
 *	dispatch_types	how many events to take, and whether to wait for them
 *
 * Blocks:  CS_DISPATCH_ONE and CS_DISPATCH_BLOCKING: for events. cpg_finalize
 *	ends the wait; signals do not. The other modes: no
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
 *	CS_ERR_NO_MEMORY	memory ran out. A large message may be lost;
 *				the handle stays usable
 */
cs_error_t cpg_dispatch(cpg_handle_t handle,
			cs_dispatch_flags_t dispatch_types);

/*
 * cpg_join(3): become a member of a group. The join is complete when
 * cpg_dispatch delivers the confchg that has this process in its joined_list.
 * The member is the process that calls this function, with its pid, even if
 * other processes use the handle after fork.
 *
 * In corosync 3.1.7, a handle that has left a group cannot join again: the
 * function returns CS_ERR_BUSY after a minute, or CS_ERR_EXIST for the same
 * group, even on another handle of the process. Finalize the old handle first,
 * and join with a new one.
 *
 *	handle	open, not joined
 *	group	the name of the group, which need not exist; copied
 *
 * Blocks:  for the reply. While an earlier leave of this handle is in progress,
 *	the request is retried for up to a minute; cpg_finalize ends the wait,
 *	and the function returns CS_ERR_BAD_HANDLE
 * Threads: any
 * Returns:
 *	CS_OK			joined
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH; checked
 *				before the handle is
 *	CS_ERR_INVALID_PARAM	group is NULL
 *	CS_ERR_EXIST		the handle has joined a group, or this process
 *				has joined this group with another handle
 *	CS_ERR_TRY_AGAIN	as in corotypes.h; or a leave of the group by
 *				this process, with another handle, is in
 *				progress
 *	CS_ERR_BUSY		after a minute, an earlier leave of this handle
 *				was still in progress
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group);

/*
 * cpg_leave(3): leave the group. The leave is complete when cpg_dispatch
 * delivers the confchg that has the member in its left_list. The member is the
 * process that joined.
 *
 *	handle	open, joined
 *	group	the name of the group that the handle has joined
 *
 * Blocks:  for the reply. While an earlier leave of this handle is in progress,
 *	the request is retried for up to a minute; cpg_finalize ends the wait,
 *	and the function returns CS_ERR_BAD_HANDLE
 * Threads: any
 * Returns:
 *	CS_OK			the leave has started
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH; checked
 *				before the handle is
 *	CS_ERR_INVALID_PARAM	group is NULL
 *	CS_ERR_NOT_EXIST	the handle has not joined this group, or has
 *				left it already
 *	CS_ERR_BUSY		after a minute, an earlier leave was still in
 *				progress; call again
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group);

/*
 * cpg_mcast_joined(3): send a message to the group. Every member, including
 * this process, receives the whole message or nothing of it.
 *
 * A message of more than cpg_max_atomic_msgsize_get bytes, up to 4 GiB - 1, is
 * a large message. It is sent in fragments. Another large message on the handle
 * waits until all of them are sent; any other message is sent between two
 * fragments. If the send fails, the whole message is discarded.
 *
 *	handle		open, joined
 *	guarantee	any value, see cpg_guarantee_t
 *	iovec		the buffers that make up the message; may be NULL only
 *			if iov_len is 0. The iov_base of a buffer may be NULL
 *			if its iov_len is 0
 *	iov_len		the number of buffers, without limit; 0 sends an empty
 *			message
 *
 * Blocks:  only while the queue to the daemon is full, for up to a second; with
 *	socket IPC, not if events are pending on the handle. A large message:
 *	for the reply to each fragment; a fragment that the daemon refuses is
 *	retried for up to a second
 * Threads: any
 * Returns:
 *	CS_OK			the message is queued for the daemon; a large
 *				message: the daemon has all of it, even if the
 *				handle was finalized meanwhile
 *	CS_ERR_INVALID_PARAM	a disallowed NULL, or the sum of the lengths
 *				does not fit into 64 bits
 *	CS_ERR_TOO_BIG		the message has more than 4 GiB - 1 bytes, or
 *				more than the kernel accepts (socket IPC)
 *	CS_ERR_NOT_EXIST	the handle has not joined, or has left
 *	CS_ERR_TRY_AGAIN	flow control, or the queue to the daemon is
 *				full. Nothing was sent, or the large message is
 *				discarded; send the whole message again later
 *	CS_ERR_INTERRUPT	a process joined or left the group during the
 *				send of a large message. The message is
 *				discarded; send it again
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
			    const struct iovec *iovec, unsigned int iov_len);

/*
 * cpg_membership_get(3): return the current members of a group.
 *
 *	handle			open, joined or not
 *	groupName		the name of the group; a group that no process
 *				has joined has no members
 *	member_list		output: an array of CPG_MEMBERS_MAX entries
 *	member_list_entries	output only: the number of entries written
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			all members are written
 *	CS_ERR_NO_SPACE		the group has more members: the first
 *				CPG_MEMBERS_MAX are written, and that number
 *	CS_ERR_NAME_TOO_LONG	groupName->length > CPG_MAX_NAME_LENGTH
 *	CS_ERR_INVALID_PARAM	a pointer is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_membership_get(cpg_handle_t handle, struct cpg_name *groupName,
			      struct cpg_address *member_list,
			      int *member_list_entries);

/*
 * cpg_local_get(3): return the id of this node.
 *
 *	handle		open, joined or not
 *	local_nodeid	output
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			*local_nodeid is set
 *	CS_ERR_INVALID_PARAM	local_nodeid is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *local_nodeid);

/*
 * cpg_flow_control_state_get(3): always return that senders need not wait. For
 * old programs; only cpg_mcast_joined reports flow control.
 *
 *	handle			open
 *	flow_control_enabled	output: CPG_FLOW_CONTROL_DISABLED
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*flow_control_enabled is set
 *	CS_ERR_INVALID_PARAM	flow_control_enabled is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t
cpg_flow_control_state_get(cpg_handle_t handle,
			   cpg_flow_control_state_t *flow_control_enabled);

/*
 * cpg_zcb_alloc(3): allocate a buffer for cpg_zcb_mcast_joined. The buffer is
 * plain memory, and sending it does not avoid a copy. New programs do not need
 * this function.
 *
 *	handle	open
 *	size	in bytes; 0 is valid
 *	buffer	output: aligned for any type; the caller owns it until
 *		cpg_zcb_free, even after cpg_finalize
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*buffer is set
 *	CS_ERR_INVALID_PARAM	buffer is NULL
 *	CS_ERR_NO_MEMORY	memory ran out
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size, void **buffer);

/*
 * cpg_zcb_free(3): free a buffer of cpg_zcb_alloc.
 *
 *	handle	open; may differ from the one that allocated the buffer
 *	buffer	freed if the function returns CS_OK
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			freed
 *	CS_ERR_INVALID_PARAM	buffer is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t cpg_zcb_free(cpg_handle_t handle, void *buffer);

/*
 * cpg_zcb_mcast_joined(3): cpg_mcast_joined for a message in one buffer.
 *
 *	handle		open, joined
 *	guarantee	any value, see cpg_guarantee_t
 *	msg		the message, in any memory; the caller keeps ownership;
 *			may be NULL only if msg_len is 0
 *	msg_len		in bytes; may be 0
 *
 * Blocks:  like cpg_mcast_joined
 * Threads: any
 * Returns: the results of cpg_mcast_joined, for the same reasons:
 *	CS_OK, CS_ERR_INVALID_PARAM, CS_ERR_TOO_BIG, CS_ERR_NOT_EXIST,
 *	CS_ERR_TRY_AGAIN, CS_ERR_INTERRUPT
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
				void *msg, size_t msg_len);

/*
 * cpg_iteration_initialize(3): start an iteration over the groups and members
 * of the cluster. The iteration shows their state at the time of this call.
 *
 *	handle			open, joined or not
 *	iteration_type		what to iterate over
 *	group			CPG_ITERATION_ONE_GROUP: the group; one that no
 *				process has joined has no members. Otherwise
 *				NULL
 *	cpg_iteration_handle	output: the new iteration, which the caller owns
 *				until cpg_iteration_finalize, or cpg_finalize of
 *				handle
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			the iteration was started
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH, for any
 *				type
 *	CS_ERR_INVALID_PARAM	the type is unknown, cpg_iteration_handle is
 *				NULL, group is NULL for CPG_ITERATION_ONE_GROUP,
 *				or group is not NULL for another type
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t
cpg_iteration_initialize(cpg_handle_t handle,
			 cpg_iteration_type_t iteration_type,
			 const struct cpg_name *group,
			 cpg_iteration_handle_t *cpg_iteration_handle);

/*
 * cpg_iteration_next(3): return the next group or member.
 *
 *	handle		open iteration
 *	description	output
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			*description is set
 *	CS_ERR_NO_SECTIONS	the end of the iteration. The result of a
 *				further call depends on the daemon; corosync
 *				3.1.7 starts over
 *	CS_ERR_INVALID_PARAM	description is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_iteration_next(cpg_iteration_handle_t handle,
			      struct cpg_iteration_description_t *description);

/*
 * cpg_iteration_finalize(3): end an iteration.
 *
 *	handle	open iteration; closed, except on CS_ERR_TRY_AGAIN
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			closed
 *	CS_ERR_BAD_HANDLE	the iteration was not open
 *	CS_ERR_LIBRARY		closed; the daemon was gone
 *	CS_ERR_TRY_AGAIN	still open; call again later
 *	CS_ERR_NO_MEMORY	closed; the daemon keeps its copy until
 *				cpg_finalize
 */
cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle);

#ifdef __cplusplus
}
#endif

#endif
