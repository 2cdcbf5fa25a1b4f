/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "cpg_name.h"

cs_error_t cpg_name_check(const struct cpg_name *name)
{
	if (name == NULL)
		return CS_ERR_INVALID_PARAM;
	if (name->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	return CS_OK;
}

struct cpg_wire_name cpg_name_encode(const struct cpg_name *name)
{
	struct cpg_wire_name wire = { .length = name->length };

	memcpy(wire.value, name->value, name->length);
	return wire;
}
