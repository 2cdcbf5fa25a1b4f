/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>

#include "cases.h"
#include "service.h"

#define ROUNDS 300

static int fd_of(const struct service *service, uint64_t handle)
{
	int fd = -1;

	CHECK_CS(CS_OK, service->fd_get(handle, &fd));
	CHECK(fd >= 0);
	return fd;
}

static void is_connection(const struct service *service)
{
	uint64_t handle = service->open();
	int fd = fd_of(service, handle), domain = 0;
	socklen_t length = sizeof(domain);
	struct ucred peer = { 0 };

	if (ipc_is_socket())
		check_skip("socket IPC: the descriptor is of another kind");
	CHECK_INT(0, getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length));
	CHECK_INT(AF_UNIX, domain);
	length = sizeof(peer);
	CHECK_INT(0, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length));
	CHECK(peer.pid > 0);
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_is_connection(void)
{
	is_connection(&service_cpg);
}

static void quorum_is_connection(void)
{
	is_connection(&service_quorum);
}

static void stays_the_same(const struct service *service)
{
	uint64_t handle = service->open(), other = service->open();
	int fd = fd_of(service, handle);

	CHECK(fd_of(service, other) != fd);
	service->event_cause(handle);
	CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ONE));
	CHECK_INT(fd, fd_of(service, handle));
	CHECK_CS(CS_OK, service->finalize(other));
	CHECK_INT(fd, fd_of(service, handle));
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_stays_the_same(void)
{
	stays_the_same(&service_cpg);
}

static void quorum_stays_the_same(void)
{
	stays_the_same(&service_quorum);
}

/* Each event is pending before the next is dispatched. */
static void readable_while_pending(const struct service *service)
{
	uint64_t handle = service->open();
	int fd = fd_of(service, handle), i;

	CHECK(!fd_is_readable(fd));
	for (i = 0; i < 3; i++)
		service->event_cause(handle);
	WAIT_FOR(fd_is_readable(fd));
	while (events_count() < 3) {
		CHECK_CS(CS_OK, service->dispatch(handle, CS_DISPATCH_ONE));
		if (events_count() < 3)
			WAIT_FOR(fd_is_readable(fd));
	}
	CHECK(!fd_is_readable(fd));
	CHECK_CS(CS_OK, service->finalize(handle));
}

static void cpg_readable_while_pending(void)
{
	readable_while_pending(&service_cpg);
}

static void quorum_readable_while_pending(void)
{
	readable_while_pending(&service_quorum);
}

/* What poll shows can be dispatched, whatever was dispatched before. */
static void poll_is_right(void)
{
	static const cs_dispatch_flags_t modes[] = {
		CS_DISPATCH_ONE_NONBLOCKING,
		CS_DISPATCH_ONE,
		CS_DISPATCH_ALL,
	};
	cpg_handle_t handle = service_cpg.open();
	struct pollfd pollfd = { .fd = cpg_fd(handle), .events = POLLIN };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		message_send(handle, (size_t)i, 1);
		if (i % 4 == 0)
			message_send(handle, (size_t)i, 2);
		CHECK_INT(1, poll(&pollfd, 1, -1));
		CHECK_CS(CS_OK, cpg_dispatch(handle, modes[i % 3]));
	}
	dispatch_until(handle, ROUNDS + (ROUNDS + 3) / 4);
	CHECK(!fd_is_readable(pollfd.fd));
	CHECK_CS(CS_OK, cpg_finalize(handle));
}

const struct conf_case fd_cases[] = {
	{ "cpg_fd_is_connection", "K1",
	  "the descriptor of cpg is the connected socket", 0,
	  cpg_is_connection },
	{ "quorum_fd_is_connection", "K1",
	  "the descriptor of quorum is the connected socket", 0,
	  quorum_is_connection },
	{ "cpg_fd_stays_the_same", "K1",
	  "the descriptor of cpg is the same for the life of the handle", 0,
	  cpg_stays_the_same },
	{ "quorum_fd_stays_the_same", "K1",
	  "the descriptor of quorum is the same for the life of the handle", 0,
	  quorum_stays_the_same },
	{ "cpg_fd_readable_while_pending", "K2",
	  "the descriptor of cpg is readable while events are pending", 0,
	  cpg_readable_while_pending },
	{ "quorum_fd_readable_while_pending", "K2",
	  "the descriptor of quorum is readable while events are pending", 0,
	  quorum_readable_while_pending },
	{ "fd_poll_is_right", "K2",
	  "after poll a dispatch finds an event, in each mode", 0,
	  poll_is_right },
	{ 0 },
};
