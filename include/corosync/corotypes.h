/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The types that corosync/cpg.h and corosync/quorum.h share, and the rules that
 * hold for every function in them. The comment of a function begins with the
 * name of its manual page. It describes the function and its arguments, and
 * then lists:
 *
 *	Blocks	what the function may wait for
 *	Threads	from where it may be called
 *	Returns	CS_OK, and each error with its cause
 *	Common	which of the common errors below it returns as well
 *
 * Handles. A handle represents a connection to the local corosync daemon. It
 * is never 0. A finalize function closes it.
 *
 * Fork. A child of fork inherits the handles of its parent, with the same
 * values, and every function works on them. Parent and child share one
 * connection: each event goes to the process that takes it, and each request
 * gets its own reply. The process that joined a group remains the member. A
 * process uses a connection if it opens the handle, sends a request or
 * dispatches. If a process that has used the connection finalizes the handle,
 * the connection ends for all processes, and the others get CS_ERR_LIBRARY. If
 * a process that has not used it finalizes the handle, the function releases
 * only the copy of that process and returns CS_OK. The exit of a process does
 * not affect the others. All descriptors are close-on-exec. See
 * cpg_overview(3).
 *
 * Arguments. A pointer must not be NULL unless the comment of the function
 * allows it; otherwise the function returns CS_ERR_INVALID_PARAM. The caller
 * keeps ownership of what a pointer points to, and the library does not access
 * it after the call returns. A function that returns CS_OK has set its output
 * arguments. Otherwise it leaves them unchanged, except where its comment
 * describes an error that sets them. Lengths are in bytes.
 *
 * "Threads: any" means: from any thread at any time, whatever other threads do
 * with the same handle, and from any callback, including one of the same
 * handle. No lock is held while a callback runs. Requests and multicasts on one
 * handle are sent one at a time, so each may wait for one that another thread
 * has started; of a large message, only for the current fragment. No function
 * waits for a dispatch to end. Only dispatch is a cancellation point. Signal
 * handlers must not call any function.
 *
 * "Blocks: for the reply" means: until the daemon replies or dies. Signals do
 * not interrupt the wait. If the queue of requests to the daemon is full, the
 * call may sleep for up to a second until there is room; if there is still
 * none, it returns CS_ERR_TRY_AGAIN.
 *
 * "Common" errors are:
 *
 *	CS_ERR_BAD_HANDLE	the handle is not open: it was never opened, or
 *				it has been finalized
 *	CS_ERR_LIBRARY		the daemon is gone, or its data is invalid;
 *				every later request fails likewise, and so
 *				does every dispatch once no event is pending.
 *				Finalize the handle and initialize a new one
 *	CS_ERR_TRY_AGAIN	the daemon is synchronizing with other nodes or
 *				is overloaded, or the queue of requests to it
 *				is full. Nothing was done; call again later
 *	CS_ERR_NO_MEMORY	the library or the daemon ran out of memory
 *
 * If a newer daemon returns an error that is not listed, the function returns
 * it unchanged.
 */
#ifndef COROTYPES_H_DEFINED
#define COROTYPES_H_DEFINED

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A time in nanoseconds. */
typedef int64_t cs_time_t;

/* The largest time: never. */
#define CS_TIME_END ((cs_time_t)0x7FFFFFFFFFFFFFFFULL)

#define CS_FALSE 0
#define CS_TRUE	 !CS_FALSE

/* The greater of two values. One argument is evaluated twice. */
#define CS_MAX(x, y) (((x) > (y)) ? (x) : (y))

/* The capacity of a cs_name_t, in bytes. */
#define CS_MAX_NAME_LENGTH 256

/* For printf: a node id, uint32_t; the same, padded to 10 columns. */
#define CS_PRI_NODE_ID	      "%" PRIu32
#define CS_PRI_NODE_ID_PADDED "%10" PRIu32

/* For printf: the seq of a ring id, uint64_t; the nodeid and the seq. */
#define CS_PRI_RING_ID_SEQ "%" PRIx64
#define CS_PRI_RING_ID	   "%" PRIx32 ".%" PRIx64

/* A name: counted bytes, not terminated. */
typedef struct {
	uint16_t length; /* in bytes */
	uint8_t value[CS_MAX_NAME_LENGTH];
} cs_name_t;

/* The version of an interface. */
typedef struct {
	char releaseCode;
	unsigned char majorVersion;
	unsigned char minorVersion;
} cs_version_t;

/*
 * How many events a dispatch delivers, and whether it waits. Events are
 * counted, not callbacks: an event that has no callback counts as one, and so
 * does each fragment of a large message.
 */
typedef enum {
	/* One event; wait until one is pending. */
	CS_DISPATCH_ONE = 1,
	/* All events until none is pending; CS_OK even if none was. */
	CS_DISPATCH_ALL = 2,
	/* Events forever; wait for each. Never returns CS_OK. */
	CS_DISPATCH_BLOCKING = 3,
	/* One event; CS_ERR_TRY_AGAIN if none is pending. */
	CS_DISPATCH_ONE_NONBLOCKING = 4
} cs_dispatch_flags_t;

/* Report the current state, once. */
#define CS_TRACK_CURRENT 0x01
/* Report the current state, and then every change. */
#define CS_TRACK_CHANGES 0x02
/* Report every change. */
#define CS_TRACK_CHANGES_ONLY 0x04

/*
 * The result of a function. Values marked "-" belong to other interfaces of
 * corosync: no function in cpg.h or quorum.h returns them.
 */
typedef enum {
	/* Success. */
	CS_OK = 1,
	/* No daemon, the connection to it is lost, or no descriptors left. */
	CS_ERR_LIBRARY = 2,
	/* - The versions of the interface do not match. */
	CS_ERR_VERSION = 3,
	/* - Not initialized. */
	CS_ERR_INIT = 4,
	/* - It took too long. */
	CS_ERR_TIMEOUT = 5,
	/* Temporarily unavailable; call again later. */
	CS_ERR_TRY_AGAIN = 6,
	/* An argument is not valid. */
	CS_ERR_INVALID_PARAM = 7,
	/* Memory ran out. */
	CS_ERR_NO_MEMORY = 8,
	/* The handle is not open. */
	CS_ERR_BAD_HANDLE = 9,
	/* The request conflicts with one in progress, such as a leave. */
	CS_ERR_BUSY = 10,
	/* The user may not connect, or the server is not trusted. */
	CS_ERR_ACCESS = 11,
	/* The object does not exist. */
	CS_ERR_NOT_EXIST = 12,
	/* The name is too long. */
	CS_ERR_NAME_TOO_LONG = 13,
	/* The object exists already. */
	CS_ERR_EXIST = 14,
	/* /dev/shm is full, or the caller's array is too small. */
	CS_ERR_NO_SPACE = 15,
	/* A membership change interrupted the request. */
	CS_ERR_INTERRUPT = 16,
	/* - The name does not exist. */
	CS_ERR_NAME_NOT_FOUND = 17,
	/* - Too many open handles. */
	CS_ERR_NO_RESOURCES = 18,
	/* - The daemon does not support the request. */
	CS_ERR_NOT_SUPPORTED = 19,
	/* - Not allowed in this state. */
	CS_ERR_BAD_OPERATION = 20,
	/* - The operation failed. */
	CS_ERR_FAILED_OPERATION = 21,
	/* - A message is malformed. */
	CS_ERR_MESSAGE_ERROR = 22,
	/* - A queue is full. */
	CS_ERR_QUEUE_FULL = 23,
	/* - The queue does not exist. */
	CS_ERR_QUEUE_NOT_AVAILABLE = 24,
	/* - Unknown flags. */
	CS_ERR_BAD_FLAGS = 25,
	/* The message is too large. */
	CS_ERR_TOO_BIG = 26,
	/* The end of an iteration. */
	CS_ERR_NO_SECTIONS = 27,
	/* - The context does not exist. */
	CS_ERR_CONTEXT_NOT_FOUND = 28,
	/* - Too many groups. */
	CS_ERR_TOO_MANY_GROUPS = 30,
	/* - Authentication failed. */
	CS_ERR_SECURITY = 100
} cs_error_t;

/* A timeout for libqb: wait forever. */
#define CS_IPC_TIMEOUT_MS -1

/* Units of time: CS_TIME_x_IN_y is the number of x in one y. */
#define CS_TIME_MS_IN_SEC  1000ULL
#define CS_TIME_US_IN_SEC  1000000ULL
#define CS_TIME_NS_IN_SEC  1000000000ULL
#define CS_TIME_US_IN_MSEC 1000ULL
#define CS_TIME_NS_IN_MSEC 1000000ULL
#define CS_TIME_NS_IN_USEC 1000ULL

/*
 * cs_timestamp_get(3): return the time, for measuring intervals.
 *
 * Blocks:  no
 * Threads: any
 * Returns: nanoseconds since a fixed but unspecified time: of CLOCK_MONOTONIC
 *	if time.h defines it, otherwise of the time of day
 */
static inline uint64_t cs_timestamp_get(void)
{
#ifdef CLOCK_MONOTONIC
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
#else
	struct timeval now;

	gettimeofday(&now, NULL);
	return (uint64_t)now.tv_sec * 1000000000U +
	       (uint64_t)now.tv_usec * 1000U;
#endif
}

/*
 * cs_strerror(3): return the name of a result.
 *
 *	err	any value, known or not
 *
 * Blocks:  no
 * Threads: any
 * Returns: a string in static storage, never NULL; not to be modified
 */
const char *cs_strerror(cs_error_t err);

/*
 * qb_to_cs_error(3): convert a result of libqb.
 *
 *	result	a negated errno; 0 or more is success
 *
 * Blocks:  no
 * Threads: any
 * Returns: CS_OK for success, otherwise the error that corresponds to the
 *	errno, or CS_ERR_LIBRARY if none does
 */
cs_error_t qb_to_cs_error(int result);

/*
 * hdb_error_to_cs(3): convert a result of a handle database (corosync/hdb.h).
 *
 *	res	0, or a negated errno
 *
 * Blocks:  no
 * Threads: any
 * Returns:
 *	CS_OK			0
 *	CS_ERR_BAD_HANDLE	-EBADF
 *	CS_ERR_NO_MEMORY	-ENOMEM
 *	CS_ERR_NO_RESOURCES	-EMFILE
 *	CS_ERR_ACCESS		-EACCES
 *	CS_ERR_LIBRARY		anything else
 */
cs_error_t hdb_error_to_cs(int res);

#ifdef __cplusplus
}
#endif

#endif
