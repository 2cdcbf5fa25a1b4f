/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The files of a connection, which the daemon makes in shared memory: for
 * each ring NAME-header and NAME-data, and with socket IPC one control file.
 * No function here follows a link below /dev/shm or the run directory, or
 * touches a file that is neither the daemon's nor the caller's. @owner is the
 * user id of the daemon; names are as the daemon told them.
 */
#ifndef SHM_FILES_H
#define SHM_FILES_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Check the files of a ring. 0, and the size of the data in bytes; -EPROTO:
 * there is no such ring; or another errno.
 */
int ring_files_check(const char *ring, uid_t owner, size_t *ret_size);

/* Remove the files of the ring; or only their contents, if need be. */
void ring_files_remove(const char *ring, uid_t owner);

/*
 * Open a control file, which has at least that many bytes: the descriptor,
 * close-on-exec; -EPROTO: there is none; or another errno.
 */
int control_file_open(const char *path, uid_t owner, size_t size);

/* Remove it; or only its contents, if need be. */
void control_file_remove(const char *path, uid_t owner);

/* Remove the directory of that file or ring, if it has one of its own. */
void shm_directory_remove(const char *name, uid_t owner);

#endif
