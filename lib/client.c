/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"
#include "error.h"
#include "wire.h"

#define PATIENCE_S 1
#define SLEEP_STEP_US 50
#define SLEEP_MAX_US 20000

static void client_destroy(struct handle_object *object)
{
	struct client *client = (struct client *)object;

	client->service->client_clear(client);
	transport_close(client->transport);
	if (client->wake_fd >= 0)
		close(client->wake_fd);
	free(client->spare_buffer);
	pthread_mutex_destroy(&client->recv_lock);
	pthread_mutex_destroy(&client->call_lock);
	free(client);
}

cs_error_t client_open(const struct service *service, void *context,
		       struct client_use *ret_use)
{
	struct client *client;
	int cancel_state;
	int res;

	client = calloc(1, service->client_size);
	if (client == NULL)
		return CS_ERR_NO_MEMORY;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	res = transport_open(service->name, service->message_max,
			     &client->transport);
	if (res < 0) {
		free(client);
		pthread_setcancelstate(cancel_state, NULL);
		return error_from_errno(res);
	}
	client->object.kind = service;
	client->object.destroy = client_destroy;
	atomic_init(&client->object.references, 1);
	client->service = service;
	pthread_mutex_init(&client->call_lock, NULL);
	pthread_mutex_init(&client->recv_lock, NULL);
	client->wake_fd = -1;
	atomic_init(&client->context, context);
	ret_use->client = client;
	ret_use->cancel_state = cancel_state;
	return CS_OK;
}

cs_error_t client_publish(struct client *client, uint64_t *ret_handle)
{
	int res;

	atomic_fetch_add(&client->object.references, 1);
	res = handle_open(&client->object, &client->handle);
	if (res < 0) {
		atomic_fetch_sub(&client->object.references, 1);
		return error_from_errno(res);
	}
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

static void client_wake_locked(const struct client *client)
{
	const uint64_t one = 1;
	ssize_t res;

	if (client->wake_fd < 0)
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
	pthread_mutex_lock(&client->recv_lock);
	client->closing = true;
	client_wake_locked(client);
	pthread_mutex_unlock(&client->recv_lock);
	return CS_OK;
}

bool client_is_open(const struct client *client)
{
	return !client->closing && handle_is_ours(&client->object);
}

int client_wake_fd_locked(struct client *client)
{
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
	/* Nobody can tell any more which reply answers which request. */
	transport_abandon(client->transport);
	return CS_ERR_LIBRARY;
}

cs_error_t client_exchange(struct client *client, const struct iovec *iov,
			   size_t iov_len, bool ordered, int32_t reply_id,
			   void *ret_reply, size_t reply_size)
{
	cs_error_t err;
	ssize_t len;

	pthread_mutex_lock(&client->call_lock);
	len = transport_call(client->transport, iov, iov_len, ordered,
			     ret_reply, reply_size);
	err = error_from_errno((int)len);
	if (err == CS_OK)
		err = reply_check(client, ret_reply, len, reply_id, reply_size);
	pthread_mutex_unlock(&client->call_lock);
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
	int res;

	pthread_mutex_lock(&client->call_lock);
	res = transport_send(client->transport, iov, iov_len);
	pthread_mutex_unlock(&client->call_lock);
	return error_from_errno(res);
}

cs_error_t client_refuse(struct client *client, cs_error_t err)
{
	int res;

	pthread_mutex_lock(&client->call_lock);
	res = transport_check(client->transport);
	pthread_mutex_unlock(&client->call_lock);
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

static bool patience_is_over(struct client_patience *patience)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (patience->sleep_us == 0) {
		patience->deadline = now;
		patience->deadline.tv_sec += PATIENCE_S;
	}
	return now.tv_sec > patience->deadline.tv_sec ||
	       (now.tv_sec == patience->deadline.tv_sec &&
		now.tv_nsec >= patience->deadline.tv_nsec);
}

bool client_pause(const struct client *client,
		  struct client_patience *patience)
{
	struct timespec sleep;

	if (patience_is_over(patience))
		return false;
	if (patience->sleep_us < SLEEP_MAX_US)
		patience->sleep_us += SLEEP_STEP_US;
	sleep.tv_sec = 0;
	sleep.tv_nsec = patience->sleep_us * 1000L;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
	return client_is_open(client);
}
