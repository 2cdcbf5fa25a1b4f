/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Closed process groups. Processes on the nodes of a cluster join a group by
 * its name. What a member multicasts is delivered to every member, the sender
 * included; all of them see the messages and the membership changes
 * ("confchg") of the group in one and the same order.
 *
 *	cpg_initialize, or cpg_model_initialize		one connection
 *	cpg_join					one group for each
 *	cpg_mcast_joined				send
 *	cpg_fd_get, poll, cpg_dispatch			receive
 *	cpg_leave, cpg_finalize
 *
 * What "Blocks", "Threads: any", "Returns" and "Common" stand for, and what
 * holds for every function, is explained in corosync/corotypes.h.
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
 * The order that a sender asks for. Whatever it is, or any other value,
 * corosync gives CPG_TYPE_AGREED.
 */
typedef enum {
	CPG_TYPE_UNORDERED, /* any */
	CPG_TYPE_FIFO,	    /* each sender's messages in their order */
	CPG_TYPE_AGREED,    /* the same for all messages at all members */
	CPG_TYPE_SAFE	    /* and not before every member has it */
} cpg_guarantee_t;

/* Should senders hold back? */
typedef enum {
	CPG_FLOW_CONTROL_DISABLED, /* no: the only answer ever given */
	CPG_FLOW_CONTROL_ENABLED   /* yes */
} cpg_flow_control_state_t;

/* Why a process is in the joined or the left list of a confchg. */
typedef enum {
	CPG_REASON_UNDEFINED = 0, /* none is given */
	CPG_REASON_JOIN = 1,	  /* it joined */
	CPG_REASON_LEAVE = 2,	  /* it left */
	CPG_REASON_NODEDOWN = 3,  /* its node is gone */
	CPG_REASON_NODEUP = 4,	  /* its node has come */
	CPG_REASON_PROCDOWN = 5	  /* it ended or finalized without a leave */
} cpg_reason_t;

/* What to iterate over. */
typedef enum {
	CPG_ITERATION_NAME_ONLY = 1, /* groups */
	CPG_ITERATION_ONE_GROUP = 2, /* the members of one group */
	CPG_ITERATION_ALL = 3	     /* the members of every group */
} cpg_iteration_type_t;

/* Which callbacks there are. */
typedef enum {
	CPG_MODEL_V1 = 1 /* those of cpg_model_v1_data_t */
} cpg_model_t;

/* A process that is, or was, in a group. */
struct cpg_address {
	uint32_t nodeid;
	uint32_t pid;
	uint32_t reason; /* a cpg_reason_t; 0 where none is given */
};

/* The longest name of a group, in bytes. */
#define CPG_MAX_NAME_LENGTH 128

/*
 * The name of a group: any bytes, counted and not terminated ("x" and "x\0"
 * are two groups); none at all is a name too. In the names that the library
 * gives zeros fill the rest of value.
 */
struct cpg_name {
	uint32_t length; /* in bytes, at most CPG_MAX_NAME_LENGTH */
	char value[CPG_MAX_NAME_LENGTH];
};

/*
 * The number of members that the list of cpg_membership_get has room for. A
 * group, and the lists of a confchg, may have more.
 */
#define CPG_MEMBERS_MAX 128

/* A step of an iteration. */
struct cpg_iteration_description_t {
	struct cpg_name group;
	uint32_t nodeid; /* of a member; 0 for CPG_ITERATION_NAME_ONLY */
	uint32_t pid;	 /* the same */
};

/* A membership of the ring of all nodes; none has the id of another. */
struct cpg_ring_id {
	uint32_t nodeid; /* of the node that formed it */
	uint64_t seq;	 /* greater with each */
};

/*
 * Callbacks are called by cpg_dispatch, in its thread and before it returns.
 * When several threads dispatch one handle their callbacks may overlap. A
 * callback may call every function here, cpg_dispatch and cpg_finalize of its
 * own handle included. What its pointers point to is the library's, and valid
 * until the callback returns, also across a nested cpg_dispatch. No pointer
 * is NULL, even where a length or a number of entries is 0.
 */

/*
 * cpg_deliver_fn_t: a message has arrived, whole, whatever its size.
 *
 *	handle		the one that is dispatched
 *	group_name	the group that it was sent to
 *	nodeid, pid	of its sender
 *	msg		8-byte aligned; the callback may write to it
 *	msg_len		in bytes, may be 0
 *
 * See cpg_initialize(3).
 */
typedef void (*cpg_deliver_fn_t)(cpg_handle_t handle,
				 const struct cpg_name *group_name,
				 uint32_t nodeid, uint32_t pid, void *msg,
				 size_t msg_len);

/*
 * cpg_confchg_fn_t: processes have joined or left the group, any number of
 * each at a time. The first one that a member sees has itself in joined_list.
 *
 *	handle		the one that is dispatched
 *	group_name	the group
 *	member_list	the members from now on; reason is 0 where the daemon
 *			gives none, which is the rule
 *	left_list	those that left, each with its reason
 *	joined_list	those that joined, each with its reason
 *	..._entries	the number of entries of the list, may be 0, and more
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
 *	handle			the one that is dispatched
 *	ring_id			the new ring
 *	member_list_entries	the number of its nodes
 *	member_list		their ids
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

/* What the data of every model begin with. */
typedef struct {
	cpg_model_t model;
} cpg_model_data_t;

/* A flag: call cpg_totem_confchg_fn also right after the join. */
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
 * cpg_initialize(3): connect to the daemon. The context of the handle is
 * NULL.
 *
 *	handle		output: the new handle, the caller's until
 *			cpg_finalize
 *	callbacks	copied; may be NULL, as may each callback
 *
 * Blocks:  until the daemon has accepted
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL
 *	CS_ERR_TRY_AGAIN	not now: the daemon is not ready yet
 *	CS_ERR_LIBRARY		no daemon, no file descriptors left, or the
 *				files of the connection are not the daemon's
 *	CS_ERR_ACCESS		the daemon does not let this user in, or is
 *				neither root nor the caller's effective user
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks);

/*
 * cpg_model_initialize(3): the same, with the callbacks of a model, and a
 * context.
 *
 *	handle		output: the new handle, the caller's until
 *			cpg_finalize
 *	model		CPG_MODEL_V1
 *	model_data	a cpg_model_v1_data_t, cast; copied; may be NULL, as
 *			may each callback
 *	context		any value, see cpg_context_get; never looked at
 *
 * Blocks:  until the daemon has accepted
 * Threads: any
 * Returns:
 *	CS_OK			connected
 *	CS_ERR_INVALID_PARAM	handle is NULL, the model is unknown, or has
 *				unknown flags
 *	CS_ERR_TRY_AGAIN	not now: the daemon is not ready yet
 *	CS_ERR_LIBRARY		no daemon, no file descriptors left, or the
 *				files of the connection are not the daemon's
 *	CS_ERR_ACCESS		the daemon does not let this user in, or is
 *				neither root nor the caller's effective user
 *	CS_ERR_NO_SPACE		/dev/shm is full
 *	CS_ERR_NO_MEMORY	memory ran out
 */
cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				cpg_model_data_t *model_data, void *context);

/*
 * cpg_finalize(3): leave the group, if joined, and close the handle and its
 * iterations. Every cpg_dispatch of it returns CS_ERR_BAD_HANDLE, one that
 * waits at once, one in a callback after that. The connection ends when the
 * last call that uses it has returned. Buffers of cpg_zcb_alloc remain. In a
 * process that inherited the handle by fork and has not used it, only the copy
 * of that process is given back.
 *
 *	handle	closed, whatever is returned
 *
 * Blocks:  for the reply; never for a callback
 * Threads: any
 * Returns:
 *	CS_OK			closed
 *	CS_ERR_BAD_HANDLE	it was not open
 *	CS_ERR_LIBRARY		closed; the daemon was gone
 */
cs_error_t cpg_finalize(cpg_handle_t handle);

/*
 * cpg_fd_get(3): the descriptor of the connection, the same for the life of
 * the handle: its socket, or, if system.qb_ipc_type is socket, an epoll
 * descriptor. It is readable (POLLIN) as long as an event is not dispatched.
 * After a dispatch it is not readable if none is pending; only while another
 * thread or process takes several events in one dispatch it may be. When the
 * daemon is gone it shows POLLHUP; an epoll descriptor shows POLLIN instead.
 * For poll and the like, and for SO_PEERCRED if it is a socket; not to be
 * read, written, changed or closed.
 *
 *	handle	open
 *	fd	output: the library's, until cpg_finalize
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			*fd is set; also when the daemon is gone
 *	CS_ERR_INVALID_PARAM	fd is NULL
 * Common:  CS_ERR_BAD_HANDLE
 */
cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd);

/*
 * cpg_max_atomic_msgsize_get(3): the size of the largest message that is sent
 * in one piece, in bytes: 1047552. See cpg_mcast_joined.
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
 * cpg_context_get(3): the context, as it was last set.
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
cs_error_t cpg_context_get(cpg_handle_t handle, void **context);

/*
 * cpg_context_set(3): replace the context, a pointer that the application
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
cs_error_t cpg_context_set(cpg_handle_t handle, void *context);

/*
 * cpg_dispatch(3): receive events, and call the callbacks for them. Any
 * number of threads may dispatch one handle, and so may processes that share it
 * after fork; each event goes to one of them.
 * Events that came before the daemon died are delivered first. The thread can
 * be cancelled in a wait and in a callback, nowhere else.
 *
 *	handle		open
 *	dispatch_types	how many events, and whether to wait for them
 *
 * Blocks:  CS_DISPATCH_ONE and CS_DISPATCH_BLOCKING: for events; signals do
 *	not end the wait, cpg_finalize does. The others: no
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
 *	CS_ERR_NO_MEMORY	memory ran out. A large message may be lost by
 *				that; to dispatch again is possible
 */
cs_error_t cpg_dispatch(cpg_handle_t handle,
			cs_dispatch_flags_t dispatch_types);

/*
 * cpg_join(3): become a member of a group. It is complete with the confchg
 * that has this process in its joined_list. The member is the process that
 * calls this, with its pid, also if others use the handle after fork.
 *
 * corosync 3.1.7 never forgets that a handle has left: its next join returns
 * CS_ERR_BUSY after a minute, or CS_ERR_EXIST for the same group, by any handle
 * of the process. Finalize the old handle and join by a new one.
 *
 *	handle	open, not joined
 *	group	name of the group, which need not exist; copied
 *
 * Blocks:  for the reply, and asleep, at most a minute, while an earlier leave
 *	of this handle is under way; cpg_finalize ends that wait, with
 *	CS_ERR_BAD_HANDLE
 * Threads: any
 * Returns:
 *	CS_OK			joined
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH; looked at
 *				before the handle is
 *	CS_ERR_INVALID_PARAM	group is NULL
 *	CS_ERR_EXIST		the handle has joined a group, or this process
 *				the same one by another handle
 *	CS_ERR_TRY_AGAIN	as always, or this process is still leaving
 *				the group by another handle
 *	CS_ERR_BUSY		an earlier leave of this handle was still
 *				under way after a minute
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group);

/*
 * cpg_leave(3): leave the group. It is complete with the confchg that has
 * the member in its left_list, which is the process that joined.
 *
 *	handle	open, joined
 *	group	the name that it joined, and no other
 *
 * Blocks:  for the reply, and asleep, at most a minute, while an earlier leave
 *	of this handle is under way; cpg_finalize ends that wait, with
 *	CS_ERR_BAD_HANDLE
 * Threads: any
 * Returns:
 *	CS_OK			the leave is on its way
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH; looked at
 *				before the handle is
 *	CS_ERR_INVALID_PARAM	group is NULL
 *	CS_ERR_NOT_EXIST	not joined, or another group, or left already
 *	CS_ERR_BUSY		an earlier leave was still under way after a
 *				minute; call again
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group);

/*
 * cpg_mcast_joined(3): send a message to the group that was joined. Members
 * receive it whole or not at all, this process included.
 *
 * A message of more than cpg_max_atomic_msgsize_get bytes, up to 4 GiB - 1,
 * is a large one: it goes out in fragments. Another large message by the
 * handle waits until it is out, one that is not large goes out between the
 * fragments. If the send fails the message is void as a whole.
 *
 *	handle		open, joined
 *	guarantee	any value, see cpg_guarantee_t
 *	iovec		the pieces of the message; NULL only if iov_len is 0.
 *			The iov_base of a piece may be NULL if its iov_len
 *			is 0
 *	iov_len		the number of pieces, any; 0 is an empty message
 *
 * Blocks:  only while the queue to the daemon is full, asleep, at most a
 *	second. A large message: for the reply to each fragment, and at most a
 *	second more for each that the daemon refuses for now
 * Threads: any
 * Returns:
 *	CS_OK			it is on its way to the daemon; a large
 *				message: the daemon has all of it, also if the
 *				handle was finalized meanwhile
 *	CS_ERR_INVALID_PARAM	NULL where it may not be, or the lengths add
 *				up to more than a size_t holds
 *	CS_ERR_TOO_BIG		it has more than 4 GiB - 1, or is more than
 *				the kernel lets through (socket IPC)
 *	CS_ERR_NOT_EXIST	not joined yet, or left already
 *	CS_ERR_TRY_AGAIN	not now: flow control, or the daemon has not
 *				read the earlier messages for a second.
 *				Nothing was sent, or the large message is
 *				void; send it, all of it, later
 *	CS_ERR_INTERRUPT	a process joined or left the group while a
 *				large message was sent. It is void; send it
 *				again
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
			    const struct iovec *iovec, unsigned int iov_len);

/*
 * cpg_membership_get(3): the present members of a group, joined or not.
 *
 *	handle			open
 *	groupName		the group; one that nobody has joined has
 *				no members
 *	member_list		output: room for CPG_MEMBERS_MAX entries
 *	member_list_entries	output only: the number of entries written
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			all of them are written
 *	CS_ERR_NO_SPACE		there are more: the first CPG_MEMBERS_MAX are
 *				written, and that number
 *	CS_ERR_NAME_TOO_LONG	groupName->length > CPG_MAX_NAME_LENGTH
 *	CS_ERR_INVALID_PARAM	a pointer is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_membership_get(cpg_handle_t handle, struct cpg_name *groupName,
			      struct cpg_address *member_list,
			      int *member_list_entries);

/*
 * cpg_local_get(3): the id of this node.
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
 * cpg_flow_control_state_get(3): for old programs. Whether to hold back is
 * told by cpg_mcast_joined alone.
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
 * cpg_zcb_alloc(3): a buffer for cpg_zcb_mcast_joined. It is plain memory,
 * and saves no copy: new programs have no need for it.
 *
 *	handle	open
 *	size	in bytes; 0 gives a buffer too
 *	buffer	output: aligned for any type, the caller's until
 *		cpg_zcb_free, also after cpg_finalize
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
 *	handle	open; need not be the one that it was allocated with
 *	buffer	not to be used any more, if CS_OK
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
 * cpg_zcb_mcast_joined(3): cpg_mcast_joined for a message of one piece.
 *
 *	handle		open, joined
 *	guarantee	any value, see cpg_guarantee_t
 *	msg		the message, in any memory; remains the caller's; NULL
 *			only if msg_len is 0
 *	msg_len		in bytes, may be 0
 *
 * Blocks:  as cpg_mcast_joined
 * Threads: any
 * Returns: what cpg_mcast_joined does, for the same reasons:
 *	CS_OK, CS_ERR_INVALID_PARAM, CS_ERR_TOO_BIG, CS_ERR_NOT_EXIST,
 *	CS_ERR_TRY_AGAIN, CS_ERR_INTERRUPT
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_NO_MEMORY
 */
cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
				void *msg, size_t msg_len);

/*
 * cpg_iteration_initialize(3): begin to iterate over the groups and members
 * of the cluster, as they are now.
 *
 *	handle			open, joined or not
 *	iteration_type		over what
 *	group			CPG_ITERATION_ONE_GROUP: the group, one that
 *				nobody has joined has no members; otherwise
 *				NULL
 *	cpg_iteration_handle	output: the caller's until
 *				cpg_iteration_finalize, or cpg_finalize of
 *				handle
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			begun
 *	CS_ERR_NAME_TOO_LONG	group->length > CPG_MAX_NAME_LENGTH, for any
 *				type
 *	CS_ERR_INVALID_PARAM	no such type, cpg_iteration_handle is NULL,
 *				group is NULL for CPG_ITERATION_ONE_GROUP, or
 *				not NULL for another type
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t
cpg_iteration_initialize(cpg_handle_t handle,
			 cpg_iteration_type_t iteration_type,
			 const struct cpg_name *group,
			 cpg_iteration_handle_t *cpg_iteration_handle);

/*
 * cpg_iteration_next(3): the next group, or member.
 *
 *	handle		open iteration
 *	description	output
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			*description is set
 *	CS_ERR_NO_SECTIONS	the end. What comes after it is the daemon's
 *				choice; corosync 3.1.7 begins anew
 *	CS_ERR_INVALID_PARAM	description is NULL
 * Common:  CS_ERR_BAD_HANDLE, CS_ERR_LIBRARY, CS_ERR_TRY_AGAIN,
 *	CS_ERR_NO_MEMORY
 */
cs_error_t cpg_iteration_next(cpg_iteration_handle_t handle,
			      struct cpg_iteration_description_t *description);

/*
 * cpg_iteration_finalize(3): end an iteration.
 *
 *	handle	open iteration; closed, unless CS_ERR_TRY_AGAIN is returned
 *
 * Blocks:  for the reply
 * Threads: any
 * Returns:
 *	CS_OK			closed
 *	CS_ERR_BAD_HANDLE	it was not open
 *	CS_ERR_LIBRARY		closed; the daemon was gone
 *	CS_ERR_TRY_AGAIN	still open; later
 *	CS_ERR_NO_MEMORY	closed; the daemon keeps its part until
 *				cpg_finalize
 */
cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle);

#ifdef __cplusplus
}
#endif

#endif
