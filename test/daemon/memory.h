/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * One allocation after the other fails, in a call that is repeated for it.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <check.h>
#include <corosync/corotypes.h>

/* A call, and what it works on. */
struct subject {
	const char *name;
	void (*open)(void);
	cs_error_t (*run)(void);
	cs_error_t expected;
	/* Also sees that the call has done what it should. */
	void (*close)(void);
};

/*
 * Run the call with its first allocation failing, its second, and so on. Each
 * time it answers CS_ERR_NO_MEMORY and leaves no trace, and another call is
 * answered as expected. How many allocations there were.
 */
int subject_run(const struct subject *subject);

/* Add the case for messages and other events. */
void memory_messages_add(Suite *suite);

#endif
