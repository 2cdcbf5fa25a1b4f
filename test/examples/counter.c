/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The members of a group keep a counter. Each line of standard input, such as
 * "+3", is a change. Every member applies the changes of all members, in the
 * order of their delivery, so that all members have the same value. A member
 * leaves at the end of its input.
 *
 * When a process joins, all members exchange their states: each of them sends
 * its state, and waits for those of all the others. Then all members take the
 * state with the most changes. A new member has no changes. The same happens
 * when the parts of a split cluster merge, and when corosync has restarted. The
 * changes in the other states are then lost.
 *
 * A member sends the state that it had at the join, so no state may change
 * during the exchange. If a change is delivered during the exchange, no member
 * applies it, and its sender sends it again. If another process joins or leaves
 * during the exchange, all members send their states again.
 *
 * Output, with members as NODE/PID:
 *
 *	disconnected			corosync is not running, or has ended
 *	connected MEMBER		this process is MEMBER
 *	members MEMBER...		the members of the group
 *	state CHANGES VALUE		the state that all members agreed on
 *	change CHANGES VALUE +3 MEMBER	MEMBER's change, and the new state
 *	unsure +3			corosync has ended, and the process
 *					cannot find out whether its last
 *					change was applied
 */

#include <corosync/cpg.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { NOTHING, STATE = 's', CHANGE = 'c' };

/* The number of changes and the value; or what one change adds to them. */
struct state {
	long long changes, value;
};

static cpg_handle_t cpg;
static struct cpg_name group;
static struct cpg_address self;
static bool is_gone, is_leaving, has_left;

/* This member's state, and the best state received in this exchange. */
static struct state own, best;

/* How many states are still to come. If there are none, all members agree. */
static size_t awaited = 1;

/* The message that was sent and not delivered yet. There is at most one. */
static enum kind on_its_way;
static bool must_tell;

static struct state change = { .changes = 1 };
static bool has_change, input_ended;

/* Returns true if the call must be retried. Notes the end of corosync. */
static bool again(const char *what, cs_error_t error)
{
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_BUSY)
		return true;
	if (error == CS_ERR_LIBRARY)
		is_gone = true;
	else if (error != CS_OK)
		errx(1, "%s: %s", what, cs_strerror(error));
	return false;
}

static bool is_same(const struct cpg_address *a, const struct cpg_address *b)
{
	return a->nodeid == b->nodeid && a->pid == b->pid;
}

static void exchange_begin(size_t count, bool has_newcomers)
{
	if (has_newcomers) {
		/* The sender of the best state so far may have left. */
		if (best.changes > own.changes)
			own = best;
		best = (struct state){ 0 };
	}
	awaited = count;
	/* A state that is not delivered yet is still correct for everyone. */
	must_tell = on_its_way != STATE;
}

static void state_receive(struct state state)
{
	/* If several are best, all members take the first of them. */
	if (state.changes > best.changes)
		best = state;
	if (awaited == 0 || --awaited > 0)
		return;
	own = best;
	printf("state %lld %lld\n", own.changes, own.value);
}

static void change_apply(const struct cpg_address *from, struct state by)
{
	own.changes += by.changes;
	own.value += by.value;
	printf("change %lld %lld %+lld %u/%u\n", own.changes, own.value,
	       by.value, from->nodeid, from->pid);
	if (is_same(from, &self))
		has_change = false;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t nodeid, uint32_t pid, void *msg,
			    size_t len)
{
	const struct cpg_address from = { .nodeid = nodeid, .pid = pid };
	const char *text = msg;
	struct state state;
	char kind;

	(void)handle;
	(void)name;
	if (is_same(&from, &self))
		on_its_way = NOTHING;
	if (len == 0 || text[len - 1] != '\0' ||
	    sscanf(text, "%c %lld %lld", &kind, &state.changes,
		   &state.value) != 3)
		return;
	if (kind == STATE)
		state_receive(state);
	else if (kind == CHANGE && awaited == 0)
		change_apply(&from, state);
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_len,
			   const struct cpg_address *joined, size_t joined_len)
{
	(void)handle;
	(void)name;
	(void)joined;
	printf("members");
	for (size_t i = 0; i < count; i++)
		printf(" %u/%u", members[i].nodeid, members[i].pid);
	printf("\n");
	for (size_t i = 0; i < left_len; i++)
		has_left |= is_same(&left[i], &self);
	if (joined_len > 0 || awaited > 0)
		exchange_begin(count, joined_len > 0);
}

/* Returns true if the message must be sent again later. */
static bool message_send(enum kind kind, const struct state *what)
{
	char text[64];
	struct iovec iov = { .iov_base = text };

	/* Text, as members may differ in their byte order. */
	iov.iov_len = 1 + (size_t)snprintf(text, sizeof(text), "%c %lld %lld",
					   kind, what->changes, what->value);
	if (again("cpg_mcast_joined",
		  cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &iov, 1)))
		return true;
	on_its_way = is_gone ? NOTHING : kind;
	must_tell = false;
	return false;
}

/* Returns true if a call must be retried. */
static bool work(void)
{
	if (on_its_way != NOTHING || is_leaving)
		return false;
	if (must_tell)
		return message_send(STATE, &own);
	if (awaited > 0)
		return false;
	if (has_change)
		return message_send(CHANGE, &change);
	if (input_ended)
		is_leaving = !again("cpg_leave", cpg_leave(cpg, &group));
	return input_ended && !is_leaving;
}

/* Reads a byte at a time, so that poll() reports the rest of the input. */
static void input_read(void)
{
	static char line[12];
	static size_t len;
	char byte, *end;

	input_ended = read(STDIN_FILENO, &byte, 1) <= 0;
	if (!input_ended && byte != '\n') {
		if (len < sizeof(line) - 1)
			line[len++] = byte;
		return;
	}
	line[len] = '\0';
	change.value = strtol(line, &end, 10);
	has_change = len > 0 && len < sizeof(line) - 1 && *end == '\0';
	if (len > 0 && !has_change)
		warnx("not a change: %s", line);
	len = 0;
}

static void events_wait(int timeout)
{
	struct pollfd fds[] = {
		{ .events = POLLIN },
		{ .fd = input_ended || has_change ? -1 : STDIN_FILENO,
		  .events = POLLIN },
	};

	cpg_fd_get(cpg, &fds[0].fd);
	if (poll(fds, 2, timeout) > 0 && fds[1].revents != 0)
		input_read();
}

static void group_enter(void)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
	};

	while (again("cpg_initialize", cpg_initialize(&cpg, &callbacks)) ||
	       is_gone) {
		is_gone = false;
		sleep(1);
	}
	while (again("cpg_local_get", cpg_local_get(cpg, &self.nodeid)))
		sleep(1);
	self.pid = (uint32_t)getpid();
	while (again("cpg_join", cpg_join(cpg, &group)))
		sleep(1);
	if (!is_gone)
		printf("connected %u/%u\n", self.nodeid, self.pid);
}

/* Corosync has ended. Keep the state: other members may have no better one. */
static void group_lose(void)
{
	cpg_finalize(cpg);
	if (on_its_way == CHANGE) {
		printf("unsure %+lld\n", change.value);
		has_change = false;
	}
	on_its_way = NOTHING;
	must_tell = is_gone = false;
	awaited = 1;
}

int main(int argc, char **argv)
{
	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: counter GROUP");
	group.length = (uint32_t)strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* If corosync ends during the leave, the process has left, too. */
	while (!is_leaving) {
		printf("disconnected\n");
		group_enter();
		while (!is_gone && !has_left) {
			/*
			 * At most a second: with upstream's library and socket
			 * IPC, poll() misses the end of corosync.
			 */
			events_wait(work() ? 10 : 1000);
			again("cpg_dispatch",
			      cpg_dispatch(cpg, CS_DISPATCH_ALL));
		}
		group_lose();
	}
	return 0;
}
