/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define SIZE_MS 1000

static int log_fd;

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void log_open(const char *path)
{
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		err(1, "%s", path);
}

/* A line is written at once: the process may be killed at any time. */
void event_log(const char *group, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int len = snprintf(line, sizeof(line), "%llu %s ",
			   (unsigned long long)now_ms(), group ? group : "-");
	va_list arguments;

	va_start(arguments, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format,
			 arguments);
	va_end(arguments);
	if (len > (int)sizeof(line) - 2)
		errx(1, "a line of the log is too long");
	line[len++] = '\n';
	if (write(log_fd, line, (size_t)len) != len)
		err(1, "cannot write the log");
}

/* A reason of 0, which is usual in the list of members, is left out. */
char *members_format(char *text, const struct cpg_address *members,
		     size_t count)
{
	char *next = text;

	if (count == 0)
		strcpy(next, "-");
	for (size_t i = 0; i < count; i++) {
		next += sprintf(next, "%s%u.%u", i ? "," : "",
				members[i].nodeid, members[i].pid);
		if (members[i].reason != 0)
			next += sprintf(next, ":%u", members[i].reason);
	}
	return text;
}

char *nodes_format(char *text, const uint32_t *nodes, size_t count)
{
	char *next = text;

	if (count == 0)
		strcpy(next, "-");
	for (size_t i = 0; i < count; i++)
		next += sprintf(next, "%s%u", i ? "," : "", nodes[i]);
	return text;
}

void library_log(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[LINE_MAX_BYTES], path[LINE_MAX_BYTES] = "";

	if (maps == NULL)
		err(1, "/proc/self/maps");
	while (path[0] == '\0' && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, name) != NULL)
			sscanf(strchr(line, '/'), "%s", path);
	fclose(maps);
	event_log(NULL, "library %s", path);
}

void size_log(void)
{
	static uint64_t due_ms;
	unsigned long pages = 0, descriptors = 0;
	DIR *directory;
	FILE *file;

	if (now_ms() < due_ms)
		return;
	due_ms = now_ms() + SIZE_MS;
	file = fopen("/proc/self/statm", "re");
	directory = opendir("/proc/self/fd");
	if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
		errx(1, "/proc/self/statm");
	while (readdir(directory) != NULL)
		descriptors++;
	closedir(directory);
	fclose(file);
	event_log(NULL, "size %lu %lu",
		  pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024,
		  descriptors);
}
