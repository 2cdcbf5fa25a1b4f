/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The log of a worker. logs.py describes its lines. */
#ifndef SOAK_LOG_H
#define SOAK_LOG_H

#include <corosync/cpg.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_BYTES 16384

/* What the lists of a line may need. */
#define LIST_MAX_BYTES (LINE_MAX_BYTES / 4)

uint64_t now_ms(void);

void log_open(const char *path);

/* @group: its name, or NULL. */
__attribute__((format(printf, 2, 3)))
void event_log(const char *group, const char *format, ...);

/* Write a list to @text, which has LIST_MAX_BYTES. Returns @text. */
char *members_format(char *text, const struct cpg_address *members,
		     size_t count);
char *nodes_format(char *text, const uint32_t *nodes, size_t count);

/* The file of the library that has this name, as a test compares libraries. */
void library_log(const char *name);

/* The memory and the descriptors of the process, once per second. */
void size_log(void);

#endif
