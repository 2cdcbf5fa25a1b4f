/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Check the name of a group, and encode it for a request. */
#ifndef CPG_NAME_H
#define CPG_NAME_H

#include <corosync/cpg.h>

#include "cpg_wire.h"

/* Returns CS_OK, CS_ERR_INVALID_PARAM (NULL) or CS_ERR_NAME_TOO_LONG. */
cs_error_t cpg_name_check(const struct cpg_name *name);

/* Encode a name that was checked. Zeros fill the rest of the value. */
struct cpg_wire_name cpg_name_encode(const struct cpg_name *name);

#endif
