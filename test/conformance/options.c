/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "options.h"

#define TIMEOUT_S 10
#define JOBS 8

static const char usage[] =
	"Usage: coroclient-conformance [OPTION]...\n"
	"Check whether libcpg.so.4 and libquorum.so.5 do what applications\n"
	"rely on, with the corosync that runs on this machine.\n"
	"\n"
	"  --library DIR      check the libraries in DIR, not those that the\n"
	"                     loader finds\n"
	"  --private          the corosync that COROSYNC_PID and\n"
	"                     COROSYNC_RESTART describe may be stopped and\n"
	"                     killed: run all cases\n"
	"  --only WHAT[,...]  run only these: names of cases, or lines, as K4\n"
	"  --list             print the cases and the lines, and run nothing\n"
	"  --json             print a JSON document\n"
	"  --tap              print the Test Anything Protocol\n"
	"  --timeout SECONDS  time limit of a case (default 10)\n"
	"  --jobs N           run N cases at a time (default 8)\n"
	"  --verbose          show what the libraries print, and name each\n"
	"                     case when it ends\n"
	"  --help             print this text\n"
	"\n"
	"Results: pass, fail, crash (a signal ended the case), hang (the case\n"
	"did not end in its time), skip.\n"
	"\n"
	"Exit status: 0 all passed; 1 some did not; 2 wrong arguments; 3 the\n"
	"cases could not run.\n";

static const struct option names[] = {
	{ "library", required_argument, NULL, 'L' },
	{ "only", required_argument, NULL, 'o' },
	{ "case", required_argument, NULL, 'c' },
	{ "list", no_argument, NULL, 'l' },
	{ "json", no_argument, NULL, 'J' },
	{ "tap", no_argument, NULL, 'T' },
	{ "private", no_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 't' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void usage_error(const char *text, const char *argument)
{
	fprintf(stderr, "coroclient-conformance: %s%s, try --help\n", text,
		argument);
	exit(STATUS_USAGE);
}

static int number_parse(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*end != '\0' || number < 1 || number > 10000)
		usage_error("not a number from 1 to 10000: ", text);
	return (int)number;
}

/* Whether the word, which ends at a comma, is the name or a line. */
static bool word_selects(const char *word, size_t length,
			 const struct conf_case *conf_case)
{
	char *copy = strndup(word, length);
	bool selects = strcmp(copy, conf_case->name) == 0 ||
		       case_has_line(conf_case, copy);

	free(copy);
	return selects;
}

bool options_select(const struct options *options,
		    const struct conf_case *conf_case)
{
	const char *word = options->only;
	size_t length;

	if (word == NULL)
		return true;
	for (;; word += length + 1) {
		length = strcspn(word, ",");
		if (word_selects(word, length, conf_case))
			return true;
		if (word[length] == '\0')
			return false;
	}
}

/* Each word selects something. */
static void only_check(const char *only)
{
	char *copy = strdup(only), *word, *state = NULL;

	for (word = strtok_r(copy, ",", &state); word != NULL;
	     word = strtok_r(NULL, ",", &state)) {
		if (case_find(word) == NULL && !line_exists(word))
			usage_error("no case or line is named ", word);
	}
	free(copy);
}

static void option_apply(struct options *options, int letter)
{
	switch (letter) {
	case 'L':
		options->library = optarg;
		break;
	case 'o':
		only_check(optarg);
		options->only = optarg;
		break;
	case 'c':
		options->one = optarg;
		break;
	case 'J':
		options->format = FORMAT_JSON;
		break;
	case 'T':
		options->format = FORMAT_TAP;
		break;
	case 'l':
		options->list = true;
		break;
	case 'p':
		options->private = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 't':
		options->timeout = number_parse(optarg);
		break;
	case 'j':
		options->jobs = number_parse(optarg);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(STATUS_PASSED);
	default:
		usage_error("wrong arguments", "");
	}
}

void options_parse(struct options *options, int argc, char **argv)
{
	int letter;

	*options = (struct options){ .timeout = TIMEOUT_S, .jobs = JOBS };
	while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1)
		option_apply(options, letter);
	if (optind < argc)
		usage_error("unexpected argument ", argv[optind]);
	if (options->private && !daemon_is_known())
		usage_error("--private needs COROSYNC_PID and "
			    "COROSYNC_RESTART in the environment", "");
}
