/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Functions that open, fill and close handles, and the functions that cpg and
 * quorum have in common, for tests that are the same for both.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <poll.h>
#include <stdint.h>

/* A handle with the recording callbacks. */
cpg_handle_t cpg_open(void);
quorum_handle_t quorum_open(quorum_model_t model);

/* A handle that is in the group and has no event pending or recorded. */
cpg_handle_t cpg_open_joined(const struct cpg_name *group);

/* The descriptor of a handle. */
int cpg_fd(cpg_handle_t handle);
int quorum_fd(quorum_handle_t handle);

/* Dispatch what is pending, waiting at most a few milliseconds for it. */
void events_dispatch(cpg_handle_t handle);

/* Dispatch until the condition holds. */
#define dispatch_until(handle, condition)                                      \
	do {                                                                   \
		struct timespec until_deadline = deadline_start();             \
                                                                               \
		while (!(condition)) {                                         \
			events_dispatch(handle);                               \
			deadline_pause(&until_deadline, #condition);           \
		}                                                              \
	} while (0)

/* Wait until what was multicast before, joins included, is delivered. */
void totem_flush(void);

/*
 * Make the daemon expect that many votes: with more than 1 it is not
 * quorate. A change is an event, or several, for those that track; all of
 * them are pending when this returns.
 */
void votes_expect(uint32_t votes);

struct service_api {
	const char *name;
	cs_error_t (*dispatch)(uint64_t handle, cs_dispatch_flags_t mode);
	cs_error_t (*finalize)(uint64_t handle);
	cs_error_t (*fd_get)(uint64_t handle, int *ret_fd);

	/* A handle that can get events and has none pending or recorded. */
	uint64_t (*open)(void);
	/* Make that many events pending on that handle. */
	void (*events_queue)(uint64_t handle, uint32_t count);
	/* Make another process cause an event; usable in a signal handler. */
	void (*event_order)(void);
	/* Undo open after finalize: wait for the end of the other process. */
	void (*close)(void);
};

enum {
	SERVICE_CPG,
	SERVICE_QUORUM,
	SERVICES
};
extern const struct service_api services[SERVICES];

#endif
