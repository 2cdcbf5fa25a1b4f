/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "call.h"
#include "input.h"
#include "mode.h"
#include "options.h"
#include "output.h"
#include "stop.h"
#include <unistd.h>

static cpg_handle_t cpg;
static unsigned int own_nodeid;
static enum { JOINING, MEMBER, LEAVING, LEFT } phase;
static unsigned long sent, returned, delivered;

static bool is_own(uint32_t nodeid, uint32_t pid)
{
	return nodeid == own_nodeid && pid == (uint32_t)getpid();
}

static bool limit_reached(void)
{
	return options.count > 0 && delivered == options.count;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t nodeid, uint32_t pid, void *msg,
			    size_t len)
{
	(void)handle;
	(void)name;
	if (limit_reached())
		return;
	delivered++;
	returned += is_own(nodeid, pid);
	output_get()->message(nodeid, pid, msg, len);
}

static void change_print(const char *what, const struct cpg_address *who,
			 const struct cpg_address *members, size_t count)
{
	static const char *const reasons[] = {
		"undefined", "join", "leave", "nodedown", "nodeup", "procdown",
	};
	bool known = who->reason <= CPG_REASON_PROCDOWN;

	output_get()->change(what, who, reasons[known ? who->reason : 0],
			     members, count);
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	(void)handle;
	(void)name;
	for (size_t i = 0; i < left_count; i++) {
		change_print("left", &left[i], members, count);
		if (is_own(left[i].nodeid, left[i].pid))
			phase = LEFT;
	}
	for (size_t i = 0; i < joined_count; i++) {
		change_print("joined", &joined[i], members, count);
		if (phase == JOINING &&
		    is_own(joined[i].nodeid, joined[i].pid))
			phase = MEMBER;
	}
}

static bool lines_send(void)
{
	struct iovec line;

	while (input_line(&line)) {
		if (!TRY(cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &line, 1)))
			return false;
		input_line_done();
		sent++;
	}
	return true;
}

static bool is_done(void)
{
	if (stop_requested() || limit_reached())
		return true;
	return input_is_done() && returned == sent && !options.stay &&
	       options.count == 0;
}

/* Returns false if a call must be retried later. */
static bool member_work(void)
{
	if (phase != MEMBER)
		return true;
	if (!is_done())
		return lines_send();
	if (!TRY(cpg_leave(cpg, &options.group)))
		return false;
	phase = LEAVING;
	return true;
}

static void member_wait(const struct connection *connection)
{
	static int retry_ms;
	bool worked = member_work();
	bool hungry = phase == MEMBER && worked && !input_has_ended();
	struct pollfd input = {
		.fd = hungry ? STDIN_FILENO : -1,
		.events = POLLIN,
	};

	retry_ms = worked ? 0 : 2 * retry_ms + 1;
	if (retry_ms > RETRY_MS_MAX)
		retry_ms = RETRY_MS_MAX;
	connection_wait(connection, &input, worked ? -1 : retry_ms);
	if (input.revents)
		input_read();
}

static bool member_run(const struct connection *connection)
{
	cpg = connection->cpg;
	phase = JOINING;
	/* What was sent on an earlier connection may never return. */
	returned = sent;
	if (!INSIST(cpg_local_get(cpg, &own_nodeid)) ||
	    !INSIST(cpg_join(cpg, &options.group)))
		return call_lost() == NULL;
	while (phase != LEFT && call_lost() == NULL) {
		member_wait(connection);
		connection_dispatch(connection);
	}
	/* If the daemon is gone during the leave, nothing is left to do. */
	return phase == LEAVING || phase == LEFT;
}

const struct mode mode_join = {
	.model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
	},
	.run = member_run,
};
