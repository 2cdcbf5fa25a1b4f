/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measures.h"
#include "messages.h"
#include "peer.h"
#include "support.h"

/* The peer's end of the socket. */
#define PEER_FD STDIN_FILENO

struct order {
	size_t size;
	unsigned long count;
};

static void done_tell(void)
{
	if (send(PEER_FD, "", 1, MSG_NOSIGNAL) != 1)
		exit(1);
}

void measure_peer(char **arguments)
{
	struct cpg_name group;
	struct order order;
	cpg_handle_t handle;

	(void)arguments;
	if (recv(PEER_FD, &group, sizeof(group), 0) != sizeof(group))
		errx(2, "only other measurements can start this one");
	handle = member_open(&group, message_deliver_ordered);
	done_tell();
	while (recv(PEER_FD, &order, sizeof(order), 0) == sizeof(order)) {
		messages_begin(order.size);
		messages_pass(handle, order.count);
		done_tell();
	}
	INSIST(cpg_finalize(handle));
}

static void peer_exec(int fd)
{
	const char *libraries = getenv("PEER_LIBRARY_PATH");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (libraries != NULL)
		setenv("LD_LIBRARY_PATH", libraries, 1);
	if (dup2(fd, PEER_FD) == PEER_FD)
		execl("/proc/self/exe", "measure", "peer", (char *)NULL);
	err(1, "cannot start the peer");
}

static void peer_tell(const struct peer *peer, const void *data, size_t size)
{
	if (send(peer->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		err(1, "cannot write to the peer");
}

void peer_start(struct peer *peer, const struct cpg_name *group)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		err(1, "socketpair");
	peer->pid = fork();
	if (peer->pid < 0)
		err(1, "fork");
	if (peer->pid == 0)
		peer_exec(fds[1]);
	close(fds[1]);
	peer->fd = fds[0];
	peer_tell(peer, group, sizeof(*group));
	peer_wait(peer);
}

void peer_send(const struct peer *peer, size_t size, unsigned long count)
{
	struct order order = { .size = size, .count = count };

	peer_tell(peer, &order, sizeof(order));
}

void peer_wait(const struct peer *peer)
{
	char done;

	if (recv(peer->fd, &done, 1, 0) != 1)
		errx(1, "the peer has failed");
}

void peer_end(struct peer *peer)
{
	int status;

	close(peer->fd);
	if (waitpid(peer->pid, &status, 0) != peer->pid || status != 0)
		errx(1, "the peer has failed at exit");
}
