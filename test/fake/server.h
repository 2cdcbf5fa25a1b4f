/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A fake daemon for one connection: a process that does what no corosync
 * does, over the kind of IPC that TEST_IPC tells. Each test makes a plan,
 * starts the server, connects, and gives orders; all of them have been
 * carried out when they return.
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
#define SERVER_REQUESTS 16	/* ids of requests are less */
#define SERVER_ANSWER_MAX 9300
#define SERVER_DATA_MAX (4 * 1024 * 1024)

/* The handshake's reply, and where things are in it. */
#define SHAKE_SIZE_AT 8
#define SHAKE_ERROR_AT 16
#define SHAKE_TYPE_AT 24
#define SHAKE_MAX_AT 28
#define SHAKE_NAME_AT(n) (32 + sizeof(intptr_t) + (size_t)(n) * PATH_MAX)
#define SHAKE_NAMES 3
#define SHAKE_SIZE ((SHAKE_NAME_AT(SHAKE_NAMES) + 7) & ~(size_t)7)

/* A multicast of this length begins with its number, from 0 on. */
#define SERVER_NUMBERED 16

/* What a request is answered with, instead of what a daemon answers. */
struct server_answer {
	unsigned int times;	/* so often; UINT_MAX: for ever */
	unsigned int copies;
	bool hangs_up;		/* after that */
	size_t size;
	unsigned char bytes[SERVER_ANSWER_MAX];
};

/* In memory that is shared with the server. */
struct server {
	/* The plan: for the test, until the server starts. */
	const char *service;
	uint32_t asked_max;	/* what the client has to ask for */
	size_t ring_size;	/* or that of a socket's buffer */
	uid_t uid;		/* whose socket it is */
	const char *socket;	/* its path; NULL: an abstract one */
	unsigned char shake[SHAKE_SIZE];
	size_t shake_size;	/* so much of it is sent, */
	size_t piece;		/* in pieces of that many bytes, */
	unsigned int pause_us;	/* after such pauses; */
	bool waits;		/* only when told to; */
	bool hangs_up;		/* and then the connection is closed. */
	bool is_deaf;		/* close it before it said anything */
	bool spare_bytes;	/* of shm IPC: bytes without a request are let
				   pass, as libqb does */
	bool stays_unconnected;	/* sockets of socket IPC, to the client's */
	/* For the test, while the client does not ask. */
	struct server_answer answers[SERVER_REQUESTS];
	unsigned char data[SERVER_DATA_MAX];
	/* Of the server: requests by id, numbered multicasts. */
	atomic_uint requests[SERVER_REQUESTS];
	atomic_uint numbered;
	char directory[64];	/* where its files are */
	pid_t pid;		/* 0: none runs */
};

extern struct server *server;

/* Around each test: a network of its own, and a plan of an honest daemon. */
void server_setup(void);
void server_teardown(void);

/*
 * The plan for the other service; with another largest message; with another
 * name of that number in the handshake.
 */
void server_plan_quorum(void);
void server_plan_max(uint32_t max);
void server_plan_name(int name, const char *value);

/* Start it: from then on clients can connect. */
void server_start(void);

/* Answer the handshake, if the plan was to wait. */
void server_shake(void);

/*
 * Write an event; and the same with its announcement: its byte (shm IPC), or
 * the count of it (socket IPC).
 */
void server_event_put(const void *bytes, size_t size);
void server_event(const void *bytes, size_t size);

/* Announce that many events, all at once. */
void server_announce(unsigned int count);

/* The flow-control word. */
void server_flow_set(int level);

/* Answer requests (as it does from the start), or leave them where they are. */
void server_serve(bool on);

/* Write a reply that nobody asked for. */
void server_reply_put(const void *bytes, size_t size);

/* So many requests wait, and are announced. */
void server_requests_assert(unsigned int count);

/* Answer such requests with these bytes, so many times. */
struct server_answer *server_answer_set(int32_t id, const void *bytes,
					size_t size, unsigned int times);

/* The same with a bare header; error: a cs_error_t. */
struct server_answer *server_answer_header(int32_t id, int32_t reply_id,
					   int32_t error, unsigned int times);

/* Close the connection. */
void server_hang_up(void);

/* The server dies, and is there still, as a zombie, until it is reaped. */
void server_kill(void);

/* Wait for its end; its status, as of wait(). */
int server_reap(void);

/* How many files of its connection there are; 0: its directory is gone. */
unsigned int server_files_count(void);

/* How many there are while all is well, and the path of each. */
unsigned int server_files_max(void);
void server_file_path(unsigned int number, char *ret_path, size_t size);

/* Remove what a killed server left. */
void server_files_remove(void);

/* Let its files be those of that user. */
void server_files_give(uid_t uid);

/* The server ends, and takes its files with it. */
void server_stop(void);

#endif
