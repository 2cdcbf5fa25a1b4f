/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * calls SEED STEPS [SECONDS]: each process performs the steps of its own slots.
 * Then it wakes the others, which have waited. The processes are killed after
 * SECONDS.
 */

#include "calls.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_STEP_MS 5
#define WAIT_MS	     30000

int process_number;
struct shared *shared;
static unsigned int limit_s = 120;
static int pipes[PROCESSES][2];
static volatile sig_atomic_t is_ending;

void fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "calls: p%d: ", process_number);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	_exit(2);
}

bool wait_more(int *waited_ms)
{
	usleep(WAIT_STEP_MS * 1000);
	*waited_ms += WAIT_STEP_MS;
	return *waited_ms < WAIT_MS;
}

bool is_later(cs_error_t error, int *waited_ms)
{
	return error == CS_ERR_TRY_AGAIN && wait_more(waited_ms);
}

bool wait_readable(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	return poll(&waiting, 1, WAIT_MS) == 1;
}

/* A process that ends early cannot wake the others. */
static void child_ended(int number)
{
	(void)number;
	if (!is_ending)
		_exit(3);
}

static void others_wake(void)
{
	for (int i = 0; i < PROCESSES; i++)
		if (i != process_number && write(pipes[i][1], "", 1) != 1)
			fail("cannot write to a pipe");
}

static void others_wait(void)
{
	ssize_t len;
	char byte;

	do
		len = read(pipes[process_number][0], &byte, 1);
	while (len < 0 && errno == EINTR);
	if (len != 1)
		fail("cannot read from a pipe");
}

static void children_start(void)
{
	shared->pids[0] = (uint32_t)getpid();
	for (int i = 1; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("cannot fork");
		if (pid == 0) {
			process_number = i;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(limit_s);
			return;
		}
		shared->pids[i] = (uint32_t)pid;
	}
}

static void witnesses_open(void)
{
	if (process_number == 0)
		witness_wait_empty();
	for (int i = 0; i < PROCESSES; i++) {
		if (i != process_number) {
			others_wait();
			continue;
		}
		witness_open();
		others_wake();
	}
}

static void step_perform(unsigned int step, const struct op *op)
{
	if (slot_process(op->slot) != process_number) {
		others_wait();
		return;
	}
	log_begin(step);
	op_perform(op);
	others_wake();
}

/* No process ends before the first one expects it. */
static void end_begin(void)
{
	is_ending = 1;
	if (process_number == 0)
		others_wake();
	else
		others_wait();
}

static int children_wait(void)
{
	int status, failed = 0;

	while (wait(&status) > 0)
		if (status != 0)
			failed = 3;
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int step, steps;
	struct op *op;

	if (argc < 3)
		fail("usage: calls SEED STEPS [SECONDS]");
	steps = (unsigned int)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		limit_s = (unsigned int)strtoul(argv[3], NULL, 10);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PROCESSES; i++)
		if (pipe(pipes[i]) != 0)
			fail("cannot make a pipe");
	/* The log is complete up to a call that does not return. */
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGCHLD, child_ended);
	alarm(limit_s);
	children_start();
	witnesses_open();
	choose_begin(strtoull(argv[1], NULL, 10));
	for (step = 1; step <= steps; step++)
		step_perform(step, op_next());
	for (; (op = op_last()) != NULL; step++)
		step_perform(step, op);
	end_begin();
	witness_close();
	return process_number == 0 ? children_wait() : 0;
}
