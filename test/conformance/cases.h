/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The lines of the contract, and the cases that test them. A case runs in a
 * process of its own.
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

/* The case needs a private daemon: it kills it, or may load it heavily. */
#define CASE_PRIVATE 1u
/* No other case runs meanwhile. */
#define CASE_ALONE 2u

struct conf_case {
	const char *name;
	const char *lines;	/* the tags of lines, separated by spaces */
	const char *title;
	unsigned int flags;
	void (*run)(void);
};

/* K: applications rely on it. B: corosync's library was seen to fail. */
struct conf_line {
	const char *tag;
	const char *title;
	/* Why no case tests the line, or a part of it; NULL: all is tested. */
	const char *missing;
};

/* Each list ends with an element without a name or tag. */
extern const struct conf_line conf_lines[];
extern const struct conf_case *const conf_lists[];

extern const struct conf_case arguments_cases[];
extern const struct conf_case callbacks_cases[];
extern const struct conf_case context_cases[];
extern const struct conf_case death_cases[];
extern const struct conf_case fd_cases[];
extern const struct conf_case finalize_cases[];
extern const struct conf_case fork_cases[];
extern const struct conf_case group_cases[];
extern const struct conf_case initialize_cases[];
extern const struct conf_case iteration_cases[];
extern const struct conf_case limits_cases[];
extern const struct conf_case message_cases[];
extern const struct conf_case message_large_cases[];
extern const struct conf_case mode_cases[];
extern const struct conf_case quorum_cases[];
extern const struct conf_case stopped_cases[];
extern const struct conf_case thread_cases[];

int cases_count(void);
const struct conf_case *case_at(int number);
const struct conf_case *case_find(const char *name);
bool case_has_line(const struct conf_case *conf_case, const char *tag);
bool line_exists(const char *tag);
bool line_is_tested(const struct conf_line *line);

#endif
