/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "transport_kind.h"

/* Levels of the daemon's flow control: no requests, or no ordered requests. */
#define FLOW_CONTROL_ALL 1
#define FLOW_CONTROL_ORDERED 2

bool transport_is_hung_up(const struct transport *transport)
{
	struct pollfd fd = { .fd = transport->handshake.fd };

	return poll(&fd, 1, 0) > 0;
}

int transport_death_note(struct transport *transport)
{
	transport_abandon(transport);
	return -ENOTCONN;
}

bool transport_flow_is_held(const int32_t *level, bool ordered)
{
	int32_t now = __atomic_load_n(level, __ATOMIC_RELAXED);

	return now > 0 &&
	       now <= (ordered ? FLOW_CONTROL_ORDERED : FLOW_CONTROL_ALL);
}

int transport_fd(const struct transport *transport)
{
	return transport->poll_fd;
}

size_t transport_event_max(const struct transport *transport)
{
	return transport->event_max;
}

size_t transport_request_max(const struct transport *transport)
{
	return transport->request_max;
}

int transport_check(struct transport *transport)
{
	if (!transport->dead && !transport_is_hung_up(transport))
		return 0;
	return transport_death_note(transport);
}

/* The shutdown makes the fd readable, which ends the wait of a dispatch. */
void transport_abandon(struct transport *transport)
{
	transport->dead = true;
	shutdown(transport->handshake.fd, SHUT_RDWR);
}
