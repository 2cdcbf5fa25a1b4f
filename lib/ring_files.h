/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The files of a ring, which the daemon makes in shared memory: NAME-header
 * and NAME-data. No function here follows a link below /dev/shm or the run
 * directory, or touches a file that is neither the daemon's nor the caller's.
 */
#ifndef RING_FILES_H
#define RING_FILES_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Check the files of the ring of that name, as the daemon told it; @owner is
 * the user id of the daemon. 0, and the size of the data in bytes; -EPROTO:
 * there is no such ring; or another errno.
 */
int ring_files_check(const char *ring, uid_t owner, size_t *ret_size);

/* Remove the files of the ring; or only their contents, if need be. */
void ring_files_remove(const char *ring, uid_t owner);

/* Remove the directory of the ring, if it has one of its own. */
void ring_directory_remove(const char *ring, uid_t owner);

#endif
