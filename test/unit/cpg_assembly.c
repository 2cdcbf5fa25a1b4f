/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/cpg_assembly.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"

#define NODE 7
#define PID 4711
#define OTHER 4712
#define FIRST 1
#define CONTINUED 2
#define LAST 3

/* What one unfinished message costs beyond its bytes, and rounding. */
#define OVERHEAD 128
#define ROUNDING 8192

static struct cpg_assembly assembly;
static struct cpg_event_deliver result;

/* Add a fragment from memory that is freed before this returns. */
static int add(uint32_t nodeid, uint32_t pid, uint32_t type, uint32_t msglen,
	       const void *fragment, uint32_t fraglen)
{
	struct cpg_event_partial partial = {
		.nodeid = nodeid,
		.pid = pid,
		.msglen = msglen,
		.fraglen = fraglen,
		.type = type,
	};
	char *copy = malloc(fraglen);
	int res;

	if (fraglen > 0)
		memcpy(copy, fragment, fraglen);
	partial.fragment = copy;
	memset(&result, 0x5a, sizeof(result));
	res = COUNTED(cpg_assembly_add(&assembly, &partial, &result));
	if (fraglen > 0)
		memset(copy, '?', fraglen);
	free(copy);
	return res;
}

static int add_text(uint32_t pid, uint32_t type, uint32_t msglen,
		    const char *text)
{
	return add(NODE, pid, type, msglen, text, (uint32_t)strlen(text));
}

static void result_is(uint32_t pid, const void *message, size_t size)
{
	ck_assert_uint_eq(result.nodeid, NODE);
	ck_assert_uint_eq(result.pid, pid);
	ck_assert_uint_eq(result.msg_len, size);
	ck_assert_mem_eq(result.msg, message, size);
	ck_assert_uint_eq((uintptr_t)result.msg % 8, 0);
	ck_assert_ptr_nonnull(result.owned);
	memset(result.msg, 0, size);
	libc_count_set(true);
	free(result.owned);
	libc_count_set(false);
}

static void clear(void)
{
	libc_count_set(true);
	cpg_assembly_clear(&assembly);
	libc_count_set(false);
}

static void forget(uint32_t nodeid, uint32_t pid)
{
	libc_count_set(true);
	cpg_assembly_forget(&assembly, nodeid, pid);
	libc_count_set(false);
}

static void good_arrives(uint32_t pid)
{
	ck_assert_int_eq(add_text(pid, FIRST, 10, "abc"), 0);
	ck_assert_int_eq(add_text(pid, CONTINUED, 10, "defg"), 0);
	ck_assert_int_eq(add_text(pid, LAST, 10, "hij"), 1);
	result_is(pid, "abcdefghij", 10);
}

START_TEST(in_order)
{
	for (int i = 0; i < 3; i++)
		good_arrives(PID);
	ck_assert_ptr_null(assembly.first);
}
END_TEST

START_TEST(senders_interleave)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";
	const uint32_t size = sizeof(text) - 1;

	for (uint32_t at = 0; at < size; at++)
		for (uint32_t pid = PID; pid < PID + 5; pid++) {
			uint32_t type = at == 0	       ? FIRST :
					at == size - 1 ? LAST :
							 CONTINUED;
			int res = add(NODE, pid, type, size, text + at, 1);

			ck_assert_int_eq(res, type == LAST);
			if (res > 0)
				result_is(pid, text, size);
		}
}
END_TEST

START_TEST(same_pid_on_other_nodes)
{
	ck_assert_int_eq(add(NODE + 1, PID, FIRST, 6, "xxx", 3), 0);
	ck_assert_int_eq(add(NODE, PID, FIRST, 6, "abc", 3), 0);
	ck_assert_int_eq(add(NODE + 1, PID, CONTINUED, 6, "x", 1), 0);
	ck_assert_int_eq(add(NODE, PID, LAST, 6, "def", 3), 1);
	result_is(PID, "abcdef", 6);
}
END_TEST

START_TEST(first_voids_the_former)
{
	ck_assert_int_eq(add_text(PID, FIRST, 100, "lost"), 0);
	ck_assert_int_eq(add_text(OTHER, FIRST, 6, "abc"), 0);
	good_arrives(PID);
	ck_assert_int_eq(add_text(PID, CONTINUED, 100, "lost"), 0);
	ck_assert_int_eq(add_text(OTHER, LAST, 6, "def"), 1);
	result_is(OTHER, "abcdef", 6);
}
END_TEST

START_TEST(empty_fragments)
{
	ck_assert_int_eq(add_text(PID, FIRST, 6, ""), 0);
	ck_assert_int_eq(add_text(PID, CONTINUED, 6, ""), 0);
	ck_assert_int_eq(add_text(PID, CONTINUED, 6, "abc"), 0);
	ck_assert_int_eq(add_text(PID, CONTINUED, 6, ""), 0);
	ck_assert_int_eq(add_text(PID, CONTINUED, 6, "def"), 0);
	ck_assert_int_eq(add_text(PID, LAST, 6, ""), 1);
	result_is(PID, "abcdef", 6);
	ck_assert_int_eq(add_text(PID, FIRST, 3, "abc"), 0);
	ck_assert_int_eq(add_text(PID, LAST, 3, ""), 1);
	result_is(PID, "abc", 3);
}
END_TEST

/* Invalid series of fragments: nothing is kept after the last one. */
struct fragment {
	uint32_t type;
	uint32_t msglen;
	const char *text;
};

static const struct fragment malformed[][4] = {
	/* No first fragment. */
	{ { CONTINUED, 10, "abc" } },
	{ { LAST, 10, "abc" } },
	{ { LAST, 10, "abcdefghij" } },
	{ { CONTINUED, 10, "abc" }, { LAST, 10, "defghij" } },
	/* A different size of the message. */
	{ { FIRST, 10, "abc" }, { CONTINUED, 11, "def" } },
	{ { FIRST, 10, "abc" }, { CONTINUED, UINT32_MAX, "def" } },
	{ { FIRST, 10, "abc" }, { CONTINUED, 9, "def" } },
	{ { FIRST, 10, "abc" }, { CONTINUED, 1, "def" } },
	{ { FIRST, 10, "abc" }, { CONTINUED, 0, "def" } },
	{ { FIRST, 10, "abc" }, { LAST, 6, "def" } },
	{ { FIRST, 10, "abc" }, { LAST, 11, "defghij" } },
	{ { FIRST, 10, "abc" }, { LAST, 3, "" } },
	/* More bytes than the size of the message. */
	{ { FIRST, 2, "abc" } },
	{ { FIRST, 10, "abcdefghijk" } },
	{ { FIRST, 10, "abc" }, { CONTINUED, 10, "defghijk" } },
	{ { FIRST, 10, "abc" }, { LAST, 10, "defghijk" } },
	{ { FIRST, 3, "abc" }, { CONTINUED, 3, "d" } },
	/* The last fragment is too early, or too late. */
	{ { FIRST, 10, "abc" }, { LAST, 10, "defghi" } },
	{ { FIRST, 10, "abc" }, { LAST, 10, "" } },
	{ { FIRST, 10, "" }, { LAST, 10, "" } },
	{ { FIRST, 10, "abc" },
	  { CONTINUED, 10, "defghij" },
	  { LAST, 10, "k" } },
	/* Empty messages. */
	{ { FIRST, 0, "" }, { LAST, 0, "" } },
	{ { FIRST, 0, "a" }, { LAST, 0, "" } },
	{ { LAST, 0, "" } },
	/* Unknown types. */
	{ { 0, 10, "abc" } },
	{ { 4, 10, "abcdefghij" } },
	{ { UINT32_MAX, 10, "abc" } },
	{ { FIRST, 10, "abc" }, { 0, 10, "def" } },
	{ { FIRST, 10, "abc" }, { 4, 10, "defghij" } },
	{ { FIRST, 10, "abc" }, { UINT32_MAX, 10, "def" } },
	{ { FIRST, 10, "abc" }, { 0x101, 10, "def" } },
};

/* Fragments that would complete the message if it was not discarded. */
static const struct fragment completions[][4] = {
	{ { CONTINUED, 10, "def" }, { LAST, 10, "ghij" } },
	{ { LAST, 10, "defghij" } },
	{ { LAST, 10, "ghij" } },
	{ { LAST, 10, "j" } },
	{ { LAST, 10, "" } },
};

static void fragments_make_nothing(const struct fragment *fragments)
{
	for (size_t i = 0; i < 4 && fragments[i].text != NULL; i++)
		ck_assert_int_eq(add_text(PID, fragments[i].type,
					  fragments[i].msglen,
					  fragments[i].text), 0);
}

START_TEST(malformed_is_dropped_whole)
{
	long live;

	for (size_t i = 0; i < COUNT(completions); i++) {
		ck_assert_int_eq(add_text(OTHER, FIRST, 6, "abc"), 0);
		live = libc_live();
		fragments_make_nothing(malformed[_i]);
		ck_assert_int_eq(libc_live(), live);
		fragments_make_nothing(completions[i]);
		good_arrives(PID);
		ck_assert_int_eq(add_text(OTHER, LAST, 6, "def"), 1);
		result_is(OTHER, "abcdef", 6);
		ck_assert_ptr_null(assembly.first);
		ck_assert_int_eq(libc_live(), 0);
	}
}
END_TEST

START_TEST(malformed_first_voids_the_former)
{
	ck_assert_int_eq(add_text(PID, FIRST, 10, "abc"), 0);
	ck_assert_int_eq(add_text(PID, FIRST, 2, "abc"), 0);
	ck_assert_int_eq(add_text(PID, LAST, 10, "defghij"), 0);
	ck_assert_int_eq(libc_live(), 0);
	good_arrives(PID);
}
END_TEST

/* Memory. */

static void memory_is_bounded(size_t arrived)
{
	size_t bytes = arrived * 2;

	ck_assert_uint_le(libc_largest(), bytes > OVERHEAD ? bytes : OVERHEAD);
	ck_assert_int_le(libc_live(), (long)(bytes + OVERHEAD + ROUNDING));
}

struct announcement {
	uint32_t msglen;
	uint32_t fraglen;
	uint32_t fragments;
};

static const struct announcement announcements[] = {
	{ 1u << 31, 0, 10 },
	{ 1u << 31, 1, 300 },
	{ UINT32_MAX, 1, 300 },
	{ UINT32_MAX, 1000, 300 },
	{ UINT32_MAX - 1, 65536, 33 },
	{ 0xc0000001, 1047552, 3 },
};

START_TEST(announcements_are_not_believed)
{
	static const char bytes[1047552];
	const struct announcement *a = &announcements[_i];

	for (uint32_t i = 0; i < a->fragments; i++) {
		ck_assert_int_eq(add(NODE, PID, i == 0 ? FIRST : CONTINUED,
				     a->msglen, bytes, a->fraglen), 0);
		memory_is_bounded((size_t)(i + 1) * a->fraglen);
	}
	good_arrives(OTHER);
	clear();
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

static const uint32_t fraglens[] = { 1, 7, 999, 1000, 1001, 20000 };

START_TEST(memory_of_a_good_message)
{
	static char message[20001];
	const uint32_t size = sizeof(message);
	const uint32_t fraglen = fraglens[_i];
	uint32_t type = FIRST;

	for (uint32_t i = 0; i < size; i++)
		message[i] = (char)(i * 31 + i / 256);
	for (uint32_t at = 0; at < size; at += fraglen) {
		uint32_t n = size - at < fraglen ? size - at : fraglen;

		if (at + n == size)
			type = LAST;
		ck_assert_int_eq(add(NODE, PID, type, size, message + at, n),
				 type == LAST);
		memory_is_bounded(at + n);
		ck_assert_uint_le(libc_largest(), size);
		type = CONTINUED;
	}
	result_is(PID, message, size);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

START_TEST(first_without_memory)
{
	libc_fail_after(_i);
	ck_assert_int_eq(add_text(PID, FIRST, 10, "abc"), -ENOMEM);
	ck_assert(libc_has_failed());
	libc_fail_after(-1);
	ck_assert_int_eq(libc_live(), 0);
	ck_assert_int_eq(add_text(PID, LAST, 10, "defghij"), 0);
	good_arrives(PID);
}
END_TEST

START_TEST(growth_without_memory)
{
	ck_assert_int_eq(add_text(PID, FIRST, 200, "abcdefghij"), 0);
	for (int i = 1; i < 19 && !libc_has_failed(); i++) {
		libc_fail_after(0);
		ck_assert_int_eq(add_text(PID, CONTINUED, 200, "abcdefghij"),
				 libc_has_failed() ? -ENOMEM : 0);
	}
	ck_assert(libc_has_failed());
	libc_fail_after(-1);
	ck_assert_int_eq(libc_live(), 0);
	good_arrives(PID);
}
END_TEST

/* Discarding. */

START_TEST(forget_one_sender)
{
	ck_assert_int_eq(add(NODE, PID, FIRST, 6, "abc", 3), 0);
	ck_assert_int_eq(add(NODE, OTHER, FIRST, 6, "abc", 3), 0);
	ck_assert_int_eq(add(NODE + 1, PID, FIRST, 6, "abc", 3), 0);
	forget(NODE, PID);
	forget(NODE + 1, OTHER);
	ck_assert_int_eq(add(NODE, PID, LAST, 6, "def", 3), 0);
	ck_assert_int_eq(add(NODE, OTHER, LAST, 6, "def", 3), 1);
	result_is(OTHER, "abcdef", 6);
	forget(NODE + 1, PID);
	ck_assert_ptr_null(assembly.first);
	ck_assert_int_eq(libc_live(), 0);
}
END_TEST

START_TEST(clear_forgets_all)
{
	clear();
	for (uint32_t pid = 1; pid <= 50; pid++)
		ck_assert_int_eq(add_text(pid, FIRST, 6, "abc"), 0);
	clear();
	ck_assert_ptr_null(assembly.first);
	ck_assert_int_eq(libc_live(), 0);
	for (uint32_t pid = 1; pid <= 50; pid++)
		ck_assert_int_eq(add_text(pid, LAST, 6, "def"), 0);
	good_arrives(PID);
}
END_TEST

static void setup(void)
{
	libc_hooks_reset();
}

static void teardown(void)
{
	clear();
}

TCase *cpg_assembly_case(void)
{
	TCase *tcase = tcase_create("cpg_assembly");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, in_order);
	tcase_add_test(tcase, senders_interleave);
	tcase_add_test(tcase, same_pid_on_other_nodes);
	tcase_add_test(tcase, first_voids_the_former);
	tcase_add_test(tcase, empty_fragments);
	tcase_add_loop_test(tcase, malformed_is_dropped_whole, 0,
			    (int)COUNT(malformed));
	tcase_add_test(tcase, malformed_first_voids_the_former);
	tcase_add_loop_test(tcase, announcements_are_not_believed, 0,
			    (int)COUNT(announcements));
	tcase_add_loop_test(tcase, memory_of_a_good_message, 0,
			    (int)COUNT(fraglens));
	tcase_add_loop_test(tcase, first_without_memory, 0, 2);
	tcase_add_test(tcase, growth_without_memory);
	tcase_add_test(tcase, forget_one_sender);
	tcase_add_test(tcase, clear_forgets_all);
	return tcase;
}
