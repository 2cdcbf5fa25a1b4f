/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One IPC connection to a service of corosync: requests out, one reply for
 * each, and events in. Only the files behind it know how.
 *
 * Locking is the caller's: one thread at a time in transport_send,
 * transport_call and transport_check, and one thread at a time in
 * transport_event, transport_event_done and transport_batch_end; the two
 * groups do not disturb each other. Nothing here is called with thread cancellation enabled.
 *
 * Death is sticky: after the first -ENOTCONN every call returns it, but
 * transport_event gives first what came before.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* The number of pieces that a request may come in. */
#define TRANSPORT_PIECES_MAX 16

struct transport;

/*
 * In memory that the processes share which share the connection by fork; of
 * zeros at first. Guarded like the functions that use it.
 */
struct transport_shared {
	/* Of requests. */
	bool reply_due;		/* a request was sent, its reply not taken */
	bool request_due;	/* a request may be sent by half */
	unsigned int bell_room;	/* bytes that the socket surely takes */
	/* Of events. */
	unsigned int bytes;	/* that are in the socket; there may be more */
	unsigned int taken;	/* events whose bytes are among them */
	bool event_due;		/* a byte was read, its event is not taken */
};

/*
 * Connect to the service of that name, for messages of up to @message_max
 * bytes, or of more if the daemon wants. Blocks until the daemon answers.
 * -EACCES, -ENOSPC (/dev/shm is full), -ENOMEM, or another errno: no daemon,
 * no file descriptors. @shared has to outlive the transport.
 */
int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport);

/* Disconnect, in all processes, and free. Does not wait for the daemon. */
void transport_close(struct transport *transport);

/* Free this process's copy of a connection that another process uses. */
void transport_release(struct transport *transport);

/*
 * The descriptor that is readable while an event is pending, and when the
 * daemon is gone.
 */
int transport_fd(const struct transport *transport);

/* The size of the largest event, in bytes. */
size_t transport_event_max(const struct transport *transport);

/* The size of the largest request, in bytes; a larger one is -EMSGSIZE. */
size_t transport_request_max(const struct transport *transport);

/* Hints for transport_event. */
enum {
	/*
	 * More will be asked for, until there is none or
	 * transport_batch_end is called. In between the fd may be readable
	 * without an event.
	 */
	TRANSPORT_BATCH = 1,
	/* If there is none, the fd will be waited for: do not look at it. */
	TRANSPORT_WAITS = 2,
};

/*
 * Find the next event, without blocking. Its length, and in *ret_bytes where
 * it is: at @room, which has room for the largest event, or in memory of the
 * transport, aligned to 4 bytes. transport_event_done has to follow. Or
 * -EAGAIN (none is pending: the fd shows it when one is), -ENOTCONN, -EPROTO
 * (an event larger than the largest: it cannot be taken).
 */
ssize_t transport_event(struct transport *transport, void *room,
			unsigned int hints, void **ret_bytes);

/* The event is taken; its bytes are gone. */
void transport_event_done(struct transport *transport);

/* No more will be asked for, although there may be more. */
void transport_batch_end(struct transport *transport);

/*
 * Send a multicast, which has no reply. 0, or, and nothing was sent: -EAGAIN
 * (flow control is on, or the queue is full), -ENOBUFS (see
 * transport_room_await), -ENOTCONN, -ENOMEM, -EMSGSIZE.
 */
int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len);

/*
 * Send a request and wait for its reply, as long as the daemon lives.
 * @ordered: it multicasts, and the flow control of multicasts holds for it.
 * The length of the reply, or an error of transport_send, or -EPROTO (a reply
 * larger than @size: the connection is dead from then on).
 */
ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size);

/*
 * After -ENOBUFS: sleep until the daemon has read some of the requests, or a
 * signal came, but not longer than @limit. Needs no lock.
 */
void transport_room_await(const struct transport *transport,
			  const struct timespec *limit);

/* A process ended in the middle of a send or a call: go on without it. */
void transport_recover(struct transport *transport);

/* 0, or -ENOTCONN: the daemon is gone. */
int transport_check(struct transport *transport);

/*
 * Give the connection up: the daemon is gone, or what it says makes no sense
 * any more. The fd hangs up.
 */
void transport_abandon(struct transport *transport);

#endif
