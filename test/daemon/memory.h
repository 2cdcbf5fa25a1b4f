/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A call is repeated, and a different allocation fails each time.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <check.h>
#include <corosync/corotypes.h>

/* A call, and its setup. */
struct subject {
	const char *name;
	void (*open)(void);
	cs_error_t (*run)(void);
	cs_error_t expected;
	/* Also checks the effect of the call. */
	void (*close)(void);
};

/*
 * Run the call while its first allocation fails, then the second, and so on.
 * Each time it must return CS_ERR_NO_MEMORY without any effect, and a second
 * call must return the expected result. Returns the number of allocations.
 */
int subject_run(const struct subject *subject);

/* Add the case for messages and other events. */
void memory_messages_add(Suite *suite);

#endif
