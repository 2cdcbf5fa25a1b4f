/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "options.h"
#include "group_name.h"
#include "output.h"
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define INTERVAL_MS	1000
#define INTERVAL_MS_MIN 10
#define INTERVAL_MS_MAX 86400000

struct options options;

static bool hex;

static void usage_print(void)
{
	puts("Usage: cpgcat [OPTION]... GROUP\n"
	     "       cpgcat --watch [OPTION]... GROUP\n"
	     "       cpgcat --list [OPTION]... [GROUP]\n"
	     "Join a closed process group of corosync, send each line of\n"
	     "standard input to it, and print its messages and changes. At\n"
	     "the end of input, leave after all sent lines are delivered.\n"
	     "\n"
	     "  -l, --list         print the groups and their members, and\n"
	     "                     join none\n"
	     "  -w, --watch        print the changes of the group and of the\n"
	     "                     ring of nodes, and do not join\n"
	     "  -i, --interval S   with --watch, seconds from one reading of the\n"
	     "                     members to the next (default: 1)\n"
	     "  -x, --group-hex    GROUP is in hexadecimal digits\n"
	     "\n"
	     "  -n, --count N      leave after N messages, not at end of input\n"
	     "  -s, --stay         do not leave at end of input\n"
	     "  -R, --reconnect    when corosync ends, wait until it is back,\n"
	     "                     and continue\n"
	     "\n"
	     "  -r, --raw          print messages only, unchanged\n"
	     "  -j, --json         print each event as a line of JSON\n"
	     "  -t, --time         print the time of each event\n"
	     "  -N, --no-names     do not print names of nodes\n"
	     "  -q, --no-quorum    do not print changes of the quorum\n"
	     "  -h, --help         print this text\n"
	     "\n"
	     "In GROUP, \\0 \\n \\r \\t \\\\ and \\xHH are escapes. Bytes that\n"
	     "are not printable in the locale are printed as \\xHH, a\n"
	     "backslash as \\\\. On SIGINT and SIGTERM, leave.\n"
	     "Exit status: 0 on success, 1 on failure, 2 on a usage error.");
	output_close();
	exit(0);
}

__attribute__((noreturn)) static void usage_fail(const char *why)
{
	errx(2, "%s, try --help", why);
}

static void usage_require(bool holds, const char *why)
{
	if (!holds)
		usage_fail(why);
}

static void count_parse(const char *text)
{
	char *end;

	errno = 0;
	options.count = strtoul(text, &end, 10);
	if (*text < '1' || *text > '9' || *end != '\0' || errno != 0)
		usage_fail("the count must be a positive number");
}

static void interval_parse(const char *text)
{
	char *end;
	double ms = strtod(text, &end) * 1000;

	if (end == text || *end != '\0' ||
	    !(ms >= INTERVAL_MS_MIN && ms <= INTERVAL_MS_MAX))
		usage_fail("the interval must be 0.01 to 86400 seconds");
	options.interval_ms = (int)ms;
}

static void mode_set(int mode)
{
	usage_require(options.mode == MODE_JOIN || (int)options.mode == mode,
		      "--list and --watch exclude each other");
	options.mode = mode;
}

static void format_set(int format)
{
	usage_require(options.format == FORMAT_TEXT ||
			      (int)options.format == format,
		      "--raw and --json exclude each other");
	options.format = format;
}

static void option_apply(int option)
{
	switch (option) {
	case 'l': mode_set(MODE_LIST); break;
	case 'w': mode_set(MODE_WATCH); break;
	case 'i': interval_parse(optarg); break;
	case 'x': hex = true; break;
	case 'n': count_parse(optarg); break;
	case 's': options.stay = true; break;
	case 'R': options.reconnect = true; break;
	case 'r': format_set(FORMAT_RAW); break;
	case 'j': format_set(FORMAT_JSON); break;
	case 't': options.time = true; break;
	case 'N': options.no_names = true; break;
	case 'q': options.no_quorum = true; break;
	case 'h': usage_print(); break;
	default: usage_fail("invalid option");
	}
}

static void options_check(void)
{
	bool join = options.mode == MODE_JOIN;
	bool raw = options.format == FORMAT_RAW;

	usage_require(join || options.count == 0,
		      "--count requires that cpgcat joins");
	usage_require(join || !options.stay,
		      "--stay requires that cpgcat joins");
	usage_require(join || !raw, "--raw requires that cpgcat joins");
	usage_require(!raw || !options.time,
		      "--raw and --time exclude each other");
	usage_require(options.mode != MODE_LIST || !options.reconnect,
		      "--list and --reconnect exclude each other");
	usage_require(options.mode == MODE_WATCH || options.interval_ms == 0,
		      "--interval requires --watch");
	if (options.interval_ms == 0)
		options.interval_ms = INTERVAL_MS;
	if (raw || options.mode == MODE_LIST)
		options.no_quorum = true;
}

static void group_parse(int count, char **arguments)
{
	const char *why;

	if (count == 0 && options.mode == MODE_LIST && !hex) {
		options.all_groups = true;
		return;
	}
	usage_require(count == 1, "exactly one GROUP is required");
	why = group_name_parse(arguments[0], hex, &options.group);
	if (why != NULL)
		usage_fail(why);
}

void options_parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "watch", no_argument, NULL, 'w' },
		{ "interval", required_argument, NULL, 'i' },
		{ "group-hex", no_argument, NULL, 'x' },
		{ "count", required_argument, NULL, 'n' },
		{ "stay", no_argument, NULL, 's' },
		{ "reconnect", no_argument, NULL, 'R' },
		{ "raw", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "time", no_argument, NULL, 't' },
		{ "no-names", no_argument, NULL, 'N' },
		{ "no-quorum", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "lwi:xn:sRrjtNqh", names,
				     NULL)) != -1)
		option_apply(option);
	options_check();
	group_parse(argc - optind, argv + optind);
}
