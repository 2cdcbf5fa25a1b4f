/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/corotypes.h>
#include <errno.h>
#include <string.h>

#include "suites.h"
#include "support.h"

struct name {
	cs_error_t err;
	const char *name;
};

#define NAME(err) { err, #err }

static const struct name names[] = {
	{ CS_OK, "success" },
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

struct conversion {
	int result;
	cs_error_t err;
};

static const struct conversion qb_conversions[] = {
	{ 0, CS_OK },
	{ 4096, CS_OK },
	{ -EBADF, CS_ERR_BAD_HANDLE },
	{ -ENOMEM, CS_ERR_NO_MEMORY },
	{ -ENOMSG, CS_ERR_TRY_AGAIN },
	{ -ENOBUFS, CS_ERR_TRY_AGAIN },
	{ -ETIMEDOUT, CS_ERR_TRY_AGAIN },
	{ -EAGAIN, CS_ERR_TRY_AGAIN },
	{ -EBADE, CS_ERR_FAILED_OPERATION },
	{ -ETIME, CS_ERR_TIMEOUT },
	{ -EINVAL, CS_ERR_INVALID_PARAM },
	{ -EBUSY, CS_ERR_BUSY },
	{ -EACCES, CS_ERR_ACCESS },
	{ -EOVERFLOW, CS_ERR_NAME_TOO_LONG },
	{ -EEXIST, CS_ERR_EXIST },
	{ -ENOSPC, CS_ERR_NO_SPACE },
	{ -EINTR, CS_ERR_INTERRUPT },
	{ -ENOENT, CS_ERR_NOT_EXIST },
	{ -ENODEV, CS_ERR_NOT_EXIST },
	{ -ENOSYS, CS_ERR_NOT_SUPPORTED },
	{ -ENOTSUP, CS_ERR_NOT_SUPPORTED },
	{ -EBADMSG, CS_ERR_MESSAGE_ERROR },
	{ -EMSGSIZE, CS_ERR_TOO_BIG },
	{ -E2BIG, CS_ERR_TOO_BIG },
	{ -ECONNREFUSED, CS_ERR_LIBRARY },
	{ -ENOTCONN, CS_ERR_LIBRARY },
	{ -EPIPE, CS_ERR_LIBRARY },
	{ -12345, CS_ERR_LIBRARY },
};

static const struct conversion hdb_conversions[] = {
	{ 0, CS_OK },
	{ -EBADF, CS_ERR_BAD_HANDLE },
	{ -ENOMEM, CS_ERR_NO_MEMORY },
	{ -EMFILE, CS_ERR_NO_RESOURCES },
	{ -EACCES, CS_ERR_ACCESS },
	{ -EINVAL, CS_ERR_LIBRARY },
	{ -12345, CS_ERR_LIBRARY },
};

START_TEST(error_has_name)
{
	ck_assert_str_eq(cs_strerror(names[_i].err), names[_i].name);
}
END_TEST

START_TEST(error_unknown_has_some_name)
{
	const char *unknown = cs_strerror((cs_error_t)0);

	ck_assert_ptr_nonnull(unknown);
	ck_assert_str_eq(cs_strerror((cs_error_t)29), unknown);
	ck_assert_str_eq(cs_strerror((cs_error_t)101), unknown);
	ck_assert_str_eq(cs_strerror((cs_error_t)-1), unknown);
}
END_TEST

START_TEST(qb_error_converts)
{
	assert_cs(qb_conversions[_i].err,
		  qb_to_cs_error(qb_conversions[_i].result));
}
END_TEST

START_TEST(hdb_error_converts)
{
	assert_cs(hdb_conversions[_i].err,
		  hdb_error_to_cs(hdb_conversions[_i].result));
}
END_TEST

Suite *errors_suite(void)
{
	Suite *suite = suite_create("errors");
	TCase *tcase = case_add(suite, "errors");

	tcase_add_loop_test(tcase, error_has_name, 0, ARRAY_SIZE(names));
	tcase_add_test(tcase, error_unknown_has_some_name);
	tcase_add_loop_test(tcase, qb_error_converts, 0,
			    ARRAY_SIZE(qb_conversions));
	tcase_add_loop_test(tcase, hdb_error_converts, 0,
			    ARRAY_SIZE(hdb_conversions));
	return suite;
}
