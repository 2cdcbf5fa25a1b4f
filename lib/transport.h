/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One IPC connection to a service of corosync: requests, their replies, and
 * events. transport_rings.c and transport_sockets.c implement the two kinds.
 *
 * The caller locks: one thread at a time may be in transport_send,
 * transport_call, transport_recover and transport_check, and one thread at a
 * time in transport_event, transport_event_done and transport_batch_end. The
 * two groups may run concurrently. Thread cancellation is disabled during
 * every call.
 *
 * A lost connection never recovers: after the first -ENOTCONN every call
 * returns it. But transport_event first returns the events that arrived
 * before.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* The maximum number of pieces of a request. */
#define TRANSPORT_PIECES_MAX 16

struct transport;

/*
 * The state that processes share which share the connection after fork. In
 * shared memory, initially zero. The locks of the functions guard it.
 */
struct transport_shared {
	/* For requests. */
	bool reply_due;		/* a reply may arrive that nothing has taken */
	bool request_due;	/* a request may be partly sent */
	unsigned int bell_room;	/* bytes that are sure to fit in the socket */
	bool count_is_unsure;	/* of pending requests: it may be too high */
	/* For events. */
	unsigned int bytes;	/* in the socket, at least */
	unsigned int taken;	/* events whose bytes are among these */
	bool event_due;		/* a byte was read, its event was not taken */
	void *event;		/* found and not taken yet; or NULL */
	ssize_t event_len;	/* of that event, in bytes */
	bool events_in_doubt;	/* a step on the event ring is not complete */
};

/*
 * Connect to the service of that name, for messages of up to @message_max
 * bytes, or of more if the daemon decides so. Blocks until the daemon replies.
 * @shared must stay valid as long as the transport. Returns 0, -EACCES,
 * -ENOSPC (/dev/shm is full), -ENOMEM, or another errno (no daemon, no file
 * descriptors).
 */
int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport);

/* Disconnect, for all processes, and free. Does not wait for the daemon. */
void transport_close(struct transport *transport);

/* Free this process's copy of a connection that another process uses. */
void transport_release(struct transport *transport);

/*
 * Return the descriptor that is readable while an event is pending, and when
 * the daemon is gone. The transport owns it.
 */
int transport_fd(const struct transport *transport);

/* The size of the largest event, in bytes. */
size_t transport_event_max(const struct transport *transport);

/* The size of the largest request, in bytes; a larger one is -EMSGSIZE. */
size_t transport_request_max(const struct transport *transport);

/* Hints for transport_event. */
enum {
	/*
	 * The caller takes events until none is pending, or until it calls
	 * transport_batch_end.
	 */
	TRANSPORT_BATCH = 1,
	/* If no event is found, the caller polls the fd: do not check it. */
	TRANSPORT_WAITS = 2,
};

/*
 * Find the next event, without blocking. Returns its length, and in *ret_bytes
 * its address: @room, which can hold the largest event, or memory of the
 * transport, aligned to 4 bytes. The caller must then call
 * transport_event_done. Returns -EAGAIN if no event is pending (the fd becomes
 * readable when one is), -ENOTCONN, or -EPROTO if the event is larger than the
 * maximum, and the connection therefore lost.
 */
ssize_t transport_event(struct transport *transport, void *room,
			unsigned int hints, void **ret_bytes);

/* Take the event that was found. Its bytes become invalid. */
void transport_event_done(struct transport *transport);

/* End a batch, although events may be pending. */
void transport_batch_end(struct transport *transport);

/*
 * Send a multicast, which has no reply. Returns 0 or -ENOTCONN; or, with
 * nothing sent, -EAGAIN (flow control is on, or the queue is full), -ENOBUFS
 * (see transport_room_await), -ENOMEM or -EMSGSIZE.
 */
int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len);

/*
 * Send a request and wait for its reply, as long as the daemon is alive.
 * @ordered: the request is a multicast, and subject to their flow control.
 * Returns the length of the reply, an error of transport_send, or -EPROTO if
 * the reply is larger than @size, and the connection therefore lost.
 */
ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size);

/*
 * After -ENOBUFS: sleep until the daemon has read some requests or is gone, or
 * until a signal arrives, for up to @limit. Needs no lock.
 */
void transport_room_await(const struct transport *transport,
			  const struct timespec *limit);

/* Finish the send or the call of a process that ended in the middle of it. */
void transport_recover(struct transport *transport);

/* Returns 0, or -ENOTCONN if the daemon is gone. */
int transport_check(struct transport *transport);

/*
 * Give up the connection: the daemon is gone, or has sent invalid data. The
 * connection is lost for all processes.
 */
void transport_abandon(struct transport *transport);

#endif
