/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "calls.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define WRONG	   0x123456789abcULL
#define MARK	   0x5a
#define PIECES_MAX 8

static cpg_iteration_handle_t iterations[SLOTS];
static int fds[SLOTS];
static char message[MESSAGE_MAX];
/* The mode of the dispatch that a slot is in; 0 if there is none. */
static int modes[SLOTS];
/* The group of a handle that was finalized in its own callback. */
static const struct cpg_name *left;

static uint64_t handle_of(const struct op *op)
{
	if (op->handle == HANDLE_ZERO)
		return 0;
	return op->handle == HANDLE_WRONG ? WRONG : handle_get(op->slot);
}

#define RETRY(error, call)                                                     \
	do {                                                                   \
		int waited_ = 0;                                               \
		do                                                             \
			(error) = (call);                                      \
		while (is_later((error), &waited_));                           \
	} while (0)

static void call_print(const char *function, const struct op *op)
{
	log_print("%s(h%d%s", function, op->slot,
		  op->handle == HANDLE_ZERO    ? " zero"
		  : op->handle == HANDLE_WRONG ? " wrong"
					       : "");
}

static bool is_marked(const void *output, size_t size)
{
	const unsigned char *bytes = output;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != MARK)
			return false;
	return true;
}

/* Prints the result. If it is an error, the output is not to be changed. */
static bool result_print(cs_error_t error, const void *output, size_t size)
{
	log_print(")");
	log_result(error);
	if (error == CS_OK)
		return true;
	if (!is_marked(output, size))
		log_print(" output-changed");
	return false;
}

#define OUTPUT(type, name)                                                     \
	type name;                                                             \
	memset(&name, MARK, sizeof(name))

/* After a call that has caused events, they are pending. */
static void events_wait(const struct op *op)
{
	if (op->has_events)
		witness_round();
}

/* Initialize. */

static void cpg_v1_make(const struct op *op, cpg_model_v1_data_t *data)
{
	const cpg_model_v1_data_t *all = &callbacks_logged.cpg_v1;

	memset(data, 0, sizeof(*data));
	data->model = CPG_MODEL_V1;
	data->flags = op->flags;
	if (op->callbacks & WITH_DELIVER)
		data->cpg_deliver_fn = all->cpg_deliver_fn;
	if (op->callbacks & WITH_CONFCHG)
		data->cpg_confchg_fn = all->cpg_confchg_fn;
	if (op->callbacks & WITH_TOTEM)
		data->cpg_totem_confchg_fn = all->cpg_totem_confchg_fn;
}

static cs_error_t cpg_open(const struct op *op, cpg_handle_t *handle)
{
	bool has_data = !(op->callbacks & WITHOUT_DATA);
	cpg_model_v1_data_t v1;
	cpg_callbacks_t v0;

	cpg_v1_make(op, &v1);
	v0.cpg_deliver_fn = v1.cpg_deliver_fn;
	v0.cpg_confchg_fn = v1.cpg_confchg_fn;
	if (op->call == CPG_INITIALIZE)
		return cpg_initialize(handle, has_data ? &v0 : NULL);
	return cpg_model_initialize(handle, (cpg_model_t)op->number,
				    has_data ? (cpg_model_data_t *)&v1 : NULL,
				    (void *)(intptr_t)op->slot);
}

static void cpg_initialize_perform(const struct op *op)
{
	OUTPUT(cpg_handle_t, handle);
	cs_error_t error;

	call_print(op->call == CPG_INITIALIZE ? "cpg_initialize"
					      : "cpg_model_initialize",
		   op);
	log_print(", model %d, flags %#x, callbacks %#x", op->number, op->flags,
		  op->callbacks);
	RETRY(error, cpg_open(op, &handle));
	if (!result_print(error, &handle, sizeof(handle)))
		return;
	log_print(handle == 0 ? " zero" : "");
	handle_set(op->slot, handle, false);
	cpg_fd_get(handle, &fds[op->slot]);
}

static cs_error_t quorum_v0_open(const struct op *op, quorum_handle_t *handle,
				 uint32_t *type)
{
	quorum_callbacks_t v0 = callbacks_logged.quorum;

	if (!(op->callbacks & WITH_QUORUM))
		v0.quorum_notify_fn = NULL;
	return quorum_initialize(
		handle, op->callbacks & WITHOUT_DATA ? NULL : &v0, type);
}

static cs_error_t quorum_open(const struct op *op, quorum_handle_t *handle,
			      uint32_t *type)
{
	quorum_model_v0_data_t v0 = callbacks_logged.quorum_v0;
	quorum_model_v1_data_t v1 = callbacks_logged.quorum_v1;
	quorum_model_data_t *data = (quorum_model_data_t *)&v0;

	if (op->call == QUORUM_INITIALIZE)
		return quorum_v0_open(op, handle, type);
	v0.model = QUORUM_MODEL_V0;
	v1.model = QUORUM_MODEL_V1;
	if (!(op->callbacks & WITH_QUORUM)) {
		v0.quorum_notify_fn = NULL;
		v1.quorum_notify_fn = NULL;
	}
	if (!(op->callbacks & WITH_NODELIST))
		v1.nodelist_notify_fn = NULL;
	if (op->number == QUORUM_MODEL_V1)
		data = (quorum_model_data_t *)&v1;
	if (op->callbacks & WITHOUT_DATA)
		data = NULL;
	return quorum_model_initialize(handle, (quorum_model_t)op->number, data,
				       type, (void *)(intptr_t)op->slot);
}

static void quorum_initialize_perform(const struct op *op)
{
	struct {
		quorum_handle_t handle;
		uint32_t type, padding;
	} output;
	cs_error_t error;

	memset(&output, MARK, sizeof(output));
	call_print(op->call == QUORUM_INITIALIZE ? "quorum_initialize"
						 : "quorum_model_initialize",
		   op);
	log_print(", model %d, callbacks %#x", op->number, op->callbacks);
	RETRY(error, quorum_open(op, &output.handle,
				 op->is_null ? NULL : &output.type));
	if (!result_print(error, &output, sizeof(output)))
		return;
	if (!op->is_null)
		log_print(" type %u", output.type);
	log_print(output.handle == 0 ? " zero" : "");
	handle_set(op->slot, output.handle, true);
	quorum_fd_get(output.handle, &fds[op->slot]);
}

/* In a callback, the connection ends after the dispatch. */
static void cpg_finalize_perform(const struct op *op)
{
	call_print("cpg_finalize", op);
	log_print(")");
	log_result(cpg_finalize(handle_of(op)));
	if (!op->has_events)
		return;
	if (modes[op->slot] != 0)
		left = name_get(op->name);
	else
		witness_wait_left(name_get(op->name));
}

static void quorum_finalize_perform(const struct op *op)
{
	call_print("quorum_finalize", op);
	log_print(")");
	log_result(quorum_finalize(handle_of(op)));
}

/* Dispatch. */

static const char *mode_name(int mode)
{
	switch (mode) {
	case CS_DISPATCH_ONE:
		return "ONE";
	case CS_DISPATCH_ALL:
		return "ALL";
	case CS_DISPATCH_BLOCKING:
		return "BLOCKING";
	case CS_DISPATCH_ONE_NONBLOCKING:
		return "ONE_NONBLOCKING";
	}
	return "invalid";
}

static cs_error_t dispatch(const struct op *op)
{
	cs_dispatch_flags_t mode = (cs_dispatch_flags_t)op->number;

	return op->call == CPG_DISPATCH ? cpg_dispatch(handle_of(op), mode)
					: quorum_dispatch(handle_of(op), mode);
}

/* How many dispatches receive a large message is a matter of time. */
static cs_error_t drain(const struct op *op)
{
	int end = callbacks_count(op->slot) + op->drain;
	cs_error_t error = CS_OK;

	while (callbacks_count(op->slot) < end && error == CS_OK &&
	       wait_readable(fds[op->slot]))
		error = dispatch(op);
	return error;
}

static void dispatch_perform(const struct op *op)
{
	int mode_before = modes[op->slot];
	struct dispatch before;
	cs_error_t error;

	call_print(op->call == CPG_DISPATCH ? "cpg_dispatch"
					    : "quorum_dispatch",
		   op);
	log_print(", %s)%s", mode_name(op->number), op->drain ? " drain" : "");
	before = callbacks_begin(op);
	modes[op->slot] = op->number;
	error = op->drain ? drain(op) : dispatch(op);
	modes[op->slot] = mode_before;
	callbacks_continue(before);
	log_result(error);
	if (left != NULL && mode_before == 0) {
		witness_wait_left(left);
		left = NULL;
	}
}

/* What both services have. */

static void fd_perform(const struct op *op)
{
	struct pollfd polled = { .events = POLLIN };
	OUTPUT(int, fd);
	cs_error_t error;

	call_print(op->call == CPG_FD_GET ? "cpg_fd_get" : "quorum_fd_get", op);
	error = op->call == CPG_FD_GET ? cpg_fd_get(handle_of(op), &fd)
				       : quorum_fd_get(handle_of(op), &fd);
	if (!result_print(error, &fd, sizeof(fd)))
		return;
	polled.fd = fd;
	log_print(" %s, ", fd == fds[op->slot] ? "the same" : "another");
	log_print(poll(&polled, 1, 0) == 1 ? "readable" : "not readable");
	if (polled.revents & ~POLLIN)
		log_print(", %#x", (unsigned int)polled.revents);
}

static void context_get_perform(const struct op *op)
{
	OUTPUT(void *, context);
	cs_error_t error;

	call_print(op->call == CPG_CONTEXT_GET ? "cpg_context_get"
					       : "quorum_context_get",
		   op);
	error = op->call == CPG_CONTEXT_GET
			? cpg_context_get(handle_of(op), &context)
			: quorum_context_get(handle_of(op),
					     (const void **)&context);
	if (result_print(error, &context, sizeof(context)))
		log_print(" %ld", (long)(intptr_t)context);
}

static void context_set_perform(const struct op *op)
{
	void *context = (void *)(intptr_t)op->number;

	call_print(op->call == CPG_CONTEXT_SET ? "cpg_context_set"
					       : "quorum_context_set",
		   op);
	log_print(", %d)", op->number);
	log_result(op->call == CPG_CONTEXT_SET
			   ? cpg_context_set(handle_of(op), context)
			   : quorum_context_set(handle_of(op), context));
}

/* Groups. */

static void join_perform(const struct op *op)
{
	cs_error_t error;
	int waited = 0;

	call_print("cpg_join", op);
	log_print(",");
	log_label(op->name);
	/* The daemon may not have read the end of another handle yet. */
	do
		RETRY(error, cpg_join(handle_of(op), name_get(op->name)));
	while (op->is_expected && error == CS_ERR_EXIST && wait_more(&waited));
	log_print(")");
	log_result(error);
	events_wait(op);
}

static void leave_perform(const struct op *op)
{
	cs_error_t error;

	call_print("cpg_leave", op);
	log_print(",");
	log_label(op->name);
	RETRY(error, cpg_leave(handle_of(op), name_get(op->name)));
	log_print(")");
	log_result(error);
	events_wait(op);
}

static void membership_get_perform(const struct op *op)
{
	struct {
		struct cpg_address members[CPG_MEMBERS_MAX];
		int count;
	} output;
	struct cpg_name name = *name_get(op->name);
	cs_error_t error;

	memset(&output, MARK, sizeof(output));
	call_print("cpg_membership_get", op);
	log_print(",");
	log_label(op->name);
	log_print(op->is_null ? ", null" : "");
	RETRY(error, cpg_membership_get(handle_of(op), &name, output.members,
					op->is_null ? NULL : &output.count));
	if (!result_print(error, &output, sizeof(output)))
		return;
	log_print(" %d", output.count);
	for (int i = 0; i < output.count && i < CPG_MEMBERS_MAX; i++) {
		log_process(output.members[i].nodeid, output.members[i].pid);
		log_print(":%u", output.members[i].reason);
	}
}

static void local_get_perform(const struct op *op)
{
	OUTPUT(unsigned int, nodeid);
	cs_error_t error;

	call_print("cpg_local_get", op);
	RETRY(error, cpg_local_get(handle_of(op), &nodeid));
	if (result_print(error, &nodeid, sizeof(nodeid)))
		log_print(" %u", nodeid);
}

static void max_atomic_perform(const struct op *op)
{
	OUTPUT(uint32_t, size);

	call_print("cpg_max_atomic_msgsize_get", op);
	if (result_print(cpg_max_atomic_msgsize_get(handle_of(op), &size),
			 &size, sizeof(size)))
		log_print(" %u", size);
}

static void flow_control_perform(const struct op *op)
{
	OUTPUT(cpg_flow_control_state_t, state);

	call_print("cpg_flow_control_state_get", op);
	if (result_print(cpg_flow_control_state_get(handle_of(op), &state),
			 &state, sizeof(state)))
		log_print(" %d", (int)state);
}

/* Messages. */

static void message_fill(const struct op *op, char *buffer)
{
	uint32_t state = op->pattern, word = 0;

	for (uint32_t i = 0; i < op->len; i++) {
		if (i % 4 == 0)
			word = pattern_next(&state);
		buffer[i] = (char)(word >> (i % 4 * 8));
	}
}

/* Some pieces are empty. */
static void message_split(const struct op *op, struct iovec *iov)
{
	uint32_t state = op->pattern, rest = op->len, len;

	for (unsigned int i = 0; i < op->pieces; i++) {
		len = pattern_next(&state) % (rest + 1);
		if (i == op->pieces - 1)
			len = rest;
		iov[i].iov_base = len ? message + op->len - rest : NULL;
		iov[i].iov_len = len;
		rest -= len;
	}
}

/*
 * A request whose reply shows that the daemon has the message. Corosync's
 * library sends it if the handle has not joined, too.
 */
static void message_wait(const struct op *op, cs_error_t error)
{
	unsigned int nodeid;

	if (error != CS_OK)
		return;
	RETRY(error, cpg_local_get(handle_of(op), &nodeid));
	if (error != CS_OK)
		log_result(error);
	events_wait(op);
}

static void mcast_perform(const struct op *op)
{
	struct iovec iov[PIECES_MAX];
	cs_error_t error;

	message_fill(op, message);
	message_split(op, iov);
	call_print("cpg_mcast_joined", op);
	log_print(", guarantee %d, %u bytes, %u pieces%s)", op->number, op->len,
		  op->pieces, op->has_events ? "" : ", no member");
	RETRY(error,
	      cpg_mcast_joined(handle_of(op), (cpg_guarantee_t)op->number,
			       op->pieces ? iov : NULL, op->pieces));
	log_result(error);
	message_wait(op, error);
}

static void zcb_perform(const struct op *op)
{
	OUTPUT(void *, buffer);
	cs_error_t error;

	call_print("cpg_zcb_alloc", op);
	log_print(", %u", op->len);
	error = cpg_zcb_alloc(handle_of(op), op->len, &buffer);
	if (!result_print(error, &buffer, sizeof(buffer)))
		return;
	message_fill(op, buffer);
	log_print("; cpg_zcb_mcast_joined(guarantee %d)", op->number);
	RETRY(error,
	      cpg_zcb_mcast_joined(handle_of(op), (cpg_guarantee_t)op->number,
				   buffer, op->len));
	log_result(error);
	message_wait(op, error);
	log_print("; cpg_zcb_free()");
	log_result(cpg_zcb_free(handle_of(op), buffer));
}

/* Iterations. */

static void iteration_initialize_perform(const struct op *op)
{
	OUTPUT(cpg_iteration_handle_t, iteration);
	cs_error_t error;

	call_print("cpg_iteration_initialize", op);
	log_print(", type %d,", op->number);
	log_label(op->name);
	log_print(op->is_null ? ", null" : "");
	RETRY(error, cpg_iteration_initialize(handle_of(op),
					      (cpg_iteration_type_t)op->number,
					      name_get(op->name),
					      op->is_null ? NULL : &iteration));
	if (!result_print(error, &iteration, sizeof(iteration)))
		return;
	log_print(iteration == 0 ? " zero" : "");
	iterations[op->slot] = iteration;
}

static cpg_iteration_handle_t iteration_of(const struct op *op)
{
	return op->handle == HANDLE_OF_SLOT ? iterations[op->slot]
					    : handle_of(op);
}

static void iteration_next_perform(const struct op *op)
{
	OUTPUT(struct cpg_iteration_description_t, step);
	cs_error_t error;

	call_print("cpg_iteration_next", op);
	log_print(op->is_null ? ", null" : "");
	RETRY(error,
	      cpg_iteration_next(iteration_of(op), op->is_null ? NULL : &step));
	if (!result_print(error, &step, sizeof(step)))
		return;
	log_name(&step.group);
	log_process(step.nodeid, step.pid);
}

static void iteration_finalize_perform(const struct op *op)
{
	cs_error_t error;

	call_print("cpg_iteration_finalize", op);
	RETRY(error, cpg_iteration_finalize(iteration_of(op)));
	log_print(")");
	log_result(error);
}

/* Quorum. */

static void getquorate_perform(const struct op *op)
{
	OUTPUT(int, quorate);
	cs_error_t error;

	call_print("quorum_getquorate", op);
	RETRY(error, quorum_getquorate(handle_of(op), &quorate));
	if (result_print(error, &quorate, sizeof(quorate)))
		log_print(" %d", quorate);
}

static void trackstart_perform(const struct op *op)
{
	cs_error_t error;

	call_print("quorum_trackstart", op);
	log_print(", %#x)", op->flags);
	RETRY(error, quorum_trackstart(handle_of(op), op->flags));
	log_result(error);
}

static void trackstop_perform(const struct op *op)
{
	cs_error_t error;

	call_print("quorum_trackstop", op);
	RETRY(error, quorum_trackstop(handle_of(op)));
	log_print(")");
	log_result(error);
}

static void (*const performers[CALLS])(const struct op *op) = {
	[CPG_INITIALIZE] = cpg_initialize_perform,
	[CPG_MODEL_INITIALIZE] = cpg_initialize_perform,
	[CPG_FINALIZE] = cpg_finalize_perform,
	[CPG_FD_GET] = fd_perform,
	[CPG_MAX_ATOMIC_MSGSIZE_GET] = max_atomic_perform,
	[CPG_CONTEXT_GET] = context_get_perform,
	[CPG_CONTEXT_SET] = context_set_perform,
	[CPG_DISPATCH] = dispatch_perform,
	[CPG_JOIN] = join_perform,
	[CPG_LEAVE] = leave_perform,
	[CPG_MCAST_JOINED] = mcast_perform,
	[CPG_MEMBERSHIP_GET] = membership_get_perform,
	[CPG_LOCAL_GET] = local_get_perform,
	[CPG_FLOW_CONTROL_STATE_GET] = flow_control_perform,
	[CPG_ZCB] = zcb_perform,
	[CPG_ITERATION_INITIALIZE] = iteration_initialize_perform,
	[CPG_ITERATION_NEXT] = iteration_next_perform,
	[CPG_ITERATION_FINALIZE] = iteration_finalize_perform,
	[QUORUM_INITIALIZE] = quorum_initialize_perform,
	[QUORUM_MODEL_INITIALIZE] = quorum_initialize_perform,
	[QUORUM_FINALIZE] = quorum_finalize_perform,
	[QUORUM_FD_GET] = fd_perform,
	[QUORUM_CONTEXT_GET] = context_get_perform,
	[QUORUM_CONTEXT_SET] = context_set_perform,
	[QUORUM_DISPATCH] = dispatch_perform,
	[QUORUM_GETQUORATE] = getquorate_perform,
	[QUORUM_TRACKSTART] = trackstart_perform,
	[QUORUM_TRACKSTOP] = trackstop_perform,
};

void op_perform(const struct op *op)
{
	performers[op->call](op);
	log_print("\n");
}
