/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "../../lib/backlog.h"
#include "suites.h"
#include "support.h"

/* More than the ring has room for at first. */
#define MANY 200

#define LARGE 5000

static struct backlog backlog;

static void backlog_setup(void)
{
	session_setup();
	backlog = (struct backlog){ .entries = NULL };
}

static void backlog_teardown(void)
{
	libc_count_set(true);
	backlog_free(&backlog);
	libc_count_set(false);
	session_teardown();
}

static uint64_t send_begin(const char *text)
{
	const struct backlog_mark mark = backlog_mark_bytes(text, strlen(text));

	return COUNTED(backlog_begin(&backlog, &mark));
}

static void sent(const char *text)
{
	uint64_t begin = send_begin(text);

	ck_assert_uint_ne(begin, 0);
	backlog_end(&backlog, begin);
}

/* Messages of one letter. */
static void sent_each(const char *letters)
{
	for (; *letters != '\0'; letters++)
		sent((char[]){ *letters, '\0' });
}

/* How many messages are lost if this one comes back; -1: it is not known. */
static int lost_before(const char *text)
{
	const struct backlog_mark mark = backlog_mark_bytes(text, strlen(text));
	size_t lost = 77;

	if (!backlog_return(&backlog, &mark, &lost)) {
		ck_assert_uint_eq(lost, 0);
		return -1;
	}
	return (int)lost;
}

/* All messages have one letter. */
static void count_is(size_t count)
{
	ck_assert_uint_eq(backlog.count, count);
	ck_assert_uint_eq(backlog.bytes, count * (BACKLOG_OVERHEAD + 1));
}

START_TEST(in_order)
{
	count_is(0);
	sent_each("abc");
	count_is(3);
	ck_assert_int_eq(lost_before("a"), 0);
	ck_assert_int_eq(lost_before("b"), 0);
	count_is(1);
	ck_assert_int_eq(lost_before("c"), 0);
	count_is(0);
	ck_assert_int_eq(lost_before("c"), -1);
}
END_TEST

START_TEST(bytes_are_counted)
{
	sent("");
	ck_assert_uint_eq(backlog.bytes, OVERHEAD);
	sent("12345");
	ck_assert_uint_eq(backlog.bytes, 2 * OVERHEAD + 5);
	ck_assert_int_eq(lost_before(""), 0);
	ck_assert_uint_eq(backlog.bytes, OVERHEAD + 5);
}
END_TEST

START_TEST(loss_is_found)
{
	sent_each("abcdef");
	ck_assert_int_eq(lost_before("c"), 2);
	count_is(3);
	ck_assert_int_eq(lost_before("a"), -1);
	ck_assert_int_eq(lost_before("d"), 0);
	ck_assert_int_eq(lost_before("f"), 1);
	count_is(0);
}
END_TEST

/* A send that has not ended, or had not when the other one began. */
START_TEST(sends_at_the_same_time_have_no_order)
{
	uint64_t a = send_begin("a");
	uint64_t b = send_begin("b");

	backlog_end(&backlog, b);
	ck_assert_int_eq(lost_before("b"), 0);
	count_is(1);
	sent("c");
	ck_assert_int_eq(lost_before("c"), 0);
	backlog_end(&backlog, a);
	count_is(1);
	sent("d");
	ck_assert_int_eq(lost_before("d"), 1);
	count_is(0);
}
END_TEST

START_TEST(overlapping_sends_have_no_order)
{
	uint64_t a = send_begin("a");
	uint64_t b = send_begin("b");

	backlog_end(&backlog, a);
	backlog_end(&backlog, b);
	ck_assert_int_eq(lost_before("b"), 0);
	ck_assert_int_eq(lost_before("a"), 0);
	count_is(0);
}
END_TEST

/* Two have sent the same: the older one is lost, the younger one came back. */
START_TEST(equal_contents)
{
	sent_each("xxy");
	ck_assert_int_eq(lost_before("x"), 0);
	count_is(2);
	ck_assert_int_eq(lost_before("y"), 1);
	count_is(0);
	sent_each("xaxb");
	ck_assert_int_eq(lost_before("x"), 0);
	ck_assert_int_eq(lost_before("b"), 2);
	count_is(0);
}
END_TEST

START_TEST(returned_before_the_send_ends)
{
	uint64_t a = send_begin("a");

	ck_assert_int_eq(lost_before("a"), 0);
	count_is(0);
	backlog_end(&backlog, a);
	backlog_cancel(&backlog, a);
	count_is(0);
	sent_each("bc");
	ck_assert_int_eq(lost_before("c"), 1);
}
END_TEST

/* The same behind an older one, whose send has not ended. */
START_TEST(returned_behind_another)
{
	uint64_t a, other = send_begin("o");

	a = send_begin("a");
	ck_assert_int_eq(lost_before("a"), 0);
	backlog_cancel(&backlog, a);
	count_is(1);
	backlog_end(&backlog, a);
	ck_assert_uint_eq(backlog_clear(&backlog), 0);
	backlog_cancel(&backlog, other);
	count_is(0);
}
END_TEST

START_TEST(cancel)
{
	uint64_t a = send_begin("a"), c;

	sent("b");
	c = send_begin("c");
	count_is(3);
	backlog_cancel(&backlog, a);
	count_is(2);
	backlog_cancel(&backlog, a);
	backlog_cancel(&backlog, c);
	count_is(1);
	ck_assert_int_eq(lost_before("a"), -1);
	ck_assert_int_eq(lost_before("c"), -1);
	ck_assert_int_eq(lost_before("b"), 0);
	count_is(0);
}
END_TEST

/* Those that are gone are not counted twice. */
START_TEST(clear)
{
	uint64_t a = send_begin("a"), e;

	sent_each("bcd");
	ck_assert_int_eq(lost_before("c"), 1);
	ck_assert_uint_eq(backlog_clear(&backlog), 1);
	count_is(0);
	ck_assert_uint_eq(backlog_clear(&backlog), 0);
	e = send_begin("e");
	backlog_cancel(&backlog, a);
	backlog_end(&backlog, a);
	count_is(1);
	ck_assert_uint_eq(backlog_clear(&backlog), 0);
	backlog_end(&backlog, e);
	ck_assert_int_eq(lost_before("d"), -1);
	sent_each("fg");
	ck_assert_int_eq(lost_before("g"), 1);
}
END_TEST

static void number_sent(unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	sent(text);
}

static void number_is_back(unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	ck_assert_int_eq(lost_before(text), 0);
}

/* The ring is full while its oldest entry is in its middle. */
START_TEST(ring_grows)
{
	unsigned int send = 0, back = 0;

	while (send < 50)
		number_sent(send++);
	while (back < 30)
		number_is_back(back++);
	while (send < MANY)
		number_sent(send++);
	ck_assert_uint_eq(backlog.count, MANY - back);
	while (_i == 0 && back < MANY)
		number_is_back(back++);
	if (_i == 1)
		ck_assert_int_eq(lost_before("199"), MANY - 1 - (int)back);
	count_is(0);
}
END_TEST

START_TEST(ring_is_used_again)
{
	for (unsigned int i = 0; i < 10 * MANY; i++) {
		number_sent(i);
		if (i >= 10)
			number_is_back(i - 10);
	}
	ck_assert_uint_eq(libc_allocations(), 1);
}
END_TEST

START_TEST(cancel_leaves_room)
{
	for (unsigned int i = 0; i < MANY; i++)
		backlog_cancel(&backlog, send_begin("a"));
	ck_assert_uint_eq(libc_allocations(), 1);
}
END_TEST

/* Entries that are gone do not stay for those of a send that takes long. */
START_TEST(losses_leave_room)
{
	for (unsigned int i = 0; i < MANY; i++) {
		sent_each("ab");
		ck_assert_int_eq(lost_before("b"), 1);
		backlog_cancel(&backlog, send_begin("c"));
	}
	ck_assert_uint_eq(libc_allocations(), 1);
}
END_TEST

START_TEST(no_memory)
{
	unsigned int send = 0;

	libc_fail_after(0);
	ck_assert_uint_eq(send_begin("a"), 0);
	count_is(0);
	libc_fail_after(1);
	while (send < MANY && send_begin("a") != 0)
		send++;
	ck_assert_uint_gt(send, 0);
	ck_assert_uint_lt(send, MANY);
	count_is(send);
	libc_fail_after(-1);
	ck_assert_uint_ne(send_begin("a"), 0);
	while (send-- > 0)
		ck_assert_int_eq(lost_before("a"), 0);
	count_is(1);
}
END_TEST

static bool marks_equal(struct backlog_mark a, struct backlog_mark b)
{
	return a.sum == b.sum && a.len == b.len;
}

static const size_t lengths[] = {
	0,   1,	  7,	8,    9,    15,	  16,	511,
	512, 513, 1023, 1024, 1025, 1032, 1500, LARGE
};

static void bytes_fill(char *bytes)
{
	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * 7 + i / 256 + 1);
}

/* In each number of buffers the message is the same. */
START_TEST(mark_of_buffers)
{
	size_t len = lengths[_i];
	struct backlog_mark mark;
	char bytes[LARGE];

	bytes_fill(bytes);
	mark = backlog_mark_bytes(bytes, len);
	ck_assert_uint_eq(mark.len, len);
	for (size_t at = 0; at <= len; at++) {
		size_t end = at + (len - at) / 2;
		const struct iovec iov[] = {
			{ bytes, at },
			{ NULL, 0 },
			{ bytes + at, end - at },
			{ bytes + end, len - end },
			{ NULL, 0 },
		};
		const struct iovec two[] = { { bytes, at },
					     { bytes + at, len - at } };

		ck_assert(marks_equal(backlog_mark_iov(iov, 5), mark));
		ck_assert(marks_equal(backlog_mark_iov(two, 2), mark));
	}
}
END_TEST

START_TEST(mark_of_one_or_no_buffer)
{
	char bytes[LARGE];
	const struct iovec iov = { bytes, LARGE };

	bytes_fill(bytes);
	ck_assert(marks_equal(backlog_mark_iov(&iov, 1),
			      backlog_mark_bytes(bytes, LARGE)));
	ck_assert(marks_equal(backlog_mark_iov(NULL, 0),
			      backlog_mark_bytes("", 0)));
}
END_TEST

/* Each byte of a short message, and of the ends of a long one, matters. */
START_TEST(mark_of_other_bytes)
{
	size_t len = lengths[_i];
	struct backlog_mark mark;
	char bytes[LARGE];

	bytes_fill(bytes);
	mark = backlog_mark_bytes(bytes, len);
	for (size_t i = 0; i < len; i++) {
		if (len > 1024 && i == 512)
			i = len - 512;
		bytes[i] ^= 0x10;
		ck_assert(!marks_equal(backlog_mark_bytes(bytes, len), mark));
		bytes[i] ^= 0x10;
	}
	if (len > 0)
		ck_assert(
			!marks_equal(backlog_mark_bytes(bytes, len - 1), mark));
}
END_TEST

/* Zeros: only the length differs. */
START_TEST(mark_of_length)
{
	static const char zeros[LARGE];

	for (size_t len = 1; len < 2000; len++)
		ck_assert(!marks_equal(backlog_mark_bytes(zeros, len),
				       backlog_mark_bytes(zeros, len - 1)));
}
END_TEST

TCase *backlog_case(void)
{
	const int all = (int)COUNT(lengths);
	TCase *tcase = tcase_create("backlog");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, backlog_setup, backlog_teardown);
	tcase_add_test(tcase, in_order);
	tcase_add_test(tcase, bytes_are_counted);
	tcase_add_test(tcase, loss_is_found);
	tcase_add_test(tcase, sends_at_the_same_time_have_no_order);
	tcase_add_test(tcase, overlapping_sends_have_no_order);
	tcase_add_test(tcase, equal_contents);
	tcase_add_test(tcase, returned_before_the_send_ends);
	tcase_add_test(tcase, returned_behind_another);
	tcase_add_test(tcase, cancel);
	tcase_add_test(tcase, clear);
	tcase_add_loop_test(tcase, ring_grows, 0, 2);
	tcase_add_test(tcase, ring_is_used_again);
	tcase_add_test(tcase, cancel_leaves_room);
	tcase_add_test(tcase, losses_leave_room);
	tcase_add_test(tcase, no_memory);
	tcase_add_loop_test(tcase, mark_of_buffers, 0, all);
	tcase_add_test(tcase, mark_of_one_or_no_buffer);
	tcase_add_loop_test(tcase, mark_of_other_bytes, 0, all);
	tcase_add_test(tcase, mark_of_length);
	return tcase;
}
