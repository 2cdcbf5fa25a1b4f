/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "backlog.h"
#include "measures.h"
#include "messages.h"
#include "support.h"

#define MESSAGE_SIZE 64
#define STACK_SIZE   (8 * 1024 * 1024)
#define STACK_PAINT  0x5a

struct memory {
	double rss, pss, virtual; /* KiB */
	double mappings;
};

static struct memory memory_get(void)
{
	static const char rollup[] = "/proc/self/smaps_rollup";

	return (struct memory){
		.rss = field_number(rollup, "Rss"),
		.pss = field_number(rollup, "Pss"),
		.virtual = field_number("/proc/self/status", "VmSize"),
		.mappings = (double)lines_count("/proc/self/maps"),
	};
}

static void memory_print(const char *name, double more, unsigned long handles)
{
	result_print(name, more / (double)handles);
}

/* A handle that has joined, sent, and dispatched. */
static cpg_handle_t handle_use(unsigned long number)
{
	struct cpg_name group = group_name(number);
	cpg_handle_t handle = member_open(&group, message_deliver);

	backlog_send(handle, 1);
	backlog_drain(handle);
	return handle;
}

void measure_memory(char **arguments)
{
	unsigned long count = number_parse(arguments[0], 2);
	cpg_handle_t *handles = array_make(count, sizeof(*handles));
	struct memory none, one, all;

	messages_begin(MESSAGE_SIZE);
	/* The first reading allocates memory itself. */
	memory_get();
	none = memory_get();
	handles[0] = handle_use(0);
	one = memory_get();
	for (unsigned long i = 1; i < count; i++)
		handles[i] = handle_use(i);
	all = memory_get();
	memory_print("first_rss_kib", one.rss - none.rss, 1);
	memory_print("first_pss_kib", one.pss - none.pss, 1);
	memory_print("first_virtual_kib", one.virtual - none.virtual, 1);
	memory_print("first_mappings", one.mappings - none.mappings, 1);
	memory_print("more_rss_kib", all.rss - one.rss, count - 1);
	memory_print("more_pss_kib", all.pss - one.pss, count - 1);
	memory_print("more_virtual_kib", all.virtual - one.virtual, count - 1);
	memory_print("more_mappings", all.mappings - one.mappings, count - 1);
	for (unsigned long i = 0; i < count; i++)
		INSIST(cpg_finalize(handles[i]));
}

static void *message_dispatch(void *data)
{
	cpg_handle_t handle = *(cpg_handle_t *)data;

	while (messages.delivered == 0)
		INSIST(cpg_dispatch(handle, CS_DISPATCH_ONE));
	/* The stack above this frame is the thread's, not the library's. */
	return __builtin_frame_address(0);
}

static char *stack_paint(pthread_attr_t *attr)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		err(1, "memory");
	memset(stack, STACK_PAINT, STACK_SIZE);
	pthread_attr_init(attr);
	if (pthread_attr_setstack(attr, stack, STACK_SIZE) != 0)
		errx(1, "pthread_attr_setstack");
	return stack;
}

/* The thread dispatches first, so that the loader's stack counts, too. */
void measure_stack(char **arguments)
{
	struct cpg_name group = group_name(0);
	cpg_handle_t handle = member_start(&group, message_deliver);
	pthread_attr_t attr;
	const char *deepest = stack_paint(&attr);
	pthread_t thread;
	void *frame;

	messages_begin(number_parse(arguments[0], sizeof(messages.sent)));
	if (pthread_create(&thread, &attr, message_dispatch, &handle) != 0)
		errx(1, "cannot create a thread");
	while (!message_send(handle))
		pause_briefly();
	pthread_join(thread, &frame);
	while (*deepest == STACK_PAINT)
		deepest++;
	result_print("stack_kib", (double)((char *)frame - deepest) / 1024);
	INSIST(cpg_finalize(handle));
}
