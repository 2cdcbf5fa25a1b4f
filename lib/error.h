/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One converter from what the lower rooms say, 0 or -errno, to what
 * applications are told.
 */
#ifndef ERROR_H
#define ERROR_H

#include <corosync/corotypes.h>

/*
 * The cs_error_t of a result of libqb or of the transport: CS_OK for any
 * result that is not negative, CS_ERR_LIBRARY for an errno that has no
 * counterpart.
 */
cs_error_t error_from_errno(int result);

#endif
