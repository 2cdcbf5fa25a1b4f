/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "../common/name.h"
#include "fake_state.h"

/* Groups. */

/* The group, which is created if necessary. */
static struct fake_group *group_get(const struct cpg_name *name)
{
	struct fake_group *group = fake->groups;

	while (group->members.count > 0 && !name_equal(&group->name, name))
		fake_assert(++group < fake->groups + FAKE_GROUPS);
	for (struct fake_group *other = group;
	     other < fake->groups + FAKE_GROUPS; other++)
		if (other->members.count > 0 && name_equal(&other->name, name))
			return other;
	group->name = *name;
	return group;
}

static bool is_member(const struct fake_handle *handle,
		      const struct cpg_name *group)
{
	const struct fake_slot *slot = fake_slot(handle);

	return handle->handle != 0 && slot->is_used && !slot->is_dead &&
	       slot->is_joined && name_equal(&slot->group, group);
}

/* Sends the event to the handles of this process that are members. */
static void group_push(const struct cpg_name *group,
		       const struct fake_event *event)
{
	for (int i = 0; i < FAKE_SLOTS; i++)
		if (is_member(&fake_handles_open[i], group))
			fake_push(&fake_handles_open[i], event);
}

static void list_add(struct fake_list *list, struct cpg_address member,
		     uint32_t reason)
{
	fake_assert(list->count < FAKE_MEMBERS);
	member.reason = reason;
	list->list[list->count++] = member;
}

static void list_remove(struct fake_list *list, struct cpg_address member)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].nodeid == member.nodeid &&
		    list->list[i].pid == member.pid) {
			list->list[i] = list->list[--list->count];
			return;
		}
	ck_abort_msg("not a member");
}

static void member_enter(const struct cpg_name *name, struct cpg_address member)
{
	struct fake_group *group = group_get(name);
	struct fake_event event = { .kind = FAKE_CHANGE };

	list_add(&group->members, member, CPG_REASON_UNDEFINED);
	list_add(&event.joined, member, CPG_REASON_JOIN);
	event.members = group->members;
	group_push(name, &event);
}

static void member_exit(const struct cpg_name *name, struct cpg_address member,
			uint32_t reason)
{
	struct fake_group *group = group_get(name);
	struct fake_event event = { .kind = FAKE_CHANGE };

	list_remove(&group->members, member);
	list_add(&event.left, member, reason);
	event.members = group->members;
	group_push(name, &event);
}

void fake_leave(struct fake_slot *slot, uint32_t reason)
{
	if (slot->is_joined && group_get(&slot->group)->members.count > 0)
		member_exit(&slot->group, slot->member, reason);
	slot->is_joined = slot->join_held = false;
}

void fake_enter(const char *group, uint32_t nodeid, uint32_t pid)
{
	const struct cpg_name name = name_of(group);
	const struct cpg_address member = { .nodeid = nodeid, .pid = pid };

	fake_lock();
	member_enter(&name, member);
	fake_unlock();
}

void fake_exit(const char *group, uint32_t nodeid, uint32_t pid,
	       uint32_t reason)
{
	const struct cpg_name name = name_of(group);
	const struct cpg_address member = { .nodeid = nodeid, .pid = pid };

	fake_lock();
	member_exit(&name, member, reason);
	fake_unlock();
}

static void join_complete(struct fake_slot *slot)
{
	slot->join_held = false;
	slot->is_joined = true;
	member_enter(&slot->group, slot->member);
}

void fake_hold_joins(bool hold)
{
	fake_lock();
	fake->joins_held = hold;
	for (int i = 0; i < FAKE_SLOTS && !hold; i++)
		if (fake->slots[i].is_used && fake->slots[i].join_held)
			join_complete(&fake->slots[i]);
	fake_unlock();
}

/* Messages. */

static size_t pool_take(size_t len)
{
	size_t offset = fake->pool_used;

	fake_assert(len + 8 <= FAKE_POOL - offset);
	fake->pool_used += (len + 8) & ~(size_t)7;
	return offset;
}

void fake_message(const char *group, uint32_t nodeid, uint32_t pid,
		  const void *bytes, size_t len)
{
	const struct cpg_name name = name_of(group);
	struct fake_event event = {
		.kind = FAKE_MESSAGE,
		.sender = { .nodeid = nodeid, .pid = pid },
		.len = len,
	};

	fake_lock();
	event.offset = pool_take(len);
	memcpy(fake->pool + event.offset, bytes, len);
	group_push(&name, &event);
	fake_unlock();
}

static void flights_remove(unsigned int count)
{
	fake_assert(count <= fake->flight_count);
	fake->flight_count -= count;
	memmove(fake->flights, fake->flights + count,
		fake->flight_count * sizeof(*fake->flights));
}

static void flights_return(unsigned int count)
{
	fake_assert(count <= fake->flight_count);
	for (unsigned int i = 0; i < count; i++)
		group_push(&fake->flights[i].group, &fake->flights[i].event);
	flights_remove(count);
}

void fake_hold_messages(bool hold)
{
	fake_lock();
	fake->messages_held = hold;
	fake_unlock();
}

void fake_return(unsigned int count)
{
	fake_lock();
	flights_return(count);
	fake_unlock();
}

void fake_discard(unsigned int count)
{
	fake_lock();
	flights_remove(count);
	fake_unlock();
}

static void message_send(const struct fake_slot *slot, const struct iovec *iov,
			 unsigned int count)
{
	struct fake_flight *flight = &fake->flights[fake->flight_count];
	struct fake_event *event = &flight->event;
	char *bytes;

	fake_assert(fake->flight_count < FAKE_EVENTS);
	*flight = (struct fake_flight){ .group = slot->group };
	event->kind = FAKE_MESSAGE;
	event->sender = slot->member;
	for (unsigned int i = 0; i < count; i++)
		event->len += iov[i].iov_len;
	event->offset = pool_take(event->len);
	bytes = fake->pool + event->offset;
	for (unsigned int i = 0; i < count; i++) {
		if (iov[i].iov_len > 0)
			memcpy(bytes, iov[i].iov_base, iov[i].iov_len);
		bytes += iov[i].iov_len;
	}
	fake->flight_count++;
	if (!fake->messages_held)
		flights_return(fake->flight_count);
}

/* The functions. */

static cs_error_t handle_open(enum fake_call call, cpg_handle_t *ret_handle,
			      const cpg_model_v1_data_t *data, void *context)
{
	cs_error_t error = fake_begin(call);
	struct fake_handle *opened;

	if (error != CS_OK)
		return error;
	fake_lock();
	opened = fake_open(false);
	if (opened != NULL) {
		opened->context = context;
		opened->deliver = data != NULL ? data->cpg_deliver_fn : NULL;
		opened->confchg = data != NULL ? data->cpg_confchg_fn : NULL;
		*ret_handle = opened->handle;
	}
	fake_unlock();
	return opened != NULL ? CS_OK : CS_ERR_LIBRARY;
}

cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks)
{
	fake_assert(callbacks == NULL);
	return handle_open(FAKE_CPG_INITIALIZE, handle, NULL, NULL);
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				cpg_model_data_t *model_data, void *context)
{
	fake_assert(model == CPG_MODEL_V1);
	return handle_open(FAKE_CPG_MODEL_INITIALIZE, handle,
			   (cpg_model_v1_data_t *)model_data, context);
}

/* The member has left, unless it is that of a parent. */
static void handle_leave(cpg_handle_t handle)
{
	struct fake_handle *found;

	fake_lock();
	found = fake_get(handle);
	if (found != NULL && found->creator == getpid() &&
	    !fake_slot(found)->is_dead)
		fake_leave(fake_slot(found), CPG_REASON_PROCDOWN);
	fake_unlock();
}

cs_error_t cpg_finalize(cpg_handle_t handle)
{
	fake_begin(FAKE_CPG_FINALIZE);
	handle_leave(handle);
	return fake_close(handle);
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *local_nodeid)
{
	cs_error_t error = fake_begin(FAKE_CPG_LOCAL_GET);

	(void)handle;
	*local_nodeid = FAKE_NODEID;
	return error;
}

/* The slot of a handle that is usable, or the failure. Returns with the lock.
 */
static cs_error_t request_begin(enum fake_call call, cpg_handle_t handle,
				struct fake_slot **ret_slot)
{
	cs_error_t error = fake_begin(call);
	struct fake_handle *found;

	fake_lock();
	found = fake_get(handle);
	if (found == NULL)
		return CS_ERR_BAD_HANDLE;
	*ret_slot = fake_slot(found);
	if (error == CS_OK && (*ret_slot)->is_dead)
		error = CS_ERR_LIBRARY;
	return error;
}

cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group)
{
	struct fake_slot *slot;
	cs_error_t error = request_begin(FAKE_CPG_JOIN, handle, &slot);

	if (error == CS_OK) {
		slot->group = *group;
		slot->member = (struct cpg_address){
			.nodeid = FAKE_NODEID,
			.pid = (uint32_t)getpid(),
		};
		slot->join_held = true;
		if (!fake->joins_held)
			join_complete(slot);
	}
	fake_unlock();
	return error;
}

cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group)
{
	struct fake_slot *slot;
	cs_error_t error = request_begin(FAKE_CPG_LEAVE, handle, &slot);

	if (error == CS_OK && slot->join_held)
		error = CS_ERR_BUSY;
	if (error == CS_OK) {
		fake_assert(slot->is_joined && name_equal(&slot->group, group));
		fake_leave(slot, CPG_REASON_LEAVE);
	}
	fake_unlock();
	return error;
}

cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
			    const struct iovec *iovec, unsigned int iov_len)
{
	struct fake_slot *slot;
	cs_error_t error = request_begin(FAKE_CPG_MCAST, handle, &slot);

	fake_assert(guarantee == CPG_TYPE_AGREED);
	if (error == CS_OK)
		message_send(slot, iovec, iov_len);
	fake_unlock();
	return error != CS_OK ? error : fake_begin(FAKE_CPG_MCAST_END);
}

static void event_deliver(const struct fake_handle *handle,
			  struct fake_event *event)
{
	const struct cpg_name name = name_of("not used");

	if (event->kind == FAKE_MESSAGE)
		handle->deliver(handle->handle, &name, event->sender.nodeid,
				event->sender.pid, fake->pool + event->offset,
				event->len);
	else
		handle->confchg(handle->handle, &name, event->members.list,
				event->members.count, event->left.list,
				event->left.count, event->joined.list,
				event->joined.count);
}

cs_error_t cpg_dispatch(cpg_handle_t handle, cs_dispatch_flags_t mode)
{
	cs_error_t error = fake_begin(FAKE_CPG_DISPATCH);

	return error != CS_OK ? error
			      : fake_dispatch(handle, mode, event_deliver);
}

cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd)
{
	struct fake_slot *slot;
	cs_error_t error = request_begin(FAKE_CPG_FD_GET, handle, &slot);

	if (error == CS_ERR_LIBRARY)
		error = CS_OK;
	if (error == CS_OK)
		*fd = fake_get(handle)->fd;
	fake_unlock();
	return error;
}

cs_error_t cpg_context_get(cpg_handle_t handle, void **context)
{
	struct fake_handle *found;

	fake_lock();
	found = fake_get(handle);
	if (found != NULL)
		*context = found->context;
	fake_unlock();
	return found != NULL ? CS_OK : CS_ERR_BAD_HANDLE;
}
