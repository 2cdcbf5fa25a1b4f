/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "peer.h"
#include "service.h"
#include "support.h"

static bool pid_was_listed(uint32_t pid, uint32_t reason)
{
	size_t n, i;

	for (n = 0; n < events_count_of(EVENT_CONFCHG); n++) {
		const struct event *event = event_get_of(EVENT_CONFCHG, n);

		for (i = 0; i < event->joined_len; i++)
			if (event->joined[i].pid == pid &&
			    event->joined[i].reason == reason)
				return true;
		for (i = 0; i < event->left_len; i++)
			if (event->left[i].pid == pid &&
			    event->left[i].reason == reason)
				return true;
	}
	return false;
}

static void patterns_send(cpg_handle_t handle, const struct peer_order *order)
{
	uint32_t i;

	for (i = 0; i < order->count; i++)
		assert_ok(pattern_send(handle, order->len, order->seed + i, 1));
	for (i = 0; i < order->count; i++)
		dispatch_until(handle, event_was_delivered(order->len,
							   order->seed + i));
}

/* The daemon may be dead by then. */
static void peer_finalize(cpg_handle_t handle)
{
	cs_error_t err = cpg_finalize(handle);

	ck_assert_msg(err == CS_OK || err == CS_ERR_LIBRARY, "%s",
		      cs_strerror(err));
}

static void order_obey(cpg_handle_t handle, const struct peer_order *order)
{
	uint32_t self = (uint32_t)getpid();

	switch (order->verb) {
	case PEER_JOIN:
		assert_ok(cpg_join(handle, &order->group));
		dispatch_until(handle, pid_was_listed(self, CPG_REASON_JOIN));
		break;
	case PEER_LEAVE:
		assert_ok(cpg_leave(handle, &order->group));
		dispatch_until(handle, pid_was_listed(self, CPG_REASON_LEAVE));
		break;
	case PEER_SEND:
		patterns_send(handle, order);
		break;
	case PEER_RECEIVE:
		dispatch_until(handle,
			       event_was_delivered(order->len, order->seed));
		break;
	case PEER_SEE:
		dispatch_until(handle,
			       pid_was_listed(order->pid, order->reason));
		break;
	case PEER_VOTES:
		votes_expect(order->count);
		break;
	case PEER_END:
		peer_finalize(handle);
		break;
	}
}

static void done_send(int fd)
{
	if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
}

static void peer_run(int fd)
{
	struct peer_order order;
	cpg_handle_t handle;

	handle = cpg_open();
	done_send(fd);
	do {
		if (recv(fd, &order, sizeof(order), 0) != sizeof(order))
			_exit(1);
		order_obey(handle, &order);
		done_send(fd);
	} while (order.verb != PEER_END);
	_exit(0);
}

void peer_start_as(struct peer *peer, void (*run)(int fd))
{
	int fds[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	peer->pid = fork();
	ck_assert_int_ge(peer->pid, 0);
	if (peer->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		event_hook = NULL;
		events_clear();
		close(fds[0]);
		run(fds[1]);
	}
	close(fds[1]);
	peer->fd = fds[0];
}

void peer_start(struct peer *peer)
{
	peer_start_as(peer, peer_run);
	peer_done(peer);
}

void peer_order(const struct peer *peer, const struct peer_order *order)
{
	if (send(peer->fd, order, sizeof(*order), MSG_NOSIGNAL) < 0)
		_exit(1);
}

void peer_done(const struct peer *peer)
{
	char done;

	wait_for(fd_is_readable(peer->fd));
	ck_assert_msg(recv(peer->fd, &done, 1, 0) == 1, "the peer failed");
}

void peer_do(const struct peer *peer, struct peer_order order)
{
	peer_order(peer, &order);
	peer_done(peer);
}

void peer_reap(struct peer *peer, int expected)
{
	int status;

	ck_assert_int_eq(waitpid(peer->pid, &status, 0), peer->pid);
	ck_assert_int_eq(status, expected);
	close(peer->fd);
	shm_assert_gone(peer->pid);
}

void peer_end(struct peer *peer)
{
	peer_do(peer, (struct peer_order){ .verb = PEER_END });
	peer_reap(peer, 0);
}

void peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	peer_reap(peer, SIGKILL);
}
