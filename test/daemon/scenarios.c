/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/quorum.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "pattern.h"
#include "scenarios.h"
#include "support.h"

#define SMALL_LEN 1000
#define BIG_LEN	  (2u * 1024 * 1024)

/* Callbacks. */

static struct job *cpg_job(cpg_handle_t handle)
{
	void *job = NULL;

	assert_cs(CS_OK, cpg_context_get(handle, &job));
	return job;
}

static struct job *quorum_job(quorum_handle_t handle)
{
	const void *job = NULL;

	assert_cs(CS_OK, quorum_context_get(handle, &job));
	return (struct job *)job;
}

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t msg_len)
{
	struct job *job = cpg_job(handle);

	(void)nodeid;
	(void)pid;
	ck_assert(name_equal(group, &job->group));
	ck_assert(msg_len == SMALL_LEN || msg_len == BIG_LEN);
	ck_assert(pattern_matches(msg, msg_len, job->seed));
	job->messages++;
	if (job->finalizes)
		job->finalized = cpg_finalize(handle);
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t members_len,
		    const struct cpg_address *left, size_t left_len,
		    const struct cpg_address *joined, size_t joined_len)
{
	(void)group;
	(void)members;
	(void)left;
	(void)joined;
	ck_assert_uint_le(members_len, 1);
	ck_assert_uint_eq(left_len + joined_len, 1);
	cpg_job(handle)->events++;
}

static void notification(quorum_handle_t handle, uint32_t quorate,
			 struct quorum_ring_id ring_id, uint32_t members_len,
			 const uint32_t *members)
{
	struct job *job = quorum_job(handle);

	(void)ring_id;
	(void)members;
	ck_assert_uint_eq(quorate, 1);
	ck_assert_uint_eq(members_len, 1);
	job->events++;
	if (job->finalizes)
		job->finalized = quorum_finalize(handle);
}

static cpg_model_v1_data_t cpg_model = {
	.model = CPG_MODEL_V1,
	.cpg_deliver_fn = deliver,
	.cpg_confchg_fn = confchg,
};

static quorum_model_v1_data_t quorum_model = {
	.model = QUORUM_MODEL_V1,
	.quorum_notify_fn = notification,
};

/*
 * Handles. Only requests that the daemon multicasts may return TRY_AGAIN:
 * joins, leaves, messages.
 */

static cs_error_t cpg_create(struct job *job)
{
	return cpg_model_initialize(&job->handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)&cpg_model, job);
}

static cs_error_t quorum_create(struct job *job)
{
	return quorum_model_initialize(&job->handle, QUORUM_MODEL_V1,
				       (quorum_model_data_t *)&quorum_model,
				       NULL, job);
}

static void cpg_open_alone(struct job *job)
{
	assert_cs(CS_OK, cpg_create(job));
}

static void quorum_open_alone(struct job *job)
{
	assert_cs(CS_OK, quorum_create(job));
}

static cs_error_t group_enter(struct job *job)
{
	cs_error_t err = patiently(cpg_join(job->handle, &job->group));

	job->events = 0;
	while (err == CS_OK && job->events == 0)
		err = cpg_dispatch(job->handle, CS_DISPATCH_ONE);
	return err;
}

static void cpg_open_member(struct job *job)
{
	cpg_open_alone(job);
	assert_cs(CS_OK, group_enter(job));
}

/* The first error of a scenario and of the finalize after it. */
static cs_error_t finalize_after(cs_error_t err,
				 cs_error_t (*finalize)(uint64_t handle),
				 uint64_t handle)
{
	cs_error_t err_finalize = finalize(handle);

	return err == CS_OK ? err_finalize : err;
}

/* The expected error counts as CS_OK. */
static cs_error_t expect(const struct job *job, cs_error_t expected,
			 cs_error_t err)
{
	ck_assert_msg(err != CS_OK, "%s: not %s", job->scenario->name,
		      cs_strerror(expected));
	return err == expected ? CS_OK : err;
}

static cs_error_t cpg_initialize_run(struct job *job)
{
	cs_error_t err = cpg_initialize(&job->handle, NULL);

	return err == CS_OK ? cpg_finalize(job->handle) : err;
}

static cs_error_t cpg_model_initialize_run(struct job *job)
{
	cs_error_t err = cpg_create(job);

	return err == CS_OK ? cpg_finalize(job->handle) : err;
}

static cs_error_t quorum_initialize_run(struct job *job)
{
	cs_error_t err = quorum_initialize(&job->handle, NULL, NULL);

	return err == CS_OK ? quorum_finalize(job->handle) : err;
}

static cs_error_t quorum_model_initialize_run(struct job *job)
{
	cs_error_t err = quorum_create(job);

	return err == CS_OK ? quorum_finalize(job->handle) : err;
}

/* Requests. */

static cs_error_t local_get_run(struct job *job)
{
	unsigned int nodeid = 0;
	cs_error_t err = cpg_local_get(job->handle, &nodeid);

	ck_assert_uint_eq(nodeid, err == CS_OK ? 1 : 0);
	return err;
}

static cs_error_t membership_get_run(struct job *job)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	struct cpg_name group = job->group;
	int count = -1;
	cs_error_t err;

	err = cpg_membership_get(job->handle, &group, members, &count);
	ck_assert_int_eq(count, err == CS_OK ? 1 : -1);
	return err;
}

static cs_error_t join_again_run(struct job *job)
{
	return expect(job, CS_ERR_EXIST,
		      patiently(cpg_join(job->handle, &job->group)));
}

static cs_error_t leave_nothing_run(struct job *job)
{
	return expect(job, CS_ERR_NOT_EXIST,
		      patiently(cpg_leave(job->handle, &job->group)));
}

static cs_error_t join_and_leave_run(struct job *job)
{
	cs_error_t err = cpg_create(job);

	if (err != CS_OK)
		return err;
	err = group_enter(job);
	if (err == CS_OK)
		err = patiently(cpg_leave(job->handle, &job->group));
	while (err == CS_OK && job->events < 2)
		err = cpg_dispatch(job->handle, CS_DISPATCH_ONE);
	return finalize_after(err, cpg_finalize, job->handle);
}

static cs_error_t iteration_walk(const struct job *job,
				 cpg_iteration_handle_t iteration)
{
	struct cpg_iteration_description_t found;
	cs_error_t err;
	int count = 0;

	while ((err = cpg_iteration_next(iteration, &found)) == CS_OK) {
		ck_assert(name_equal(&found.group, &job->group));
		count++;
	}
	if (err != CS_ERR_NO_SECTIONS)
		return err;
	ck_assert_int_eq(count, 1);
	return CS_OK;
}

static cs_error_t iteration_run(struct job *job)
{
	cpg_iteration_handle_t iteration;
	cs_error_t err, err_finalize;

	err = cpg_iteration_initialize(job->handle, CPG_ITERATION_ONE_GROUP,
				       &job->group, &iteration);
	if (err != CS_OK)
		return err;
	err = iteration_walk(job, iteration);
	err_finalize = cpg_iteration_finalize(iteration);
	return err == CS_OK ? err_finalize : err;
}

/* Messages. */

static cs_error_t message_send(struct job *job, size_t len)
{
	job->messages = 0;
	job->seed++;
	return patiently(pattern_send(job->handle, len, job->seed, 3));
}

/* ONE waits by itself; for other modes, poll the descriptor. */
static cs_error_t dispatch_once(const struct job *job)
{
	const struct service_api *service = job->scenario->service;
	struct pollfd pollfd = { .events = POLLIN };

	if (job->scenario->mode != CS_DISPATCH_ONE) {
		service->fd_get(job->handle, &pollfd.fd);
		poll(&pollfd, 1, 10);
	}
	return patiently(service->dispatch(job->handle, job->scenario->mode));
}

static cs_error_t message_run(struct job *job)
{
	cs_error_t err = message_send(job, job->scenario->len);

	while (err == CS_OK && job->messages == 0)
		err = dispatch_once(job);
	ck_assert_uint_le(job->messages, 1);
	return err;
}

/* Sent, not received: the daemon keeps them. */
static cs_error_t send_run(struct job *job)
{
	struct iovec iov = { .iov_base = job, .iov_len = sizeof(job->seed) };

	return patiently(
		cpg_mcast_joined(job->handle, CPG_TYPE_AGREED, &iov, 1));
}

static cs_error_t zcb_run(struct job *job)
{
	void *buffer = NULL;
	cs_error_t err;

	assert_cs(CS_OK, cpg_zcb_alloc(job->handle, SMALL_LEN, &buffer));
	job->messages = 0;
	pattern_fill(buffer, SMALL_LEN, ++job->seed);
	err = patiently(cpg_zcb_mcast_joined(job->handle, CPG_TYPE_AGREED,
					     buffer, SMALL_LEN));
	assert_cs(CS_OK, cpg_zcb_free(job->handle, buffer));
	while (err == CS_OK && job->messages == 0)
		err = cpg_dispatch(job->handle, CS_DISPATCH_ONE);
	return err;
}

/* Only finalize ends the dispatch, here in the callback. */
static cs_error_t blocking_end(const struct job *job, cs_error_t err,
			       const struct service_api *service)
{
	if (err == CS_OK)
		err = expect(
			job, CS_ERR_BAD_HANDLE,
			service->dispatch(job->handle, CS_DISPATCH_BLOCKING));
	if (err != CS_OK)
		return finalize_after(err, service->finalize, job->handle);
	err = expect(job, CS_ERR_BAD_HANDLE, service->finalize(job->handle));
	return err == CS_OK ? job->finalized : err;
}

static cs_error_t cpg_blocking_run(struct job *job)
{
	cs_error_t err;

	job->finalizes = true;
	err = cpg_create(job);
	if (err != CS_OK)
		return err;
	err = group_enter(job);
	if (err == CS_OK)
		err = message_send(job, SMALL_LEN);
	return blocking_end(job, err, &services[SERVICE_CPG]);
}

/* Quorum. */

static cs_error_t getquorate_run(struct job *job)
{
	int quorate = -1;
	cs_error_t err = quorum_getquorate(job->handle, &quorate);

	ck_assert_int_eq(quorate, err == CS_OK ? 1 : -1);
	return err;
}

static cs_error_t track_run(struct job *job)
{
	cs_error_t err;

	job->events = 0;
	err = quorum_trackstart(job->handle, CS_TRACK_CHANGES);
	while (err == CS_OK && job->events == 0)
		err = dispatch_once(job);
	ck_assert_uint_le(job->events, 1);
	return err == CS_OK ? quorum_trackstop(job->handle) : err;
}

static cs_error_t quorum_blocking_run(struct job *job)
{
	cs_error_t err;

	job->finalizes = true;
	err = quorum_create(job);
	if (err != CS_OK)
		return err;
	err = quorum_trackstart(job->handle, CS_TRACK_CURRENT);
	return blocking_end(job, err, &services[SERVICE_QUORUM]);
}

#define CPG_OWN	   NULL, &services[SERVICE_CPG]
#define QUORUM_OWN NULL, &services[SERVICE_QUORUM]
#define CPG_ALONE  cpg_open_alone, &services[SERVICE_CPG]
#define CPG_MEMBER cpg_open_member, &services[SERVICE_CPG]
#define QUORUM	   quorum_open_alone, &services[SERVICE_QUORUM]
#define ONE	   CS_DISPATCH_ONE
#define ALL	   CS_DISPATCH_ALL
#define NONBLOCK   CS_DISPATCH_ONE_NONBLOCKING

const struct scenario scenarios[SCENARIOS] = {
	{ "cpg_initialize", cpg_initialize_run, CPG_OWN, 0, 0 },
	{ "cpg_model_initialize", cpg_model_initialize_run, CPG_OWN, 0, 0 },
	{ "local_get", local_get_run, CPG_ALONE, 0, 0 },
	{ "membership_get", membership_get_run, CPG_MEMBER, 0, 0 },
	{ "join again", join_again_run, CPG_MEMBER, 0, 0 },
	{ "leave nothing", leave_nothing_run, CPG_ALONE, 0, 0 },
	{ "join and leave", join_and_leave_run, CPG_OWN, 0, 0 },
	{ "iteration", iteration_run, CPG_MEMBER, 0, 0 },
	{ "send", send_run, CPG_MEMBER, 0, 0 },
	{ "zero-copy message", zcb_run, CPG_MEMBER, 0, 0 },
	{ "message, ONE", message_run, CPG_MEMBER, ONE, SMALL_LEN },
	{ "message, ALL", message_run, CPG_MEMBER, ALL, SMALL_LEN },
	{ "message, NONBLOCK", message_run, CPG_MEMBER, NONBLOCK, SMALL_LEN },
	{ "message, BLOCKING", cpg_blocking_run, CPG_OWN, 0, 0 },
	{ "large message, ONE", message_run, CPG_MEMBER, ONE, BIG_LEN },
	{ "large message, ALL", message_run, CPG_MEMBER, ALL, BIG_LEN },
	{ "large message, NONBLOCK", message_run, CPG_MEMBER, NONBLOCK,
	  BIG_LEN },
	{ "quorum_initialize", quorum_initialize_run, QUORUM_OWN, 0, 0 },
	{ "quorum_model_initialize", quorum_model_initialize_run, QUORUM_OWN, 0,
	  0 },
	{ "getquorate", getquorate_run, QUORUM, 0, 0 },
	{ "track, ONE", track_run, QUORUM, ONE, 0 },
	{ "track, ALL", track_run, QUORUM, ALL, 0 },
	{ "track, NONBLOCK", track_run, QUORUM, NONBLOCK, 0 },
	{ "track, BLOCKING", quorum_blocking_run, QUORUM_OWN, 0, 0 },
};

void job_open(struct job *job, const struct scenario *scenario, int number)
{
	char suffix[16];

	snprintf(suffix, sizeof(suffix), "job %d", number);
	*job = (struct job){ .scenario = scenario,
			     .group = name_unique(suffix) };
	if (scenario->open != NULL)
		scenario->open(job);
}

cs_error_t job_close(struct job *job)
{
	if (job->scenario->open == NULL)
		return CS_OK;
	return job->scenario->service->finalize(job->handle);
}
