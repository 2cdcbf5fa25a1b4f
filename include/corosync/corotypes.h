/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What corosync/cpg.h and corosync/quorum.h share: the common types, and the
 * rules that hold for every function of theirs. A function's comment tells
 * what is its own, in this order: what it does, its arguments, then
 *
 *	Blocks	for what it may wait
 *	Threads	who may call it when
 *	Returns	CS_OK, and each error with its cause
 *	Common	those of the errors below that it also returns
 *
 * and begins with the name of its manual page.
 *
 * Handles. A handle is a connection to the local corosync daemon, and never
 * 0. It is closed by finalize.
 *
 * Fork. A child of fork has the handles of its parent, with the same values,
 * and every function works on them. Parent and child share one connection: an
 * event goes to the process that takes it, and each request gets its own
 * reply. The member of a group remains the process that joined. The finalize
 * of a process that has used the connection ends it for all: the others get
 * CS_ERR_LIBRARY. A process has used it that opened the handle, sent a request
 * or dispatched. The finalize of any other process gives back its own copy and
 * returns CS_OK. A process that ends disturbs no other one. All descriptors
 * are close-on-exec. See cpg_overview(3).
 *
 * Arguments. A pointer must not be NULL where its comment does not allow it
 * (CS_ERR_INVALID_PARAM). What it points to stays the caller's, and is not
 * looked at after the call. Where an argument is for output it is written
 * with CS_OK, and untouched with any other result that does not say that it is
 * written. Lengths are in bytes.
 *
 * "Threads: any" is to say: from any thread at any time, whatever other
 * threads do with the same handle, and from inside any callback, of the same
 * handle too. No lock is held while a callback runs. Requests and multicasts
 * on one handle take turns, so that each may have to wait for one that another
 * thread has begun; of a large message only for the fragment that goes out.
 * Nothing waits for a dispatch. Only dispatch is a cancellation point. No
 * function is for signal handlers.
 *
 * "Blocks: for the reply" is to say: until the daemon has answered, or is
 * dead. If earlier requests fill the queue to a daemon that does not read,
 * every request waits for room, asleep, at most a second, and then returns
 * CS_ERR_TRY_AGAIN. Signals do not end a wait.
 *
 * "Common" are
 *
 *	CS_ERR_BAD_HANDLE	the handle is not open: it never was, or was
 *				finalized
 *	CS_ERR_LIBRARY		the daemon is gone, or does not make sense;
 *				so will every later request say, and every
 *				dispatch once nothing is pending. Finalize,
 *				and initialize anew
 *	CS_ERR_TRY_AGAIN	not now: the daemon synchronizes with other
 *				nodes, has too much to do, or has not read the
 *				earlier requests for a second. Nothing was
 *				done; call again later
 *	CS_ERR_NO_MEMORY	memory ran out, here or in the daemon
 *
 * An error that a daemon has on top of those listed is passed on as it is.
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

/* The time that never comes. */
#define CS_TIME_END ((cs_time_t)0x7FFFFFFFFFFFFFFFULL)

#define CS_FALSE 0
#define CS_TRUE	 !CS_FALSE

/* The greater of two. One argument is evaluated twice. */
#define CS_MAX(x, y) (((x) > (y)) ? (x) : (y))

/* The room in a cs_name_t, in bytes. */
#define CS_MAX_NAME_LENGTH 256

/* For printf: a node id, uint32_t, as it comes, or padded to 10 columns. */
#define CS_PRI_NODE_ID	      "%" PRIu32
#define CS_PRI_NODE_ID_PADDED "%10" PRIu32

/* For printf: the seq of a ring id, uint64_t; its nodeid and its seq. */
#define CS_PRI_RING_ID_SEQ "%" PRIx64
#define CS_PRI_RING_ID	   "%" PRIx32 ".%" PRIx64

/* A name: counted, not terminated. */
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
 * How much a dispatch delivers, and whether it waits. What is counted are
 * events: one without a callback to go to, or a piece of a large message,
 * counts too.
 */
typedef enum {
	/* One event; wait for it. */
	CS_DISPATCH_ONE = 1,
	/* Events until none is pending; CS_OK also if none was. */
	CS_DISPATCH_ALL = 2,
	/* Events without end; wait for each. Returns no CS_OK. */
	CS_DISPATCH_BLOCKING = 3,
	/* One event; CS_ERR_TRY_AGAIN if none is pending. */
	CS_DISPATCH_ONE_NONBLOCKING = 4
} cs_dispatch_flags_t;

/* What to be notified of: the present state, once. */
#define CS_TRACK_CURRENT 0x01
/* The present state, and each change from then on. */
#define CS_TRACK_CHANGES 0x02
/* Each change from then on. */
#define CS_TRACK_CHANGES_ONLY 0x04

/*
 * The result of every function. Those marked "-" are of corosync's other
 * interfaces: nothing in cpg.h and quorum.h returns them.
 */
typedef enum {
	/* Done. */
	CS_OK = 1,
	/* No daemon, the connection to it is lost, or no descriptors left. */
	CS_ERR_LIBRARY = 2,
	/* - The versions of the interface do not match. */
	CS_ERR_VERSION = 3,
	/* - Not initialized. */
	CS_ERR_INIT = 4,
	/* - It took too long. */
	CS_ERR_TIMEOUT = 5,
	/* Not now; call again later. */
	CS_ERR_TRY_AGAIN = 6,
	/* An argument is not valid. */
	CS_ERR_INVALID_PARAM = 7,
	/* Memory ran out. */
	CS_ERR_NO_MEMORY = 8,
	/* The handle is not open. */
	CS_ERR_BAD_HANDLE = 9,
	/* Something else has to end first, such as a leave. */
	CS_ERR_BUSY = 10,
	/* The user may not connect, or the server is not trusted. */
	CS_ERR_ACCESS = 11,
	/* There is no such thing, or not any more. */
	CS_ERR_NOT_EXIST = 12,
	/* The name is longer than its type has room for. */
	CS_ERR_NAME_TOO_LONG = 13,
	/* It is there already. */
	CS_ERR_EXIST = 14,
	/* No room in /dev/shm, or in the caller's array. */
	CS_ERR_NO_SPACE = 15,
	/* A membership change came between. */
	CS_ERR_INTERRUPT = 16,
	/* - There is no such name. */
	CS_ERR_NAME_NOT_FOUND = 17,
	/* - Too many open handles. */
	CS_ERR_NO_RESOURCES = 18,
	/* - The daemon cannot do this. */
	CS_ERR_NOT_SUPPORTED = 19,
	/* - Not allowed in this state. */
	CS_ERR_BAD_OPERATION = 20,
	/* - It was tried, and did not work. */
	CS_ERR_FAILED_OPERATION = 21,
	/* - A message is malformed. */
	CS_ERR_MESSAGE_ERROR = 22,
	/* - A queue is full. */
	CS_ERR_QUEUE_FULL = 23,
	/* - There is no queue. */
	CS_ERR_QUEUE_NOT_AVAILABLE = 24,
	/* - Unknown flags. */
	CS_ERR_BAD_FLAGS = 25,
	/* The message is too large to be sent. */
	CS_ERR_TOO_BIG = 26,
	/* The end of an iteration. */
	CS_ERR_NO_SECTIONS = 27,
	/* - There is no such context. */
	CS_ERR_CONTEXT_NOT_FOUND = 28,
	/* - Too many groups. */
	CS_ERR_TOO_MANY_GROUPS = 30,
	/* - Not authentic. */
	CS_ERR_SECURITY = 100
} cs_error_t;

/* For libqb: wait as long as it takes. */
#define CS_IPC_TIMEOUT_MS -1

/* Units of time: how many of the former go into one of the latter. */
#define CS_TIME_MS_IN_SEC  1000ULL
#define CS_TIME_US_IN_SEC  1000000ULL
#define CS_TIME_NS_IN_SEC  1000000000ULL
#define CS_TIME_US_IN_MSEC 1000ULL
#define CS_TIME_NS_IN_MSEC 1000000ULL
#define CS_TIME_NS_IN_USEC 1000ULL

/*
 * cs_timestamp_get(3): the time, for measuring how long something takes.
 *
 * Blocks:  no
 * Threads: any
 * Returns: nanoseconds since some fixed point in the past, of the monotonic
 *	clock where time.h offers it, else of the time of day
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
 * cs_strerror(3): what an error is called, in English.
 *
 *	err	any value, known or not
 *
 * Blocks:  no
 * Threads: any
 * Returns: a string, never NULL, that is the library's and lasts
 */
const char *cs_strerror(cs_error_t err);

/*
 * qb_to_cs_error(3): what a result of libqb means here.
 *
 *	result	negative: an errno, negated; else success
 *
 * Blocks:  no
 * Threads: any
 * Returns: CS_OK for a success, or the error that is nearest to the errno;
 *	CS_ERR_LIBRARY if none is near
 */
cs_error_t qb_to_cs_error(int result);

/*
 * hdb_error_to_cs(3): what a result of a handle database (corosync/hdb.h)
 * means here.
 *
 *	res	0, or an errno, negated
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
