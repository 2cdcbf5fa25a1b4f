/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measures.h"

static const struct measure {
	const char *name;
	int arguments_min, arguments_max;
	void (*run)(char **arguments);
	const char *usage;
} measures[] = {
	{ "loop", 2, 2, measure_loop,
	  "SIZE COUNT: one thread sends, one dispatches BLOCKING" },
	{ "single", 2, 2, measure_single,
	  "SIZE COUNT: one thread sends and dispatches ALL" },
	{ "burst", 3, 3, measure_burst,
	  "SIZE COUNT TIMES: one thread sends, then dispatches ALL" },
	{ "receive", 2, 2, measure_receive,
	  "SIZE COUNT: another process sends" },
	{ "backlog", 2, 2, measure_backlog,
	  "EVENTS TIMES: dispatch ALL when EVENTS are pending" },
	{ "roundtrip", 1, 1, measure_roundtrip,
	  "COUNT: send one message, wait for it" },
	{ "lots", 3, 3, measure_lots,
	  "LOT INTERVAL COUNT: LOT messages every INTERVAL us, BLOCKING" },
	{ "pingpong", 1, 1, measure_pingpong,
	  "COUNT: each callback sends the next message, BLOCKING" },
	{ "open", 2, 2, measure_open,
	  "cpg|join|quorum COUNT: initialize, (join,) finalize" },
	{ "calls", 2, 2, measure_calls,
	  "local|membership|quorate COUNT: a request and its reply" },
	{ "memory", 1, 1, measure_memory,
	  "HANDLES: memory of the first handle, and of each further one" },
	{ "stack", 1, 1, measure_stack,
	  "SIZE: stack of a thread that dispatches a message" },
	{ "idle", 1, 1, measure_idle,
	  "SECONDS: wake-ups of a thread that dispatches BLOCKING" },
	{ "handles", 2, 16, measure_handles,
	  "LAPS HANDLES...: cost with this many handles open" },
	{ "session-loop", 2, 2, measure_session_loop,
	  "SIZE COUNT: loop, with a session" },
	{ "session-single", 2, 2, measure_session_single,
	  "SIZE COUNT: single, with a session" },
	{ "peer", 0, 0, measure_peer, ": started by other measurements" },
};

#define MEASURES (sizeof(measures) / sizeof(measures[0]))

static void usage_print(void)
{
	puts("Usage: measure MEASUREMENT [ARGUMENT]...\n"
	     "Take a measurement of the libcpg.so.4 or libquorum.so.5 that\n"
	     "the loader finds. test/bench/compare runs this program.\n");
	for (size_t i = 0; i < MEASURES; i++)
		printf("  %s %s\n", measures[i].name, measures[i].usage);
}

static const struct measure *measure_find(const char *name, int arguments)
{
	for (size_t i = 0; i < MEASURES; i++)
		if (strcmp(measures[i].name, name) == 0 &&
		    arguments >= measures[i].arguments_min &&
		    arguments <= measures[i].arguments_max)
			return &measures[i];
	errx(2, "invalid arguments, try --help");
}

/* The caller checks whether these are the expected libraries. */
static void libraries_print(const char *label)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4352], path[4096], last[4096] = "";

	if (maps == NULL)
		err(1, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%*s %*s %*s %*s %*s %4095[^\n]", path) != 1)
			continue;
		if (strstr(path, "/libcpg.so.") == NULL &&
		    strstr(path, "/libquorum.so.") == NULL)
			continue;
		if (strcmp(path, last) != 0)
			printf("%s %s\n", label, path);
		strcpy(last, path);
	}
	fclose(maps);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const struct measure *measure;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		usage_print();
		return argc < 2 ? 2 : 0;
	}
	measure = measure_find(argv[1], argc - 2);
	libraries_print(measure->run == measure_peer ? "peer-library" :
						       "library");
	measure->run(argv + 2);
	if (fflush(stdout) != 0 || ferror(stdout))
		errx(1, "cannot write to standard output");
	return 0;
}
