/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The log, on stdout. What differs from run to run has a name: p0 is a process,
 * h0 a handle, r0 the ring.
 */

#include "calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* For the results of the library, and those that it has no name for. */
static const char *const errors[] = {
	[CS_OK] = "OK",
	[CS_ERR_LIBRARY] = "LIBRARY",
	[CS_ERR_TRY_AGAIN] = "TRY_AGAIN",
	[CS_ERR_INVALID_PARAM] = "INVALID_PARAM",
	[CS_ERR_NO_MEMORY] = "NO_MEMORY",
	[CS_ERR_BAD_HANDLE] = "BAD_HANDLE",
	[CS_ERR_BUSY] = "BUSY",
	[CS_ERR_NOT_EXIST] = "NOT_EXIST",
	[CS_ERR_NAME_TOO_LONG] = "NAME_TOO_LONG",
	[CS_ERR_EXIST] = "EXIST",
	[CS_ERR_NO_SPACE] = "NO_SPACE",
	[CS_ERR_INTERRUPT] = "INTERRUPT",
	[CS_ERR_TOO_BIG] = "TOO_BIG",
	[CS_ERR_NO_SECTIONS] = "NO_SECTIONS",
};

static struct cpg_name names[NAMES] = {
	{ 3, "red" },
	{ 4, "red" },
	{ 0, "" },
	{ CPG_MAX_NAME_LENGTH, "" },
	{ 4, "blue, and more" },
	{ CPG_MAX_NAME_LENGTH + 1, "long" },
	{ UINT32_MAX, "longer" },
};

static const char *const labels[NAMES] = {
	"red", "red0", "empty", "x128", "blue", "too-long", "longest",
};

const struct cpg_name *name_get(int name)
{
	if (name == NAME_NULL)
		return NULL;
	if (names[name].length == CPG_MAX_NAME_LENGTH)
		memset(names[name].value, 'x', CPG_MAX_NAME_LENGTH);
	return &names[name];
}

void log_print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

void log_begin(unsigned int step)
{
	printf("%u p%d ", step, process_number);
}

void log_result(cs_error_t error)
{
	if ((size_t)error < sizeof(errors) / sizeof(errors[0]) &&
	    errors[error] != NULL)
		printf(" = %s", errors[error]);
	else
		printf(" = error %d", (int)error);
}

void log_label(int name)
{
	printf(" %s", name == NAME_NULL ? "null" : labels[name]);
}

static bool rest_is_zero(const struct cpg_name *name)
{
	for (uint32_t i = name->length; i < CPG_MAX_NAME_LENGTH; i++)
		if (name->value[i] != 0)
			return false;
	return true;
}

void log_name(const struct cpg_name *name)
{
	for (int i = 0; i < NAMES_GOOD; i++)
		if (name->length == names[i].length &&
		    memcmp(name->value, name_get(i)->value, name->length) ==
			    0) {
			printf(" %s", labels[i]);
			if (!rest_is_zero(name))
				printf(" rest-not-zero");
			return;
		}
	printf(" name %u %.*s", name->length,
	       name->length > CPG_MAX_NAME_LENGTH ? 0 : (int)name->length,
	       name->value);
}

void log_process(uint32_t nodeid, uint32_t pid)
{
	printf(" %u.", nodeid);
	for (int i = 0; i < PROCESSES; i++)
		if (shared->pids[i] == pid) {
			printf("p%d", i);
			return;
		}
	printf("%s", pid == 0 ? "0" : "unknown");
}

void log_ring(uint32_t nodeid, uint64_t seq)
{
	if (shared->ring_seq == 0) {
		shared->ring_node = nodeid;
		shared->ring_seq = seq;
	}
	if (shared->ring_seq == seq && (nodeid == 0 || shared->ring_node == 0 ||
					shared->ring_node == nodeid))
		printf(" %u.r0", nodeid);
	else
		printf(" unknown-ring");
}

uint32_t sum_make(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint32_t sum = 2166136261;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * 16777619;
	return sum;
}
