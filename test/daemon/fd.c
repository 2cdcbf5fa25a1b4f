/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "events.h"
#include "service.h"
#include "suites.h"
#include "support.h"

static int fd_of(const struct service_api *service, uint64_t handle)
{
	int fd = -1;

	assert_cs(CS_OK, service->fd_get(handle, &fd));
	return fd;
}

static int socket_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, option, &value, &len), 0);
	return value;
}

/* With socket IPC it is a descriptor for two sockets. */
static bool fd_is_epoll(int fd)
{
	struct epoll_event event;

	return epoll_wait(fd, &event, 1, 0) >= 0;
}

START_TEST(fd_is_connected_unix_socket)
{
	const struct service_api *service = &services[_i];
	uint64_t handle = service->open();
	int fd = fd_of(service, handle);
	struct sockaddr peer_name;
	socklen_t len = sizeof(peer_name);

	ck_assert_int_eq(fd_is_epoll(fd), ipc_is_socket());
	if (!ipc_is_socket()) {
		ck_assert_int_eq(socket_option(fd, SO_DOMAIN), AF_UNIX);
		ck_assert_int_eq(getpeername(fd, &peer_name, &len), 0);
	}
	assert_cs(CS_OK, service->finalize(handle));
	service->close();
}
END_TEST

START_TEST(fd_knows_the_daemon)
{
	const struct service_api *service = &services[_i];
	uint64_t handle = service->open();
	int fd = fd_of(service, handle);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (!ipc_is_socket()) {
		ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer,
					    &len),
				 0);
		ck_assert_int_eq(peer.pid, daemon_pid());
	}
	assert_cs(CS_OK, service->finalize(handle));
	service->close();
}
END_TEST

START_TEST(fd_stays_the_same_and_is_closed)
{
	const struct service_api *service = &services[_i];
	uint64_t handle = service->open();
	int fd = fd_of(service, handle);

	ck_assert_int_eq(fd_of(service, handle), fd);
	service->events_queue(handle, 3);
	ck_assert_int_eq(fd_of(service, handle), fd);
	assert_cs(CS_OK, service->dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_int_eq(fd_of(service, handle), fd);
	assert_cs(CS_OK, service->finalize(handle));
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	service->close();
}
END_TEST

START_TEST(fd_is_of_this_handle_alone)
{
	const struct service_api *service = &services[_i];
	uint64_t handle = service->open();
	cpg_handle_t cpg = cpg_open();
	quorum_handle_t quorum = quorum_open(QUORUM_MODEL_V1);

	ck_assert_int_ne(fd_of(service, handle), cpg_fd(cpg));
	ck_assert_int_ne(fd_of(service, handle), quorum_fd(quorum));
	service->events_queue(handle, 1);
	ck_assert(fd_is_readable(fd_of(service, handle)));
	ck_assert(!fd_is_readable(cpg_fd(cpg)));
	ck_assert(!fd_is_readable(quorum_fd(quorum)));
	assert_cs(CS_OK, cpg_finalize(cpg));
	assert_cs(CS_OK, quorum_finalize(quorum));
	assert_cs(CS_OK, service->finalize(handle));
	service->close();
}
END_TEST

static const struct service_api *polled;
static unsigned int events_left;
static bool is_nested;

/*
 * What a callback sees of the events after its own. If it is nested, it also
 * takes the next one, which must not wait.
 */
static void hook_poll(struct event *event)
{
	int fd = fd_of(polled, event->handle);

	events_left--;
	ck_assert_int_eq(fd_is_readable(fd), events_left > 0);
	if (is_nested && fd_is_readable(fd))
		assert_cs(CS_OK,
			  polled->dispatch(event->handle, CS_DISPATCH_ONE));
}

static void batch_run(uint64_t handle, unsigned int count,
		      cs_dispatch_flags_t mode)
{
	events_clear();
	polled->events_queue(handle, count);
	events_left = count;
	assert_cs(CS_OK, polled->dispatch(handle, mode));
	ck_assert_uint_eq(events_left, 0);
	ck_assert(!fd_is_readable(fd_of(polled, handle)));
}

START_TEST(readable_in_a_callback)
{
	uint64_t handle;

	polled = &services[_i];
	handle = polled->open();
	event_hook = hook_poll;
	for (unsigned int count = 1; count < 40; count++)
		batch_run(handle, count, CS_DISPATCH_ALL);
	batch_run(handle, 1, CS_DISPATCH_ONE);
	is_nested = true;
	for (unsigned int count = 1; count < 40; count++)
		batch_run(handle, count, CS_DISPATCH_ALL);
	batch_run(handle, 20, CS_DISPATCH_ONE);
	event_hook = NULL;
	assert_cs(CS_OK, polled->finalize(handle));
	polled->close();
}
END_TEST

/* A thread that multicasts a few messages at a time, with short pauses. */

#define POLLS 4000
#define LOT 3
#define LOT_PAUSE_US 200

/* After this time, poll has missed an event. */
#define POLL_MS 60000

static atomic_bool is_over;

static void *lots_send(void *data)
{
	const cpg_handle_t handle = *(const cpg_handle_t *)data;
	char message[] = "lot";
	const struct iovec iov = { message, sizeof(message) };
	struct timespec pause = { .tv_sec = 0 };
	unsigned int seed = 1;

	while (!is_over) {
		for (int i = 0; i < LOT; i++)
			assert_ok(cpg_mcast_joined(handle, CPG_TYPE_AGREED,
						   &iov, 1));
		pause.tv_nsec = rand_r(&seed) % (LOT_PAUSE_US * 1000);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* With the first of them an event may be taken before poll has seen it. */
static const cs_dispatch_flags_t firsts[] = {
	CS_DISPATCH_ALL,
	CS_DISPATCH_ONE_NONBLOCKING,
};

/* The recording callbacks would be too slow for the sender. */
static size_t delivered;

static void deliver_count(cpg_handle_t handle, const struct cpg_name *group,
			  uint32_t nodeid, uint32_t pid, void *msg,
			  size_t msg_len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	(void)msg;
	(void)msg_len;
	delivered++;
}

static cpg_handle_t counting_open(void)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = deliver_count };
	struct cpg_name group = name_unique("");
	cpg_handle_t handle;

	assert_cs(CS_OK, cpg_initialize(&handle, &callbacks));
	assert_ok(cpg_join(handle, &group));
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ONE));
	return handle;
}

/* An event that poll did not announce, then one that it did. */
START_TEST(poll_is_followed_by_an_event)
{
	cpg_handle_t handle = counting_open();
	struct pollfd fd = { .fd = cpg_fd(handle), .events = POLLIN };
	unsigned int empty = 0;
	pthread_t thread;
	size_t before;

	pthread_create(&thread, NULL, lots_send, &handle);
	for (int i = 0; i < POLLS; i++) {
		before = delivered;
		while (delivered == before)
			cpg_dispatch(handle, firsts[_i]);
		before = delivered;
		ck_assert_int_eq(poll(&fd, 1, POLL_MS), 1);
		cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING);
		empty += delivered == before;
	}
	is_over = true;
	pthread_join(thread, NULL);
	ck_assert_msg(empty * 1000 <= POLLS, "%u of %u polls saw no event",
		      empty, POLLS);
	assert_cs(CS_OK, cpg_finalize(handle));
}
END_TEST

Suite *fd_suite(void)
{
	Suite *suite = suite_create("fd");
	TCase *tcase = case_add(suite, "fd");

	tcase_add_loop_test(tcase, fd_is_connected_unix_socket, 0, SERVICES);
	tcase_add_loop_test(tcase, fd_knows_the_daemon, 0, SERVICES);
	tcase_add_loop_test(tcase, fd_stays_the_same_and_is_closed, 0,
			    SERVICES);
	tcase_add_loop_test(tcase, fd_is_of_this_handle_alone, 0, SERVICES);
	tcase_add_loop_test(tcase, readable_in_a_callback, 0, SERVICES);
	tcase_add_loop_test(tcase, poll_is_followed_by_an_event, 0,
			    ARRAY_SIZE(firsts));
	return suite;
}
