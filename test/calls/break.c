/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Preloaded into calls, this is a broken library. The environment variable
 * BREAK is what it does wrong: drop, twice, corrupt, list, mode, result, output
 * or quorate.
 */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* Larger messages are waited for. */
#define LEN_MAX 8000

static cpg_model_v1_data_t model;

static bool is_wrong(const char *how)
{
	const char *wanted = getenv("BREAK");

	return wanted != NULL && strcmp(how, wanted) == 0;
}

/* Each process does it wrong once. */
static bool breaks(const char *how)
{
	static int count;

	return is_wrong(how) && ++count == 1;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t nodeid, uint32_t pid, void *message,
			    size_t len)
{
	bool is_small = len > 0 && len < LEN_MAX;

	if (is_small && breaks("drop"))
		return;
	if (is_small && breaks("corrupt"))
		((char *)message)[len - 1] ^= 1;
	if (is_small && breaks("twice"))
		model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
	model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	if (count > 0 && breaks("list"))
		count--;
	model.cpg_confchg_fn(handle, group, members, count, left, left_count,
			     joined, joined_count);
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t number,
				cpg_model_data_t *data, void *context)
{
	cpg_model_v1_data_t broken;

	if (data == NULL)
		return REAL(cpg_model_initialize)(handle, number, data,
						  context);
	broken = *(cpg_model_v1_data_t *)data;
	if (broken.cpg_deliver_fn != NULL) {
		model.cpg_deliver_fn = broken.cpg_deliver_fn;
		broken.cpg_deliver_fn = message_deliver;
	}
	if (broken.cpg_confchg_fn != NULL) {
		model.cpg_confchg_fn = broken.cpg_confchg_fn;
		broken.cpg_confchg_fn = members_change;
	}
	return REAL(cpg_model_initialize)(handle, number,
					  (cpg_model_data_t *)&broken, context);
}

cs_error_t cpg_dispatch(cpg_handle_t handle, cs_dispatch_flags_t mode)
{
	if (mode == CS_DISPATCH_ONE_NONBLOCKING && breaks("mode"))
		mode = CS_DISPATCH_ALL;
	return REAL(cpg_dispatch)(handle, mode);
}

cs_error_t cpg_context_set(cpg_handle_t handle, void *context)
{
	cs_error_t error = REAL(cpg_context_set)(handle, context);

	return breaks("result") ? CS_ERR_LIBRARY : error;
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *nodeid)
{
	cs_error_t error = REAL(cpg_local_get)(handle, nodeid);

	if (error == CS_OK && is_wrong("output"))
		++*nodeid;
	return error;
}

cs_error_t quorum_getquorate(quorum_handle_t handle, int *quorate)
{
	cs_error_t error = REAL(quorum_getquorate)(handle, quorate);

	if (error == CS_OK && is_wrong("quorate"))
		*quorate = !*quorate;
	return error;
}
