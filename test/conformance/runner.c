/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"
#include "events.h"
#include "runner.h"

#define REPORT "COROCLIENT_CONFORMANCE_REPORT"
#define PROBE "probe"
#define POLL_MS 20
#define JOBS_MAX 64

const char *const outcome_names[] = {
	[OUTCOME_NONE] = "none", [OUTCOME_SKIP] = "skip",
	[OUTCOME_PASS] = "pass", [OUTCOME_FAIL] = "fail",
	[OUTCOME_HANG] = "hang", [OUTCOME_CRASH] = "crash",
};

/* A case that runs. */
struct job {
	pid_t pid;	/* and the process group; 0: none runs */
	const char *name;
	struct result *result;
	struct check_report *report;
	double begin;
};

static struct job jobs[JOBS_MAX];
static volatile sig_atomic_t ending;

/* The process of a case. */

static void probe_run(void)
{
	cpg_handle_t handle = 0;

	CHECK_OK(cpg_initialize(&handle, NULL));
	check_skip(ipc_is_socket() ? "socket" : "shm");
}

static struct check_report *report_map(int fd)
{
	struct check_report *report;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	return report == MAP_FAILED ? NULL : report;
}

static struct check_report *report_get(void)
{
	const char *number = getenv(REPORT);
	struct check_report *report = NULL;

	if (number != NULL) {
		report = report_map(atoi(number));
		close(atoi(number));
		unsetenv(REPORT);
	}
	return report;
}

void runner_case(const struct options *options)
{
	const struct conf_case *conf_case = case_find(options->one);

	prctl(PR_SET_NAME, "conformance");
	check_begin(report_get());
	if (strcmp(options->one, PROBE) == 0)
		probe_run();
	if (conf_case == NULL)
		check_skip("there is no such case");
	if ((conf_case->flags & CASE_PRIVATE) != 0 && !options->private)
		check_skip("needs --private");
	conf_case->run();
	exit(CASE_PASSES);
}

static void output_discard(void)
{
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void job_exec(const struct options *options, const char *name,
		     int report, pid_t parent)
{
	const char *argv[] = { "coroclient-conformance", "--case", name,
			       options->private ? "--private" : NULL, NULL };
	const struct rlimit none = { 0, 0 };
	char number[12];

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(CASE_FAILS);
	setrlimit(RLIMIT_CORE, &none);
	if (!options->verbose)
		output_discard();
	snprintf(number, sizeof(number), "%d", report);
	setenv(REPORT, number, 1);
	execv("/proc/self/exe", (char **)argv);
	_exit(CASE_FAILS);
}

/* The program that runs the cases. */

static void give_up(const char *text)
{
	fprintf(stderr, "coroclient-conformance: %s: %s\n", text,
		strerror(errno));
	exit(STATUS_NOT_RUN);
}

static void job_start(const struct options *options, struct job *job,
		      const char *name, struct result *result)
{
	int fd = memfd_create("report", 0);
	pid_t parent = getpid();

	if (fd < 0 || ftruncate(fd, sizeof(*job->report)) != 0)
		give_up("no memory for a report");
	job->name = name;
	job->result = result;
	job->report = report_map(fd);
	job->begin = seconds_now();
	job->pid = fork();
	if (job->pid < 0 || job->report == NULL)
		give_up("cannot start a case");
	if (job->pid == 0)
		job_exec(options, name, fd, parent);
	setpgid(job->pid, job->pid);
	close(fd);
}

static void text_set(struct result *result, const char *what,
		     const char *detail)
{
	snprintf(result->text, sizeof(result->text), "%s%s%s", what,
		 detail[0] != '\0' && what[0] != '\0' ? " at " : "", detail);
}

static void result_of_exit(struct result *result, int status,
			   const struct check_report *report)
{
	result->outcome = status == CASE_PASSES ? OUTCOME_PASS :
			  status == CASE_IS_SKIPPED ? OUTCOME_SKIP :
						      OUTCOME_FAIL;
	if (status == CASE_PASSES)
		result->text[0] = '\0';
	else if (report->message[0] != '\0')
		text_set(result, "", report->message);
	else
		text_set(result, "the case exited", report->note);
}

/* Only newer versions of glibc have a function for it. */
static const char *signal_name(int number)
{
	switch (number) {
	case SIGSEGV:
		return "SIGSEGV";
	case SIGABRT:
		return "SIGABRT";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGPIPE:
		return "SIGPIPE";
	default:
		return "another signal";
	}
}

static void result_of_signal(struct result *result, int number,
			     const struct check_report *report)
{
	result->outcome = OUTCOME_CRASH;
	text_set(result, signal_name(number), report->note);
}

/* The process has ended, or must end. */
static void job_end(struct job *job, bool hangs)
{
	struct result *result = job->result;
	int status = 0;

	result->seconds = seconds_now() - job->begin;
	kill(-job->pid, SIGKILL);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (hangs) {
		result->outcome = OUTCOME_HANG;
		text_set(result, "no end", job->report->note);
	} else if (WIFSIGNALED(status)) {
		result_of_signal(result, WTERMSIG(status), job->report);
	} else {
		result_of_exit(result, WEXITSTATUS(status), job->report);
	}
	munmap(job->report, sizeof(*job->report));
	job->pid = 0;
}

/* Returns true if the case is over. */
static bool job_check(const struct options *options, struct job *job)
{
	siginfo_t info = { .si_pid = 0 };
	bool hangs = seconds_now() - job->begin > options->timeout;

	waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	if (info.si_pid == 0 && !hangs)
		return false;
	job_end(job, info.si_pid == 0);
	if (options->verbose)
		fprintf(stderr, "%s: %s: %.2f s\n", job->name,
			outcome_names[job->result->outcome],
			job->result->seconds);
	return true;
}

/* Processes whose parents have ended become children of this one. */
static void orphans_reap(void)
{
	siginfo_t info;
	int i;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid == 0)
			return;
		for (i = 0; i < JOBS_MAX; i++)
			if (jobs[i].pid == info.si_pid)
				return;
		waitpid(info.si_pid, NULL, 0);
	}
}

static void jobs_abort(void)
{
	int i;

	for (i = 0; i < JOBS_MAX; i++)
		if (jobs[i].pid != 0)
			job_end(&jobs[i], true);
	if (daemon_is_known())
		daemon_repair();
	signal(ending, SIG_DFL);
	raise(ending);
}

/* Waits until a job is over, and returns it. */
static struct job *job_wait(const struct options *options)
{
	int i;

	for (;;) {
		if (ending != 0)
			jobs_abort();
		for (i = 0; i < JOBS_MAX; i++)
			if (jobs[i].pid != 0 && job_check(options, &jobs[i]))
				return &jobs[i];
		orphans_reap();
		poll(NULL, 0, POLL_MS);
	}
}

static void signal_note(int number)
{
	if (number != SIGCHLD)
		ending = number;
}

static void signals_prepare(void)
{
	const struct sigaction action = { .sa_handler = signal_note,
					  .sa_flags = SA_RESTART };

	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void runner_probe(const struct options *options, struct result *result)
{
	signals_prepare();
	job_start(options, &jobs[0], PROBE, result);
	job_wait(options);
}

/* Cases that use no more than a connection and a group. */
static void parallel_run(const struct options *options, struct result *results)
{
	int limit = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX;
	int count = cases_count(), running = 0, next;
	struct job *free_job = NULL;

	for (next = 0; next < count; next++) {
		if ((case_at(next)->flags & CASE_ALONE) != 0 ||
		    !options_select(options, case_at(next)))
			continue;
		free_job = running < limit ? &jobs[running++] :
					     job_wait(options);
		job_start(options, free_job, case_at(next)->name,
			  &results[next]);
	}
	while (running-- > 0)
		job_wait(options);
}

static void alone_run(const struct options *options, int number,
		      struct result *result)
{
	bool private = (case_at(number)->flags & CASE_PRIVATE) != 0;

	if (private && options->private && !daemon_repair())
		give_up("corosync does not start again");
	job_start(options, &jobs[0], case_at(number)->name, result);
	job_wait(options);
}

void runner_run(const struct options *options, struct result *results)
{
	int count = cases_count(), i;

	parallel_run(options, results);
	for (i = 0; i < count; i++)
		if ((case_at(i)->flags & CASE_ALONE) != 0 &&
		    options_select(options, case_at(i)))
			alone_run(options, i, &results[i]);
	if (options->private)
		daemon_repair();
}
