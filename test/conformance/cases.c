/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <string.h>

#include "cases.h"

const struct conf_case *const conf_lists[] = {
	mode_cases,
	fd_cases,
	finalize_cases,
	callbacks_cases,
	context_cases,
	initialize_cases,
	arguments_cases,
	group_cases,
	message_cases,
	message_large_cases,
	iteration_cases,
	quorum_cases,
	thread_cases,
	fork_cases,
	limits_cases,
	stopped_cases,
	death_cases,
	NULL,
};

int cases_count(void)
{
	int count = 0;

	while (case_at(count) != NULL)
		count++;
	return count;
}

const struct conf_case *case_at(int number)
{
	const struct conf_case *const *list, *conf_case;

	for (list = conf_lists; *list != NULL; list++)
		for (conf_case = *list; conf_case->name != NULL; conf_case++)
			if (number-- == 0)
				return conf_case;
	return NULL;
}

const struct conf_case *case_find(const char *name)
{
	const struct conf_case *conf_case;
	int i;

	for (i = 0; (conf_case = case_at(i)) != NULL; i++)
		if (strcmp(conf_case->name, name) == 0)
			break;
	return conf_case;
}

bool case_has_line(const struct conf_case *conf_case, const char *tag)
{
	const char *found = conf_case->lines;
	size_t length = strlen(tag);

	for (; (found = strstr(found, tag)) != NULL; found += length)
		if (found[length] == '\0' || found[length] == ' ')
			return true;
	return false;
}

bool line_exists(const char *tag)
{
	const struct conf_line *line;

	for (line = conf_lines; line->tag != NULL; line++)
		if (strcmp(line->tag, tag) == 0)
			return true;
	return false;
}

bool line_is_tested(const struct conf_line *line)
{
	const struct conf_case *conf_case;
	int i;

	for (i = 0; (conf_case = case_at(i)) != NULL; i++)
		if (case_has_line(conf_case, line->tag))
			return true;
	return false;
}
