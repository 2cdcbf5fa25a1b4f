/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "options.h"

#define SELECTED "COROCLIENT_CONFORMANCE_LIBRARY"

static void give_up(const char *text, const char *name)
{
	fprintf(stderr, "coroclient-conformance: %s%s\n", text, name);
	exit(STATUS_NOT_RUN);
}

/* The loader must have found the library there. */
static void library_check(const char *name, const char *directory)
{
	struct library library;
	char file[4200], *path;

	snprintf(file, sizeof(file), "%s/%s", directory, name);
	path = realpath(file, NULL);
	if (path == NULL)
		give_up("there is no ", file);
	library_find(&library, name);
	if (strcmp(library.path, path) != 0)
		give_up("the loader ignored the directory, and found ",
			library.path);
	free(path);
}

void library_select(const char *directory, char **argv)
{
	char *path = directory == NULL ? NULL : realpath(directory, NULL);
	const char *selected = getenv(SELECTED);

	if (directory == NULL)
		return;
	if (path == NULL)
		give_up("there is no directory ", directory);
	if (selected != NULL && strcmp(selected, path) == 0) {
		library_check("libcpg.so.4", path);
		library_check("libquorum.so.5", path);
		free(path);
		return;
	}
	setenv(SELECTED, path, 1);
	setenv("LD_LIBRARY_PATH", path, 1);
	execv("/proc/self/exe", argv);
	give_up("cannot start again: ", argv[0]);
}

/* Prints the package of a file; by name, because /lib may be a link. */
static const char package_command[] =
	"for file in \"$CONFORMANCE_FILE\" \"${CONFORMANCE_FILE#/usr}\"; do "
	"if package=$(dpkg-query -S \"$file\"); then "
	"dpkg-query -W -f '${Package} ${Version}\\n' \"${package%%: *}\"; "
	"break; elif package=$(rpm -qf --qf '%{NAME} %{VERSION}-%{RELEASE}' "
	"\"$file\"); then echo \"$package\"; break; fi; done 2>/dev/null";

static void command_read(const char *command, char *text, int size)
{
	FILE *output = popen(command, "re");

	if (output == NULL || fgets(text, size, output) == NULL)
		text[0] = '\0';
	if (output != NULL)
		pclose(output);
	text[strcspn(text, "\n")] = '\0';
}

void library_find(struct library *library, const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4200], *path, *base;

	memset(library, 0, sizeof(*library));
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		path = strchr(line, '/');
		base = strrchr(line, '/');
		if (path == NULL || strncmp(base + 1, name, strlen(name)) != 0)
			continue;
		path[strcspn(path, "\n")] = '\0';
		snprintf(library->path, sizeof(library->path), "%.4095s",
			 path);
		break;
	}
	if (maps != NULL)
		fclose(maps);
	if (library->path[0] == '\0')
		give_up("no library is loaded whose name begins with ", name);
	setenv("CONFORMANCE_FILE", library->path, 1);
	command_read(package_command, library->package,
		     sizeof(library->package));
	unsetenv("CONFORMANCE_FILE");
}

void corosync_version(char *version, int size)
{
	char line[200], *begin, *end;

	command_read("PATH=$PATH:/usr/sbin:/sbin LD_LIBRARY_PATH= LD_PRELOAD= "
		     "corosync -v 2>/dev/null", line, sizeof(line));
	begin = strchr(line, '\'');
	end = begin == NULL ? NULL : strchr(begin + 1, '\'');
	version[0] = '\0';
	if (end != NULL)
		snprintf(version, (size_t)size, "%.*s", (int)(end - begin - 1),
			 begin + 1);
}
