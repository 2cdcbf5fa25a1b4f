/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Feed files to a fuzzer, built by any compiler, without libFuzzer. What
 * fails ends the process; the last name printed is that of its file.
 */

#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static void file_run(const char *name)
{
	static uint8_t bytes[1024 * 1024];
	FILE *file = fopen(name, "rb");
	size_t size;

	puts(name);
	fflush(stdout);
	MUST(file != NULL);
	size = fread(bytes, 1, sizeof(bytes), file);
	MUST(ferror(file) == 0 && size < sizeof(bytes));
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "Usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		file_run(argv[i]);
	printf("%d inputs, none failed\n", argc - 1);
	return EXIT_SUCCESS;
}
