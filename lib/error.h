/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The one conversion of errors: files below client.c return 0 or -errno, and
 * applications receive a cs_error_t.
 */
#ifndef ERROR_H
#define ERROR_H

#include <corosync/corotypes.h>

/*
 * Convert a result of libqb or of the transport. Returns CS_OK for any result
 * that is not negative, and CS_ERR_LIBRARY for an errno that has no
 * counterpart.
 */
cs_error_t error_from_errno(int result);

#endif
