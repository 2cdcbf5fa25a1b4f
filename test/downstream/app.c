// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026 The coroclient authors

/* Uses all three libraries, as an application of another project does. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>

static int delivered;

static void message_deliver(cpg_handle_t handle, const struct cpg_name *group,
			    uint32_t node, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)group;
	(void)node;
	(void)pid;
	printf("message: %.*s\n", (int)len, (const char *)msg);
	delivered = 1;
}

/* Returns 0 if the call succeeded. */
static int check(const char *call, cs_error_t error)
{
	if (error != CS_OK)
		printf("%s: %s\n", call, cs_strerror(error));
	return error != CS_OK;
}

static int message_exchange(cpg_handle_t handle)
{
	struct iovec data = { .iov_base = "hello", .iov_len = 5 };
	struct cpg_name group = { .length = 3, .value = "app" };

	if (check("cpg_join", cpg_join(handle, &group)) ||
	    check("cpg_mcast_joined",
		  cpg_mcast_joined(handle, CPG_TYPE_AGREED, &data, 1)))
		return 1;
	while (!delivered)
		if (check("cpg_dispatch",
			  cpg_dispatch(handle, CS_DISPATCH_ONE)))
			return 1;
	return check("cpg_finalize", cpg_finalize(handle));
}

static int quorum_print(quorum_handle_t handle)
{
	int quorate;

	if (check("quorum_getquorate", quorum_getquorate(handle, &quorate)))
		return 1;
	printf("quorate: %d\n", quorate);
	return check("quorum_finalize", quorum_finalize(handle));
}

int main(void)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = message_deliver };
	quorum_callbacks_t none = { 0 };
	quorum_handle_t quorum;
	cpg_handle_t cpg;
	uint32_t type;

	if (check("cpg_initialize", cpg_initialize(&cpg, &callbacks)) ||
	    check("quorum_initialize",
		  quorum_initialize(&quorum, &none, &type)))
		return 1;
	return message_exchange(cpg) || quorum_print(quorum);
}
