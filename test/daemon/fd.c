/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>

#include "service.h"
#include "suites.h"
#include "support.h"

static int fd_of(const struct service *service, uint64_t handle)
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

START_TEST(fd_is_connected_unix_socket)
{
	const struct service *service = &services[_i];
	uint64_t handle = service->open();
	int fd = fd_of(service, handle);
	struct sockaddr peer_name;
	socklen_t len = sizeof(peer_name);

	ck_assert_int_eq(socket_option(fd, SO_DOMAIN), AF_UNIX);
	ck_assert_int_eq(getpeername(fd, &peer_name, &len), 0);
	assert_cs(CS_OK, service->finalize(handle));
	service->close();
}
END_TEST

/* libqb's socket transport has datagram sockets, which have no peer. */
START_TEST(fd_knows_the_daemon)
{
	const struct service *service = &services[_i];
	uint64_t handle = service->open();
	int fd = fd_of(service, handle);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (socket_option(fd, SO_TYPE) == SOCK_STREAM) {
		ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer,
					    &len),
				 0);
		ck_assert_int_eq(peer.pid, daemon_pid());
	} else {
		ck_assert(ipc_is_socket());
	}
	assert_cs(CS_OK, service->finalize(handle));
	service->close();
}
END_TEST

START_TEST(fd_stays_the_same_and_is_closed)
{
	const struct service *service = &services[_i];
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
	const struct service *service = &services[_i];
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

Suite *fd_suite(void)
{
	Suite *suite = suite_create("fd");
	TCase *tcase = case_add(suite, "fd");

	tcase_add_loop_test(tcase, fd_is_connected_unix_socket, 0, SERVICES);
	tcase_add_loop_test(tcase, fd_knows_the_daemon, 0, SERVICES);
	tcase_add_loop_test(tcase, fd_stays_the_same_and_is_closed, 0,
			    SERVICES);
	tcase_add_loop_test(tcase, fd_is_of_this_handle_alone, 0, SERVICES);
	return suite;
}
