/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What the requests, replies and events of the fake daemon go through. There
 * is an implementation for each kind of IPC. The functions run in the
 * server's process, for its one connection, and end the process if they fail.
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
	/* What the handshake tells; the first of these names are of files. */
	int names_count;
	int file_names_count;
	const char *names[CHANNELS_NAMES_MAX];
	/* The ends of the paths of the files that each of them has. */
	int parts_count;
	const char *parts[CHANNELS_PARTS_MAX];

	void (*create)(void);
	void (*destroy)(void);
	/* The descriptor that is readable while a request waits. */
	int (*request_fd)(int connection);
	/* The size of the request; 0: there is none; -1: the end. */
	ssize_t (*request_take)(int connection, void *bytes, size_t size);
	/* How many requests wait, and how many were announced. */
	int (*requests_count)(void);
	int (*requests_announced)(int connection);
	void (*flow_set)(int level);
	void (*reply_write)(const void *bytes, size_t size);
	/* An event; it has to be announced as well. */
	void (*event_write)(const void *bytes, size_t size);
	void (*events_announce)(int connection, int count);
};

extern const struct channels channels_rings;
extern const struct channels channels_sockets;

/* Those of the kind that TEST_IPC tells. */
const struct channels *channels(void);

/* The path of what the name of that number stands for. */
void channels_path(int name, char *ret_path, size_t size);

/* Of socket IPC: the address of the socket that ends so, e.g. "request". */
struct sockaddr_un channels_address(const char *end);

/* End the server with a message if that does not hold. */
void server_need(bool condition, const char *what);

#endif
