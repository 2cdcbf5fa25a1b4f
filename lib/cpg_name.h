/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Names of groups, on their way to the daemon. */
#ifndef CPG_NAME_H
#define CPG_NAME_H

#include <corosync/cpg.h>

#include "cpg_wire.h"

/* CS_ERR_INVALID_PARAM without a name, CS_ERR_NAME_TOO_LONG. */
cs_error_t cpg_name_check(const struct cpg_name *name);

/* The name as the daemon expects it, zeros behind its length. */
struct cpg_wire_name cpg_name_encode(const struct cpg_name *name);

#endif
