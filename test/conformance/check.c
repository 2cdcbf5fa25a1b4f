/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static struct check_report *report;
static bool is_alone;

void check_begin(struct check_report *shared)
{
	static struct check_report own;

	report = shared == NULL ? &own : shared;
	is_alone = shared == NULL;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

void check_note(const char *file, int line, const char *text)
{
	snprintf(report->note, sizeof(report->note), "%s:%d: %s",
		 file_name(file), line, text);
}

/* The first failure counts: others may follow from it. */
void check_fail(const char *file, int line, const char *format, ...)
{
	char text[sizeof(report->message) / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (__atomic_fetch_add(&report->failures, 1, __ATOMIC_SEQ_CST) == 0)
		snprintf(report->message, sizeof(report->message), "%s:%d: %s",
			 file_name(file), line, text);
	if (is_alone)
		fprintf(stderr, "%s\n", report->message);
	_exit(CASE_FAILS);
}

void check_skip(const char *reason)
{
	snprintf(report->message, sizeof(report->message), "%s", reason);
	if (is_alone)
		fprintf(stderr, "skipped: %s\n", reason);
	_exit(CASE_IS_SKIPPED);
}

void check_cs(const char *file, int line, const char *text,
	      cs_error_t expected, cs_error_t seen)
{
	if (seen != expected)
		check_fail(file, line, "%s returned %s (%d), expected %s", text,
			   error_name(seen), (int)seen, error_name(expected));
}

void check_int(const char *file, int line, const char *text,
	       long long expected, long long seen)
{
	if (seen != expected)
		check_fail(file, line, "%s is %lld, expected %lld", text, seen,
			   expected);
}

void check_pause(void)
{
	poll(NULL, 0, 1);
}

const char *error_name(cs_error_t err)
{
	static const char *const names[] = {
		[CS_OK] = "CS_OK",
		[CS_ERR_LIBRARY] = "CS_ERR_LIBRARY",
		[CS_ERR_VERSION] = "CS_ERR_VERSION",
		[CS_ERR_INIT] = "CS_ERR_INIT",
		[CS_ERR_TIMEOUT] = "CS_ERR_TIMEOUT",
		[CS_ERR_TRY_AGAIN] = "CS_ERR_TRY_AGAIN",
		[CS_ERR_INVALID_PARAM] = "CS_ERR_INVALID_PARAM",
		[CS_ERR_NO_MEMORY] = "CS_ERR_NO_MEMORY",
		[CS_ERR_BAD_HANDLE] = "CS_ERR_BAD_HANDLE",
		[CS_ERR_BUSY] = "CS_ERR_BUSY",
		[CS_ERR_ACCESS] = "CS_ERR_ACCESS",
		[CS_ERR_NOT_EXIST] = "CS_ERR_NOT_EXIST",
		[CS_ERR_NAME_TOO_LONG] = "CS_ERR_NAME_TOO_LONG",
		[CS_ERR_EXIST] = "CS_ERR_EXIST",
		[CS_ERR_NO_SPACE] = "CS_ERR_NO_SPACE",
		[CS_ERR_INTERRUPT] = "CS_ERR_INTERRUPT",
		[CS_ERR_NO_RESOURCES] = "CS_ERR_NO_RESOURCES",
		[CS_ERR_NOT_SUPPORTED] = "CS_ERR_NOT_SUPPORTED",
		[CS_ERR_FAILED_OPERATION] = "CS_ERR_FAILED_OPERATION",
		[CS_ERR_MESSAGE_ERROR] = "CS_ERR_MESSAGE_ERROR",
		[CS_ERR_TOO_BIG] = "CS_ERR_TOO_BIG",
		[CS_ERR_NO_SECTIONS] = "CS_ERR_NO_SECTIONS",
	};
	size_t number = (size_t)err;

	if (number >= sizeof(names) / sizeof(names[0]) || !names[number])
		return "another value";
	return names[number];
}

pid_t child_start(void)
{
	pid_t parent = getpid(), child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(CASE_FAILS);
	}
	return child;
}

static int child_status(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) != child)
		CHECK(errno == EINTR);
	return status;
}

void child_wait(pid_t child)
{
	int status = child_status(child);

	if (WIFSIGNALED(status))
		check_fail(__FILE__, __LINE__,
			   "signal %d ended a child of the case; last: %s",
			   WTERMSIG(status), report->note);
	CHECK_INT(0, WEXITSTATUS(status));
}

void child_kill(pid_t child)
{
	kill(child, SIGKILL);
	child_status(child);
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int fds_count(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	CHECK(directory != NULL);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}
