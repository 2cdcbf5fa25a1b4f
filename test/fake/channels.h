/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The channels of the fake daemon's requests, replies and events, with one
 * implementation for each kind of IPC. The functions run in the server's
 * process, for its only connection, and end the process on errors.
 */
#ifndef CHANNELS_H
#define CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#define CHANNELS_NAMES_MAX 3
#define CHANNELS_PARTS_MAX 2

struct channels {
	int32_t type;		/* enum qb_ipc_type, for the handshake */
	/* The names in the handshake; the first file_names_count are of files.
	 */
	int names_count;
	int file_names_count;
	const char *names[CHANNELS_NAMES_MAX];
	/* The ends of the paths of each name's files. */
	int parts_count;
	const char *parts[CHANNELS_PARTS_MAX];

	void (*create)(void);
	void (*destroy)(void);
	/* The descriptor that is readable while a request waits. */
	int (*request_fd)(int connection);
	/* The size of the request; 0: there is none; -1: the end. */
	ssize_t (*request_take)(int connection, void *bytes, size_t size);
	/* The number of pending requests, and of announced ones. */
	int (*requests_count)(void);
	int (*requests_announced)(int connection);
	void (*flow_set)(int level);
	void (*reply_write)(const void *bytes, size_t size);
	/* Write an event; events_announce has to follow. */
	void (*event_write)(const void *bytes, size_t size);
	void (*events_announce)(int connection, int count);
};

extern const struct channels channels_rings;
extern const struct channels channels_sockets;

/* The implementation for the kind of IPC in TEST_IPC. */
const struct channels *channels(void);

/* The path for the name of this number in the handshake. */
void channels_path(int name, char *ret_path, size_t size);

/* Socket IPC: the address that ends in @end, for example "request". */
struct sockaddr_un channels_address(const char *end);

/* If the condition is false, end the server with a message. */
void server_need(bool condition, const char *what);

#endif
