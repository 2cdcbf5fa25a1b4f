/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Which call is next. The model of a slot knows which events are pending on its
 * handle, so that a dispatch is chosen that does not wait forever, and so that
 * a queue never gets full. Not chosen is what is known to crash or to hang
 * corosync's own libraries: see compare.
 */

#include "calls.h"

#include <string.h>

#define PENDING_MAX 64
/* Over socket IPC, the kernel queues about ten datagrams. */
#define PENDING_MANY 6
/* Larger messages are received at once by all members. */
#define SMALL_MAX  8000
#define ZCB_MAX	   900000
#define ATOMIC_MAX 1047552

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum state {
	UNJOINED,
	JOINED,
	LEFT
};

struct slot {
	bool is_open;
	bool is_quorum;
	unsigned int callbacks;
	unsigned int flags;
	enum state state;
	int name;
	bool has_iteration;
	int model;
	unsigned int pending[PENDING_MAX]; /* the callback of each event */
	int pending_count;
	bool must_drain;
};

static struct slot slots[SLOTS];
static struct op op_outer, op_inner;
static uint64_t random_state;

int slot_process(int slot)
{
	static const int processes[SLOTS] = { 0, 0, 0, 1, 1, 2 };

	return processes[slot];
}

/* Random numbers. */

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % limit;
}

static bool one_in(uint32_t count)
{
	return random_below(count) == 0;
}

uint32_t pattern_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void choose_begin(uint64_t seed)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15;
	for (int i = 0; i < 10; i++)
		random_below(2);
}

/* The model. */

static bool is_member(const struct slot *slot, int name)
{
	return slot->is_open && !slot->is_quorum && slot->state == JOINED &&
	       slot->name == name;
}

static void event_add(struct slot *slot, unsigned int callback)
{
	if (slot->pending_count < PENDING_MAX)
		slot->pending[slot->pending_count++] = callback;
}

static void members_notify(int name, unsigned int callback)
{
	for (int i = 0; i < SLOTS; i++)
		if (is_member(&slots[i], name))
			event_add(&slots[i], callback);
}

static int callbacks_pending(const struct slot *slot)
{
	int count = 0;

	for (int i = 0; i < slot->pending_count; i++)
		count += (slot->callbacks & slot->pending[i]) != 0;
	return count;
}

/* A process may be in a group once only; one that has left counts. */
static bool is_taken(int number, int name)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].is_open && !slots[i].is_quorum &&
		    slots[i].state != UNJOINED && slots[i].name == name &&
		    slot_process(i) == slot_process(number))
			return true;
	return false;
}

static bool has_effect(const struct op *op)
{
	const struct slot *slot = &slots[op->slot];

	return slot->is_open && op->handle == HANDLE_OF_SLOT &&
	       slot->is_quorum == (op->call >= CPG_CALLS);
}

static void join_apply(struct op *op, struct slot *slot)
{
	if (slot->state != UNJOINED || op->name >= NAMES_GOOD ||
	    is_taken(op->slot, op->name))
		return;
	op->is_expected = op->has_events = true;
	slot->state = JOINED;
	slot->name = op->name;
	members_notify(op->name, WITH_CONFCHG);
	if (slot->flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF)
		event_add(slot, WITH_TOTEM);
}

static void leave_apply(struct op *op, struct slot *slot)
{
	if (slot->state != JOINED || op->name >= NAMES_GOOD)
		return;
	op->has_events = true;
	members_notify(slot->name, WITH_CONFCHG);
	slot->state = LEFT;
}

static void message_apply(struct op *op, const struct slot *slot)
{
	if (slot->state != JOINED)
		return;
	op->has_events = true;
	members_notify(slot->name, WITH_DELIVER);
	for (int i = 0; i < SLOTS && op->len > SMALL_MAX; i++)
		if (is_member(&slots[i], slot->name))
			slots[i].must_drain = true;
}

static void finalize_apply(struct op *op, struct slot *slot)
{
	int name = slot->name;

	op->has_events = !slot->is_quorum && slot->state == JOINED;
	op->name = name;
	memset(slot, 0, sizeof(*slot));
	if (op->has_events)
		members_notify(name, WITH_CONFCHG);
}

static void track_apply(const struct op *op, struct slot *slot)
{
	if (op->flags & (CS_TRACK_CURRENT | CS_TRACK_CHANGES)) {
		if (slot->model == QUORUM_MODEL_V1)
			event_add(slot, WITH_NODELIST);
		event_add(slot, WITH_QUORUM);
	}
}

static void initialize_apply(const struct op *op, struct slot *slot)
{
	bool is_quorum = op->call >= CPG_CALLS;

	if (op->call == CPG_MODEL_INITIALIZE &&
	    (op->number != CPG_MODEL_V1 ||
	     (op->flags & ~CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF &&
	      !(op->callbacks & WITHOUT_DATA))))
		return;
	if (op->call == QUORUM_MODEL_INITIALIZE && op->number > QUORUM_MODEL_V1)
		return;
	memset(slot, 0, sizeof(*slot));
	slot->is_open = true;
	slot->is_quorum = is_quorum;
	if (op->call == QUORUM_MODEL_INITIALIZE)
		slot->model = op->number;
	if (op->callbacks & WITHOUT_DATA)
		return;
	slot->callbacks = op->callbacks;
	slot->flags = is_quorum ? 0 : op->flags;
}

static void op_choose(struct op *op, int number, const struct op *outer);

/* Takes the events that the dispatch takes, and chooses its inner call. */
static void dispatch_apply(struct op *op, struct slot *slot)
{
	bool takes_one = op->number == CS_DISPATCH_ONE ||
			 op->number == CS_DISPATCH_ONE_NONBLOCKING;
	int left = takes_one ? 1 : PENDING_MAX, callbacks = 0;
	unsigned int callback;

	if (op->number < CS_DISPATCH_ONE ||
	    op->number > CS_DISPATCH_ONE_NONBLOCKING)
		return;
	for (; slot->pending_count > 0 && left > 0; left--) {
		callback = slot->pending[0];
		memmove(slot->pending, slot->pending + 1,
			--slot->pending_count * sizeof(slot->pending[0]));
		if (!(slot->callbacks & callback) ||
		    ++callbacks != op->inner_at)
			continue;
		op->inner = &op_inner;
		op_choose(&op_inner, op->slot, op);
	}
}

static void op_apply(struct op *op)
{
	struct slot *slot = &slots[op->slot];

	if (op->call == CPG_INITIALIZE || op->call == CPG_MODEL_INITIALIZE ||
	    op->call == QUORUM_INITIALIZE ||
	    op->call == QUORUM_MODEL_INITIALIZE) {
		initialize_apply(op, slot);
		return;
	}
	if (!has_effect(op))
		return;
	switch (op->call) {
	case CPG_JOIN:
		join_apply(op, slot);
		break;
	case CPG_LEAVE:
		leave_apply(op, slot);
		break;
	case CPG_MCAST_JOINED:
	case CPG_ZCB:
		message_apply(op, slot);
		break;
	case CPG_FINALIZE:
	case QUORUM_FINALIZE:
		finalize_apply(op, slot);
		break;
	case CPG_DISPATCH:
	case QUORUM_DISPATCH:
		dispatch_apply(op, slot);
		break;
	case QUORUM_TRACKSTART:
		track_apply(op, slot);
		break;
	default:
		break;
	}
}

/* Arguments. */

/*
 * A large message goes to members only that all have a callback for it. Without
 * one, corosync's cpg_dispatch may crash, and the model does not know how many
 * events it is.
 */
static bool may_drain(const struct slot *slot)
{
	if (!slot->is_open || slot->is_quorum || slot->state != JOINED)
		return true;
	for (int i = 0; i < SLOTS; i++)
		if (is_member(&slots[i], slot->name) &&
		    !(slots[i].callbacks & WITH_DELIVER))
			return false;
	return true;
}

static uint32_t len_choose(const struct slot *slot, bool is_inner, bool is_zcb)
{
	static const uint32_t limits[] = { 1,	 100,  100,  100,      100,
					   2000, 2000, 2000, SMALL_MAX };
	static const uint32_t large[] = { 50000, 200000, ZCB_MAX,
					  0,	 0,	 MESSAGE_MAX };
	uint32_t limit;

	if (is_inner || !one_in(12) || !may_drain(slot))
		return random_below(limits[random_below(LENGTH(limits))]);
	limit = large[random_below(is_zcb ? 3 : LENGTH(large))];
	if (limit == 0)
		return ATOMIC_MAX - 2 + random_below(4);
	return SMALL_MAX + 1 + random_below(limit - SMALL_MAX);
}

static void message_choose(struct op *op, bool is_inner)
{
	static const int guarantees[] = { CPG_TYPE_UNORDERED,
					  CPG_TYPE_FIFO,
					  CPG_TYPE_AGREED,
					  CPG_TYPE_SAFE,
					  99,
					  -1 };

	op->number = guarantees[random_below(LENGTH(guarantees))];
	op->len = len_choose(&slots[op->slot], is_inner, op->call == CPG_ZCB);
	op->pieces = random_below(6);
	if (op->pieces == 0 && op->len > 0)
		op->pieces = 1;
	op->pattern = random_below(UINT32_MAX - 1) + 1;
}

/* The first names are the most frequent, so that groups have many members. */
static int name_choose(void)
{
	uint32_t limit = one_in(3) ? NAMES : one_in(2) ? NAMES_GOOD : 1;

	return (int)random_below(limit);
}

static void cpg_initialize_choose(struct op *op)
{
	static const int models[] = { 0, 2, 99 };
	static const unsigned int flags[] = { 2, 3, 0x80000000 };

	op->callbacks = WITH_DELIVER | WITH_CONFCHG | WITH_TOTEM;
	if (one_in(4))
		op->callbacks =
			random_below(8) | (one_in(3) ? WITHOUT_DATA : 0);
	op->number = CPG_MODEL_V1;
	if (op->call == CPG_INITIALIZE)
		return;
	op->flags = random_below(2);
	if (one_in(12))
		op->number = models[random_below(LENGTH(models))];
	if (one_in(12))
		op->flags = flags[random_below(LENGTH(flags))];
}

static void quorum_initialize_choose(struct op *op)
{
	static const int models[] = { 2, 99 };

	op->callbacks = WITH_QUORUM | WITH_NODELIST;
	if (one_in(4))
		op->callbacks = random_below(4) * WITH_QUORUM |
				(one_in(3) ? WITHOUT_DATA : 0);
	op->is_null = one_in(4);
	op->number = (int)random_below(2);
	if (one_in(12))
		op->number = models[random_below(LENGTH(models))];
}

/* Returns which callback gets the inner call; 0 if none does. */
static int inner_choose(const struct op *op, const struct slot *slot)
{
	int count = callbacks_pending(slot);
	bool takes_one = op->number == CS_DISPATCH_ONE ||
			 op->number == CS_DISPATCH_ONE_NONBLOCKING;

	if (takes_one)
		count = slot->pending_count > 0 &&
			(slot->callbacks & slot->pending[0]);
	return count > 0 ? 1 + (int)random_below((uint32_t)count) : 0;
}

/*
 * What comes before a finalize. If an iteration outlives its handle, corosync's
 * library may crash. A member of the group with the empty name that finalizes
 * without a leave stays a member for the daemon.
 */
static enum call finalize_choose(const struct slot *slot)
{
	if (slot->is_quorum)
		return QUORUM_FINALIZE;
	if (slot->has_iteration)
		return CPG_ITERATION_FINALIZE;
	return is_member(slot, NAME_EMPTY) ? CPG_LEAVE : CPG_FINALIZE;
}

static bool may_finalize(const struct slot *slot)
{
	enum call call = finalize_choose(slot);

	return call == CPG_FINALIZE || call == QUORUM_FINALIZE;
}

static void dispatch_choose(struct op *op, bool is_inner)
{
	static const int modes[] = { CS_DISPATCH_ONE, CS_DISPATCH_ALL,
				     CS_DISPATCH_ALL,
				     CS_DISPATCH_ONE_NONBLOCKING };
	static const int invalid[] = { 0, 5, 99, -1 };
	const struct slot *slot = &slots[op->slot];

	op->number = modes[random_below(LENGTH(modes))];
	if (!has_effect(op)) {
		op->number = 1 + (int)random_below(4);
		return;
	}
	/* cpg_dispatch of corosync does not return for an invalid mode. */
	if (slot->is_quorum && one_in(12)) {
		op->number = invalid[random_below(LENGTH(invalid))];
		return;
	}
	if (op->number == CS_DISPATCH_ONE && slot->pending_count == 0)
		op->number = CS_DISPATCH_ONE_NONBLOCKING;
	if (is_inner)
		return;
	/* Only a finalize ends this mode. */
	if (one_in(12) && callbacks_pending(slot) > 0 && may_finalize(slot))
		op->number = CS_DISPATCH_BLOCKING;
	if (op->number == CS_DISPATCH_BLOCKING || one_in(3))
		op->inner_at = inner_choose(op, slot);
}

static void join_choose(struct op *op)
{
	const struct slot *slot = &slots[op->slot];

	do
		op->name = name_choose();
	while (op->name < NAMES_GOOD && is_taken(op->slot, op->name) &&
	       !one_in(6));
	/* A join after a leave does not return. */
	if (has_effect(op) && slot->state == LEFT && op->name < NAMES_GOOD)
		op->name = NAMES_GOOD;
}

static void leave_choose(struct op *op)
{
	const struct slot *slot = &slots[op->slot];

	op->name = name_choose();
	/* After a leave of another group, the daemon has a wrong list. */
	if (has_effect(op) && slot->state == JOINED && op->name < NAMES_GOOD)
		op->name = slot->name;
}

static void iteration_choose(struct op *op)
{
	struct slot *slot = &slots[op->slot];

	op->number = 1 + (int)random_below(3);
	op->name = op->number == CPG_ITERATION_ONE_GROUP ? name_choose()
							 : NAME_NULL;
	if (one_in(8))
		op->name = one_in(2) ? NAME_NULL : name_choose();
	if (one_in(8))
		op->number = one_in(2) ? 0 : 4;
	op->is_null = one_in(16);
	if (has_effect(op) && !op->is_null &&
	    op->number >= CPG_ITERATION_NAME_ONLY &&
	    op->number <= CPG_ITERATION_ALL &&
	    (op->number == CPG_ITERATION_ONE_GROUP ? op->name < NAMES_GOOD
						   : op->name == NAME_NULL))
		slot->has_iteration = true;
}

static void arguments_choose(struct op *op, bool is_inner)
{
	switch (op->call) {
	case CPG_INITIALIZE:
	case CPG_MODEL_INITIALIZE:
		cpg_initialize_choose(op);
		break;
	case QUORUM_INITIALIZE:
	case QUORUM_MODEL_INITIALIZE:
		quorum_initialize_choose(op);
		break;
	case CPG_DISPATCH:
	case QUORUM_DISPATCH:
		dispatch_choose(op, is_inner);
		break;
	case CPG_JOIN:
		join_choose(op);
		break;
	case CPG_LEAVE:
		leave_choose(op);
		break;
	case CPG_ITERATION_NEXT:
		op->is_null = one_in(16);
		break;
	case CPG_MEMBERSHIP_GET:
		op->name = name_choose();
		op->is_null = one_in(12);
		break;
	case CPG_MCAST_JOINED:
	case CPG_ZCB:
		message_choose(op, is_inner);
		break;
	case CPG_ITERATION_INITIALIZE:
		iteration_choose(op);
		break;
	case QUORUM_TRACKSTART:
		op->flags = random_below(one_in(8) ? 16 : 8);
		break;
	default:
		op->number = (int)random_below(1000);
		break;
	}
}

/* Calls. */

struct weight {
	enum call call;
	uint32_t weight;
};

static const struct weight cpg_weights[] = {
	{ CPG_FINALIZE, 4 },
	{ CPG_FD_GET, 5 },
	{ CPG_MAX_ATOMIC_MSGSIZE_GET, 1 },
	{ CPG_CONTEXT_GET, 1 },
	{ CPG_CONTEXT_SET, 3 },
	{ CPG_DISPATCH, 30 },
	{ CPG_JOIN, 8 },
	{ CPG_LEAVE, 3 },
	{ CPG_MCAST_JOINED, 24 },
	{ CPG_MEMBERSHIP_GET, 5 },
	{ CPG_LOCAL_GET, 2 },
	{ CPG_FLOW_CONTROL_STATE_GET, 1 },
	{ CPG_ZCB, 4 },
	{ CPG_ITERATION_INITIALIZE, 4 },
	{ CPG_ITERATION_NEXT, 6 },
	{ CPG_ITERATION_FINALIZE, 2 },
	{ CALLS, 0 },
};

static const struct weight quorum_weights[] = {
	{ QUORUM_FINALIZE, 5 },
	{ QUORUM_FD_GET, 5 },
	{ QUORUM_CONTEXT_GET, 2 },
	{ QUORUM_CONTEXT_SET, 4 },
	{ QUORUM_DISPATCH, 24 },
	{ QUORUM_GETQUORATE, 4 },
	{ QUORUM_TRACKSTART, 16 },
	{ QUORUM_TRACKSTOP, 6 },
	{ CALLS, 0 },
};

static enum call weighted_choose(const struct weight *weights)
{
	uint32_t sum = 0, chosen;
	int i;

	for (i = 0; weights[i].call != CALLS; i++)
		sum += weights[i].weight;
	chosen = random_below(sum);
	for (i = 0; chosen >= weights[i].weight; i++)
		chosen -= weights[i].weight;
	return weights[i].call;
}

static enum call open_choose(void)
{
	static const enum call calls[] = { CPG_INITIALIZE, CPG_MODEL_INITIALIZE,
					   CPG_MODEL_INITIALIZE,
					   QUORUM_INITIALIZE,
					   QUORUM_MODEL_INITIALIZE };

	return calls[random_below(LENGTH(calls))];
}

/* Rarely a call that the state of the handle does not allow. */
static enum call cpg_call_choose(const struct slot *slot)
{
	enum call call = weighted_choose(cpg_weights);

	if (!slot->is_open || one_in(6))
		return call;
	if (slot->state == UNJOINED &&
	    (call == CPG_MCAST_JOINED || call == CPG_ZCB))
		call = CPG_JOIN;
	if (slot->state != UNJOINED && call == CPG_JOIN)
		call = slot->state == JOINED ? CPG_MCAST_JOINED : CPG_FINALIZE;
	if (call == CPG_ITERATION_NEXT && !slot->has_iteration)
		call = CPG_ITERATION_INITIALIZE;
	return call;
}

static enum call call_choose(const struct slot *slot)
{
	enum call call;

	if (!slot->is_open && !one_in(6))
		return open_choose();
	/* Of an open handle, one in so many calls is the wrong service's. */
	if (slot->is_open ? slot->is_quorum != one_in(40) : one_in(2))
		return weighted_choose(quorum_weights);
	call = cpg_call_choose(slot);
	if (call == CPG_FINALIZE && slot->is_open && !slot->is_quorum)
		call = finalize_choose(slot);
	if (call == CPG_ITERATION_INITIALIZE && slot->has_iteration)
		call = CPG_ITERATION_NEXT;
	return call;
}

/* An inner call of a blocking dispatch finalizes the handle. */
static void op_choose(struct op *op, int number, const struct op *outer)
{
	struct slot *slot;

	memset(op, 0, sizeof(*op));
	if (outer != NULL && outer->number != CS_DISPATCH_BLOCKING &&
	    slots[number].state != LEFT && one_in(3))
		do {
			number = (int)random_below(SLOTS);
		} while (slot_process(number) != slot_process(outer->slot));
	slot = &slots[number];
	op->slot = number;
	op->call = call_choose(slot);
	if (outer != NULL && outer->number == CS_DISPATCH_BLOCKING)
		op->call = finalize_choose(slot);
	else if (one_in(40))
		op->handle = one_in(2) ? HANDLE_ZERO : HANDLE_WRONG;
	arguments_choose(op, outer != NULL);
	if (op->call == CPG_ITERATION_FINALIZE && has_effect(op))
		slot->has_iteration = false;
	op_apply(op);
}

static struct op *drain_choose(int number)
{
	struct slot *slot = &slots[number];

	memset(&op_outer, 0, sizeof(op_outer));
	op_outer.call = slot->is_quorum ? QUORUM_DISPATCH : CPG_DISPATCH;
	op_outer.slot = number;
	op_outer.number = CS_DISPATCH_ALL;
	if (slot->must_drain) {
		op_outer.drain = callbacks_pending(slot);
		op_outer.number = 1 + (int)random_below(2);
	}
	slot->must_drain = false;
	slot->pending_count = 0;
	return &op_outer;
}

/*
 * corosync 3.1.7 delivers messages to a member that has left. How many of them
 * are pending does not matter if it finalizes before others send.
 */
static int slot_choose(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].is_open && slots[i].state == LEFT)
			return i;
	return (int)random_below(SLOTS);
}

struct op *op_next(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].must_drain)
			return drain_choose(i);
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].pending_count >= PENDING_MANY)
			return drain_choose(i);
	op_choose(&op_outer, slot_choose(), NULL);
	return &op_outer;
}

struct op *op_last(void)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!slots[i].is_open)
			continue;
		if (slots[i].pending_count > 0)
			return drain_choose(i);
		memset(&op_outer, 0, sizeof(op_outer));
		op_outer.slot = i;
		op_outer.call = finalize_choose(&slots[i]);
		op_outer.name = slots[i].name;
		slots[i].has_iteration = false;
		op_apply(&op_outer);
		return &op_outer;
	}
	return NULL;
}
