/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One open handle: a connection, its locks, and the references that keep it
 * while calls use it. The struct of a service (cpg, quorum) begins with a
 * struct client.
 *
 * The locks, in the order in which they are taken:
 *
 *	group_lock	(cpg) a join or leave, until its reply; the handle's
 *			group
 *	send_lock	(cpg) a large message, from its first fragment to its
 *			last
 *	call_lock	a request, until its reply; the transport's state for
 *			requests. Never held together with recv_lock
 *	recv_lock	an event, received and decoded; the transport's state
 *			for events; closing, wake_fd; (cpg) the reassembly
 *	iterations_lock	(cpg) the list of iterations
 *	process_lock	the handle table
 *
 * group_lock and send_lock are not held together. No lock is held while a
 * callback runs, or during a wait for an event. A field that a lock guards
 * names the lock.
 *
 * A child of fork has the same handles, and shares the connection of each
 * with its parent. The state that all processes have in common is in shared
 * memory: the locks, and the state of the connection that the locks guard.
 * So requests and events of several processes do not mix, and an event goes
 * to the process that takes it. Each process has its own descriptors, memory
 * and wake descriptor. A process that has opened the connection, sent a
 * request or asked for an event has used the connection. Its finalize ends
 * the connection for all processes. If a process has not used the connection,
 * its finalize releases only the copy of that process.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <corosync/corotypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "handle.h"
#include "transport.h"

struct client;

/* What a service provides. Its address is the kind of the service's handles. */
struct service {
	const char *name;	/* of the IPC service */
	size_t message_max;	/* of requests, replies and events, in bytes */
	size_t client_size;	/* of the struct that begins with the client */
	size_t shared_size;	/* of the struct that begins with its shared */
	size_t event_size;	/* of a decoded event */

	/*
	 * Decode @size bytes at @bytes. recv_lock is held. @bytes is 4-byte
	 * aligned, is valid until the function returns, and may be @room.
	 * @room is 8-byte aligned and can hold the largest event. The event
	 * may point into @room, but not into @bytes. Returns 1 (deliver the
	 * event), 0 (nothing to deliver: incomplete or malformed) or -errno.
	 */
	int (*event_decode)(struct client *client, const void *bytes,
			    size_t size, void *room, void *ret_event);
	/* Call the callback. No lock is held; the thread may be canceled. */
	void (*event_deliver)(struct client *client, void *event);
	/* Free what the event owns, even if the callback did not return. */
	void (*event_release)(void *event);
	/* Free what the service's part of the client owns. */
	void (*client_clear)(struct client *client);
};

/* In memory that processes share. */
struct client_shared {
	pthread_mutex_t call_lock;
	pthread_mutex_t recv_lock;
	struct transport_shared transport;
};

struct client {
	struct handle_object object;
	const struct service *service;	/* constant */
	struct client_shared *shared;	/* constant */
	struct transport *transport;	/* constant once open */
	uint64_t handle;		/* constant once published */
	_Atomic uint64_t user;		/* the process_id at the last use */
	atomic_bool closing;		/* written with recv_lock held */
	int wake_fd;			/* recv_lock; -1: not created yet */
	uint64_t wake_process;		/* recv_lock; the owner of wake_fd */
	_Atomic(void *) spare_buffer;	/* for a dispatch */
	_Atomic(void *) context;	/* the application's */
};

/* One thread's use of a client: a reference, with cancellation disabled. */
struct client_use {
	struct client *client;
	int cancel_state;	/* the thread's own, restored by client_put */
};

/*
 * Connect, and create a client that has no handle yet. The service's part of
 * it is zeroed. *ret_use holds the only reference. Blocks until the daemon
 * replies.
 */
cs_error_t client_open(const struct service *service, void *context,
		       struct client_use *ret_use);

/* Give the client a handle. The handle table takes a reference of its own. */
cs_error_t client_publish(struct client *client, uint64_t *ret_handle);

/*
 * Take a reference to the client of a handle, and disable cancellation.
 * Returns CS_ERR_BAD_HANDLE if the handle is not open or of another service.
 */
cs_error_t client_get(uint64_t handle, const struct service *service,
		      struct client_use *ret_use);

/* End a use, and restore cancellation. The last reference disconnects. */
void client_put(struct client_use *use);

/*
 * Close the handle: later calls do not find it, and every dispatch that waits
 * wakes up. Never waits for a callback. *ret_use holds the reference of the
 * handle table. Returns CS_ERR_BAD_HANDLE like client_get.
 */
cs_error_t client_close(uint64_t handle, const struct service *service,
			struct client_use *ret_use);

/* Whether this process has used the connection. */
bool client_was_used(const struct client *client);

/* Whether the handle is still open in this process. */
bool client_is_open(const struct client *client);

/* Take and give back recv_lock. Taking it counts as use of the connection. */
void client_recv_lock(struct client *client);
void client_recv_unlock(struct client *client);

/*
 * Return wake_fd, for a wait, and create it if necessary. recv_lock is held.
 * Returns -1 if no descriptor is available.
 */
int client_wake_fd_locked(struct client *client);

/*
 * Send a request and wait for its reply, which must have this id and size.
 * If the daemon does not read requests, waits for up to one second, and then
 * returns CS_ERR_TRY_AGAIN. Otherwise returns the error in the reply, or that
 * of the connection. *ret_reply is valid only with CS_OK. @ordered as in
 * transport_call.
 */
cs_error_t client_exchange(struct client *client, const struct iovec *iov,
			   size_t iov_len, bool ordered, int32_t reply_id,
			   void *ret_reply, size_t reply_size);

/* client_exchange for an unordered request in one buffer. */
cs_error_t client_call(struct client *client, const void *request,
		       size_t request_size, int32_t reply_id, void *ret_reply,
		       size_t reply_size);

/* client_call with a handle. */
cs_error_t client_request(uint64_t handle, const struct service *service,
			  const void *request, size_t request_size,
			  int32_t reply_id, void *ret_reply, size_t reply_size);

/* Send a multicast, which has no reply. Waits like client_exchange. */
cs_error_t client_send(struct client *client, const struct iovec *iov,
		       size_t iov_len);

/* Return @err without asking the daemon, or CS_ERR_LIBRARY if it is gone. */
cs_error_t client_refuse(struct client *client, cs_error_t err);

/* Return and set the application's context pointer. */
cs_error_t client_context_get(uint64_t handle, const struct service *service,
			      void **ret_context);
cs_error_t client_context_set(uint64_t handle, const struct service *service,
			      void *context);

/* Return the descriptor for the application, see transport_fd. */
cs_error_t client_fd_get(uint64_t handle, const struct service *service,
			 int *ret_fd);

/*
 * Retries with growing delays, until a limit. Initialize limit_s, and zero the
 * rest. The time begins with the first pause, or with client_patience_begin.
 */
struct client_patience {
	unsigned int limit_s;	/* seconds */
	unsigned int sleep_us;	/* length of the last pause, in microseconds */
	struct timespec deadline;
};

/* Begin the time before the first try, as that may take long itself. */
void client_patience_begin(struct client_patience *patience);

/*
 * Sleep before the next try, a little longer each time. Returns false if the
 * time is over or the handle is closed.
 */
bool client_pause(const struct client *client,
		  struct client_patience *patience);

#endif
