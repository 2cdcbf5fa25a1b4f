/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session_event.h"

/* Around a callback: the application's thread may be canceled in it. */
static void callback_begin(struct coro_session *session)
{
	pthread_setcancelstate(session->cancel_state, NULL);
}

static void callback_end(void)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

/* Messages. */

static bool is_own(const struct coro_group *group, uint32_t nodeid,
		   uint32_t pid)
{
	return nodeid == group->session->nodeid && pid == group->pid;
}

/* Senders that wait continue at half the limit, not one by one. */
static void progress_note(struct coro_session *session)
{
	size_t max = session->options.backlog_max;

	session->has_progress = true;
	session->has_credit = session->has_stalled;
	if (session->backlog_bytes < max)
		session->has_stalled = session->has_credit = false;
	if (session->backlog_bytes <= max / 2 || session->has_credit)
		session_wake(session);
}

/* An own message came back. Returns how many are lost. */
static size_t message_return(struct coro_group *group, const void *msg,
			     size_t len)
{
	struct coro_session *session = group->session;
	const struct backlog_mark mark = backlog_mark_bytes(msg, len);
	size_t lost;
	bool is_known;

	session->backlog_bytes -= group->backlog.bytes;
	is_known = backlog_return(&group->backlog, &mark, &lost);
	session->backlog_bytes += group->backlog.bytes;
	if (!is_known)
		return 0;
	session->stats.returned++;
	session->stats.lost += lost;
	progress_note(session);
	return lost;
}

void event_message(cpg_handle_t handle, const struct cpg_name *name,
		   uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct coro_sender sender = { .nodeid = nodeid, .pid = pid };
	struct coro_loss loss = { .lost = 0 };
	struct coro_session *session;
	struct coro_group *group;

	(void)name;
	if (cpg_context_get(handle, (void **)&group) != CS_OK)
		return;
	session = group->session;
	session_lock(session);
	session->handled++;
	session->stats.received++;
	session->stats.received_bytes += len;
	sender.is_self = is_own(group, nodeid, pid);
	if (sender.is_self && group->backlog.count > 0)
		loss.lost = message_return(group, msg, len);
	session_unlock(session);
	if (loss.lost > 0)
		event_lost(group, &loss);
	if (session->events.message == NULL || group->is_gone)
		return;
	callback_begin(session);
	session->events.message(session, group, &sender, msg, len);
	callback_end();
}

/* Members. */

static void change_deliver(struct coro_group *group,
			   const struct coro_change *change)
{
	struct coro_session *session = group->session;

	if (session->events.members == NULL || group->is_gone)
		return;
	callback_begin(session);
	session->events.members(session, group, change);
	callback_end();
}

static bool is_among(const struct cpg_address *member,
		     const struct cpg_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].nodeid == member->nodeid &&
		    list[i].pid == member->pid)
			return true;
	return false;
}

/* Appends the members of @list that are not among @others. */
static size_t members_append(const struct cpg_address *list, size_t count,
			     const struct cpg_address *others,
			     size_t other_count, uint32_t reason,
			     struct cpg_address *ret_list)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_among(&list[i], others, other_count))
			continue;
		ret_list[used] = list[i];
		ret_list[used++].reason = reason;
	}
	return used;
}

/*
 * The first change of a new connection. @lists has room for the members of
 * both changes.
 */
static void rejoin_deliver(struct coro_group *group, struct coro_change *change,
			   const struct members *old, struct cpg_address *lists)
{
	struct cpg_address self = {
		.nodeid = group->session->nodeid,
		.pid = group->pid,
		.reason = CPG_REASON_JOIN,
	};
	struct cpg_address *joined;

	change->left_count = members_append(old->list, old->count,
					    change->members,
					    change->member_count,
					    CPG_REASON_UNDEFINED, lists);
	change->left = lists;
	joined = lists + change->left_count;
	change->joined_count = members_append(change->members,
					      change->member_count, old->list,
					      old->count, CPG_REASON_UNDEFINED,
					      joined);
	change->joined = joined;
	if (!is_among(&self, joined, change->joined_count))
		joined[change->joined_count++] = self;
	for (size_t i = 0; i < change->joined_count; i++)
		if (is_among(&self, &joined[i], 1))
			joined[i].reason = CPG_REASON_JOIN;
	change->is_rejoin = true;
	change_deliver(group, change);
}

static struct members *members_copy(const struct cpg_address *list,
				    size_t count)
{
	struct members *members =
		malloc(sizeof(*members) + count * sizeof(*list));

	if (members == NULL)
		return NULL;
	members->count = count;
	memcpy(members->list, list, count * sizeof(*list));
	return members;
}

/* Replaces the members. Returns the old ones at the first change, or NULL. */
static struct members *members_replace(struct coro_group *group,
				       struct members *members)
{
	struct members *old = group->members;
	bool is_first = !group->is_member;

	group->members = members;
	group->is_member = true;
	group->session->handled++;
	session_wake(group->session);
	if (is_first)
		return old;
	free(old);
	return NULL;
}

static void change_handle(struct coro_group *group, struct coro_change *change,
			  struct members *members, struct cpg_address *lists)
{
	struct members *old;

	session_lock(group->session);
	old = members_replace(group, members);
	session_unlock(group->session);
	pthread_cleanup_push(free, lists);
	pthread_cleanup_push(free, old);
	if (old != NULL)
		rejoin_deliver(group, change, old, lists);
	else
		change_deliver(group, change);
	pthread_cleanup_pop(1);
	pthread_cleanup_pop(1);
}

/* The lists of a change after a lost connection; NULL if there is none. */
static bool lists_create(const struct coro_group *group, size_t count,
			 struct cpg_address **ret_lists)
{
	*ret_lists = NULL;
	if (group->is_member || group->members == NULL)
		return true;
	*ret_lists = calloc(group->members->count + count + 1,
			    sizeof(**ret_lists));
	return *ret_lists != NULL;
}

static void memory_fail(struct coro_session *session)
{
	session_lock(session);
	link_fail(session, CS_ERR_NO_MEMORY);
	session_unlock(session);
}

void event_change(cpg_handle_t handle, const struct cpg_name *name,
		  const struct cpg_address *members, size_t member_count,
		  const struct cpg_address *left, size_t left_count,
		  const struct cpg_address *joined, size_t joined_count)
{
	struct coro_change change = {
		.members = members,
		.member_count = member_count,
		.left = left,
		.left_count = left_count,
		.joined = joined,
		.joined_count = joined_count,
	};
	struct members *copy = members_copy(members, member_count);
	struct cpg_address *lists = NULL;
	struct coro_group *group;

	(void)name;
	if (cpg_context_get(handle, (void **)&group) != CS_OK) {
		free(copy);
	} else if (copy == NULL ||
		   !lists_create(group, member_count, &lists)) {
		free(copy);
		memory_fail(group->session);
	} else {
		change_handle(group, &change, copy, lists);
	}
}

/* Quorum. */

static struct nodes *nodes_copy(uint32_t quorate, struct quorum_ring_id ring,
				uint32_t count, const uint32_t *list)
{
	struct nodes *nodes = malloc(sizeof(*nodes) + count * sizeof(*list));

	if (nodes == NULL)
		return NULL;
	nodes->is_quorate = quorate != 0;
	nodes->ring = ring;
	nodes->count = count;
	memcpy(nodes->list, list, count * sizeof(*list));
	return nodes;
}

/* coro_close may be in another thread. */
static bool is_of_link(struct coro_session *session, quorum_handle_t handle)
{
	bool is_same;

	session_lock(session);
	is_same = handle == session->quorum;
	session_unlock(session);
	return is_same;
}

void event_quorum(quorum_handle_t handle, uint32_t quorate,
		  struct quorum_ring_id ring, uint32_t count,
		  const uint32_t *list)
{
	struct nodes *nodes = nodes_copy(quorate, ring, count, list);
	struct coro_session *session = NULL;

	if (quorum_context_get(handle, (const void **)&session) != CS_OK) {
		free(nodes);
	} else if (!is_of_link(session, handle)) {
		free(session->first_nodes);
		session->first_nodes = nodes;
	} else if (nodes == NULL) {
		memory_fail(session);
	} else {
		event_nodes(session, nodes);
	}
}

/* Appends the nodes of @list that are not in @others, which may be NULL. */
static size_t nodes_append(const struct nodes *list, const struct nodes *others,
			   uint32_t *ret_list)
{
	size_t used = 0, j;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		for (j = 0; others != NULL && j < others->count; j++)
			if (others->list[j] == list->list[i])
				break;
		if (others == NULL || j == others->count)
			ret_list[used++] = list->list[i];
	}
	return used;
}

/* @lists has room for the nodes of both, and for a copy of the new ones. */
static void nodes_deliver(struct coro_session *session,
			  const struct nodes *nodes, const struct nodes *old,
			  uint32_t *lists)
{
	struct coro_quorum quorum = {
		.is_quorate = nodes->is_quorate,
		.ring = nodes->ring,
		.nodes = lists,
		.node_count = nodes_append(nodes, NULL, lists),
	};

	quorum.joined = lists + quorum.node_count;
	quorum.joined_count =
		nodes_append(nodes, old, lists + quorum.node_count);
	quorum.left = quorum.joined + quorum.joined_count;
	quorum.left_count = nodes_append(old, nodes,
					 lists + quorum.node_count +
						 quorum.joined_count);
	callback_begin(session);
	session->events.quorum(session, &quorum);
	callback_end();
}

void event_nodes(struct coro_session *session, struct nodes *nodes)
{
	struct nodes *old = session->nodes;
	uint32_t *lists = calloc(2 * nodes->count + (old ? old->count : 0) + 1,
				 sizeof(*lists));

	if (lists == NULL) {
		free(nodes);
		memory_fail(session);
		return;
	}
	session->handled++;
	session->nodes = nodes;
	pthread_cleanup_push(free, lists);
	pthread_cleanup_push(free, old);
	if (session->events.quorum != NULL && !session->is_closed)
		nodes_deliver(session, nodes, old, lists);
	pthread_cleanup_pop(1);
	pthread_cleanup_pop(1);
}

/* The link. */

void event_connected(struct coro_session *session)
{
	const struct coro_self self = {
		.nodeid = session->nodeid,
		.pid = (uint32_t)getpid(),
		.ring = session->first_nodes->ring,
	};

	session->handled++;
	if (session->events.connected == NULL || session->is_closed)
		return;
	callback_begin(session);
	session->events.connected(session, &self);
	callback_end();
}

void event_disconnected(struct coro_session *session, cs_error_t error,
			const char *why)
{
	session->handled++;
	if (session->events.disconnected == NULL || session->is_closed)
		return;
	callback_begin(session);
	session->events.disconnected(session, error, why);
	callback_end();
}

void event_lost(struct coro_group *group, const struct coro_loss *loss)
{
	struct coro_session *session = group->session;

	session->handled++;
	if (session->events.lost == NULL || group->is_gone)
		return;
	callback_begin(session);
	session->events.lost(session, group, loss);
	callback_end();
}

void event_sendable(struct coro_group *group)
{
	struct coro_session *session = group->session;

	session->handled++;
	if (session->events.sendable == NULL || group->is_gone)
		return;
	callback_begin(session);
	session->events.sendable(session, group);
	callback_end();
}
