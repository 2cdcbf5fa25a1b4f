/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "dispatch.h"
#include "error.h"
#include "pace.h"

/* Without a wake fd, a wait checks for a finalize at this interval. */
#define POLL_MS_NO_WAKE_FD 100

struct mode {
	bool waits;		/* while no event is pending */
	bool stops;		/* after one event */
	cs_error_t empty;	/* the result once no event is pending */
};

static const struct mode modes[] = {
	[CS_DISPATCH_ONE] = { true, true, CS_ERR_TRY_AGAIN },
	[CS_DISPATCH_ALL] = { false, false, CS_OK },
	[CS_DISPATCH_BLOCKING] = { true, false, CS_ERR_TRY_AGAIN },
	[CS_DISPATCH_ONE_NONBLOCKING] = { false, true, CS_ERR_TRY_AGAIN },
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

/* One call of dispatch_run. */
struct dispatch {
	struct client_use use;
	const struct mode *mode;
	bool woken;		/* poll returned: check the fd as well */
	int wake_fd;		/* for a wait; -1: no descriptor available */
	struct pace pace;	/* of the events */
	bool holds;		/* an event that must be released */
	bool in_batch;		/* transport_batch_end must be called */
	void *buffer;		/* the decoded event, then room for its bytes */
};

static void cancel_allow(const struct dispatch *d)
{
	pthread_setcancelstate(d->use.cancel_state, NULL);
}

static void cancel_put_off(struct dispatch *d)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &d->use.cancel_state);
}

/* The room begins after the decoded event, aligned like malloc's memory. */
static void *event_room(const struct dispatch *d)
{
	size_t size = (d->use.client->service->event_size + 15) & ~(size_t)15;

	return (char *)d->buffer + size;
}

static cs_error_t buffer_take(struct dispatch *d)
{
	struct client *client = d->use.client;
	size_t size = client->service->event_size + 16 +
		      transport_event_max(client->transport);

	d->buffer = atomic_exchange(&client->spare_buffer, NULL);
	if (d->buffer == NULL)
		d->buffer = malloc(size);
	return d->buffer == NULL ? CS_ERR_NO_MEMORY : CS_OK;
}

static void buffer_give_back(struct dispatch *d)
{
	free(atomic_exchange(&d->use.client->spare_buffer, d->buffer));
}

static void event_release(struct dispatch *d)
{
	if (d->holds)
		d->use.client->service->event_release(d->buffer);
	d->holds = false;
}

static void batch_end(struct dispatch *d)
{
	struct client *client = d->use.client;

	if (!d->in_batch)
		return;
	client_recv_lock(client);
	transport_batch_end(client->transport);
	client_recv_unlock(client);
}

/* Also runs if the thread is canceled or a callback throws. */
static void dispatch_end(void *data)
{
	struct dispatch *d = data;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	event_release(d);
	batch_end(d);
	buffer_give_back(d);
	client_put(&d->use);
}

static unsigned int event_hints(const struct dispatch *d)
{
	return (d->mode->stops ? 0 : TRANSPORT_BATCH) |
	       (d->mode->waits && !d->woken ? TRANSPORT_WAITS : 0);
}

static cs_error_t event_take_locked(struct dispatch *d)
{
	struct client *client = d->use.client;
	void *room = event_room(d);
	void *bytes = NULL;
	ssize_t len;
	int res;

	if (client->closing)
		return CS_ERR_BAD_HANDLE;
	len = transport_event(client->transport, room, event_hints(d), &bytes);
	d->in_batch = len >= 0 && !d->mode->stops;
	if (len == -EAGAIN && d->mode->waits)
		d->wake_fd = client_wake_fd_locked(client);
	if (len < 0)
		return error_from_errno((int)len);
	res = client->service->event_decode(client, bytes, (size_t)len, room,
					    d->buffer);
	transport_event_done(client->transport);
	d->holds = res > 0;
	return error_from_errno(res);
}

static cs_error_t event_take(struct dispatch *d)
{
	struct client *client = d->use.client;
	cs_error_t err;

	client_recv_lock(client);
	err = event_take_locked(d);
	client_recv_unlock(client);
	return err;
}

static void event_wait(struct dispatch *d)
{
	const struct client *client = d->use.client;
	struct pollfd fds[] = {
		{ .fd = transport_fd(client->transport), .events = POLLIN },
		{ .fd = d->wake_fd, .events = POLLIN },
	};
	bool on_timer = !d->mode->stops && pace_is_high(&d->pace);

	cancel_allow(d);
	if (on_timer)
		pace_sleep();
	else
		poll(fds, 2, d->wake_fd < 0 ? POLL_MS_NO_WAKE_FD : -1);
	cancel_put_off(d);
	d->woken = true;
}

static cs_error_t event_next(struct dispatch *d)
{
	cs_error_t err;

	d->woken = false;
	if (d->mode->waits) {
		/* Under load a dispatch may never reach a wait. */
		cancel_allow(d);
		pthread_testcancel();
		cancel_put_off(d);
	}
	for (;;) {
		err = event_take(d);
		if (err != CS_ERR_TRY_AGAIN || !d->mode->waits)
			return err;
		event_wait(d);
	}
}

static cs_error_t event_deliver(struct dispatch *d)
{
	struct client *client = d->use.client;

	if (d->holds) {
		cancel_allow(d);
		client->service->event_deliver(client, d->buffer);
		cancel_put_off(d);
		event_release(d);
	}
	return client_is_open(client) ? CS_OK : CS_ERR_BAD_HANDLE;
}

static cs_error_t events_run(struct dispatch *d)
{
	cs_error_t err;

	do {
		err = event_next(d);
		if (err == CS_OK) {
			pace_count(&d->pace);
			err = event_deliver(d);
		}
	} while (err == CS_OK && !d->mode->stops);
	return err;
}

cs_error_t dispatch_run(uint64_t handle, const struct service *service,
			cs_dispatch_flags_t mode)
{
	struct dispatch d = { .wake_fd = -1 };
	cs_error_t err;

	if (mode < CS_DISPATCH_ONE || (size_t)mode >= MODES)
		return CS_ERR_INVALID_PARAM;
	d.mode = &modes[mode];
	err = client_get(handle, service, &d.use);
	if (err != CS_OK)
		return err;
	pthread_cleanup_push(dispatch_end, &d);
	err = buffer_take(&d);
	if (err == CS_OK)
		err = events_run(&d);
	if (err == CS_ERR_TRY_AGAIN)
		err = d.mode->empty;
	pthread_cleanup_pop(1);
	return err;
}
