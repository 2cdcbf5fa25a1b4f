/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Several threads send while the daemon is killed, or stopped in order, and
 * started again. Afterwards each message is accounted for.
 */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

#define RESTARTS 6
#define RESTART_S_MAX 60
#define SENDERS 4
#define GROUPS 2
#define RECORDS_MAX 8000000
#define FLOW_MIN 200
#define LIFE_US_MAX 200000

#define BIG_EVERY 1000
#define BIG_LEN (1536 * 1024)

struct message {
	uint32_t number; /* of all messages */
	uint32_t sender;
	uint32_t sequence; /* of those of the sender */
	char rest[BIG_LEN];
};

#define HEAD offsetof(struct message, rest)

enum result { PENDING, SENT, REFUSED, UNSURE, RESULTS };

struct record {
	_Atomic unsigned char result;
	_Atomic unsigned char returns;
};

struct place {
	struct coro_group *group;
	atomic_bool is_member; /* "members" was called on this connection */
	atomic_uint changes;
	atomic_uint returns;
};

static struct record *records;
static atomic_uint records_count;
static struct place places[GROUPS];
/* The last ones that have come back; also of the message of end_stopped. */
static uint32_t sequences[SENDERS + 1];
static atomic_bool enough;
static atomic_uint connected, disconnected;
static atomic_ulong lost, uncertain;
static uint32_t big_messages;

/* Callbacks. */

static struct place *place_of(struct coro_group *group)
{
	return coro_group_context(group);
}

static void on_connected(struct coro_session *session,
			 const struct coro_self *self)
{
	(void)session;
	(void)self;
	for (int i = 0; i < GROUPS; i++)
		ck_assert(!places[i].is_member);
	connected++;
}

static void on_disconnected(struct coro_session *session, cs_error_t error,
			    const char *why)
{
	(void)session;
	(void)error;
	(void)why;
	disconnected++;
	for (int i = 0; i < GROUPS; i++)
		places[i].is_member = false;
}

static void on_members(struct coro_session *session, struct coro_group *group,
		       const struct coro_change *change)
{
	struct place *place = place_of(group);

	(void)session;
	ck_assert(!place->is_member);
	ck_assert(change->is_rejoin == (place->changes > 0));
	ck_assert_uint_eq(change->member_count, 1);
	ck_assert_uint_eq(change->joined_count, 1);
	ck_assert_uint_eq(change->joined[0].pid, (uint32_t)getpid());
	place->is_member = true;
	place->changes++;
}

/* One assertion: the library check writes each one to a file. */
static void content_check(const struct message *message, size_t len)
{
	size_t right = 0;

	while (right < len - HEAD &&
	       message->rest[right] == (char)message->number)
		right++;
	ck_assert_uint_eq(right, len - HEAD);
}

static void on_message(struct coro_session *session, struct coro_group *group,
		       const struct coro_sender *sender, void *msg, size_t len)
{
	const struct message *message = msg;

	(void)session;
	ck_assert(sender->is_self);
	ck_assert(place_of(group)->is_member);
	ck_assert_uint_ge(len, HEAD);
	ck_assert_uint_lt(message->number, records_count);
	ck_assert_ptr_eq(place_of(group), &places[message->sender % GROUPS]);
	ck_assert_uint_gt(message->sequence, sequences[message->sender]);
	sequences[message->sender] = message->sequence;
	ck_assert_uint_eq(records[message->number].returns++, 0);
	content_check(message, len);
	big_messages += len == BIG_LEN;
	place_of(group)->returns++;
}

static void on_lost(struct coro_session *session, struct coro_group *group,
		    const struct coro_loss *loss)
{
	(void)session;
	ck_assert(place_of(group)->is_member);
	lost += loss->lost;
	uncertain += loss->uncertain;
}

static struct coro_session *session_open(void)
{
	const struct coro_events events = {
		.size = sizeof(events),
		.connected = on_connected,
		.disconnected = on_disconnected,
		.members = on_members,
		.message = on_message,
		.lost = on_lost,
	};
	struct coro_session *session;
	struct cpg_name name = name_unique("");

	assert_cs(CS_OK, coro_open(&session, &events, NULL, NULL));
	for (int i = 0; i < GROUPS; i++) {
		name.value[0] = (char)('a' + i);
		assert_cs(CS_OK, coro_join(session, name.value, name.length,
					   &places[i].group, -1));
		coro_group_context_set(places[i].group, &places[i]);
	}
	return session;
}

/* Senders. */

static size_t len_choose(const struct message *message)
{
	if (message->sequence % BIG_EVERY == 1)
		return BIG_LEN;
	return HEAD + (message->number % 7 == 0 ? message->number % 8192 : 52);
}

static enum result result_of(cs_error_t error)
{
	switch (error) {
	case CS_OK:
		return SENT;
	case CS_ERR_TIMEOUT:
		return REFUSED;
	default:
		assert_cs(CS_ERR_INTERRUPT, error);
		return UNSURE;
	}
}

static enum result message_send(struct message *message, int timeout_ms)
{
	struct coro_group *group = places[message->sender % GROUPS].group;
	struct iovec iov = { .iov_base = message };
	enum result result;

	message->number = records_count++;
	message->sequence++;
	ck_assert_uint_lt(message->number, RECORDS_MAX);
	iov.iov_len = len_choose(message);
	memset(message->rest, (int)message->number, iov.iov_len - HEAD);
	result = result_of(coro_send(group, &iov, 1, timeout_ms));
	records[message->number].result = (unsigned char)result;
	return result;
}

static void *sender_run(void *data)
{
	static const int timeouts_ms[] = { -1, 0, 0, 1, 5, 30, 300 };
	static struct message messages[SENDERS];
	struct message *message = &messages[(uintptr_t)data];

	message->sender = (uint32_t)(uintptr_t)data;
	while (!enough)
		if (message_send(message,
				 timeouts_ms[message->sequence %
					     ARRAY_SIZE(timeouts_ms)]) ==
		    REFUSED)
			usleep(1000);
	return NULL;
}

/* The daemon. */

static void end_by_kill(void)
{
	kill(daemon_pid(), SIGKILL);
}

static void end_by_signal(void)
{
	kill(daemon_pid(), SIGTERM);
}

static void end_by_tool(void)
{
	ck_assert_int_eq(system("env -u LD_LIBRARY_PATH -u LD_PRELOAD "
				"corosync-cfgtool -H >/dev/null"),
			 0);
}

/* The daemon cannot have read the message. So at least one is uncertain. */
static void end_stopped(void)
{
	/* It must not be large: corosync would have to reply. */
	static struct message message = { .sender = SENDERS, .sequence = 1 };

	daemon_stop();
	ck_assert_int_eq(message_send(&message, -1), SENT);
	end_by_kill();
}

static void (*const ends[])(void) = { end_by_kill, end_by_signal, end_by_tool,
				      end_stopped };

static void flow_await(unsigned int connects)
{
	unsigned int before[GROUPS];

	for (int i = 0; i < GROUPS; i++)
		wait_for(places[i].changes == connects);
	for (int i = 0; i < GROUPS; i++)
		before[i] = places[i].returns;
	for (int i = 0; i < GROUPS; i++)
		wait_for(places[i].returns >= before[i] + FLOW_MIN);
}

static void daemon_replace(unsigned int number)
{
	usleep((useconds_t)(random() % LIFE_US_MAX));
	ends[number % ARRAY_SIZE(ends)]();
	wait_for(process_state(daemon_pid()) == 0);
	daemon_restart();
	flow_await(number + 2);
}

/* The accounts. */

static void records_count_up(unsigned long totals[RESULTS],
			     unsigned long returns[RESULTS])
{
	for (unsigned int i = 0; i < records_count; i++) {
		ck_assert_uint_lt(records[i].result, RESULTS);
		totals[records[i].result]++;
		returns[records[i].result] += records[i].returns;
	}
}

static void accounts_print(const unsigned long totals[RESULTS],
			   const unsigned long returns[RESULTS])
{
	printf("%u connects: %lu sent = %lu returned + %lu lost + %lu "
	       "uncertain; %lu timeouts; %lu interrupted, of which %lu "
	       "returned; %u large returned\n",
	       connected, totals[SENT], returns[SENT], lost, uncertain,
	       totals[REFUSED], totals[UNSURE], returns[UNSURE], big_messages);
}

static void accounts_check(struct coro_session *session)
{
	unsigned long totals[RESULTS] = { 0 }, returns[RESULTS] = { 0 };
	struct coro_stats stats = { .size = sizeof(stats) };

	records_count_up(totals, returns);
	accounts_print(totals, returns);
	coro_stats(session, &stats);
	ck_assert_uint_eq(totals[PENDING], 0);
	ck_assert_uint_eq(returns[REFUSED], 0);
	ck_assert_uint_le(returns[UNSURE], totals[UNSURE]);
	ck_assert_uint_eq(totals[SENT], returns[SENT] + lost + uncertain);
	ck_assert_uint_eq(stats.sent, totals[SENT]);
	ck_assert_uint_eq(stats.received, returns[SENT] + returns[UNSURE]);
	ck_assert_uint_eq(stats.returned, stats.received);
	ck_assert_uint_eq(stats.lost, lost);
	ck_assert_uint_eq(stats.uncertain, uncertain);
	ck_assert_uint_eq(stats.connects, connected);
	ck_assert_uint_eq(stats.backlog_bytes, 0);
}

/* If the last message was lost, only one after it shows that. */
static bool backlog_is_empty(struct coro_session *session,
			     struct message *message)
{
	struct coro_stats stats = { .size = sizeof(stats) };

	coro_stats(session, &stats);
	if (stats.backlog == 0)
		return true;
	message->sender = (message->sender + 1) % SENDERS;
	message_send(message, 0);
	usleep(10000);
	return false;
}

static unsigned int restarts_get(void)
{
	const char *value = getenv("RESTARTS");

	return value == NULL ? RESTARTS :
			       (unsigned int)strtoul(value, NULL, 0);
}

static void load_run(struct coro_session *session)
{
	static struct message last;
	struct dispatcher dispatcher;
	pthread_t senders[SENDERS];

	dispatcher_start(&dispatcher, session);
	for (uintptr_t i = 0; i < SENDERS; i++)
		thread_start(&senders[i], sender_run, (void *)i);
	flow_await(1);
	for (unsigned int i = 0; i < restarts_get(); i++)
		daemon_replace(i);
	enough = true;
	for (int i = 0; i < SENDERS; i++)
		thread_join(senders[i]);
	last.sequence = 1 << 29;
	wait_for(backlog_is_empty(session, &last));
	dispatcher_end(&dispatcher);
}

START_TEST(every_message_is_accounted_for)
{
	struct coro_session *session;

	records = calloc(RECORDS_MAX, sizeof(*records));
	ck_assert_ptr_nonnull(records);
	srandom((unsigned int)getpid());
	session = session_open();
	load_run(session);
	accounts_check(session);
	ck_assert_uint_eq(connected, restarts_get() + 1);
	ck_assert_uint_ge(disconnected, restarts_get());
	ck_assert_uint_gt(uncertain, 0);
	ck_assert_uint_gt(big_messages, 0);
	coro_close(session);
	free(records);
}
END_TEST

Suite *restarts_suite(void)
{
	Suite *suite = suite_create("restarts");
	TCase *tcase = case_add(suite, "restarts");

	tcase_set_timeout(tcase, (restarts_get() + 1) * RESTART_S_MAX);
	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, every_message_is_accounted_for);
	return suite;
}
