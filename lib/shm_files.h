/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The files of a connection, which the daemon creates in shared memory:
 * NAME-header and NAME-data for each ring, or one control file with socket
 * IPC. No function follows a symbolic link below /dev/shm or the run
 * directory, or uses a file that belongs to neither the daemon nor the caller.
 * @owner is the user id of the daemon. Names are those that the daemon sent.
 *
 * If a file cannot be removed and the daemon is dead, the functions that remove
 * files truncate it. A daemon that is alive may have the file mapped, and would
 * get SIGBUS.
 */
#ifndef SHM_FILES_H
#define SHM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Check the files of a ring. Returns 0, and the size of the data file in
 * bytes; -EPROTO if there is no such ring; or another errno.
 */
int ring_files_check(const char *ring, uid_t owner, size_t *ret_size);

/* Remove the files of a ring. */
void ring_files_remove(const char *ring, uid_t owner, bool is_dead);

/*
 * Open a control file, which must have at least @size bytes. Returns a
 * descriptor, close-on-exec, that the caller owns; -EPROTO if there is no such
 * file; or another errno.
 */
int control_file_open(const char *path, uid_t owner, size_t size);

/* Remove a control file. */
void control_file_remove(const char *path, uid_t owner, bool is_dead);

/* Remove the directory of a file or ring that has a directory of its own. */
void shm_directory_remove(const char *name, uid_t owner);

#endif
