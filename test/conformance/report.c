/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "report.h"

/* The worst result of the cases of a line. */
static enum outcome line_outcome(const struct conf_line *line,
				 const struct result *results)
{
	enum outcome worst = OUTCOME_NONE;
	int i, count = cases_count();

	for (i = 0; i < count; i++)
		if (case_has_line(case_at(i), line->tag) &&
		    results[i].outcome > worst)
			worst = results[i].outcome;
	return worst;
}

static int outcomes_count(const struct result *results, enum outcome outcome)
{
	int i, count = cases_count(), number = 0;

	for (i = 0; i < count; i++)
		number += results[i].outcome == outcome;
	return number;
}

/* The list. */

static void json_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void json_member(const char *name, const char *text, const char *end)
{
	printf("\"%s\": ", name);
	json_string(text);
	fputs(end, stdout);
}

static void line_list(const struct options *options,
		      const struct conf_line *line)
{
	int i, count = cases_count();

	printf("%-4s %s\n", line->tag, line->title);
	for (i = 0; i < count; i++)
		if (case_has_line(case_at(i), line->tag) &&
		    options_select(options, case_at(i)))
			printf("       %-33s %s%s\n", case_at(i)->name,
			       case_at(i)->title,
			       (case_at(i)->flags & CASE_PRIVATE) != 0 ?
				       " (--private)" : "");
	if (line->missing != NULL)
		printf("       not tested%s: %s\n",
		       line_is_tested(line) ? ", in part" : "", line->missing);
}

static bool line_is_selected(const struct options *options,
			     const struct conf_line *line)
{
	int i, count = cases_count();

	for (i = 0; i < count; i++)
		if (case_has_line(case_at(i), line->tag) &&
		    options_select(options, case_at(i)))
			return true;
	return options->only == NULL;
}

void list_print(const struct options *options)
{
	const struct conf_line *line;

	for (line = conf_lines; line->tag != NULL; line++)
		if (line_is_selected(options, line))
			line_list(options, line);
}

/* The table. */

static void library_print(const char *name, const struct library *library)
{
	printf("%-10s %s", name, library->path);
	if (library->package[0] != '\0')
		printf(" (%s)", library->package);
	putchar('\n');
}

static void failures_print(const struct conf_line *line,
			   const struct result *results)
{
	int i, count = cases_count();

	for (i = 0; i < count; i++)
		if (case_has_line(case_at(i), line->tag) &&
		    results[i].text[0] != '\0')
			printf("             %s: %s: %s\n", case_at(i)->name,
			       outcome_names[results[i].outcome],
			       results[i].text);
}

static void counts_print(const struct result *results)
{
	enum outcome outcome;

	printf("\n%d cases", cases_count() -
				     outcomes_count(results, OUTCOME_NONE));
	for (outcome = OUTCOME_SKIP; outcome <= OUTCOME_CRASH; outcome++)
		printf("%s %d %s", outcome == OUTCOME_SKIP ? ":" : ",",
		       outcomes_count(results, outcome),
		       outcome_names[outcome]);
	puts("; --list prints what is not tested");
}

static void table_print(const struct subject *subject,
			const struct result *results)
{
	const struct conf_line *line;
	enum outcome outcome;

	library_print("libcpg", &subject->cpg);
	library_print("libquorum", &subject->quorum);
	printf("%-10s %s, %s IPC\n\n", "corosync",
	       subject->corosync[0] == '\0' ? "unknown" : subject->corosync,
	       subject->ipc);
	for (line = conf_lines; line->tag != NULL; line++) {
		outcome = line_outcome(line, results);
		if (outcome == OUTCOME_NONE)
			continue;
		printf("%-4s %-7s %s\n", line->tag, outcome_names[outcome],
		       line->title);
		failures_print(line, results);
	}
	counts_print(results);
}

/* JSON. */

static void json_library(const char *name, const struct library *library)
{
	printf("  \"%s\": {", name);
	json_member("file", library->path, ", ");
	json_member("package", library->package, "},\n");
}

static void json_lines(const struct result *results)
{
	const struct conf_line *line;
	enum outcome outcome;

	fputs("  \"lines\": [\n", stdout);
	for (line = conf_lines; line->tag != NULL; line++) {
		outcome = line_outcome(line, results);
		fputs("    {", stdout);
		json_member("line", line->tag, ", ");
		json_member("title", line->title, ", ");
		json_member("result",
			    line_is_tested(line) ? outcome_names[outcome] :
						   "not tested", ", ");
		json_member("not_tested",
			    line->missing == NULL ? "" : line->missing,
			    line[1].tag == NULL ? "}\n" : "},\n");
	}
	fputs("  ],\n", stdout);
}

static void json_case(const struct conf_case *conf_case,
		      const struct result *result)
{
	fputs("    {", stdout);
	json_member("case", conf_case->name, ", ");
	json_member("lines", conf_case->lines, ", ");
	json_member("title", conf_case->title, ", ");
	json_member("result", outcome_names[result->outcome], ", ");
	json_member("text", result->text, ", ");
	printf("\"seconds\": %.3f}", result->seconds);
}

static void json_cases(const struct result *results)
{
	int i, count = cases_count();
	bool first = true;

	fputs("  \"cases\": [", stdout);
	for (i = 0; i < count; i++) {
		if (results[i].outcome == OUTCOME_NONE)
			continue;
		fputs(first ? "\n" : ",\n", stdout);
		json_case(case_at(i), &results[i]);
		first = false;
	}
	fputs("\n  ]\n", stdout);
}

static void json_print(const struct subject *subject,
		       const struct result *results)
{
	fputs("{\n", stdout);
	json_library("libcpg", &subject->cpg);
	json_library("libquorum", &subject->quorum);
	fputs("  ", stdout);
	json_member("corosync", subject->corosync, ",\n  ");
	json_member("ipc", subject->ipc, ",\n");
	json_lines(results);
	json_cases(results);
	fputs("}\n", stdout);
}

/* TAP. */

static void tap_case(int number, const struct conf_case *conf_case,
		     const struct result *result)
{
	bool ok = result->outcome == OUTCOME_PASS ||
		  result->outcome == OUTCOME_SKIP;

	printf("%sok %d - %s (%s)", ok ? "" : "not ", number, conf_case->name,
	       conf_case->lines);
	if (result->outcome == OUTCOME_SKIP)
		printf(" # SKIP %s", result->text);
	putchar('\n');
	if (!ok)
		printf("# %s: %s\n", outcome_names[result->outcome],
		       result->text);
}

static void tap_print(const struct subject *subject,
		      const struct result *results)
{
	int i, count = cases_count(), number = 0;

	puts("TAP version 13");
	printf("# %s\n# %s\n# %s IPC\n", subject->cpg.path,
	       subject->quorum.path, subject->ipc);
	printf("1..%d\n", count - outcomes_count(results, OUTCOME_NONE));
	for (i = 0; i < count; i++)
		if (results[i].outcome != OUTCOME_NONE)
			tap_case(++number, case_at(i), &results[i]);
}

bool report_print(const struct options *options, const struct subject *subject,
		  const struct result *results)
{
	if (options->format == FORMAT_JSON)
		json_print(subject, results);
	else if (options->format == FORMAT_TAP)
		tap_print(subject, results);
	else
		table_print(subject, results);
	return outcomes_count(results, OUTCOME_PASS) > 0 &&
	       outcomes_count(results, OUTCOME_FAIL) == 0 &&
	       outcomes_count(results, OUTCOME_HANG) == 0 &&
	       outcomes_count(results, OUTCOME_CRASH) == 0;
}
