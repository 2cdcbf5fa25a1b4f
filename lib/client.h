/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One open handle: a connection, the locks around it, and the references
 * that keep it while calls use it. A service (cpg, quorum) puts a struct
 * client at the head of its own.
 *
 * The locks, each before those below it:
 *
 *	group_lock	(cpg) a join or leave, to its reply; the handle's group
 *	send_lock	(cpg) a message in fragments, first to last
 *	call_lock	a request, to its reply; what the transport has of
 *			requests. Never together with recv_lock
 *	recv_lock	an event, received and decoded; what the transport has
 *			of events; closing, wake_fd; (cpg) the assembly
 *	iterations_lock	(cpg) the list of iterations
 *	process_lock	the handle table
 *
 * group_lock and send_lock are not held together. None is held while a
 * callback runs, or across a wait for an event. A field that a lock guards
 * names it.
 *
 * A child of fork has the same handles, and shares the connection of each
 * with its parent. What has to be one for all of them is in shared memory:
 * the locks, and what the locks guard of the connection. So requests and
 * events of several processes do not mix, and an event goes to the process
 * that takes it. The descriptors, the memory and the wake fd are each
 * process's own. A process that has sent a request or asked for an event has
 * used the connection. Its finalize ends the connection for all; the
 * finalize of a process that has not used it gives back the copy only.
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

/* What a service plugs in. Its address is the kind of its handles. */
struct service {
	const char *name;	/* of the IPC service */
	size_t message_max;	/* of requests, replies and events, in bytes */
	size_t client_size;	/* of the struct that begins with the client */
	size_t shared_size;	/* of the struct that begins with its shared */
	size_t event_size;	/* of a decoded event */

	/*
	 * Turn @size bytes at @bytes into *ret_event. They are there, aligned
	 * to 4 bytes, until this returns. What the event points into has to be
	 * copied to @room, unless it is there already: it has room for
	 * the largest event, and is 8-byte aligned. Under recv_lock. 1:
	 * deliver it, 0: nothing to deliver (incomplete, malformed), or
	 * -errno.
	 */
	int (*event_decode)(struct client *client, const void *bytes,
			    size_t size, void *room, void *ret_event);
	/* Call the application. No lock is held; the thread may end in it. */
	void (*event_deliver)(struct client *client, void *event);
	/* Free what the event owns, also if the callback never returned. */
	void (*event_release)(void *event);
	/* Free what the service's own part of the client holds. */
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
	_Atomic uint64_t user;		/* the last process that used it */
	atomic_bool closing;		/* written with recv_lock held */
	int wake_fd;			/* recv_lock; -1: nobody waited yet */
	uint64_t wake_process;		/* recv_lock; whose wake_fd it is */
	_Atomic(void *) spare_buffer;	/* of dispatch */
	_Atomic(void *) context;	/* of the application */
};

/* One thread's use of a client: a reference, and cancellation put off. */
struct client_use {
	struct client *client;
	int cancel_state;	/* the thread's own, to be restored */
};

/*
 * A connected client, its service part zeroed, not yet behind a handle.
 * *ret_use holds its only reference. Blocks until the daemon answers.
 */
cs_error_t client_open(const struct service *service, void *context,
		       struct client_use *ret_use);

/* Put the client behind a handle; the table gets a reference of its own. */
cs_error_t client_publish(struct client *client, uint64_t *ret_handle);

/* CS_ERR_BAD_HANDLE unless the handle is open and of that service. */
cs_error_t client_get(uint64_t handle, const struct service *service,
		      struct client_use *ret_use);

/* End a use; the last reference disconnects. */
void client_put(struct client_use *use);

/*
 * Close the handle: no later call finds it, every dispatcher wakes up.
 * Never waits for a callback. *ret_use holds the table's reference.
 */
cs_error_t client_close(uint64_t handle, const struct service *service,
			struct client_use *ret_use);

/* Has this process used the connection? If not, others go on with it. */
bool client_was_used(const struct client *client);

/* Is the handle still open in this process? */
bool client_is_open(const struct client *client);

/* Take and give back recv_lock, to use the connection. */
void client_recv_lock(struct client *client);
void client_recv_unlock(struct client *client);

/*
 * Make wake_fd, with recv_lock held, before a wait; -1 when there are no
 * descriptors left.
 */
int client_wake_fd_locked(struct client *client);

/*
 * Send a request and wait for its reply, which has to be of this id and
 * size. The daemon's own error, or that of the connection; *ret_reply is
 * only valid with CS_OK. @ordered as in transport_call.
 */
cs_error_t client_exchange(struct client *client, const struct iovec *iov,
			   size_t iov_len, bool ordered, int32_t reply_id,
			   void *ret_reply, size_t reply_size);

/* The same for an unordered request of one piece. */
cs_error_t client_call(struct client *client, const void *request,
		       size_t request_size, int32_t reply_id, void *ret_reply,
		       size_t reply_size);

/* client_call by handle. */
cs_error_t client_request(uint64_t handle, const struct service *service,
			  const void *request, size_t request_size,
			  int32_t reply_id, void *ret_reply, size_t reply_size);

/* Send a multicast, which has no reply. */
cs_error_t client_send(struct client *client, const struct iovec *iov,
		       size_t iov_len);

/* @err, for a call not worth a request; CS_ERR_LIBRARY if nobody is there. */
cs_error_t client_refuse(struct client *client, cs_error_t err);

/* The application's context pointer. */
cs_error_t client_context_get(uint64_t handle, const struct service *service,
			      void **ret_context);
cs_error_t client_context_set(uint64_t handle, const struct service *service,
			      void *context);

/* The descriptor of the connection. */
cs_error_t client_fd_get(uint64_t handle, const struct service *service,
			 int *ret_fd);

/* When to stop trying. Zeroed but for the limit: the time has not begun. */
struct client_patience {
	unsigned int limit_s;	/* from the begin, or the first pause on */
	unsigned int sleep_us;	/* the last one */
	struct timespec deadline;
};

/* Let the time begin before the first try, which may take long as well. */
void client_patience_begin(struct client_patience *patience);

/*
 * Sleep before the next try, a little longer each time. False when the time
 * is over or the handle closed.
 */
bool client_pause(const struct client *client,
		  struct client_patience *patience);

#endif
