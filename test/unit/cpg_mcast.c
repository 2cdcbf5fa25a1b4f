/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cpg_daemon.h"
#include "libc_hooks.h"
#include "suites.h"
#include "support.h"
#include "wire.h"

#define ATOMIC_MAX 1047552

/* The library must not read this memory. */
#define NOWHERE ((void *)16)

static cs_error_t mcast(cpg_handle_t handle, const struct iovec *iov,
			unsigned int count)
{
	return COUNTED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, count));
}

/* The last request must be a multicast of this message. */
static void sent_is(const void *message, size_t size)
{
	unsigned char expected[40] = { 0 };
	const struct fake_request *request =
		cpg_daemon_last(DAEMON_MCAST, 40 + size);

	put_request(expected, 2, 40 + size);
	put_u32(expected, 24, CPG_TYPE_AGREED);
	put_u32(expected, 32, (uint32_t)size);
	ck_assert_mem_eq(request->bytes, expected, 40);
	ck_assert(memcmp(request->bytes + 40, message, size) == 0);
}

/* Arguments. */

static char letter[] = "a";

struct arguments {
	struct iovec iov[3];
	unsigned int count;
	cs_error_t expected;
};

static const struct arguments argument_cases[] = {
	{ { { NULL, 1 } }, 1, CS_ERR_INVALID_PARAM },
	{ { { letter, 1 }, { NULL, 1 } }, 2, CS_ERR_INVALID_PARAM },
	{ { { letter, 1 }, { NULL, SIZE_MAX } }, 2, CS_ERR_INVALID_PARAM },
	/* More than a message may have, even if size_t has 32 bits. */
	{ { { NOWHERE, UINT32_MAX }, { NOWHERE, 1 } }, 2, CS_ERR_TOO_BIG },
	{ { { NOWHERE, 1 }, { NOWHERE, UINT32_MAX } }, 2, CS_ERR_TOO_BIG },
	{ { { NOWHERE, 1u << 31 }, { NULL, 0 }, { NOWHERE, 1u << 31 } },
	  3,
	  CS_ERR_TOO_BIG },
	/* Truncated to 32 bits, the size would be 16 bytes. */
	{ { { NOWHERE, UINT32_MAX }, { NOWHERE, 17 } }, 2, CS_ERR_TOO_BIG },
	{ { { NOWHERE, UINT32_MAX }, { NOWHERE, UINT32_MAX }, { NOWHERE, 18 } },
	  3,
	  CS_ERR_TOO_BIG },
#if SIZE_MAX > UINT32_MAX
	{ { { NOWHERE, (size_t)UINT32_MAX + 1 } }, 1, CS_ERR_TOO_BIG },
	{ { { NOWHERE, (size_t)UINT32_MAX + 17 } }, 1, CS_ERR_TOO_BIG },
	{ { { NOWHERE, SIZE_MAX } }, 1, CS_ERR_TOO_BIG },
	/* Sums that overflow. */
	{ { { NOWHERE, SIZE_MAX }, { NOWHERE, 1 } }, 2, CS_ERR_INVALID_PARAM },
	{ { { NOWHERE, 1 }, { NOWHERE, SIZE_MAX } }, 2, CS_ERR_INVALID_PARAM },
	{ { { NOWHERE, SIZE_MAX / 2 + 1 }, { NOWHERE, SIZE_MAX / 2 + 1 } },
	  2,
	  CS_ERR_INVALID_PARAM },
	{ { { NOWHERE, SIZE_MAX }, { NOWHERE, SIZE_MAX }, { NOWHERE, 3 } },
	  3,
	  CS_ERR_INVALID_PARAM },
#endif
};

START_TEST(arguments)
{
	const struct arguments *a = &argument_cases[_i];
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(mcast(handle, a->iov, a->count), a->expected);
	ck_assert_int_eq(mcast(0, a->iov, a->count), a->expected);
	ck_assert_uint_eq(fake_request_count(), 1);
	cpg_close(handle);
}
END_TEST

START_TEST(no_iovec)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(mcast(handle, NULL, 1), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(mcast(handle, NULL, 0), CS_OK);
	sent_is("", 0);
	ck_assert_int_eq(mcast(0, NULL, 0), CS_ERR_BAD_HANDLE);
	cpg_close(handle);
	ck_assert_int_eq(mcast(handle, NULL, 0), CS_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(only_as_a_member)
{
	const struct iovec iov = { .iov_base = letter, .iov_len = 1 };
	const struct iovec big = { .iov_base = NOWHERE,
				   .iov_len = 2 * ATOMIC_MAX };
	struct cpg_name group = name_of(GROUP);
	cpg_handle_t handle = cpg_open(NULL);

	ck_assert_int_eq(mcast(handle, &iov, 1), CS_ERR_NOT_EXIST);
	ck_assert_int_eq(mcast(handle, &big, 1), CS_ERR_NOT_EXIST);
	cpg_daemon_refuse(DAEMON_JOIN, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(cpg_join(handle, &group), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_ERR_NOT_EXIST);
	ck_assert_int_eq(cpg_join(handle, &group), CS_OK);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_OK);
	cpg_daemon_refuse(DAEMON_LEAVE, CS_ERR_TRY_AGAIN, 1);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_OK);
	ck_assert_int_eq(cpg_leave(handle, &group), CS_OK);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_ERR_NOT_EXIST);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_MCAST), 2);
	fake_die(true);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
}
END_TEST

/* Pieces. */

static const unsigned int piece_counts[] = { 1, 2, 14, 15, 16, 17, 64, 1024 };

/* Pieces of 0 to 4 bytes in separate memory; @message is all of them. */
static size_t pieces_make(struct iovec *iov, unsigned int count, char *message)
{
	static char storage[1024][5];
	size_t size = 0;

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int at = 0; at < 5; at++)
			storage[i][at] = (char)(i * 5 + at + i / 50);
		iov[i].iov_len = (i + 3) % 5;
		iov[i].iov_base = iov[i].iov_len == 0 ? NULL : storage[i];
		if (iov[i].iov_len > 0)
			memcpy(message + size, storage[i], iov[i].iov_len);
		size += iov[i].iov_len;
	}
	return size;
}

START_TEST(pieces)
{
	static struct iovec iov[1024];
	static char message[1024 * 5];
	unsigned int count = piece_counts[_i];
	size_t size = pieces_make(iov, count, message);
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(mcast(handle, iov, count), CS_OK);
	sent_is(message, size);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_MCAST), 1);
	cpg_close(handle);
}
END_TEST

START_TEST(empty_pieces)
{
	static const struct iovec iov[1024];
	cpg_handle_t handle = cpg_open_joined(NULL);

	ck_assert_int_eq(mcast(handle, iov, piece_counts[_i]), CS_OK);
	sent_is("", 0);
	cpg_close(handle);
}
END_TEST

/* The library does not copy a small number of pieces. */
START_TEST(few_pieces_need_no_memory)
{
	static struct iovec iov[1024];
	static char message[1024 * 5];
	size_t size = pieces_make(iov, 15, message);
	cpg_handle_t handle = cpg_open_joined(NULL);

	libc_hooks_reset();
	ck_assert_int_eq(mcast(handle, iov, 15), CS_OK);
	ck_assert_uint_eq(libc_allocations(), 0);
	sent_is(message, size);
	size = pieces_make(iov, 1024, message);
	libc_fail_after(0);
	ck_assert_int_eq(mcast(handle, iov, 1024), CS_ERR_NO_MEMORY);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_MCAST), 1);
	ck_assert_int_eq(mcast(handle, iov, 1024), CS_OK);
	sent_is(message, size);
	ck_assert_int_eq(libc_live(), 0);
	cpg_close(handle);
}
END_TEST

START_TEST(largest_of_one_request)
{
	static char message[ATOMIC_MAX];
	const struct iovec iov = { .iov_base = message,
				   .iov_len = sizeof(message) };
	cpg_handle_t handle = cpg_open_joined(NULL);
	uint32_t size = 0;

	ck_assert_int_eq(cpg_max_atomic_msgsize_get(handle, &size), CS_OK);
	ck_assert_uint_eq(size, ATOMIC_MAX);
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (char)(i * 7 + i / 256);
	ck_assert_int_eq(mcast(handle, &iov, 1), CS_OK);
	sent_is(message, sizeof(message));
	cpg_close(handle);
}
END_TEST

START_TEST(guarantees)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	for (uint32_t type = 0; type <= CPG_TYPE_SAFE; type++) {
		ck_assert_int_eq(cpg_mcast_joined(handle,
						  (cpg_guarantee_t)type, NULL,
						  0), CS_OK);
		ck_assert_uint_eq(get_u32(cpg_daemon_last(DAEMON_MCAST, 40)
						  ->bytes, 24), type);
	}
	cpg_close(handle);
}
END_TEST

START_TEST(refused)
{
	cpg_handle_t handle = cpg_open_joined(NULL);

	fake.refusals = 2;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(mcast(handle, NULL, 0), CS_ERR_TRY_AGAIN);
	ck_assert_int_eq(mcast(handle, NULL, 0), CS_OK);
	ck_assert_uint_eq(cpg_daemon_count(DAEMON_MCAST), 1);
	fake_die(true);
	fake.refusals = 2;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mcast(handle, NULL, 0), CS_ERR_LIBRARY);
	ck_assert_int_eq(cpg_finalize(handle), CS_ERR_LIBRARY);
}
END_TEST

START_TEST(zero_copy)
{
	cpg_handle_t handle = cpg_open_joined(NULL);
	void *buffer = NULL;

	ck_assert_int_eq(cpg_zcb_alloc(handle, 10, NULL),
			 CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_zcb_alloc(0, 10, &buffer), CS_ERR_BAD_HANDLE);
	libc_fail_after(0);
	ck_assert_int_eq(COUNTED(cpg_zcb_alloc(handle, 10, &buffer)),
			 CS_ERR_NO_MEMORY);
	ck_assert_ptr_null(buffer);
	ck_assert_int_eq(cpg_zcb_alloc(handle, 10, &buffer), CS_OK);
	memcpy(buffer, "ten bytes!", 10);
	ck_assert_int_eq(cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer,
					      10), CS_OK);
	sent_is("ten bytes!", 10);
	ck_assert_int_eq(cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, NULL,
					      10), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_zcb_free(handle, NULL), CS_ERR_INVALID_PARAM);
	ck_assert_int_eq(cpg_zcb_free(0, buffer), CS_ERR_BAD_HANDLE);
	ck_assert_int_eq(cpg_zcb_free(handle, buffer), CS_OK);
	ck_assert_int_eq(cpg_zcb_alloc(handle, 0, &buffer), CS_OK);
	ck_assert_ptr_nonnull(buffer);
	ck_assert_int_eq(cpg_zcb_free(handle, buffer), CS_OK);
	cpg_close(handle);
}
END_TEST

TCase *cpg_mcast_case(void)
{
	const int counts = (int)COUNT(piece_counts);
	TCase *tcase = tcase_create("cpg_mcast");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_checked_fixture(tcase, cpg_daemon_setup,
				  cpg_daemon_teardown);
	tcase_add_loop_test(tcase, arguments, 0, (int)COUNT(argument_cases));
	tcase_add_test(tcase, no_iovec);
	tcase_add_test(tcase, only_as_a_member);
	tcase_add_loop_test(tcase, pieces, 0, counts);
	tcase_add_loop_test(tcase, empty_pieces, 0, counts);
	tcase_add_test(tcase, few_pieces_need_no_memory);
	tcase_add_test(tcase, largest_of_one_request);
	tcase_add_test(tcase, guarantees);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, zero_copy);
	return tcase;
}
