/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Which libraries are tested.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

struct library {
	char path[4096];
	char package[200];	/* with its version; empty: unknown */
};

/* Starts the program again, with LD_LIBRARY_PATH, unless that was done. */
void library_select(const char *directory, char **argv);
/* "name" is the beginning of a file's name. Exits if there is none. */
void library_find(struct library *library, const char *name);
/* The version of the program corosync; empty: unknown. */
void corosync_version(char *version, int size);

#endif
