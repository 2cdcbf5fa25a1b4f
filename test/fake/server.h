/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A fake daemon for one connection: a process that does what a real daemon
 * never does, with the kind of IPC in TEST_IPC. Each test changes the plan,
 * starts the server, connects, and calls the functions below. The server has
 * done its part when a function returns.
 */
#ifndef SERVER_H
#define SERVER_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_NODEID 0x01020304
#define SERVER_REQUESTS	  16 /* more than any id of a request */
#define SERVER_ANSWER_MAX 9300
#define SERVER_DATA_MAX (4 * 1024 * 1024)

/* The reply to the handshake: its size, and the offsets of its fields. */
#define SHAKE_SIZE_AT 8
#define SHAKE_ERROR_AT 16
#define SHAKE_TYPE_AT 24
#define SHAKE_MAX_AT 28
#define SHAKE_NAME_AT(n) (32 + sizeof(intptr_t) + (size_t)(n) * PATH_MAX)
#define SHAKE_NAMES 3
#define SHAKE_SIZE ((SHAKE_NAME_AT(SHAKE_NAMES) + 7) & ~(size_t)7)

/* Multicasts of this length begin with their number, from 0 on. */
#define SERVER_NUMBERED 16

/* The reply to a request, instead of that of a real daemon. */
struct server_answer {
	unsigned int times; /* number of replies; UINT_MAX: no limit */
	unsigned int copies;
	bool hangs_up;		/* after that */
	size_t size;
	unsigned char bytes[SERVER_ANSWER_MAX];
};

/* In memory that is shared with the server. */
struct server {
	/* The plan; the test may change it until the server starts. */
	const char *service;
	uint32_t asked_max; /* the size the client has to request */
	size_t ring_size;   /* or the size of a socket's buffer */
	uid_t uid;	    /* the owner of the socket */
	const char *socket; /* its path; NULL: abstract */
	unsigned char shake[SHAKE_SIZE];
	size_t shake_size;	/* the number of bytes to send, */
	size_t piece;		/* in pieces of this size, */
	unsigned int pause_us;	/* with a pause before each; */
	bool waits;		/* only after server_shake; */
	bool hangs_up;		/* then close the connection. */
	bool is_deaf;		/* close it before the client's message */
	bool spare_bytes;	/* shm IPC: ignore bytes without a request */
	bool counts_late;	/* socket IPC: a request is counted down late */
	bool stays_unconnected; /* the sockets of socket IPC */
	/* The test may change these while no request is pending. */
	struct server_answer answers[SERVER_REQUESTS];
	unsigned char data[SERVER_DATA_MAX];
	/* Set by the server: counts of requests by id, of numbered multicasts.
	 */
	atomic_uint requests[SERVER_REQUESTS];
	atomic_uint numbered;
	char directory[64];	/* where its files are */
	pid_t pid;		/* 0: none runs */
};

extern struct server *server;

/* Fixtures: a network namespace, and the plan of a normal daemon. */
void server_setup(void);
void server_teardown(void);

/*
 * Change the plan: use the quorum service; change the largest message; change
 * the name of this number in the handshake.
 */
void server_plan_quorum(void);
void server_plan_max(uint32_t max);
void server_plan_name(int name, const char *value);

/* Start the server: clients can connect when this returns. */
void server_start(void);

/* Reply to the handshake, if the plan was to wait. */
void server_shake(void);

/*
 * Write an event without or with its announcement, which is a byte (shm IPC) or
 * a count (socket IPC).
 */
void server_event_put(const void *bytes, size_t size);
void server_event(const void *bytes, size_t size);

/* Announce @count events at once. */
void server_announce(unsigned int count);

/* Set the flow-control word. */
void server_flow_set(int level);

/* Process requests, as from the start, or leave them pending. */
void server_serve(bool on);

/* Write a reply to no request. */
void server_reply_put(const void *bytes, size_t size);

/* Fail unless @count requests are pending and announced. */
void server_requests_assert(unsigned int count);

/* Reply to the next @times requests of this id with these bytes. */
struct server_answer *server_answer_set(int32_t id, const void *bytes,
					size_t size, unsigned int times);

/* The same with a header only; @error is a cs_error_t. */
struct server_answer *server_answer_header(int32_t id, int32_t reply_id,
					   int32_t error, unsigned int times);

/* Close the connection. */
void server_hang_up(void);

/* Kill the server; it remains as a zombie until it is reaped. */
void server_kill(void);

/* Wait for the end of the server; returns its status as wait() does. */
int server_reap(void);

/* The number of the connection's files; 0: the directory is gone. */
unsigned int server_files_count(void);

/* The number of files of a usable connection, and the path of each. */
unsigned int server_files_max(void);
void server_file_path(unsigned int number, char *ret_path, size_t size);

/* Remove the files of a killed server. */
void server_files_remove(void);

/* Change the owner of its files. */
void server_files_give(uid_t uid);

/* End the server, which removes its files. */
void server_stop(void);

#endif
