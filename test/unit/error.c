/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <limits.h>

#include "../../lib/error.h"
#include "suites.h"
#include "support.h"

struct mapping {
	int error;
	cs_error_t expected;
};

static const struct mapping of_errno[] = {
	{ EBADF, CS_ERR_BAD_HANDLE },
	{ ENOMEM, CS_ERR_NO_MEMORY },
	{ ENOMSG, CS_ERR_TRY_AGAIN },
	{ ENOBUFS, CS_ERR_TRY_AGAIN },
	{ ETIMEDOUT, CS_ERR_TRY_AGAIN },
	{ EAGAIN, CS_ERR_TRY_AGAIN },
	{ EBADE, CS_ERR_FAILED_OPERATION },
	{ ETIME, CS_ERR_TIMEOUT },
	{ EINVAL, CS_ERR_INVALID_PARAM },
	{ EBUSY, CS_ERR_BUSY },
	{ EACCES, CS_ERR_ACCESS },
	{ EOVERFLOW, CS_ERR_NAME_TOO_LONG },
	{ EEXIST, CS_ERR_EXIST },
	{ ENOSPC, CS_ERR_NO_SPACE },
	{ EINTR, CS_ERR_INTERRUPT },
	{ ENOENT, CS_ERR_NOT_EXIST },
	{ ENODEV, CS_ERR_NOT_EXIST },
	{ ENOSYS, CS_ERR_NOT_SUPPORTED },
	{ ENOTSUP, CS_ERR_NOT_SUPPORTED },
	{ EBADMSG, CS_ERR_MESSAGE_ERROR },
	{ EMSGSIZE, CS_ERR_TOO_BIG },
	{ E2BIG, CS_ERR_TOO_BIG },
};

static const struct mapping of_handle[] = {
	{ EBADF, CS_ERR_BAD_HANDLE },
	{ ENOMEM, CS_ERR_NO_MEMORY },
	{ EMFILE, CS_ERR_NO_RESOURCES },
	{ EACCES, CS_ERR_ACCESS },
};

static cs_error_t lookup(const struct mapping *table, size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].error == error)
			return table[i].expected;
	return CS_ERR_LIBRARY;
}

START_TEST(errno_is_converted)
{
	for (int error = 1; error <= 4096; error++) {
		cs_error_t expected = lookup(of_errno, COUNT(of_errno), error);

		ck_assert_int_eq(error_from_errno(-error), expected);
		ck_assert_int_eq(qb_to_cs_error(-error), expected);
	}
	ck_assert_int_eq(error_from_errno(-INT_MAX), CS_ERR_LIBRARY);
}
END_TEST

START_TEST(errno_of_any_value)
{
	ck_assert_int_eq(qb_to_cs_error(INT_MIN), CS_ERR_LIBRARY);
}
END_TEST

START_TEST(what_is_not_negative_is_ok)
{
	for (int result = 0; result <= 4096; result++) {
		ck_assert_int_eq(error_from_errno(result), CS_OK);
		ck_assert_int_eq(qb_to_cs_error(result), CS_OK);
	}
	ck_assert_int_eq(error_from_errno(INT_MAX), CS_OK);
}
END_TEST

START_TEST(handle_error_is_converted)
{
	ck_assert_int_eq(hdb_error_to_cs(0), CS_OK);
	ck_assert_int_eq(hdb_error_to_cs(0), CS_OK);
	for (int error = 1; error <= 4096; error++) {
		cs_error_t expected =
			lookup(of_handle, COUNT(of_handle), error);

		ck_assert_int_eq(hdb_error_to_cs(-error), expected);
		ck_assert_int_eq(hdb_error_to_cs(-error), expected);
		ck_assert_int_eq(hdb_error_to_cs(error), CS_ERR_LIBRARY);
	}
	ck_assert_int_eq(hdb_error_to_cs(INT_MIN), CS_ERR_LIBRARY);
}
END_TEST

struct name {
	int error;
	const char *name;
};

#define NAME(error) { error, #error }

static const struct name names[] = {
	{ 1, "success" },
	NAME(CS_ERR_LIBRARY),
	NAME(CS_ERR_VERSION),
	NAME(CS_ERR_INIT),
	NAME(CS_ERR_TIMEOUT),
	NAME(CS_ERR_TRY_AGAIN),
	NAME(CS_ERR_INVALID_PARAM),
	NAME(CS_ERR_NO_MEMORY),
	NAME(CS_ERR_BAD_HANDLE),
	NAME(CS_ERR_BUSY),
	NAME(CS_ERR_ACCESS),
	NAME(CS_ERR_NOT_EXIST),
	NAME(CS_ERR_NAME_TOO_LONG),
	NAME(CS_ERR_EXIST),
	NAME(CS_ERR_NO_SPACE),
	NAME(CS_ERR_INTERRUPT),
	NAME(CS_ERR_NAME_NOT_FOUND),
	NAME(CS_ERR_NO_RESOURCES),
	NAME(CS_ERR_NOT_SUPPORTED),
	NAME(CS_ERR_BAD_OPERATION),
	NAME(CS_ERR_FAILED_OPERATION),
	NAME(CS_ERR_MESSAGE_ERROR),
	NAME(CS_ERR_QUEUE_FULL),
	NAME(CS_ERR_QUEUE_NOT_AVAILABLE),
	NAME(CS_ERR_BAD_FLAGS),
	NAME(CS_ERR_TOO_BIG),
	NAME(CS_ERR_NO_SECTIONS),
	NAME(CS_ERR_CONTEXT_NOT_FOUND),
	NAME(CS_ERR_TOO_MANY_GROUPS),
	NAME(CS_ERR_SECURITY),
};

static const char *name_of(int error)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].error == error)
			return names[i].name;
	return "unknown error";
}

START_TEST(every_error_has_a_name)
{
	for (int error = -200; error <= 200; error++)
		ck_assert_str_eq(cs_strerror((cs_error_t)error),
				 name_of(error));
	ck_assert_str_eq(cs_strerror((cs_error_t)INT_MIN), "unknown error");
	ck_assert_str_eq(cs_strerror((cs_error_t)INT_MAX), "unknown error");
}
END_TEST

TCase *error_case(void)
{
	TCase *tcase = tcase_create("error");

	tcase_set_timeout(tcase, 3 * DEADLINE_S);
	tcase_add_test(tcase, errno_is_converted);
	tcase_add_test(tcase, errno_of_any_value);
	tcase_add_test(tcase, what_is_not_negative_is_ok);
	tcase_add_test(tcase, handle_error_is_converted);
	tcase_add_test(tcase, every_error_has_a_name);
	return tcase;
}
