/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A thread that waits for an event is not woken for nothing, and what the
 * kernel does not let through at once is refused, or cut.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "events.h"
#include "pattern.h"
#include "service.h"
#include "suites.h"
#include "support.h"

/* Longer than a second, which is how often a client might look. */
#define IDLE_MS 1300

static long switches_of(pid_t tid)
{
	char path[64], line[128];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
			break;
	fclose(file);
	ck_assert_int_ge(count, 0);
	return count;
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static const cs_dispatch_flags_t modes[] = { CS_DISPATCH_ONE,
					     CS_DISPATCH_BLOCKING };

/* The daemon is busy with another handle all the time. */
START_TEST(waits_without_waking)
{
	const struct service_api *service = &services[_i % SERVICES];
	uint64_t handle = service->open();
	cpg_handle_t other = cpg_open();
	struct caller dispatcher;
	struct timespec start;
	unsigned int nodeid;
	long before;

	caller_dispatch(&dispatcher, service->dispatch, handle,
			modes[_i / SERVICES]);
	caller_wait_asleep(&dispatcher);
	before = switches_of(dispatcher.tid);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (ms_since(&start) < IDLE_MS)
		assert_ok(cpg_local_get(other, &nodeid));
	ck_assert_int_eq(switches_of(dispatcher.tid), before);
	assert_cs(CS_OK, cpg_finalize(other));
	assert_cs(CS_OK, service->finalize(handle));
	assert_cs(CS_ERR_BAD_HANDLE, caller_join(&dispatcher));
	service->close();
}
END_TEST

/* Replaces net.core.wmem_max if it is not 0. */
static int send_buffer_max;

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && option == SO_SNDBUF && send_buffer_max > 0)
		value = &send_buffer_max;
	return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

#define SEND_BUFFER 150000

/* The kernel doubles it, and needs some of that; a request has a header. */
#define WHOLE_MAX (2 * SEND_BUFFER - 32 - 40)

struct shipment {
	size_t len;
	cs_error_t result;
};

static const struct shipment shipments[] = {
	{ 10, CS_OK },		       { WHOLE_MAX, CS_OK },
	{ WHOLE_MAX + 1, CS_ERR_TOO_BIG }, { 1047552, CS_ERR_TOO_BIG },
	{ 1047553, CS_OK },	       { 3000000, CS_OK },
};

START_TEST(small_send_buffer)
{
	const struct shipment *shipment = &shipments[_i];
	struct cpg_name group = name_unique("buffer");
	cpg_handle_t handle;

	send_buffer_max = SEND_BUFFER;
	handle = cpg_open_joined(&group);
	assert_cs(shipment->result,
		  patiently(pattern_send(handle, shipment->len, 1, 1)));
	assert_ok(pattern_send(handle, 100, 2, 1));
	dispatch_until(handle, event_was_delivered(100, 2));
	ck_assert(event_was_delivered(shipment->len, 1) ==
		  (shipment->result == CS_OK));
	assert_cs(CS_OK, cpg_finalize(handle));
	events_clear();
}
END_TEST

Suite *waits_suite(void)
{
	Suite *suite = suite_create("waits");
	TCase *tcase = case_add(suite, "waits");

	tcase_add_loop_test(tcase, waits_without_waking, 0,
			    SERVICES * ARRAY_SIZE(modes));
	/* Rings do not depend on the kernel's buffers. */
	if (ipc_is_socket())
		tcase_add_loop_test(tcase, small_send_buffer, 0,
				    ARRAY_SIZE(shipments));
	return suite;
}
