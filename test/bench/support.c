/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define PAUSE_US 100

bool call_check(const char *call, cs_error_t error)
{
	if (error == CS_OK)
		return true;
	/* An interrupted message was not delivered, and is sent again. */
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_INTERRUPT)
		return false;
	errx(1, "%.*s: error %d%s", (int)strcspn(call, "("), call, error,
	     error == CS_ERR_LIBRARY  ? ", no connection to corosync" :
	     error == CS_ERR_NO_SPACE ? ", /dev/shm is full" :
					"");
}

void pause_briefly(void)
{
	usleep(PAUSE_US);
}

void fd_wait(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (poll(&poll_fd, 1, -1) < 0)
		err(1, "poll");
}

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		err(1, "clock_gettime, has corosync died?");
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static clockid_t daemon_clock(void)
{
	const char *pid = getenv("COROSYNC_PID");
	clockid_t clock;
	int res;

	if (pid == NULL)
		errx(1, "run this by test/with-corosync");
	res = clock_getcpuclockid((pid_t)number_parse(pid, 1), &clock);
	if (res != 0)
		errx(1, "corosync, process %s: %s", pid, strerror(res));
	return clock;
}

double time_get(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

/* usage_since reads the clocks in reverse order, to measure the same period. */
struct usage usage_get(void)
{
	struct usage now;

	now.daemon = clock_seconds(daemon_clock());
	now.client = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
	now.time = time_get();
	return now;
}

struct usage usage_since(const struct usage *begin)
{
	struct usage since;

	since.time = time_get() - begin->time;
	since.client = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - begin->client;
	since.daemon = clock_seconds(daemon_clock()) - begin->daemon;
	return since;
}

static FILE *file_open(const char *path)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		err(1, "%s", path);
	return file;
}

void field_read(const char *path, const char *field, char *text, size_t size)
{
	FILE *file = file_open(path);
	size_t len = strlen(field);
	char line[256];

	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, field, len) != 0 || line[len] != ':')
			continue;
		snprintf(text, size, "%s", line + len + 1);
		fclose(file);
		return;
	}
	errx(1, "%s: no field '%s'", path, field);
}

double field_number(const char *path, const char *field)
{
	char text[64], *end;
	double number;

	field_read(path, field, text, sizeof(text));
	number = strtod(text, &end);
	if (end == text)
		errx(1, "%s: no number in field '%s'", path, field);
	return number;
}

unsigned long lines_count(const char *path)
{
	FILE *file = file_open(path);
	unsigned long lines = 0;
	int c;

	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static int values_compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double percentile(double *values, size_t count, unsigned int percent)
{
	size_t rank = (count * percent + 99) / 100;

	qsort(values, count, sizeof(*values), values_compare);
	return values[rank > 0 ? rank - 1 : 0];
}

void *array_make(size_t count, size_t size)
{
	void *array = calloc(count, size);

	if (array == NULL)
		err(1, "memory");
	return array;
}

unsigned long number_parse(const char *text, unsigned long min)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number < min)
		errx(2, "'%s' is not a number of at least %lu", text, min);
	return number;
}

void result_print(const char *name, double value)
{
	printf("%s %.9g\n", name, value);
}

void result_print_of(const char *name, unsigned long number, double value)
{
	printf("%s.%lu %.9g\n", name, number, value);
}

void usage_print(const struct usage *begin, unsigned long messages)
{
	struct usage usage = usage_since(begin);
	double number = (double)messages;

	result_print("messages_per_s", number / usage.time);
	result_print("client_us", usage.client / number * 1e6);
	result_print("daemon_us", usage.daemon / number * 1e6);
}
