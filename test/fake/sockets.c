/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What only socket IPC has: a control file, and sockets with addresses. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../unit/wire.h"
#include "channels.h"
#include "client.h"
#include "control.h"
#include "moments.h"
#include "suites.h"

/* Numbers of names. */
#define CONTROL 0
#define BASE	1

#define CONTROL_SIZE  24
#define QUEUE_MAX     1000
#define MCAST	      2
#define PARTIAL_MCAST 12

static cpg_handle_t handle;

/* The control file. */

static void regular_make(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

static void nothing_make(const char *path)
{
	(void)path;
}

static void empty_make(const char *path)
{
	regular_make(path, 0);
}

static void short_make(const char *path)
{
	regular_make(path, CONTROL_SIZE - 1);
}

static void directory_make(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void fifo_make(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void loop_make(const char *path)
{
	ck_assert_int_eq(symlink(path, path), 0);
}

static void (*const spoils[])(const char *path) = {
	nothing_make,	empty_make, short_make,
	directory_make, fifo_make,  loop_make,
};

static void control_plan(char *ret_path, size_t size)
{
	snprintf(ret_path, size, "/dev/shm/control-%d", (int)getpid());
	server_plan_name(CONTROL, ret_path);
}

START_TEST(control_file_spoilt)
{
	char path[64];

	control_plan(path, sizeof(path));
	for (int i = 0; i < 2; i++) {
		spoils[_i](path);
		server_start();
		assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
		server_stop();
		remove(path);
	}
}
END_TEST

/* Another libqb may keep more in there. */
START_TEST(control_file_larger)
{
	static const off_t sizes[] = { CONTROL_SIZE, CONTROL_SIZE + 1, 4096,
				       1024 * 1024 };
	char path[64];

	control_plan(path, sizeof(path));
	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		regular_make(path, sizes[i]);
		server_start();
		assert_cs(CS_OK, cpg_initialize(&handle, NULL));
		server_hang_up();
		assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
		ck_assert_int_eq(access(path, F_OK), -1);
		server_stop();
	}
}
END_TEST

/* Addresses. */

/* A daemon that died before its sockets were opened. */
START_TEST(sockets_are_not_there)
{
	server_plan_name(BASE, "not-there");
	initialize_assert(CS_ERR_LIBRARY);
}
END_TEST

/* The part in which the four addresses differ is cut off. */
START_TEST(base_too_long)
{
	char base[PATH_MAX];

	for (size_t len = sizeof(base) - 1; len > 90; len -= len / 30) {
		memset(base, 'b', len);
		base[len] = '\0';
		server_plan_name(BASE, base);
		initialize_assert(CS_ERR_LIBRARY);
	}
}
END_TEST

static int socket_make(const char *end)
{
	const struct sockaddr_un address = channels_address(end);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	return fd;
}

START_TEST(address_is_taken)
{
	int fd = socket_make(_i == 0 ? "response" : "event");

	initialize_assert(CS_ERR_LIBRARY);
	close(fd);
	initialize_assert(CS_OK);
}
END_TEST

/* Send an event or a reply from another socket. 0, or the errno. */
static int foreign_send(const char *end)
{
	const struct sockaddr_un address = channels_address(end);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct wire wire;
	ssize_t len;

	ck_assert_int_ge(fd, 0);
	wire_deliver(&wire);
	len = sendto(fd, wire.bytes, wire.size, MSG_NOSIGNAL,
		     (const struct sockaddr *)&address, sizeof(address));
	close(fd);
	return len < 0 ? errno : 0;
}

static void event_assert(void)
{
	struct wire wire;

	wire_deliver(&wire);
	assert_cs(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	server_event(wire.bytes, wire.size);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 1);
	events_clear();
}

/* The daemon connects its sockets with the first reply, and the first event. */
START_TEST(foreign_sender)
{
	handle = fake_open();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(foreign_send("event"), EPERM);
		ck_assert_int_eq(foreign_send("response"), EPERM);
		ck_assert(!fd_is_readable(fake_fd(handle)));
		assert_cs(CS_OK, local_ask(handle));
		event_assert();
	}
	fake_close(handle, CS_OK);
}
END_TEST

static int foreign_tries;

static void foreign_try(void)
{
	static const char *const ends[] = { "event", "response" };
	int error;

	for (int i = 0; i < ARRAY_SIZE(ends); i++) {
		error = foreign_send(ends[i]);
		ck_assert(error == EPERM || error == ECONNREFUSED);
		foreign_tries += error == EPERM;
	}
}

/* At no moment can another process send to one of the sockets. */
START_TEST(foreign_sender_at_each_moment)
{
	server_start();
	moment_hook = foreign_try;
	assert_cs(CS_OK, cpg_model_initialize(
				 &handle, CPG_MODEL_V1,
				 (cpg_model_data_t *)&events_cpg_v1, NULL));
	moment_hook = NULL;
	ck_assert_int_ge(foreign_tries, 3);
	assert_cs(CS_OK, local_ask(handle));
	event_assert();
	fake_close(handle, CS_OK);
}
END_TEST

/* A process takes the addresses of the dead daemon. */
static int impostor_fds[2];

static void impostor_begin(void)
{
	server_kill();
	server_reap();
	impostor_fds[0] = socket_make("request");
	impostor_fds[1] = socket_make("event-tx");
}

static void impostor_end(void)
{
	close(impostor_fds[0]);
	close(impostor_fds[1]);
	server_files_remove();
}

static void impostor_send(int fd, const char *end)
{
	const struct sockaddr_un address = channels_address(end);
	struct wire wire;

	wire_deliver(&wire);
	sendto(fd, wire.bytes, wire.size, MSG_NOSIGNAL | MSG_DONTWAIT,
	       (const struct sockaddr *)&address, sizeof(address));
}

/* The client may know of the end by a request that it could not send. */
START_TEST(foreign_sender_after_the_end)
{
	char byte;

	handle = fake_open_joined();
	impostor_begin();
	if (_i == 1)
		assert_cs(CS_ERR_LIBRARY, number_send(handle, 0));
	impostor_send(impostor_fds[0], "response");
	impostor_send(impostor_fds[1], "event");
	for (int mode = 1; mode <= MODES; mode++)
		assert_cs(CS_ERR_LIBRARY, cpg_dispatch(handle, mode));
	assert_cs(CS_ERR_LIBRARY, number_send(handle, 0));
	assert_cs(CS_ERR_LIBRARY, local_ask(handle));
	ck_assert_uint_eq(events_count(), 0);
	ck_assert_int_eq(recv(impostor_fds[0], &byte, 1, MSG_DONTWAIT), -1);
	assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	impostor_end();
}
END_TEST

/* The moment of the end: the first one is before the connection is made. */
#define MOMENTS 10

static int moment, last_moment;

static void die_then(void)
{
	if (moment++ == last_moment)
		impostor_begin();
}

/* A handle is of the daemon that the handshake was with, or it is none. */
START_TEST(impostor_at_each_moment)
{
	handle = 7;
	last_moment = _i;
	server_start();
	moment_hook = die_then;
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	moment_hook = NULL;
	ck_assert_int_gt(moment, last_moment);
	ck_assert_uint_eq(handle, 7);
	impostor_end();
}
END_TEST

/* Counts. */

static struct control *control;

static void counts_open(void)
{
	char path[PATH_MAX];

	handle = fake_open_joined();
	channels_path(CONTROL, path, sizeof(path));
	control = control_map(path);
	ck_assert_ptr_nonnull(control);
	/* The server counts the reply to the join after it was taken. */
	server_requests_assert(0);
}

static void counts_close(cs_error_t want)
{
	control_unmap(control);
	fake_close(handle, want);
}

static void event_put(void)
{
	struct wire wire;

	wire_deliver(&wire);
	server_event_put(wire.bytes, wire.size);
}

static const int32_t counts[] = {
	INT32_MIN, INT32_MIN + 1, -1, 0, 1, 2, INT32_MAX,
};

static void one_assert(void)
{
	struct caller caller;

	caller_dispatch_asleep(&caller, handle, CS_DISPATCH_ONE);
	idle_assert();
	ck_assert(!caller.done);
	event_put();
	assert_cs(CS_OK, caller_join(&caller));
	ck_assert_uint_eq(events_count(), 1);
	events_clear();
}

static void nonblocking_assert(int mode, cs_error_t empty)
{
	assert_cs(empty, cpg_dispatch(handle, mode));
	event_put();
	assert_cs(CS_OK, cpg_dispatch(handle, mode));
	ck_assert_uint_eq(events_count(), 1);
	events_clear();
}

/* Whatever the count is, an event is pending exactly if it was sent. */
START_TEST(count_of_events)
{
	counts_open();
	control->event.sent = counts[_i];
	one_assert();
	control->event.sent = counts[_i];
	nonblocking_assert(CS_DISPATCH_ALL, CS_OK);
	control->event.sent = counts[_i];
	nonblocking_assert(CS_DISPATCH_ONE_NONBLOCKING, CS_ERR_TRY_AGAIN);
	ck_assert(!fd_is_readable(fake_fd(handle)));
	counts_close(CS_OK);
}
END_TEST

/* With a count above zero, there is a reply to no request. */
START_TEST(count_of_replies)
{
	cs_error_t want = counts[_i] > 0 ? CS_ERR_LIBRARY : CS_OK;

	counts_open();
	control->reply.sent = counts[_i];
	for (int i = 0; i < 3; i++)
		assert_cs(want, local_ask(handle));
	assert_cs(want, number_send(handle, 0));
	counts_close(want);
}
END_TEST

/* The daemon has to handle the count of requests. */
START_TEST(count_of_requests)
{
	int32_t want = (int32_t)((uint32_t)counts[_i] + 1);

	counts_open();
	server_serve(false);
	control->request.sent = counts[_i];
	assert_cs(CS_OK, number_send(handle, 0));
	ck_assert_int_eq(control->request.sent, want);
	control->request.sent = 1;
	server_serve(true);
	assert_cs(CS_OK, local_ask(handle));
	server_requests_assert(0);
	counts_close(CS_OK);
}
END_TEST

/* Only 1 and 2 have a meaning. */
START_TEST(level_of_flow_control)
{
	static const int32_t levels[] = { INT32_MIN, -1, 0, 3, INT32_MAX };

	counts_open();
	for (int i = 0; i < ARRAY_SIZE(levels); i++) {
		server_flow_set(levels[i]);
		assert_cs(CS_OK, number_send(handle, (uint32_t)i));
		assert_cs(CS_OK, local_ask(handle));
	}
	counts_close(CS_OK);
}
END_TEST

/* Datagrams. */

/* It is an event like any other, but for the callback. */
START_TEST(empty_event)
{
	handle = fake_open();
	server_event("", 0);
	ck_assert(fd_is_readable(fake_fd(handle)));
	assert_cs(CS_OK, cpg_dispatch(handle, _i));
	ck_assert_uint_eq(events_count(), 0);
	event_assert();
	fake_close(handle, CS_OK);
}
END_TEST

/* A request that is larger than the kernel lets through, or than is agreed. */
START_TEST(small_maximum)
{
	const uint32_t max = 200 + 100 * (uint32_t)_i;

	server_plan_max(max);
	handle = fake_open_joined();
	assert_cs(CS_OK, zeroes_send(handle, max - 40));
	assert_cs(CS_ERR_TOO_BIG, zeroes_send(handle, max - 39));
	assert_cs(CS_OK, zeroes_send(handle, 1024 * 1024));
	ck_assert_uint_eq(server->requests[MCAST], 1);
	ck_assert_uint_eq(server->requests[PARTIAL_MCAST],
			  1 + (1024 * 1024 - 1) / (max - 56));
	fake_close(handle, CS_OK);
}
END_TEST

/*
 * Sockets that are not connected to the client's have room for a few
 * datagrams only. The sender sleeps until there is room.
 */
START_TEST(queue_full)
{
	struct caller caller;

	server->stays_unconnected = true;
	handle = fake_open_joined();
	server_serve(false);
	caller_start_asleep(&caller, numbers_send, handle);
	idle_assert();
	ck_assert(!caller.done);
	ck_assert_uint_gt(numbers_sent, 0);
	ck_assert_uint_lt(numbers_sent, QUEUE_MAX);
	server_serve(true);
	assert_cs(CS_OK, caller_join(&caller));
	assert_cs(CS_OK, local_ask(handle));
	event_assert();
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->numbered, NUMBERS);
}
END_TEST

/*
 * The sender may be the thread that has to dispatch the pending event: a
 * multicast does not wait. A call does, as it waits for its reply in any case.
 */
START_TEST(queue_full_with_event)
{
	struct caller caller;
	struct wire wire;
	uint64_t begin;

	server->stays_unconnected = true;
	handle = fake_open_joined();
	wire_deliver(&wire);
	server_event(wire.bytes, wire.size);
	server_serve(false);
	assert_cs(CS_ERR_TRY_AGAIN, numbers_send(handle));
	begin = now_ms();
	for (int i = 0; i < 20; i++)
		assert_cs(CS_ERR_TRY_AGAIN, number_send(handle, 0));
	/* Each call would wait for a second. */
	ck_assert_uint_lt(now_ms() - begin, 10000);
	caller_start_asleep(&caller, local_ask, handle);
	server_serve(true);
	assert_cs(CS_OK, caller_join(&caller));
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	assert_cs(CS_OK, numbers_send(handle));
	assert_cs(CS_OK, local_ask(handle));
	fake_close(handle, CS_OK);
	ck_assert_uint_eq(server->numbered, NUMBERS);
}
END_TEST

Suite *sockets_suite(void)
{
	Suite *suite = suite_create("sockets");
	TCase *files = fake_case_add(suite, "control_file");
	TCase *addresses = fake_case_add(suite, "addresses");
	TCase *counters = fake_case_add(suite, "counts");
	TCase *datagrams = fake_case_add(suite, "datagrams");

	tcase_add_loop_test(files, control_file_spoilt, 0, ARRAY_SIZE(spoils));
	tcase_add_test(files, control_file_larger);
	tcase_add_test(addresses, sockets_are_not_there);
	tcase_add_test(addresses, base_too_long);
	tcase_add_loop_test(addresses, address_is_taken, 0, 2);
	tcase_add_test(addresses, foreign_sender);
	tcase_add_test(addresses, foreign_sender_at_each_moment);
	tcase_add_loop_test(addresses, foreign_sender_after_the_end, 0, 2);
	tcase_add_loop_test(addresses, impostor_at_each_moment, 0, MOMENTS);
	tcase_add_loop_test(counters, count_of_events, 0, ARRAY_SIZE(counts));
	/* The least count has no other below it. */
	tcase_add_loop_test(counters, count_of_replies, 1, ARRAY_SIZE(counts));
	tcase_add_loop_test(counters, count_of_requests, 0, ARRAY_SIZE(counts));
	tcase_add_test(counters, level_of_flow_control);
	tcase_add_loop_test(datagrams, empty_event, CS_DISPATCH_ONE,
			    CS_DISPATCH_ALL + 1);
	tcase_add_loop_test(datagrams, empty_event, CS_DISPATCH_ONE_NONBLOCKING,
			    CS_DISPATCH_ONE_NONBLOCKING + 1);
	tcase_add_loop_test(datagrams, small_maximum, 0, 3);
	tcase_add_test(datagrams, queue_full);
	tcase_add_test(datagrams, queue_full_with_event);
	return suite;
}
