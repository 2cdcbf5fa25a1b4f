/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define CASE_TIMEOUT_S 180

/* ThreadSanitizer has up to two threads of its own after a fork. */
#ifdef __SANITIZE_THREAD__
#define THREADS_OF_CHECKER 2
#else
#define THREADS_OF_CHECKER 0
#endif

static int fds_before;

void result_assert(cs_error_t want, cs_error_t got, const char *what,
		   const char *file, int line)
{
	ck_assert_msg(want == got, "%s:%d: %s is %s (%d), not %s", file, line,
		      what, cs_strerror(got), got, cs_strerror(want));
}

/* Whether the file is of this client: other parts of the name are numbers. */
static bool shm_belongs_to(const char *path, pid_t pid)
{
	int server, client;

	return sscanf(path, "/dev/shm/qb-%d-%d-", &server, &client) == 2 &&
	       client == pid;
}

static bool shm_is_gone(pid_t pid)
{
	char pattern[64];
	glob_t found;
	bool gone = true;
	size_t i;
	int res;

	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-*-%d-*", (int)pid);
	res = glob(pattern, GLOB_NOSORT, NULL, &found);
	if (res != 0)
		return res == GLOB_NOMATCH;
	for (i = 0; i < found.gl_pathc; i++)
		if (shm_belongs_to(found.gl_pathv[i], pid))
			gone = false;
	globfree(&found);
	return gone;
}

void shm_assert_gone(pid_t pid)
{
	wait_for(shm_is_gone(pid));
}

/* Mapped memory is not freed, even if its file was removed. */
static bool shm_is_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool mapped = false;
	char line[512];

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "/dev/shm/qb-") != NULL)
			mapped = true;
	fclose(maps);
	return mapped;
}

static void leaks_prepare(void)
{
	fds_before = fds_count();
}

static bool threads_have_ended(void)
{
	return entries_count("/proc/self/task") <= THREADS_OF_CHECKER + 1;
}

static void leaks_check(void)
{
	int fds = fds_count();

	ck_assert_msg(fds == fds_before,
		      "%d descriptors before the test, %d after it", fds_before,
		      fds);
	ck_assert_msg(waitpid(-1, NULL, WNOHANG) == -1, "a child is left");
	wait_for(threads_have_ended());
	shm_assert_gone(getpid());
	ck_assert_msg(!shm_is_mapped(), "shared memory is still mapped");
}

TCase *case_add(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, CASE_TIMEOUT_S);
	tcase_add_checked_fixture(tcase, leaks_prepare, leaks_check);
	suite_add_tcase(suite, tcase);
	return tcase;
}

const char *environment_get(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL || value[0] == '\0') {
		fprintf(stderr,
			"%s is not set; use test/with-corosync, see --help\n",
			name);
		exit(EXIT_FAILURE);
	}
	return value;
}

bool ipc_is_socket(void)
{
	const char *ipc = getenv("TEST_IPC");

	return ipc != NULL && strcmp(ipc, "socket") == 0;
}

bool valgrind_is_there(void)
{
	return getenv("TEST_VALGRIND") != NULL;
}

pid_t daemon_pid(void)
{
	return (pid_t)atoi(environment_get("COROSYNC_PID"));
}

/* Threads of a zombie may still hold its ends of the connections. */
void daemon_kill(void)
{
	ck_assert_int_eq(kill(daemon_pid(), SIGKILL), 0);
	wait_for(process_state(daemon_pid()) == 0);
}

void daemon_stop(void)
{
	ck_assert_int_eq(kill(daemon_pid(), SIGSTOP), 0);
	wait_for(process_state(daemon_pid()) == 'T');
}

void daemon_continue(void)
{
	ck_assert_int_eq(kill(daemon_pid(), SIGCONT), 0);
}

void daemon_restart(void)
{
	FILE *restart = popen(environment_get("COROSYNC_RESTART"), "r");
	char pid[16] = "";

	ck_assert_ptr_nonnull(restart);
	ck_assert_int_eq(fscanf(restart, "%15[0-9]", pid), 1);
	ck_assert_int_eq(pclose(restart), 0);
	setenv("COROSYNC_PID", pid, 1);
}

void timer_start(long us, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	struct itimerval interval = {
		.it_interval = { .tv_usec = us },
		.it_value = { .tv_usec = us },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &interval, NULL);
}

void timer_stop(void)
{
	struct itimerval none = { 0 };

	setitimer(ITIMER_REAL, &none, NULL);
}

void fds_limit(rlim_t count)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void fds_unlimit(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	fds_limit(limit.rlim_max);
}

rlim_t fd_next(void)
{
	int fd = dup(0);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return (rlim_t)fd;
}
