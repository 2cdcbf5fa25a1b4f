/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"
#include "error.h"
#include "lock.h"
#include "process.h"
#include "wire.h"

/* How long a sender waits for a daemon that does not read requests. */
#define ROOM_S 1

#define SLEEP_STEP_US 50
#define SLEEP_MAX_US 20000

static void client_free(struct client *client)
{
	lock_memory_free(client->shared, client->service->shared_size);
	free(client);
}

static void client_destroy(struct handle_object *object)
{
	struct client *client = (struct client *)object;

	client->service->client_clear(client);
	if (client_was_used(client))
		transport_close(client->transport);
	else
		transport_release(client->transport);
	if (client->wake_fd >= 0)
		close(client->wake_fd);
	free(client->spare_buffer);
	client_free(client);
}

static struct client *client_create(const struct service *service)
{
	struct client *client = calloc(1, service->client_size);

	if (client == NULL)
		return NULL;
	client->service = service;
	client->shared = lock_memory_create(service->shared_size);
	if (client->shared == NULL) {
		free(client);
		return NULL;
	}
	lock_init(&client->shared->call_lock);
	lock_init(&client->shared->recv_lock);
	client->wake_fd = -1;
	client->user = process_id();
	return client;
}

cs_error_t client_open(const struct service *service, void *context,
		       struct client_use *ret_use)
{
	struct client *client = client_create(service);
	int cancel_state;
	int res;

	if (client == NULL)
		return CS_ERR_NO_MEMORY;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	res = transport_open(service->name, service->message_max,
			     &client->shared->transport, &client->transport);
	if (res < 0) {
		client_free(client);
		pthread_setcancelstate(cancel_state, NULL);
		return error_from_errno(res);
	}
	handle_init(&client->object, service, client_destroy);
	client->context = context;
	ret_use->client = client;
	ret_use->cancel_state = cancel_state;
	return CS_OK;
}

cs_error_t client_publish(struct client *client, uint64_t *ret_handle)
{
	int res = handle_open(&client->object, &client->handle);

	if (res < 0)
		return error_from_errno(res);
	*ret_handle = client->handle;
	return CS_OK;
}

cs_error_t client_get(uint64_t handle, const struct service *service,
		      struct client_use *ret_use)
{
	struct handle_object *object = handle_get(handle, service);

	if (object == NULL)
		return CS_ERR_BAD_HANDLE;
	ret_use->client = (struct client *)object;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ret_use->cancel_state);
	return CS_OK;
}

void client_put(struct client_use *use)
{
	handle_put(&use->client->object);
	pthread_setcancelstate(use->cancel_state, NULL);
}

/*
 * Another process may have ended while it held the lock. The transport finds
 * that in its own state.
 */
void client_recv_lock(struct client *client)
{
	client->user = process_id();
	lock_take(&client->shared->recv_lock);
}

void client_recv_unlock(struct client *client)
{
	lock_give(&client->shared->recv_lock);
}

static void client_call_lock(struct client *client)
{
	client->user = process_id();
	if (!lock_take(&client->shared->call_lock))
		transport_recover(client->transport);
}

static void client_call_unlock(struct client *client)
{
	lock_give(&client->shared->call_lock);
}

/* Wakes this process only: the handle may still be open in others. */
static void client_wake_locked(const struct client *client)
{
	const uint64_t one = 1;
	ssize_t res;

	if (client->wake_fd < 0 || client->wake_process != process_id())
		return;
	do
		res = write(client->wake_fd, &one, sizeof(one));
	while (res < 0 && errno == EINTR);
}

cs_error_t client_close(uint64_t handle, const struct service *service,
			struct client_use *ret_use)
{
	struct handle_object *object = handle_close(handle, service);
	struct client *client = (struct client *)object;

	if (object == NULL)
		return CS_ERR_BAD_HANDLE;
	ret_use->client = client;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ret_use->cancel_state);
	lock_take(&client->shared->recv_lock);
	client->closing = true;
	client_wake_locked(client);
	lock_give(&client->shared->recv_lock);
	return CS_OK;
}

bool client_was_used(const struct client *client)
{
	return client->user == process_id();
}

bool client_is_open(const struct client *client)
{
	return !client->closing;
}

int client_wake_fd_locked(struct client *client)
{
	const uint64_t process = process_id();

	if (client->wake_fd >= 0 && client->wake_process != process) {
		close(client->wake_fd);
		client->wake_fd = -1;
	}
	client->wake_process = process;
	if (client->wake_fd < 0)
		client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return client->wake_fd;
}

static cs_error_t reply_check(struct client *client,
			      const struct wire_reply *reply, ssize_t len,
			      int32_t reply_id, size_t reply_size)
{
	bool whole = len >= (ssize_t)sizeof(*reply);

	if (whole && reply->error > CS_OK)
		return reply->error;
	if (whole && reply->error == CS_OK && reply->id == reply_id &&
	    (size_t)len == reply_size)
		return CS_OK;
	/* From now on, replies cannot be matched to requests. */
	transport_abandon(client->transport);
	return CS_ERR_LIBRARY;
}

void client_patience_begin(struct client_patience *patience)
{
	clock_gettime(CLOCK_MONOTONIC, &patience->deadline);
	patience->deadline.tv_sec += patience->limit_s;
}

/* Returns false if the time is over. */
static bool patience_left(struct client_patience *patience,
			  struct timespec *ret_left)
{
	struct timespec now;

	if (patience->deadline.tv_sec == 0)
		client_patience_begin(patience);
	clock_gettime(CLOCK_MONOTONIC, &now);
	ret_left->tv_sec = patience->deadline.tv_sec - now.tv_sec;
	ret_left->tv_nsec = patience->deadline.tv_nsec - now.tv_nsec;
	if (ret_left->tv_nsec < 0) {
		ret_left->tv_sec--;
		ret_left->tv_nsec += 1000000000;
	}
	return ret_left->tv_sec > 0 ||
	       (ret_left->tv_sec == 0 && ret_left->tv_nsec > 0);
}

/* Sleep, with no lock held, until the daemon has read some requests. */
static bool room_await(const struct client *client,
		       struct client_patience *patience)
{
	struct timespec left;

	if (!patience_left(patience, &left) || !client_is_open(client))
		return false;
	transport_room_await(client->transport, &left);
	return true;
}

cs_error_t client_exchange(struct client *client, const struct iovec *iov,
			   size_t iov_len, bool ordered, int32_t reply_id,
			   void *ret_reply, size_t reply_size)
{
	struct client_patience patience = { .limit_s = ROOM_S };
	cs_error_t err;
	ssize_t len;

	do {
		client_call_lock(client);
		len = transport_call(client->transport, iov, iov_len, ordered,
				     ret_reply, reply_size);
		err = error_from_errno((int)len);
		if (err == CS_OK)
			err = reply_check(client, ret_reply, len, reply_id,
					  reply_size);
		client_call_unlock(client);
	} while (len == -ENOBUFS && room_await(client, &patience));
	return err;
}

cs_error_t client_call(struct client *client, const void *request,
		       size_t request_size, int32_t reply_id, void *ret_reply,
		       size_t reply_size)
{
	const struct iovec iov = {
		.iov_base = (void *)request,
		.iov_len = request_size,
	};

	return client_exchange(client, &iov, 1, false, reply_id, ret_reply,
			       reply_size);
}

cs_error_t client_request(uint64_t handle, const struct service *service,
			  const void *request, size_t request_size,
			  int32_t reply_id, void *ret_reply, size_t reply_size)
{
	struct client_use use;
	cs_error_t err;

	err = client_get(handle, service, &use);
	if (err != CS_OK)
		return err;
	err = client_call(use.client, request, request_size, reply_id,
			  ret_reply, reply_size);
	client_put(&use);
	return err;
}

cs_error_t client_send(struct client *client, const struct iovec *iov,
		       size_t iov_len)
{
	struct client_patience patience = { .limit_s = ROOM_S };
	int res;

	do {
		client_call_lock(client);
		res = transport_send(client->transport, iov, iov_len);
		client_call_unlock(client);
	} while (res == -ENOBUFS && room_await(client, &patience));
	return error_from_errno(res);
}

cs_error_t client_refuse(struct client *client, cs_error_t err)
{
	int res;

	client_call_lock(client);
	res = transport_check(client->transport);
	client_call_unlock(client);
	return res < 0 ? error_from_errno(res) : err;
}

cs_error_t client_context_get(uint64_t handle, const struct service *service,
			      void **ret_context)
{
	struct client_use use;
	cs_error_t err = client_get(handle, service, &use);

	if (err != CS_OK)
		return err;
	*ret_context = use.client->context;
	client_put(&use);
	return CS_OK;
}

cs_error_t client_context_set(uint64_t handle, const struct service *service,
			      void *context)
{
	struct client_use use;
	cs_error_t err = client_get(handle, service, &use);

	if (err != CS_OK)
		return err;
	use.client->context = context;
	client_put(&use);
	return CS_OK;
}

cs_error_t client_fd_get(uint64_t handle, const struct service *service,
			 int *ret_fd)
{
	struct client_use use;
	cs_error_t err = client_get(handle, service, &use);

	if (err != CS_OK)
		return err;
	*ret_fd = transport_fd(use.client->transport);
	client_put(&use);
	return CS_OK;
}

bool client_pause(const struct client *client,
		  struct client_patience *patience)
{
	struct timespec left, sleep = { .tv_sec = 0 };

	if (!patience_left(patience, &left))
		return false;
	if (patience->sleep_us < SLEEP_MAX_US)
		patience->sleep_us += SLEEP_STEP_US;
	sleep.tv_nsec = patience->sleep_us * 1000L;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
	return client_is_open(client);
}
