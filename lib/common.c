/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stddef.h>

#include "error.h"
#include "export.h"

#define NAME(error) [error] = #error

static const char *const names[] = {
	[CS_OK] = "success",
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

EXPORT const char *cs_strerror(cs_error_t err)
{
	size_t index = (unsigned int)err;

	if (index >= sizeof(names) / sizeof(names[0]) || names[index] == NULL)
		return "unknown error";
	return names[index];
}

EXPORT cs_error_t qb_to_cs_error(int result)
{
	return error_from_errno(result);
}

EXPORT cs_error_t hdb_error_to_cs(int res)
{
	switch (res) {
	case 0:
		return CS_OK;
	case -EBADF:
		return CS_ERR_BAD_HANDLE;
	case -ENOMEM:
		return CS_ERR_NO_MEMORY;
	case -EMFILE:
		return CS_ERR_NO_RESOURCES;
	case -EACCES:
		return CS_ERR_ACCESS;
	default:
		return CS_ERR_LIBRARY;
	}
}
