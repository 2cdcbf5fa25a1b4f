/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Preloaded into a worker, this is a broken library: it changes one event. The
 * environment variable BREAK is the change: drop, twice, swap, truncate,
 * corrupt or list.
 */

#include <corosync/cpg.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The number of the event. */
#define EVENT 40

static cpg_model_v1_data_t model;
static int messages, changes;

/* The message that is delivered after the next one. */
static struct held {
	cpg_handle_t handle;
	struct cpg_name group;
	uint32_t nodeid, pid;
	void *message;
	size_t len;
} held;

static bool breaks(const char *how)
{
	const char *wanted = getenv("BREAK");

	return wanted != NULL && strcmp(how, wanted) == 0;
}

static void held_deliver(void)
{
	struct held now = held;

	held.message = NULL;
	model.cpg_deliver_fn(now.handle, &now.group, now.nodeid, now.pid,
			     now.message, now.len);
	free(now.message);
}

static void message_hold(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *message,
			 size_t len)
{
	held = (struct held){ handle, *group, nodeid, pid, malloc(len), len };
	memcpy(held.message, message, len);
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t nodeid, uint32_t pid, void *message,
			    size_t len)
{
	bool now = len > 40 && ++messages == EVENT;
	bool is_next = held.message != NULL && held.handle == handle;

	if (now && breaks("drop"))
		return;
	if (now && breaks("swap")) {
		message_hold(handle, group, nodeid, pid, message, len);
		return;
	}
	if (now && breaks("twice"))
		model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
	if (now && breaks("truncate"))
		len--;
	if (now && breaks("corrupt"))
		((char *)message)[len - 1] ^= 1;
	model.cpg_deliver_fn(handle, group, nodeid, pid, message, len);
	if (is_next)
		held_deliver();
}

static void members_change(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	if (count > 1 && ++changes == 1 && breaks("list"))
		count--;
	model.cpg_confchg_fn(handle, group, members, count, left, left_count,
			     joined, joined_count);
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t number,
				cpg_model_data_t *data, void *context)
{
	cpg_model_v1_data_t broken = *(cpg_model_v1_data_t *)data;
	cs_error_t (*next)(cpg_handle_t *, cpg_model_t, cpg_model_data_t *,
			   void *);

	*(void **)&next = dlsym(RTLD_NEXT, "cpg_model_initialize");
	model = broken;
	broken.cpg_deliver_fn = message_deliver;
	broken.cpg_confchg_fn = members_change;
	return next(handle, number, (cpg_model_data_t *)&broken, context);
}
