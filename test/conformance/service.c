/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

/* A thread that was seen to sleep so often in a row waits. */
#define ASLEEP_TIMES 30

static uint64_t cpg_service_open(void)
{
	struct cpg_name group = name_unique("service");

	return cpg_open_joined(&group);
}

static void cpg_event_cause(uint64_t handle)
{
	message_send(handle, 10, 1);
}

static void quorum_event_cause(uint64_t handle)
{
	CHECK_OK(quorum_trackstart(handle, CS_TRACK_CURRENT));
	CHECK_OK(quorum_trackstop(handle));
}

const struct service service_cpg = {
	cpg_service_open, cpg_event_cause, cpg_dispatch,
	cpg_fd_get,	  cpg_finalize,
};

const struct service service_quorum = {
	quorum_open,   quorum_event_cause, quorum_dispatch,
	quorum_fd_get, quorum_finalize,
};

static void *caller_run(void *data)
{
	struct caller *caller = data;

	caller->tid = (int)syscall(SYS_gettid);
	caller->err = caller->call(caller->data);
	caller->ended = true;
	return NULL;
}

void caller_start(struct caller *caller, cs_error_t (*call)(void *data),
		  void *data)
{
	caller->call = call;
	caller->data = data;
	caller->tid = 0;
	caller->ended = false;
	CHECK_INT(0, pthread_create(&caller->thread, NULL, caller_run, caller));
	WAIT_FOR(caller->tid != 0);
}

char thread_state(int tid)
{
	char path[60], line[200], *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (file == NULL)
		return '?';
	end = fgets(line, sizeof(line), file);
	fclose(file);
	if (end != NULL)
		end = strrchr(line, ')');
	return end == NULL || end[1] == '\0' ? '?' : end[2];
}

void caller_wait_asleep(const struct caller *caller)
{
	int times = 0;

	while (times < ASLEEP_TIMES && !caller->ended) {
		times = thread_state(caller->tid) == 'S' ? times + 1 : 0;
		check_pause();
	}
}

cs_error_t caller_join(struct caller *caller)
{
	check_int(__FILE__, __LINE__, "pthread_join", 0,
		  pthread_join(caller->thread, NULL));
	return caller->err;
}

cs_error_t dispatch_call(void *data)
{
	const struct dispatch *dispatch = data;

	return dispatch->service->dispatch(dispatch->handle, dispatch->mode);
}
