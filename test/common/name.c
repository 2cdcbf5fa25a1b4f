/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "name.h"

struct cpg_name name_make(const void *bytes, size_t len)
{
	struct cpg_name name = { .length = (uint32_t)len };

	ck_assert(len <= sizeof(name.value));
	memcpy(name.value, bytes, len);
	return name;
}

struct cpg_name name_of(const char *string)
{
	struct cpg_name name;

	memset(&name, 0xee, sizeof(name));
	name.length = (uint32_t)strlen(string);
	memcpy(name.value, string, name.length);
	return name;
}

struct cpg_name name_unique(const char *suffix)
{
	char bytes[CPG_MAX_NAME_LENGTH];
	int len;

	len = snprintf(bytes, sizeof(bytes), "%d-%s", (int)getpid(), suffix);
	return name_make(bytes, (size_t)len);
}

bool name_equal(const struct cpg_name *a, const struct cpg_name *b)
{
	return a->length == b->length &&
	       memcmp(a->value, b->value, a->length) == 0;
}
