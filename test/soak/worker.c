/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of several groups, in each by the callbacks of the model that its
 * argument names. It sends messages of random sizes, leaves and joins again,
 * continues in a child process, connects again after the end of the daemon,
 * and logs what happens, with all arguments of the callbacks. logs.py describes
 * the log. If PASSIVE is in the environment, it does not send.
 */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "process.h"
#include "stream.h"

#define GROUPS_MAX 8

#define TICK_MS 5
#define RETRY_MS 200
#define CHECK_MS 500

/* Longer than DEADLINE_S of soak, in which a ring must form. */
#define LEAVE_MS 120000

/* One of so many ticks, on average. */
#define LEAVE_TICKS 3000

enum state { CLOSED, OPEN, JOINED, LEAVING };

/* The last one delivers the ring at the join as well. */
enum model { MODEL_0, MODEL_1, MODEL_1_INITIAL };
static const char *const model_names[] = { "0", "1", "1+" };

struct group {
	struct stream stream;
	enum model model;
	cpg_handle_t handle;
	enum state state;
	uint64_t retry_ms;
	uint64_t check_ms;
};

/* A connection to the quorum service; the index is the model. */
struct tracker {
	quorum_handle_t handle;
	bool is_open;
	uint64_t retry_ms;
	uint64_t check_ms;
};

static struct group groups[GROUPS_MAX];
static int group_count;
static struct tracker trackers[2];
static bool is_passive;
static unsigned int nodeid;

static const char *name_of(const struct group *group)
{
	return group->stream.group.value;
}

static const char *quorate_format(uint32_t quorate)
{
	static char number[16];

	if (quorate <= 1)
		return quorate ? "yes" : "no";
	snprintf(number, sizeof(number), "%u", quorate);
	return number;
}

/* Callbacks. */

static bool name_is_own(const struct group *group, const struct cpg_name *name)
{
	const struct cpg_name *own = &group->stream.group;

	return name->length == own->length &&
	       memcmp(name->value, own->value, own->length) == 0;
}

/* The log has the name of a callback only if it is not that of the group. */
static struct group *group_find(cpg_handle_t handle,
				const struct cpg_name *name)
{
	struct group *group = NULL;

	if (cpg_context_get(handle, (void **)&group) != CS_OK || group == NULL)
		errx(1, "a callback has a handle that is not open");
	if (handle != group->handle)
		errx(1, "a callback has the handle of another group");
	if (name != NULL && !name_is_own(group, name))
		event_log(name_of(group), "name %u %08x", name->length,
			  name->length <= CPG_MAX_NAME_LENGTH ? name_sum(name) :
								0);
	return group;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t from_node, uint32_t from_pid, void *data,
			    size_t len)
{
	struct group *group = group_find(handle, name);

	stream_deliver(&group->stream, from_node, from_pid, data, len);
}

/* Connections. */

static void group_close(struct group *group, const char *event)
{
	event_log(name_of(group), "%s", event);
	cpg_finalize(group->handle);
	stream_end(&group->stream);
	group->state = CLOSED;
	group->retry_ms = now_ms() + RETRY_MS;
}

/* The daemon may have sent events before it ended. */
static void group_lose(struct group *group)
{
	cpg_dispatch(group->handle, CS_DISPATCH_ALL);
	group_close(group, "lost");
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	static char texts[3][LIST_MAX_BYTES];
	struct group *group = group_find(handle, name);

	event_log(name_of(group), "view %s %s %s",
		  members_format(texts[0], members, count),
		  members_format(texts[1], left, left_count),
		  members_format(texts[2], joined, joined_count));
	for (size_t i = 0; i < left_count; i++)
		if (left[i].nodeid == nodeid &&
		    left[i].pid == group->stream.pid && group->state == LEAVING)
			group->retry_ms = 0;
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	static char text[LIST_MAX_BYTES];
	struct group *group = group_find(handle, NULL);

	event_log(name_of(group), "ring %u.%llu %s", ring.nodeid,
		  (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static cs_error_t group_initialize(struct group *group)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
	};
	cpg_model_v1_data_t model = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
		.cpg_totem_confchg_fn = ring_change,
	};
	cs_error_t error;

	if (group->model == MODEL_1_INITIAL)
		model.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
	if (group->model != MODEL_0)
		return cpg_model_initialize(&group->handle, CPG_MODEL_V1,
					    (cpg_model_data_t *)&model, group);
	error = cpg_initialize(&group->handle, &callbacks);
	if (error == CS_OK)
		cpg_context_set(group->handle, group);
	return error;
}

static void group_open(struct group *group)
{
	group->retry_ms = now_ms() + RETRY_MS;
	if (group_initialize(group) != CS_OK)
		return;
	event_log(name_of(group), "open %s", model_names[group->model]);
	group->state = OPEN;
	group->retry_ms = 0;
}

static void group_join(struct group *group)
{
	cs_error_t error = cpg_local_get(group->handle, &nodeid);

	if (error == CS_OK) {
		event_log(name_of(group), "join %u.%u", nodeid,
			  (uint32_t)getpid());
		error = cpg_join(group->handle, &group->stream.group);
	}
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_BUSY) {
		group->retry_ms = now_ms() + TICK_MS;
		return;
	}
	if (error != CS_OK) {
		group_lose(group);
		return;
	}
	stream_begin(&group->stream, nodeid, (uint32_t)getpid());
	group->state = JOINED;
}

static void group_leave(struct group *group)
{
	cs_error_t error = cpg_leave(group->handle, &group->stream.group);

	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_BUSY)
		return;
	if (error != CS_OK) {
		group_lose(group);
		return;
	}
	event_log(name_of(group), "leave");
	group->state = LEAVING;
	group->retry_ms = now_ms() + LEAVE_MS;
}

static void group_send(struct group *group)
{
	struct iovec iov = stream_next(&group->stream);
	cs_error_t error =
		cpg_mcast_joined(group->handle, CPG_TYPE_AGREED, &iov, 1);

	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_INTERRUPT)
		return;
	if (error == CS_OK)
		stream_sent(&group->stream);
	else
		group_lose(group);
}

/* A passive member has no other way to find out that the daemon has ended, if
 * the descriptor does not become readable. */
static void group_check(struct group *group)
{
	unsigned int id;
	cs_error_t error;

	if (now_ms() < group->check_ms)
		return;
	group->check_ms = now_ms() + CHECK_MS;
	error = cpg_local_get(group->handle, &id);
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		group_lose(group);
}

static void group_tick(struct group *group)
{
	switch (group->state) {
	case CLOSED:
		if (!is_ending && now_ms() >= group->retry_ms)
			group_open(group);
		break;
	case OPEN:
		if (is_ending)
			group_close(group, "close");
		else if (now_ms() >= group->retry_ms)
			group_join(group);
		break;
	case JOINED:
		if (is_ending || random_below(LEAVE_TICKS) == 0)
			group_leave(group);
		else if (!is_passive && streams_have_room() &&
			 random_below(4) == 0)
			group_send(group);
		else
			group_check(group);
		break;
	case LEAVING:
		if (group->retry_ms == 0)
			group_close(group, "close");
		else if (now_ms() > group->retry_ms)
			errx(1, "%s: no event of the leave", name_of(group));
		break;
	}
}

/* Quorum. */

static void quorum_change_0(quorum_handle_t handle, uint32_t quorate,
			    uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	static char text[LIST_MAX_BYTES];

	if (handle != trackers[0].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "quorum0 %s %llu %s", quorate_format(quorate),
		  (unsigned long long)ring_seq,
		  nodes_format(text, nodes, count));
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  struct quorum_ring_id ring, uint32_t count,
			  const uint32_t *nodes)
{
	static char text[LIST_MAX_BYTES];

	if (handle != trackers[1].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "quorum %s %u.%llu %s", quorate_format(quorate),
		  ring.nodeid, (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static void nodes_change(quorum_handle_t handle, struct quorum_ring_id ring,
			 uint32_t count, const uint32_t *nodes,
			 uint32_t joined_count, const uint32_t *joined,
			 uint32_t left_count, const uint32_t *left)
{
	static char texts[3][LIST_MAX_BYTES];

	if (handle != trackers[1].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "nodelist %u.%llu %s %s %s", ring.nodeid,
		  (unsigned long long)ring.seq,
		  nodes_format(texts[0], nodes, count),
		  nodes_format(texts[1], joined, joined_count),
		  nodes_format(texts[2], left, left_count));
}

static cs_error_t tracker_initialize(struct tracker *tracker)
{
	quorum_callbacks_t callbacks = {
		.quorum_notify_fn = quorum_change_0,
	};
	quorum_model_v1_data_t model = {
		.quorum_notify_fn = quorum_change,
		.nodelist_notify_fn = nodes_change,
	};
	uint32_t type;

	if (tracker == &trackers[0])
		return quorum_initialize(&tracker->handle, &callbacks, &type);
	return quorum_model_initialize(&tracker->handle, QUORUM_MODEL_V1,
				       (quorum_model_data_t *)&model, &type,
				       NULL);
}

static void tracker_open(struct tracker *tracker)
{
	if (now_ms() < tracker->retry_ms)
		return;
	tracker->retry_ms = now_ms() + RETRY_MS;
	if (tracker_initialize(tracker) != CS_OK)
		return;
	if (quorum_trackstart(tracker->handle,
			      CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK) {
		quorum_finalize(tracker->handle);
		return;
	}
	tracker->is_open = true;
	event_log(NULL, "track %d", (int)(tracker - trackers));
}

static void tracker_lose(struct tracker *tracker)
{
	quorum_dispatch(tracker->handle, CS_DISPATCH_ALL);
	event_log(NULL, "untrack %d", (int)(tracker - trackers));
	quorum_finalize(tracker->handle);
	tracker->is_open = false;
}

static void tracker_tick(struct tracker *tracker)
{
	cs_error_t error;
	int quorate;

	if (!tracker->is_open) {
		tracker_open(tracker);
		return;
	}
	if (now_ms() < tracker->check_ms)
		return;
	tracker->check_ms = now_ms() + CHECK_MS;
	error = quorum_getquorate(tracker->handle, &quorate);
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		tracker_lose(tracker);
}

static bool is_leaving(void)
{
	for (int i = 0; i < group_count; i++)
		if (groups[i].state == LEAVING)
			return true;
	return false;
}

static void tick(void)
{
	for (int i = 0; i < 2; i++)
		tracker_tick(&trackers[i]);
	for (int i = 0; i < group_count; i++)
		group_tick(&groups[i]);
	if (!is_ending && !is_leaving())
		fork_at_random();
	size_log();
}

/* Events. */

static void group_dispatch(struct group *group)
{
	if (cpg_dispatch(group->handle, CS_DISPATCH_ALL) != CS_OK)
		group_close(group, "lost");
}

static int groups_poll(struct pollfd *fds, struct group **open)
{
	int count = 0;

	for (int i = 0; i < group_count; i++) {
		if (groups[i].state == CLOSED)
			continue;
		open[count] = &groups[i];
		fds[count].events = POLLIN;
		if (cpg_fd_get(groups[i].handle, &fds[count++].fd) != CS_OK)
			errx(1, "cpg_fd_get");
	}
	return count;
}

static void trackers_poll(struct pollfd *fds)
{
	for (int i = 0; i < 2; i++) {
		fds[i].fd = -1;
		fds[i].events = POLLIN;
		if (trackers[i].is_open)
			quorum_fd_get(trackers[i].handle, &fds[i].fd);
	}
}

static void events_await(void)
{
	struct pollfd fds[GROUPS_MAX + 2];
	struct group *open[GROUPS_MAX];
	int count = groups_poll(fds, open);

	trackers_poll(&fds[count]);
	if (poll(fds, (nfds_t)count + 2, TICK_MS) <= 0)
		return;
	for (int i = 0; i < count; i++)
		if (fds[i].revents != 0)
			group_dispatch(open[i]);
	for (int i = 0; i < 2; i++)
		if (trackers[i].is_open && fds[count + i].revents != 0 &&
		    quorum_dispatch(trackers[i].handle, CS_DISPATCH_ALL) !=
			    CS_OK)
			tracker_lose(&trackers[i]);
}

static bool all_are_closed(void)
{
	for (int i = 0; i < group_count; i++)
		if (groups[i].state != CLOSED)
			return false;
	return true;
}

/* @text: GROUP or GROUP:MODEL */
static void group_add(const char *text)
{
	struct group *group = &groups[group_count++];
	struct cpg_name *name = &group->stream.group;
	size_t len = strcspn(text, ":");

	name->length = (uint32_t)snprintf(name->value, sizeof(name->value),
					  "%.*s", (int)len, text);
	group->model = MODEL_1_INITIAL;
	if (text[len] == '\0')
		return;
	for (int i = 0; i < 3; i++)
		if (strcmp(text + len + 1, model_names[i]) == 0) {
			group->model = (enum model)i;
			return;
		}
	errx(2, "%s: no model", text);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 3 + GROUPS_MAX) {
		fputs("Usage: worker LOG SEED GROUP[:0|:1|:1+]...\n", stderr);
		return 2;
	}
	log_open(argv[1]);
	process_begin(argv[2]);
	for (int i = 3; i < argc; i++)
		group_add(argv[i]);
	is_passive = getenv("PASSIVE") != NULL;
	signal(SIGPIPE, SIG_IGN);
	library_log("/libcpg.so");
	while (!is_ending || !all_are_closed()) {
		tick();
		events_await();
	}
	event_log(NULL, "exit");
	return 0;
}
