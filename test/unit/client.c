/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../lib/lock.h"
#include "bytes.h"
#include "fake_service.h"
#include "fake_transport.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define THREADS 8
#define ROUNDS 100

/* Opening. */

struct mapping {
	int error;
	cs_error_t expected;
};

static const struct mapping open_errors[] = {
	{ -EACCES, CS_ERR_ACCESS },
	{ -ENOSPC, CS_ERR_NO_SPACE },
	{ -ENOMEM, CS_ERR_NO_MEMORY },
	{ -ECONNREFUSED, CS_ERR_LIBRARY },
	{ -EMFILE, CS_ERR_LIBRARY },
};

START_TEST(open_fails)
{
	struct client_use use = { .client = NULL };
	int cancel_state;

	fake.open_error = open_errors[_i].error;
	ck_assert_int_eq(COUNTED(client_open(&fake_service, NULL, &use)),
			 open_errors[_i].expected);
	ck_assert_ptr_null(use.client);
	ck_assert_int_eq(libc_live(), 0);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancel_state);
	ck_assert_int_eq(cancel_state, PTHREAD_CANCEL_ENABLE);
}
END_TEST

static cs_error_t open_and_publish(uint64_t *ret_handle)
{
	struct client_use use;
	cs_error_t err = client_open(&fake_service, NULL, &use);

	if (err != CS_OK)
		return err;
	err = client_publish(use.client, ret_handle);
	client_put(&use);
	return err;
}

/* Each of the allocations fails in turn. */
START_TEST(open_without_memory)
{
	int fds = fds_count();
	uint64_t handle = 77;
	int count;

	for (count = 0; count < 20; count++) {
		libc_hooks_reset();
		libc_fail_after(count);
		if (COUNTED(open_and_publish(&handle)) == CS_OK)
			break;
		ck_assert(libc_has_failed());
		ck_assert_uint_eq(handle, 77);
		ck_assert_int_eq(libc_live(), 0);
		ck_assert_uint_eq(fake.opens, fake.closes);
		ck_assert_int_eq(fds_count(), fds);
	}
	/* The client, and the table of handles. */
	ck_assert_int_eq(count, 2);
	libc_fail_after(-1);
	fake_service_close(handle);
}
END_TEST

START_TEST(context)
{
	uint64_t handle = 0;
	struct client_use use;
	void *got = &use;
	int here;

	ck_assert_int_eq(client_open(&fake_service, &here, &use), CS_OK);
	ck_assert_int_eq(client_publish(use.client, &handle), CS_OK);
	client_put(&use);
	ck_assert_int_eq(client_context_get(handle, &fake_service, &got),
			 CS_OK);
	ck_assert_ptr_eq(got, &here);
	ck_assert_int_eq(client_context_set(handle, &fake_service, NULL),
			 CS_OK);
	ck_assert_int_eq(client_context_get(handle, &fake_service, &got),
			 CS_OK);
	ck_assert_ptr_null(got);
	got = &use;
	ck_assert_int_eq(client_context_get(handle, &other_service, &got),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(client_context_set(handle, &other_service, got),
			 CS_ERR_BAD_HANDLE);
	ck_assert_ptr_eq(got, &use);
	fake_service_close(handle);
}
END_TEST

START_TEST(fd)
{
	uint64_t handle = fake_service_open();
	int first = -2;
	int second = -2;

	ck_assert_int_eq(client_fd_get(handle, &other_service, &first),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(first, -2);
	ck_assert_int_eq(client_fd_get(handle, &fake_service, &first), CS_OK);
	ck_assert(!fd_is_readable(first));
	numbered_events_queue(1);
	ck_assert(fd_is_readable(first));
	fake_die(false);
	ck_assert_int_eq(client_fd_get(handle, &fake_service, &second), CS_OK);
	ck_assert_int_eq(first, second);
	fake_service_close(handle);
}
END_TEST

START_TEST(closed_is_closed)
{
	static const char request[16];
	uint64_t handle = fake_service_open();
	struct client_use use;
	char reply[24];

	fake_service_close(handle);
	ck_assert_int_eq(client_get(handle, &fake_service, &use),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(client_close(handle, &fake_service, &use),
			 CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(client_request(handle, &fake_service, request, 16, 0,
					reply, 24),
			 CS_ERR_BAD_HANDLE);
}
END_TEST

/* Replies. */

struct reply {
	size_t size;
	int32_t id;
	int32_t error;
	cs_error_t expected;
	bool abandoned;
};

/* Replies to a request whose reply must have id 7 and 32 bytes. */
static const struct reply replies[] = {
	{ 32, 7, CS_OK, CS_OK, false },
	/* Errors of the daemon, whatever id and size the header has. */
	{ 24, 0, CS_ERR_TRY_AGAIN, CS_ERR_TRY_AGAIN, false },
	{ 24, 0, CS_ERR_INVALID_PARAM, CS_ERR_INVALID_PARAM, false },
	{ 24, 7, CS_ERR_EXIST, CS_ERR_EXIST, false },
	{ 32, 7, CS_ERR_NOT_EXIST, CS_ERR_NOT_EXIST, false },
	{ 32, 9, CS_ERR_SECURITY, CS_ERR_SECURITY, false },
	/* Malformed replies. */
	{ 32, 0, CS_OK, CS_ERR_LIBRARY, true },
	{ 32, 8, CS_OK, CS_ERR_LIBRARY, true },
	{ 32, -7, CS_OK, CS_ERR_LIBRARY, true },
	{ 31, 7, CS_OK, CS_ERR_LIBRARY, true },
	{ 24, 7, CS_OK, CS_ERR_LIBRARY, true },
	{ 23, 7, CS_OK, CS_ERR_LIBRARY, true },
	{ 23, 0, CS_ERR_TRY_AGAIN, CS_ERR_LIBRARY, true },
	{ 16, 7, CS_OK, CS_ERR_LIBRARY, true },
	{ 0, 7, CS_OK, CS_ERR_LIBRARY, true },
	{ 32, 7, 0, CS_ERR_LIBRARY, true },
	{ 24, 0, 0, CS_ERR_LIBRARY, true },
	{ 32, 7, -1, CS_ERR_LIBRARY, true },
	{ 24, 0, INT_MIN, CS_ERR_LIBRARY, true },
	/* Too large: the transport has to refuse it. */
	{ 33, 7, CS_OK, CS_ERR_LIBRARY, false },
	{ 33, 7, CS_ERR_EXIST, CS_ERR_LIBRARY, false },
};

static const struct reply *reply_now;

static void table_answer(const struct fake_request *request,
			 struct fake_reply *reply)
{
	(void)request;
	put_reply(reply->bytes, reply_now->id, reply_now->size,
		  reply_now->error);
	put_u32(reply->bytes, 24, 4711);
	reply->size = reply_now->size;
}

static cs_error_t request_make(uint64_t handle, unsigned char *reply)
{
	static const char request[24] = "twenty-four bytes";

	return client_request(handle, &fake_service, request, sizeof(request),
			      7, reply, 32);
}

START_TEST(reply_is_checked)
{
	static const struct reply good = { 32, 7, CS_OK, CS_OK, false };
	uint64_t handle = fake_service_open();
	unsigned char bytes[32];
	bool lost = replies[_i].expected == CS_ERR_LIBRARY;

	reply_now = &replies[_i];
	fake.answer = table_answer;
	ck_assert_int_eq(request_make(handle, bytes), reply_now->expected);
	ck_assert_uint_eq(fake.abandons, reply_now->abandoned);
	reply_now = &good;
	ck_assert_int_eq(request_make(handle, bytes),
			 lost ? CS_ERR_LIBRARY : CS_OK);
	if (!lost)
		ck_assert_uint_eq(get_u32(bytes, 24), 4711);
	ck_assert_int_eq(dispatch_run(handle, &fake_service, CS_DISPATCH_ALL),
			 lost ? CS_ERR_LIBRARY : CS_OK);
	ck_assert_uint_eq(fake_request_count(), lost ? 1 : 2);
	fake_service_close(handle);
}
END_TEST

START_TEST(request_goes_out_whole)
{
	char letters[] = "abcdefgh";
	const struct iovec iov[] = {
		{ .iov_base = letters, .iov_len = 3 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = letters + 3, .iov_len = 5 },
	};
	static const struct reply good = { 32, 7, CS_OK, CS_OK, false };
	const struct fake_request *request;
	uint64_t handle = fake_service_open();
	unsigned char bytes[32];
	struct client_use use;

	reply_now = &good;
	fake.answer = table_answer;
	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	for (int ordered = 0; ordered < 2; ordered++)
		ck_assert_int_eq(client_exchange(use.client, iov, 3, ordered,
						 7, bytes, 32), CS_OK);
	ck_assert_int_eq(client_call(use.client, "xyz", 3, 7, bytes, 32),
			 CS_OK);
	ck_assert_int_eq(client_send(use.client, iov, 3), CS_OK);
	for (unsigned int i = 0; i < 4; i++) {
		request = fake_request_get(i);
		ck_assert_int_eq(request->called, i < 3);
		ck_assert_int_eq(request->ordered, i % 2);
		ck_assert_mem_eq(request->bytes, i == 2 ? "xyz" : "abcdefgh",
				 i == 2 ? 3 : 8);
	}
	client_put(&use);
	fake_service_close(handle);
}
END_TEST

/* What the transport returns. */

static const struct mapping call_errors[] = {
	{ -EAGAIN, CS_ERR_TRY_AGAIN }, { -ENOTCONN, CS_ERR_LIBRARY },
	{ -EPROTO, CS_ERR_LIBRARY },   { -ENOMEM, CS_ERR_NO_MEMORY },
	{ -EMSGSIZE, CS_ERR_TOO_BIG },
};

static int call_error;

static void error_answer(const struct fake_request *request,
			 struct fake_reply *reply)
{
	(void)request;
	reply->error = call_error;
}

START_TEST(transport_error)
{
	uint64_t handle = fake_service_open();
	unsigned char bytes[32];

	call_error = call_errors[_i].error;
	fake.answer = error_answer;
	ck_assert_int_eq(request_make(handle, bytes),
			 call_errors[_i].expected);
	ck_assert_uint_eq(fake.abandons, 0);
	fake_service_close(handle);
}
END_TEST

START_TEST(send_error)
{
	char letters[] = "abc";
	const struct iovec iov = { .iov_base = letters, .iov_len = 3 };
	uint64_t handle = fake_service_open();
	struct client_use use;

	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	fake.refusals = 2;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(client_send(use.client, &iov, 1),
				 CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(fake_request_count(), 0);
	ck_assert_int_eq(client_send(use.client, &iov, 1), CS_OK);
	fake_die(true);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(client_send(use.client, &iov, 1),
				 CS_ERR_LIBRARY);
	client_put(&use);
	fake_service_close(handle);
}
END_TEST

/* The daemon does not read: a sender waits, and then tries again. */

typedef cs_error_t (*sender_fn)(uint64_t handle);

static cs_error_t one_send(uint64_t handle)
{
	char letters[] = "abc";
	const struct iovec iov = { .iov_base = letters, .iov_len = 3 };
	struct client_use use;
	cs_error_t err = client_get(handle, &fake_service, &use);

	if (err != CS_OK)
		return err;
	err = client_send(use.client, &iov, 1);
	client_put(&use);
	return err;
}

static cs_error_t one_ask(uint64_t handle)
{
	unsigned char bytes[32];

	return request_make(handle, bytes);
}

static const sender_fn senders[] = { one_send, one_ask };

START_TEST(room_comes)
{
	static const struct reply good = { 32, 7, CS_OK, CS_OK, false };
	uint64_t handle = fake_service_open();

	reply_now = &good;
	fake.answer = table_answer;
	fake.room_after = 3;
	fake.is_full = true;
	ck_assert_int_eq(senders[_i](handle), CS_OK);
	ck_assert_uint_eq(fake.room_waits, 3);
	ck_assert_uint_eq(fake_request_count(), 1);
	fake_service_close(handle);
}
END_TEST

START_TEST(room_never_comes)
{
	uint64_t handle = fake_service_open();
	uint64_t start = now_ms();

	fake.is_full = true;
	ck_assert_int_eq(senders[_i](handle), CS_ERR_TRY_AGAIN);
	ck_assert_uint_ge(now_ms() - start, 950);
	ck_assert_uint_eq(fake_request_count(), 0);
	fake_service_close(handle);
}
END_TEST

static void *room_wait(void *data)
{
	return (void *)(uintptr_t)one_send(*(uint64_t *)data);
}

static bool somebody_waits(void)
{
	return fake.room_waits > 0;
}

/* Other threads may use and close the handle during a pause. */
START_TEST(room_wait_ends_at_close)
{
	uint64_t handle = fake_service_open();
	uint64_t copy = handle;
	pthread_t thread;

	fake.is_full = true;
	thread_start(&thread, room_wait, &copy);
	wait_for(somebody_waits());
	fake_service_close(handle);
	ck_assert_uint_eq((uintptr_t)thread_join(thread), CS_ERR_TRY_AGAIN);
	ck_assert_uint_eq(fake_request_count(), 0);
}
END_TEST

/* A child of fork. */

static uint64_t before_fork;

static int child_ends(void *data)
{
	(void)data;
	return fake.violation == NULL ? 0 : 1;
}

static int child_gives_back(void *data)
{
	int got_fd = -1;
	void *got;

	(void)data;
	/* These functions do not use the connection. */
	if (client_fd_get(before_fork, &fake_service, &got_fd) != CS_OK ||
	    client_context_get(before_fork, &fake_service, &got) != CS_OK ||
	    client_context_set(before_fork, &fake_service, &got) != CS_OK)
		return 1;
	fake_service_close(before_fork);
	return fake.closes == 0 && fake.releases == 1 ? 0 : 2;
}

static int child_uses(void *data)
{
	(void)data;
	if (one_ask(before_fork) != CS_OK)
		return 1;
	fake_service_close(before_fork);
	return fake.closes == 1 && fake.releases == 0 ? 0 : 2;
}

static int child_dispatches(void *data)
{
	(void)data;
	if (dispatch_run(before_fork, &fake_service, CS_DISPATCH_ALL) != CS_OK)
		return 1;
	fake_service_close(before_fork);
	return fake.closes == 1 && fake.releases == 0 ? 0 : 2;
}

static int child_has_a_child(void *data)
{
	if (child_uses(data) != 0)
		return 1;
	fake.closes = 0;
	return 0;
}

static int child_gives_back_after_its_child(void *data)
{
	if (child_run(child_has_a_child, data) != 0)
		return 1;
	return child_gives_back(data);
}

static int (*const children[])(void *data) = {
	child_ends,	  child_gives_back,
	child_uses,	  child_dispatches,
	child_has_a_child, child_gives_back_after_its_child,
};

START_TEST(fork_and_close)
{
	static const struct reply good = { 32, 7, CS_OK, CS_OK, false };

	reply_now = &good;
	fake.answer = table_answer;
	before_fork = fake_service_open();
	ck_assert_int_eq(child_run(children[_i], NULL), 0);
	ck_assert_int_eq(one_ask(before_fork), CS_OK);
	fake_service_close(before_fork);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(fake.releases, 0);
}
END_TEST

/* Locks that processes share. */

struct counted {
	pthread_mutex_t lock;
	unsigned int count;
};

static int counted_add(void *data)
{
	struct counted *counted = data;
	unsigned int before;

	for (int i = 0; i < ROUNDS; i++) {
		lock_take(&counted->lock);
		before = counted->count;
		sched_yield();
		counted->count = before + 1;
		lock_give(&counted->lock);
	}
	return 0;
}

/* Robust locks, and others. */
START_TEST(processes_wait_for_a_lock)
{
	struct counted *counted = lock_memory_create(sizeof(*counted));
	struct child counters[THREADS];

	ck_assert_ptr_nonnull(counted);
	libc_robust_fail(_i == 1);
	lock_init(&counted->lock);
	for (int i = 0; i < THREADS; i++) {
		counters[i] = child_fork();
		if (counters[i].pid == 0)
			_exit(counted_add(counted));
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(child_wait(&counters[i]), 0);
	ck_assert_uint_eq(counted->count, THREADS * ROUNDS);
	lock_memory_free(counted, sizeof(*counted));
}
END_TEST

/* User-mode emulation of other machines may lack robust locks. */
static bool kernel_knows_robust_locks(void)
{
	void *list;
	size_t size;

	return syscall(SYS_get_robust_list, 0, &list, &size) == 0 ||
	       errno != ENOSYS;
}

/* A process is killed while it has a lock. */

static int child_dies_with_the_locks(void *data)
{
	struct client_use use;

	(void)data;
	if (client_get(before_fork, &fake_service, &use) != CS_OK)
		return 1;
	lock_take(&use.client->shared->recv_lock);
	lock_take(&use.client->shared->call_lock);
	return 0;
}

START_TEST(killed_with_a_lock)
{
	static const struct reply good = { 32, 7, CS_OK, CS_OK, false };

	reply_now = &good;
	fake.answer = table_answer;
	before_fork = fake_service_open();
	for (unsigned int i = 1; i <= 2; i++) {
		ck_assert_int_eq(child_run(child_dies_with_the_locks, NULL),
				 0);
		ck_assert_int_eq(one_ask(before_fork), CS_OK);
		ck_assert_uint_eq(fake.recoveries, i);
		ck_assert_int_eq(dispatch_run(before_fork, &fake_service,
					      CS_DISPATCH_ALL),
				 CS_OK);
	}
	fake_service_close(before_fork);
}
END_TEST

/* Each thread gets its own reply. */

static void number_answer(const struct fake_request *request,
			  struct fake_reply *reply)
{
	put_reply(reply->bytes, 7, 32, CS_OK);
	put_u32(reply->bytes, 24, get_u32(request->bytes, 16));
	reply->size = 32;
}

static uint64_t shared;

static bool number_ask(struct client *client, uint32_t number)
{
	unsigned char request[24] = { 0 };
	const struct iovec iov = { .iov_base = request, .iov_len = 24 };
	unsigned char reply[32];

	put_u32(request, 16, number);
	return client_call(client, request, 24, 7, reply, 32) == CS_OK &&
	       get_u32(reply, 24) == number &&
	       client_send(client, &iov, 1) == CS_OK &&
	       client_refuse(client, CS_ERR_EXIST) == CS_ERR_EXIST;
}

static void *numbers_ask(void *data)
{
	uint32_t number = (uint32_t)(uintptr_t)data * ROUNDS;
	struct client_use use;
	bool good = client_get(shared, &fake_service, &use) == CS_OK;

	for (int i = 0; i < ROUNDS && good; i++)
		good = number_ask(use.client, number++);
	client_put(&use);
	return good ? NULL : data;
}

START_TEST(concurrent_calls)
{
	pthread_t threads[THREADS];

	shared = fake_service_open();
	fake.answer = number_answer;
	for (uintptr_t i = 0; i < THREADS; i++)
		thread_start(&threads[i], numbers_ask, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		ck_assert_ptr_null(thread_join(threads[i]));
	ck_assert_uint_eq(fake_request_count(), 2 * THREADS * ROUNDS);
	fake_service_close(shared);
}
END_TEST

/* Retries. */

START_TEST(pause_ends_after_its_time)
{
	struct client_patience patience = { .limit_s = 1 };
	uint64_t handle = fake_service_open();
	uint64_t start = now_ms();
	unsigned int pauses = 0;
	struct client_use use;

	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	while (client_pause(use.client, &patience))
		pauses++;
	ck_assert_uint_ge(now_ms() - start, 950);
	ck_assert_uint_le(now_ms() - start, DEADLINE_S * 1000);
	/* The pauses are not a busy wait. */
	ck_assert_uint_gt(pauses, 3);
	ck_assert_uint_lt(pauses, 1000);
	ck_assert(!client_pause(use.client, &patience));
	client_put(&use);
	fake_service_close(handle);
}
END_TEST

START_TEST(pause_ends_at_close)
{
	struct client_patience patience = { .limit_s = 60 };
	uint64_t handle = fake_service_open();
	struct client_use use;

	ck_assert_int_eq(client_get(handle, &fake_service, &use), CS_OK);
	ck_assert(client_is_open(use.client));
	ck_assert(client_pause(use.client, &patience));
	fake_service_close(handle);
	ck_assert(!client_is_open(use.client));
	ck_assert(!client_pause(use.client, &patience));
	client_put(&use);
}
END_TEST

TCase *client_case(void)
{
	TCase *tcase = tcase_create("client");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, fake_service_setup,
				  fake_service_teardown);
	tcase_add_loop_test(tcase, open_fails, 0, (int)COUNT(open_errors));
	tcase_add_test(tcase, open_without_memory);
	tcase_add_test(tcase, context);
	tcase_add_test(tcase, fd);
	tcase_add_test(tcase, closed_is_closed);
	tcase_add_loop_test(tcase, reply_is_checked, 0, (int)COUNT(replies));
	tcase_add_test(tcase, request_goes_out_whole);
	tcase_add_loop_test(tcase, transport_error, 0,
			    (int)COUNT(call_errors));
	tcase_add_test(tcase, send_error);
	tcase_add_loop_test(tcase, room_comes, 0, (int)COUNT(senders));
	tcase_add_loop_test(tcase, room_never_comes, 0, (int)COUNT(senders));
	tcase_add_test(tcase, room_wait_ends_at_close);
	tcase_add_loop_test(tcase, fork_and_close, 0, (int)COUNT(children));
	tcase_add_loop_test(tcase, processes_wait_for_a_lock, 0, 2);
	if (kernel_knows_robust_locks())
		tcase_add_test(tcase, killed_with_a_lock);
	else
		puts("client:killed_with_a_lock: left out, as the kernel does not "
		     "know robust locks");
	tcase_add_test(tcase, concurrent_calls);
	tcase_add_test(tcase, pause_ends_after_its_time);
	tcase_add_test(tcase, pause_ends_at_close);
	return tcase;
}
