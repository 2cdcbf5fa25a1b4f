/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/handshake.h"
#include "../unit/libc_hooks.h"
#include "fake_state.h"

struct fake *fake;
struct fake_handle fake_handles_open[FAKE_SLOTS];

/* Of this process. */
static void (*hooks[FAKE_CALLS])(void);

void fake_lock(void)
{
	pthread_mutex_lock(&fake->lock);
}

void fake_unlock(void)
{
	pthread_mutex_unlock(&fake->lock);
}

static void lock_init(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&fake->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

void fake_setup(void)
{
	static const uint32_t node = FAKE_NODEID;

	fake_assert(fake_handles() == 0);
	if (fake != NULL)
		munmap(fake, sizeof(*fake));
	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	fake_assert(fake != MAP_FAILED);
	memset(hooks, 0, sizeof(hooks));
	lock_init();
	fake->is_up = true;
	fake->peer_result = 1;
	fake_quorum(true, 4, &node, 1);
}

unsigned int fake_handles(void)
{
	unsigned int count = 0;

	for (int i = 0; i < FAKE_SLOTS; i++)
		count += fake_handles_open[i].handle != 0;
	return count;
}

/* Calls. */

static int64_t time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void moment_sleep(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	nanosleep(&moment, NULL);
}

static void block_wait(enum fake_call call)
{
	fake->calls[call].blocked++;
	while (fake->calls[call].is_blocked) {
		fake_unlock();
		moment_sleep();
		fake_lock();
	}
	fake->calls[call].blocked--;
}

static cs_error_t failure_take(enum fake_call call)
{
	if (fake->calls[call].fail == 0)
		return CS_OK;
	if (fake->calls[call].skip > 0) {
		fake->calls[call].skip--;
		return CS_OK;
	}
	if (fake->calls[call].fail > 0)
		fake->calls[call].fail--;
	return fake->calls[call].error;
}

cs_error_t fake_begin(enum fake_call call)
{
	void (*hook)(void);
	cs_error_t error;
	bool was_counted;

	fake_lock();
	fake->calls[call].times[fake->calls[call].count++ % FAKE_TIMES] =
		time_ns();
	hook = hooks[call];
	hooks[call] = NULL;
	if (hook != NULL) {
		fake_unlock();
		was_counted = libc_count_set(false);
		hook();
		libc_count_set(was_counted);
		fake_lock();
	}
	block_wait(call);
	error = failure_take(call);
	fake_unlock();
	return error;
}

void fake_fail_later(enum fake_call call, int skip, cs_error_t error, int count)
{
	fake_lock();
	fake->calls[call].skip = skip;
	fake->calls[call].error = error;
	fake->calls[call].fail = count;
	fake_unlock();
}

void fake_fail(enum fake_call call, cs_error_t error, int count)
{
	fake_fail_later(call, 0, error, count);
}

unsigned int fake_calls(enum fake_call call)
{
	unsigned int count;

	fake_lock();
	count = fake->calls[call].count;
	fake_unlock();
	return count;
}

int64_t fake_time_ns(enum fake_call call, unsigned int index)
{
	fake_assert(index < fake_calls(call));
	fake_assert(fake_calls(call) <= index + FAKE_TIMES);
	return fake->calls[call].times[index % FAKE_TIMES];
}

void fake_block(enum fake_call call)
{
	fake_lock();
	fake->calls[call].is_blocked = true;
	fake_unlock();
}

void fake_unblock(enum fake_call call)
{
	fake_lock();
	fake->calls[call].is_blocked = false;
	fake_unlock();
}

unsigned int fake_blocked(enum fake_call call)
{
	unsigned int blocked;

	fake_lock();
	blocked = fake->calls[call].is_blocked ? fake->calls[call].blocked : 0;
	fake_unlock();
	return blocked;
}

void fake_hook(enum fake_call call, void (*hook)(void))
{
	fake_lock();
	hooks[call] = hook;
	fake_unlock();
}

/* The seam of the words. */

void fake_peer(int result, uid_t uid)
{
	fake_lock();
	fake->peer_result = result;
	fake->peer_uid = uid;
	fake_unlock();
}

int handshake_peer(const char *service, uid_t *ret_uid)
{
	int result;

	(void)service;
	fake_begin(FAKE_PEER);
	fake_lock();
	result = fake->peer_result;
	if (result > 0)
		result = fake->is_up ? 0 : -ECONNREFUSED;
	*ret_uid = fake->peer_uid;
	fake_unlock();
	return result;
}

bool handshake_accepts(uid_t uid)
{
	return uid == 0;
}

/* Handles. */

static void bell_ring(const struct fake_handle *handle)
{
	fake_assert(send(handle->peer_fd, "", 1, MSG_NOSIGNAL) == 1);
}

struct fake_slot *fake_slot(const struct fake_handle *handle)
{
	return &fake->slots[handle - fake_handles_open];
}

static struct fake_handle *handle_free(void)
{
	for (int i = 0; i < FAKE_SLOTS; i++)
		if (!fake->slots[i].is_used && fake_handles_open[i].handle == 0)
			return &fake_handles_open[i];
	ck_abort_msg("too many handles");
	return NULL;
}

struct fake_handle *fake_open(bool is_quorum)
{
	struct fake_handle *handle;
	int fds[2];

	if (!fake->is_up)
		return NULL;
	handle = handle_free();
	fake_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ==
		    0);
	*handle = (struct fake_handle){ .creator = getpid() };
	handle->handle = ++fake->serial * FAKE_SLOTS +
			 (uint64_t)(handle - fake_handles_open);
	handle->fd = fds[0];
	handle->peer_fd = fds[1];
	*fake_slot(handle) =
		(struct fake_slot){ .is_used = true, .is_quorum = is_quorum };
	return handle;
}

struct fake_handle *fake_get(uint64_t handle)
{
	struct fake_handle *found = &fake_handles_open[handle % FAKE_SLOTS];

	return handle != 0 && found->handle == handle ? found : NULL;
}

/* In a child, what the parent has opened stays open. */
cs_error_t fake_close(uint64_t handle)
{
	struct fake_handle *found;

	fake_lock();
	found = fake_get(handle);
	if (found != NULL) {
		if (found->creator == getpid()) {
			shutdown(found->fd, SHUT_RDWR);
			fake_slot(found)->is_used = false;
		}
		close(found->fd);
		close(found->peer_fd);
		found->handle = 0;
	}
	fake_unlock();
	return found != NULL ? CS_OK : CS_ERR_BAD_HANDLE;
}

void fake_push(struct fake_handle *handle, const struct fake_event *event)
{
	struct fake_slot *slot = fake_slot(handle);

	fake_assert(slot->count < FAKE_EVENTS);
	slot->events[(slot->first + slot->count) % FAKE_EVENTS] = *event;
	if (slot->count++ == 0)
		bell_ring(handle);
}

static cs_error_t event_pop(struct fake_handle *handle,
			    struct fake_event *ret_event)
{
	struct fake_slot *slot = fake_slot(handle);
	char byte;

	if (slot->count == 0)
		return slot->is_dead ? CS_ERR_LIBRARY : CS_ERR_TRY_AGAIN;
	*ret_event = slot->events[slot->first];
	slot->first = (slot->first + 1) % FAKE_EVENTS;
	if (--slot->count == 0)
		fake_assert(recv(handle->fd, &byte, 1, MSG_DONTWAIT) == 1);
	return CS_OK;
}

cs_error_t fake_pop(uint64_t handle, struct fake_event *ret_event,
		    struct fake_handle *ret_handle)
{
	struct fake_handle *found;
	cs_error_t error = CS_ERR_BAD_HANDLE;

	fake_lock();
	found = fake_get(handle);
	if (found != NULL) {
		*ret_handle = *found;
		error = event_pop(found, ret_event);
	}
	fake_unlock();
	return error;
}

cs_error_t fake_dispatch(uint64_t handle, cs_dispatch_flags_t mode,
			 void (*deliver)(const struct fake_handle *handle,
					 struct fake_event *event))
{
	struct fake_event event;
	struct fake_handle found;
	cs_error_t error;

	for (;;) {
		error = fake_pop(handle, &event, &found);
		if (error == CS_OK) {
			deliver(&found, &event);
			if (mode == CS_DISPATCH_ONE)
				return CS_OK;
		} else if (error != CS_ERR_TRY_AGAIN) {
			return error;
		} else if (mode == CS_DISPATCH_ALL) {
			return CS_OK;
		} else {
			moment_sleep();
		}
	}
}

/* The daemon. */

static void handle_kill(struct fake_handle *handle)
{
	struct fake_slot *slot = fake_slot(handle);

	if (handle->handle == 0 || slot->is_dead)
		return;
	slot->is_dead = true;
	shutdown(handle->peer_fd, SHUT_WR);
}

void fake_die(void)
{
	fake_lock();
	fake->is_up = false;
	for (int i = 0; i < FAKE_SLOTS; i++)
		handle_kill(&fake_handles_open[i]);
	memset(fake->groups, 0, sizeof(fake->groups));
	fake->flight_count = 0;
	fake_unlock();
}

void fake_start(void)
{
	fake_lock();
	fake->is_up = true;
	fake_unlock();
}

void fake_drop(bool is_quorum)
{
	fake_lock();
	for (int i = 0; i < FAKE_SLOTS; i++)
		if (fake->slots[i].is_quorum == is_quorum) {
			handle_kill(&fake_handles_open[i]);
			fake_leave(&fake->slots[i], CPG_REASON_PROCDOWN);
		}
	fake_unlock();
}
