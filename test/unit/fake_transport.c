/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/transport.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "support.h"

/* Violations are reported as "the transport was ...". */
#define TWO_RECEIVE "receiving for two threads"
#define TWO_REQUEST "sending, calling or checking for two threads"

/* Rings align events to 4 bytes only. */
#define MISALIGNED 4

struct fake_event {
	struct fake_event *next;
	size_t size;
	unsigned char bytes[]; /* the event begins after the first few */
};

struct transport {
	struct transport *next;
	struct fake_event *first;	/* lock */
	struct fake_event **last;	/* lock */
	struct fake_event *found;	/* lock; taken, and not given back */
	int fd;
	int daemon_fd;	/* lock */
	bool is_rung;	/* a byte waits at the fd; lock */
	bool in_batch;	/* before its end was announced; lock */
	atomic_bool closed;
	atomic_bool dead;
	atomic_bool receiving;
	atomic_bool requesting;
};

struct fake fake;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct transport *transports;	/* all, the newest first; lock */
static struct fake_request **requests;	/* lock */
static unsigned int request_count;	/* lock */

static void violation_note(const char *what)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&fake.violation, &none, what);
}

/* Rules for the calls of each function of the transport. */
static void use_check(const struct transport *transport)
{
	int cancel_state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	if (cancel_state != PTHREAD_CANCEL_DISABLE)
		violation_note("called with cancellation enabled");
	pthread_setcancelstate(cancel_state, NULL);
	if (transport == NULL)
		return;
	if (transport->closed)
		violation_note("called after close");
}

/* Allocations of the fake transport itself are not counted. */
static _Thread_local bool counted;

static void use_begin(const struct transport *transport, atomic_bool *busy,
		      const char *what)
{
	use_check(transport);
	counted = libc_count_set(false);
	if (atomic_exchange(busy, true))
		violation_note(what);
	/* Gives a second thread time to violate the rule. */
	sched_yield();
}

static void use_end(atomic_bool *busy)
{
	*busy = false;
	libc_count_set(counted);
}

/* The transport. */

static int transport_create_locked(struct transport **ret_transport)
{
	struct transport *transport;
	int fds[2];

	if (fake.open_error != 0)
		return fake.open_error;
	transport = calloc(1, sizeof(*transport));
	if (transport == NULL)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		free(transport);
		return -EMFILE;
	}
	transport->fd = fds[0];
	transport->daemon_fd = fds[1];
	transport->last = &transport->first;
	transport->next = transports;
	transports = transport;
	fake.opens++;
	*ret_transport = transport;
	return 0;
}

int transport_open(const char *service, size_t message_max,
		   struct transport_shared *shared,
		   struct transport **ret_transport)
{
	bool was_counted = libc_count_set(false);
	int res;

	fake.message_max = message_max;
	use_check(NULL);
	if (service == NULL || shared == NULL)
		violation_note("opened without a name or shared memory");
	pthread_mutex_lock(&lock);
	res = transport_create_locked(ret_transport);
	pthread_mutex_unlock(&lock);
	libc_count_set(was_counted);
	return res;
}

static void transport_end(struct transport *transport, atomic_uint *count)
{
	use_check(transport);
	if (transport->receiving || transport->requesting)
		violation_note("closed while in use");
	pthread_mutex_lock(&lock);
	transport->closed = true;
	close(transport->fd);
	if (transport->daemon_fd >= 0)
		close(transport->daemon_fd);
	transport->daemon_fd = -1;
	(*count)++;
	pthread_mutex_unlock(&lock);
}

void transport_close(struct transport *transport)
{
	transport_end(transport, &fake.closes);
}

void transport_release(struct transport *transport)
{
	transport_end(transport, &fake.releases);
}

int transport_fd(const struct transport *transport)
{
	use_check(transport);
	return transport->fd;
}

size_t transport_event_max(const struct transport *transport)
{
	use_check(transport);
	return fake.event_max;
}

size_t transport_request_max(const struct transport *transport)
{
	use_check(transport);
	return fake.request_max;
}

static void bell_ring_locked(struct transport *transport)
{
	if (!transport->is_rung &&
	    send(transport->daemon_fd, "", 1, MSG_DONTWAIT) != 1)
		violation_note("used by the test after its death");
	transport->is_rung = true;
}

static void bell_silence_locked(struct transport *transport)
{
	char bell;

	if (transport->is_rung &&
	    recv(transport->fd, &bell, 1, MSG_DONTWAIT) != 1)
		violation_note("read behind its back");
	transport->is_rung = false;
}

static int event_none_locked(struct transport *transport)
{
	bell_silence_locked(transport);
	if (transport->dead)
		return -ENOTCONN;
	fake.empties++;
	return -EAGAIN;
}

static ssize_t event_find_locked(struct transport *transport,
				 unsigned int hints, void **ret_bytes)
{
	struct fake_event *event = transport->first;

	fake.looks++;
	if (transport->found != NULL)
		violation_note("asked for an event before the last was done");
	if (event == NULL)
		return event_none_locked(transport);
	if (event->size > fake.event_max)
		return -EPROTO;
	transport->first = event->next;
	if (transport->first == NULL) {
		transport->last = &transport->first;
		if ((hints & TRANSPORT_BATCH) == 0)
			bell_silence_locked(transport);
	}
	fake.pending--;
	transport->found = event;
	*ret_bytes = event->bytes + MISALIGNED;
	return (ssize_t)event->size;
}

ssize_t transport_event(struct transport *transport, void *room,
			unsigned int hints, void **ret_bytes)
{
	ssize_t res;

	(void)room;
	use_begin(transport, &transport->receiving, TWO_RECEIVE);
	pthread_mutex_lock(&lock);
	res = event_find_locked(transport, hints, ret_bytes);
	transport->in_batch = res >= 0 && (hints & TRANSPORT_BATCH) != 0;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	use_end(&transport->receiving);
	return res;
}

/* The event must not be read after this. */
void transport_event_done(struct transport *transport)
{
	use_begin(transport, &transport->receiving, TWO_RECEIVE);
	pthread_mutex_lock(&lock);
	if (transport->found == NULL)
		violation_note("given the same event back twice");
	else
		memset(transport->found->bytes, 0xdd,
		       transport->found->size + MISALIGNED);
	free(transport->found);
	transport->found = NULL;
	pthread_mutex_unlock(&lock);
	use_end(&transport->receiving);
}

void transport_batch_end(struct transport *transport)
{
	use_begin(transport, &transport->receiving, TWO_RECEIVE);
	pthread_mutex_lock(&lock);
	transport->in_batch = false;
	pthread_mutex_unlock(&lock);
	use_end(&transport->receiving);
}

static size_t request_size(const struct iovec *iov, size_t iov_len)
{
	size_t size = 0;

	for (size_t i = 0; i < iov_len; i++)
		size += iov[i].iov_len;
	return size;
}

static struct fake_request *request_create(const struct iovec *iov,
					   size_t iov_len)
{
	struct fake_request *request;

	if (iov_len == 0 || iov_len > TRANSPORT_PIECES_MAX)
		violation_note("given too few or too many pieces");
	request = malloc(sizeof(*request) + request_size(iov, iov_len));
	request->pieces = iov_len;
	request->size = 0;
	for (size_t i = 0; i < iov_len; i++) {
		if (iov[i].iov_len == 0)
			continue;
		memcpy(request->bytes + request->size, iov[i].iov_base,
		       iov[i].iov_len);
		request->size += iov[i].iov_len;
	}
	return request;
}

static int request_take_locked(struct transport *transport,
			       const struct iovec *iov, size_t iov_len,
			       struct fake_request **ret_request)
{
	if (transport->dead)
		return -ENOTCONN;
	if (request_size(iov, iov_len) > fake.request_max)
		return -EMSGSIZE;
	if (fake.refusals > 0) {
		fake.refusals--;
		return -EAGAIN;
	}
	if (fake.is_full)
		return -ENOBUFS;
	requests = realloc(requests, (request_count + 1) * sizeof(*requests));
	*ret_request = request_create(iov, iov_len);
	requests[request_count++] = *ret_request;
	return 0;
}

static int request_take(struct transport *transport, const struct iovec *iov,
			size_t iov_len, bool called, bool ordered,
			struct fake_request **ret_request)
{
	int res;

	pthread_mutex_lock(&lock);
	res = request_take_locked(transport, iov, iov_len, ret_request);
	if (res == 0) {
		(*ret_request)->called = called;
		(*ret_request)->ordered = ordered;
	}
	pthread_mutex_unlock(&lock);
	return res;
}

int transport_send(struct transport *transport, const struct iovec *iov,
		   size_t iov_len)
{
	struct fake_request *request;
	int res;

	use_begin(transport, &transport->requesting, TWO_REQUEST);
	res = request_take(transport, iov, iov_len, false, true, &request);
	use_end(&transport->requesting);
	return res;
}

static ssize_t reply_give(struct transport *transport,
			  const struct fake_request *request, void *bytes,
			  size_t size)
{
	struct fake_reply reply = { .error = 0 };
	fake_answer_fn answer = fake.answer;

	if (answer == NULL) {
		violation_note("called, which the test does not expect");
		return -ENOTCONN;
	}
	answer(request, &reply);
	if (reply.error != 0)
		return reply.error;
	if (reply.size <= size) {
		memcpy(bytes, reply.bytes, reply.size);
		return (ssize_t)reply.size;
	}
	transport->dead = true;
	return -EPROTO;
}

ssize_t transport_call(struct transport *transport, const struct iovec *iov,
		       size_t iov_len, bool ordered, void *reply, size_t size)
{
	struct fake_request *request;
	ssize_t res;

	use_begin(transport, &transport->requesting, TWO_REQUEST);
	res = request_take(transport, iov, iov_len, true, ordered, &request);
	if (res == 0)
		res = reply_give(transport, request, reply, size);
	use_end(&transport->requesting);
	return res;
}

/* If there will be room, there is room at the end of the wait. */
void transport_room_await(const struct transport *transport,
			  const struct timespec *limit)
{
	use_check(transport);
	if (transport->requesting)
		violation_note("waited for under a lock");
	if (limit->tv_sec > 1 || limit->tv_sec < 0)
		violation_note("waited for too long");
	fake.room_waits++;
	if (fake.room_waits == fake.room_after)
		fake.is_full = false;
	else if (fake.room_waits_last)
		libc_clock_forward(limit->tv_sec * 1000000000LL +
				   limit->tv_nsec);
	else
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

void transport_recover(struct transport *transport)
{
	use_begin(transport, &transport->requesting, TWO_REQUEST);
	fake.recoveries++;
	use_end(&transport->requesting);
}

int transport_check(struct transport *transport)
{
	int res;

	use_begin(transport, &transport->requesting, TWO_REQUEST);
	res = transport->dead ? -ENOTCONN : 0;
	use_end(&transport->requesting);
	return res;
}

void transport_abandon(struct transport *transport)
{
	use_check(transport);
	transport->dead = true;
	fake.abandons++;
}

/* Functions for the test. */

void fake_empties_await(unsigned int count)
{
	const struct timespec deadline = deadline_realtime();
	int res = 0;

	pthread_mutex_lock(&lock);
	while (fake.empties < count && res == 0)
		res = pthread_cond_timedwait(&changed, &lock, &deadline);
	pthread_mutex_unlock(&lock);
	ck_assert_msg(res == 0, "no thread checked for an event");
}

void fake_event_queue(const void *bytes, size_t size)
{
	struct fake_event *event = malloc(sizeof(*event) + MISALIGNED + size);
	struct transport *transport;

	event->next = NULL;
	event->size = size;
	memcpy(event->bytes + MISALIGNED, bytes, size);
	pthread_mutex_lock(&lock);
	transport = transports;
	bell_ring_locked(transport);
	*transport->last = event;
	transport->last = &event->next;
	fake.pending++;
	pthread_mutex_unlock(&lock);
}

void fake_die(bool quietly)
{
	pthread_mutex_lock(&lock);
	transports->dead = true;
	if (!quietly) {
		close(transports->daemon_fd);
		transports->daemon_fd = -1;
	}
	pthread_mutex_unlock(&lock);
}

unsigned int fake_request_count(void)
{
	unsigned int count;

	pthread_mutex_lock(&lock);
	count = request_count;
	pthread_mutex_unlock(&lock);
	return count;
}

const struct fake_request *fake_request_get(unsigned int index)
{
	const struct fake_request *request = NULL;

	pthread_mutex_lock(&lock);
	if (index < request_count)
		request = requests[index];
	pthread_mutex_unlock(&lock);
	ck_assert_ptr_nonnull(request);
	return request;
}

static void transport_free(struct transport *transport)
{
	struct fake_event *event;

	while ((event = transport->first) != NULL) {
		transport->first = event->next;
		free(event);
	}
	free(transport);
}

static void fake_clear(void)
{
	struct transport *transport;

	while ((transport = transports) != NULL) {
		transports = transport->next;
		if (transport->found != NULL)
			violation_note("left with an event");
		if (transport->in_batch)
			violation_note("left in the middle of a batch");
		transport_free(transport);
	}
	while (request_count > 0)
		free(requests[--request_count]);
	free(requests);
	requests = NULL;
}

void fake_setup(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.event_max = 1024 * 1024;
	fake.request_max = 1024 * 1024;
}

void fake_teardown(void)
{
	fake_clear();
	ck_assert_msg(fake.violation == NULL, "the transport was %s",
		      fake.violation);
	ck_assert_uint_eq(fake.opens, fake.closes);
}
