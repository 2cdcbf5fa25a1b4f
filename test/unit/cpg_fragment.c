/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define FRAGMENT_MAX 1047552
#define MESSAGE_MAX (4 * FRAGMENT_MAX)

/* The requests that are sent. */
static unsigned char message[MESSAGE_MAX];
static size_t fragment_max = FRAGMENT_MAX;

static cs_error_t mcast(cpg_handle_t handle, const struct iovec *iov,
			unsigned int count)
{
	return COUNTED(cpg_mcast_joined(handle, CPG_TYPE_SAFE, iov, count));
}

static cs_error_t mcast_size(cpg_handle_t handle, size_t size)
{
	const struct iovec iov = { .iov_base = message, .iov_len = size };

	return mcast(handle, &iov, 1);
}

/* Request @index is the fragment at @at of a message of @size. */
static size_t fragment_is(unsigned int index, size_t at, size_t size)
{
	const struct fake_request *request = fake_request_get(index);
	size_t left = size - at;
	size_t fraglen = left < fragment_max ? left : fragment_max;
	unsigned char expected[56] = { 0 };

	put_request(expected, 12, 56 + fraglen);
	put_u32(expected, 24, CPG_TYPE_SAFE);
	put_u32(expected, 32, (uint32_t)size);
	put_u32(expected, 40, (uint32_t)fraglen);
	put_u32(expected, 48, at == 0 ? 1 : fraglen < left ? 2 : 3);
	ck_assert_uint_eq(request->size, 56 + fraglen);
	ck_assert(request->called && request->ordered);
	ck_assert_mem_eq(request->bytes, expected, 56);
	ck_assert(memcmp(request->bytes + 56, message + at, fraglen) == 0);
	return fraglen;
}

static bool is_whole_message(unsigned int index)
{
	return get_u32(fake_request_get(index)->bytes, 0) == DAEMON_MCAST;
}

/*
 * Request @index and those after it are all fragments of this message. Messages
 * that are not fragmented may be between them.
 */
static unsigned int fragments_are(unsigned int index, size_t size)
{
	for (size_t at = 0; at < size; index++)
		if (!is_whole_message(index))
			at += fragment_is(index, at, size);
	return index;
}

static const size_t sizes[] = {
	FRAGMENT_MAX + 1,     FRAGMENT_MAX + 1000,  2 * FRAGMENT_MAX - 1,
	2 * FRAGMENT_MAX,     2 * FRAGMENT_MAX + 1, 3 * FRAGMENT_MAX,
	3 * FRAGMENT_MAX + 1,
};

/* The first request is the join. */
START_TEST(one_piece)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(mcast_size(handle, sizes[_i]), CS_OK);
	ck_assert_uint_eq(fragments_are(1, sizes[_i]), fake_request_count());
	cpg_close(handle);
}
END_TEST

/* The kernel limits the size of a request; smaller messages are sent whole. */
START_TEST(small_fragments)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	fake.request_max = 200000;
	fragment_max = 200000 - 56;
	ck_assert_int_eq(mcast_size(handle, sizes[_i]), CS_OK);
	ck_assert_uint_eq(fragments_are(1, sizes[_i]), fake_request_count());
	ck_assert_int_eq(mcast_size(handle, 200000 - 39), CS_ERR_TOO_BIG);
	ck_assert_int_eq(mcast_size(handle, 200000 - 40), CS_OK);
	cpg_close(handle);
}
END_TEST

static const unsigned int piece_counts[] = { 2, 15, 16, 17, 64, 1024 };

START_TEST(many_pieces)
{
	static struct iovec iov[1024];
	const unsigned int count = piece_counts[_i];
	const size_t size = 3 * FRAGMENT_MAX + 12345;
	cpg_handle_t handle = cpg_open_joined(NULL);
	const long live = libc_live();
	size_t at = 0;

	/* Every fifth piece is empty. */
	for (unsigned int i = 0; i < count; i++) {
		iov[i].iov_base = message + at;
		if (i == count - 1)
			iov[i].iov_len = size - at;
		else
			iov[i].iov_len = i % 5 == 3 ? 0 : size / count + i % 3;
		at += iov[i].iov_len;
	}
	ck_assert_int_eq(mcast(handle, iov, count), CS_OK);
	ck_assert_uint_eq(fragments_are(1, size), fake_request_count());
	ck_assert_int_eq(libc_live(), live);
	cpg_close(handle);
}
END_TEST

/* A size of more than 32 bits is an error; any other is sent unchanged. */
START_TEST(largest_message)
{
	static struct iovec iov[4096];
	cpg_handle_t handle = cpg_open_joined(NULL);
	const struct fake_request *request;

	for (size_t i = 0; i < COUNT(iov); i++) {
		iov[i].iov_base = message;
		iov[i].iov_len = 1024 * 1024;
	}
	ck_assert_int_eq(mcast(handle, iov, 4096), CS_ERR_TOO_BIG);
	ck_assert_uint_eq(fake_request_count(), 1);
	iov[4095].iov_len--;
	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, CS_ERR_INTERRUPT, 1);
	ck_assert_int_eq(mcast(handle, iov, 4096), CS_ERR_INTERRUPT);
	ck_assert_uint_eq(fake_request_count(), 2);
	request = fake_request_get(1);
	ck_assert_uint_eq(get_u32(request->bytes, 32), UINT32_MAX);
	ck_assert_uint_eq(get_u32(request->bytes, 48), 1);
	cpg_close(handle);
}
END_TEST

/* Errors. */

START_TEST(try_again_of_the_daemon)
{
	const size_t size = 2 * FRAGMENT_MAX;
	cpg_handle_t handle = cpg_open_joined(NULL);

	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, CS_ERR_TRY_AGAIN, 3);
	ck_assert_int_eq(mcast_size(handle, size), CS_OK);
	for (unsigned int i = 1; i <= 3; i++)
		fragment_is(i, 0, size);
	ck_assert_uint_eq(fragments_are(4, size), fake_request_count());
	cpg_close(handle);
}
END_TEST

START_TEST(try_again_of_the_transport)
{
	const size_t size = 2 * FRAGMENT_MAX;
	cpg_handle_t handle = cpg_open_joined(NULL);

	fake.refusals = 5;
	ck_assert_int_eq(mcast_size(handle, size), CS_OK);
	ck_assert_uint_eq(fake.refusals, 0);
	ck_assert_uint_eq(fragments_are(1, size), fake_request_count());
	cpg_close(handle);
}
END_TEST

START_TEST(try_again_has_an_end)
{
	const size_t size = FRAGMENT_MAX + 1;
	cpg_handle_t handle = cpg_open_joined(NULL);
	uint64_t start = now_ms();

	fake.refusals = UINT32_MAX;
	ck_assert_int_eq(mcast_size(handle, size), CS_ERR_TRY_AGAIN);
	ck_assert_uint_ge(now_ms() - start, 950);
	ck_assert_uint_le(now_ms() - start, DEADLINE_S * 1000);
	ck_assert_uint_lt(UINT32_MAX - fake.refusals, 1000);
	fake.refusals = 0;
	ck_assert_int_eq(mcast_size(handle, size), CS_OK);
	ck_assert_uint_eq(fragments_are(1, size), fake_request_count());
	cpg_close(handle);
}
END_TEST

/* The second of retries includes the wait for room. */
START_TEST(room_never_comes)
{
	cpg_handle_t handle = cpg_open_joined(NULL);
	uint64_t start;

	libc_clock_stop();
	start = now_ms();
	fake.is_full = true;
	fake.room_waits_last = true;
	ck_assert_int_eq(mcast_size(handle, FRAGMENT_MAX + 1),
			 CS_ERR_TRY_AGAIN);
	ck_assert_uint_ge(now_ms() - start, 1000);
	ck_assert_uint_le(now_ms() - start, 1100);
	fake.is_full = false;
	cpg_close(handle);
}
END_TEST

static const cs_error_t errors[] = {
	CS_ERR_INTERRUPT,
	CS_ERR_NOT_EXIST,
	CS_ERR_INVALID_PARAM,
};

START_TEST(other_errors_end_it)
{
	const size_t size = 3 * FRAGMENT_MAX;
	cpg_handle_t handle = cpg_open_joined(NULL);

	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, errors[_i], 1);
	ck_assert_int_eq(mcast_size(handle, size), errors[_i]);
	ck_assert_uint_eq(fake_request_count(), 2);
	ck_assert_int_eq(mcast_size(handle, size), CS_OK);
	ck_assert_uint_eq(fragments_are(2, size), fake_request_count());
	cpg_close(handle);
}
END_TEST

START_TEST(dead)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	fake_die(_i == 0);
	ck_assert_int_eq(mcast_size(handle, MESSAGE_MAX), CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
}
END_TEST

START_TEST(without_memory)
{
	static struct iovec iov[64];
	const size_t size = sizeof(iov) / sizeof(iov[0]) * 20000;
	cpg_handle_t handle = cpg_open_joined(NULL);

	for (size_t i = 0; i < COUNT(iov); i++) {
		iov[i].iov_base = message + i * 20000;
		iov[i].iov_len = 20000;
	}
	libc_fail_after(0);
	ck_assert_int_eq(mcast(handle, iov, COUNT(iov)), CS_ERR_NO_MEMORY);
	ck_assert_uint_eq(fake_request_count(), 1);
	ck_assert_int_eq(mcast(handle, iov, COUNT(iov)), CS_OK);
	ck_assert_uint_eq(fragments_are(1, size), fake_request_count());
	cpg_close(handle);
}
END_TEST

/* Threads. */

struct sender {
	cpg_handle_t handle;
	size_t size;
	pthread_t thread;
	cs_error_t result;
	atomic_bool done;
};

static void *sender_run(void *data)
{
	struct sender *sender = data;

	for (int i = 0; i < 5 && sender->result == CS_OK; i++)
		sender->result = mcast_size(sender->handle, sender->size);
	return NULL;
}

static bool has_been_asked(void)
{
	return fake_request_count() >= 3;
}

START_TEST(finalize_ends_it)
{
	struct sender sender = {
		.handle = cpg_open_joined(NULL),
		.size = MESSAGE_MAX,
		.result = CS_OK,
	};

	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, CS_ERR_TRY_AGAIN, UINT32_MAX);
	thread_start(&sender.thread, sender_run, &sender);
	wait_for(has_been_asked());
	cpg_close(sender.handle);
	thread_join(sender.thread);
	ck_assert_int_eq(sender.result, CS_ERR_BAD_HANDLE);
}
END_TEST

static fake_answer_fn daemon_answer;
static cpg_handle_t closed;
static pthread_t closer;

static void *close_run(void *data)
{
	cpg_close(closed);
	return data;
}

static bool is_closed(const void *data)
{
	int fd;

	(void)data;
	return cpg_fd_get(closed, &fd) == CS_ERR_BAD_HANDLE;
}

/* Another thread finalizes the handle during the call. */
static void close_at_the_last(const struct fake_request *request,
			      struct fake_reply *reply)
{
	if (get_u32(request->bytes, 0) == DAEMON_PARTIAL_MCAST &&
	    get_u32(request->bytes, 48) == 3) {
		thread_start(&closer, close_run, NULL);
		wait_for(is_closed(NULL));
	}
	daemon_answer(request, reply);
}

START_TEST(whole_message_counts_before_finalize)
{
	closed = cpg_open_joined(NULL);
	daemon_answer = fake.answer;
	fake.answer = close_at_the_last;
	ck_assert_int_eq(mcast_size(closed, MESSAGE_MAX), CS_OK);
	thread_join(closer);
	ck_assert_int_eq(mcast_size(closed, MESSAGE_MAX), CS_ERR_BAD_HANDLE);
}
END_TEST

static void *large_run(void *data)
{
	struct sender *sender = data;

	sender->result = mcast_size(sender->handle, sender->size);
	sender->done = true;
	return NULL;
}

/* The daemon refuses fragments, but not whole messages. */
START_TEST(small_messages_go_between)
{
	struct sender sender = {
		.handle = cpg_open_joined(NULL),
		.size = MESSAGE_MAX,
	};

	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, CS_ERR_TRY_AGAIN, UINT32_MAX);
	thread_start(&sender.thread, large_run, &sender);
	wait_for(has_been_asked());
	for (unsigned int i = 1; i <= 3; i++) {
		ck_assert_int_eq(mcast_size(sender.handle, 100), CS_OK);
		ck_assert_uint_eq(cpg_daemon_count(DAEMON_MCAST), i);
	}
	ck_assert(!sender.done);
	cpg_daemon_refuse(DAEMON_PARTIAL_MCAST, CS_OK, 0);
	thread_join(sender.thread);
	ck_assert_int_eq(sender.result, CS_OK);
	cpg_close(sender.handle);
}
END_TEST

START_TEST(large_messages_do_not_mix)
{
	struct sender senders[] = {
		{ .size = 2 * FRAGMENT_MAX + 1, .result = CS_OK },
		{ .size = 3 * FRAGMENT_MAX, .result = CS_OK },
		{ .size = 100, .result = CS_OK },
	};
	cpg_handle_t handle = cpg_open_joined(NULL);
	unsigned int whole = 0, fragmented = 0;

	for (size_t i = 0; i < COUNT(senders); i++) {
		senders[i].handle = handle;
		thread_start(&senders[i].thread, sender_run, &senders[i]);
	}
	for (size_t i = 0; i < COUNT(senders); i++) {
		thread_join(senders[i].thread);
		ck_assert_int_eq(senders[i].result, CS_OK);
	}
	for (unsigned int index = 1; index < fake_request_count(); index++)
		whole += is_whole_message(index);
	for (unsigned int index = 1; index < fake_request_count();) {
		if (is_whole_message(index)) {
			index++;
			continue;
		}
		index = fragments_are(
			index, get_u32(fake_request_get(index)->bytes, 32));
		fragmented++;
	}
	ck_assert_uint_eq(whole, 5);
	ck_assert_uint_eq(fragmented, 10);
	cpg_close(handle);
}
END_TEST

static void setup(void)
{
	cpg_daemon_setup();
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (unsigned char)(i * 7 + i / 256 + i / 65536);
}

TCase *cpg_fragment_case(void)
{
	TCase *tcase = tcase_create("cpg_fragment");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, cpg_daemon_teardown);
	tcase_add_loop_test(tcase, small_fragments, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tcase, one_piece, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tcase, many_pieces, 0, (int)COUNT(piece_counts));
	tcase_add_test(tcase, largest_message);
	tcase_add_test(tcase, try_again_of_the_daemon);
	tcase_add_test(tcase, try_again_of_the_transport);
	tcase_add_test(tcase, try_again_has_an_end);
	tcase_add_test(tcase, room_never_comes);
	tcase_add_loop_test(tcase, other_errors_end_it, 0,
			    (int)COUNT(errors));
	tcase_add_loop_test(tcase, dead, 0, 2);
	tcase_add_test(tcase, without_memory);
	tcase_add_test(tcase, finalize_ends_it);
	tcase_add_test(tcase, whole_message_counts_before_finalize);
	tcase_add_test(tcase, small_messages_go_between);
	tcase_add_test(tcase, large_messages_do_not_mix);
	return tcase;
}
