/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * No call ends before its timeout with CS_ERR_TIMEOUT. How late they end is
 * printed.
 */

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "suites.h"

#define ROUNDS 3
#define FILL_LEN 10000

struct wait {
	const char *name;
	void (*prepare)(struct client *client);
	cs_error_t (*run)(struct client *client, int timeout_ms);
	void (*repair)(void);
};

static const int timeouts_ms[] = { 1, 7, 50, 200 };

/* What is done to the session, and to the daemon. */

static void nothing_do(struct client *client)
{
	(void)client;
}

static void none_repair(void)
{
}

static void daemon_lose(struct client *client)
{
	daemon_kill();
	client_until(client, client->disconnected > 0);
}

static void daemon_lose_silently(struct client *client)
{
	(void)client;
	daemon_kill();
}

static void daemon_suspend(struct client *client)
{
	(void)client;
	daemon_stop();
}

static void backlog_fill(struct client *client)
{
	cs_error_t error;

	do
		error = client_send(client, FILL_LEN, 0);
	while (error == CS_OK);
	assert_cs(CS_ERR_TIMEOUT, error);
}

static void backlog_fill_suspended(struct client *client)
{
	daemon_stop();
	backlog_fill(client);
}

/* What is called. */

static cs_error_t dispatch_run(struct client *client, int timeout_ms)
{
	return coro_dispatch(client->session, timeout_ms);
}

static cs_error_t send_run(struct client *client, int timeout_ms)
{
	return client_send(client, FILL_LEN, timeout_ms);
}

static cs_error_t join_run(struct client *client, int timeout_ms)
{
	struct coro_group *group;

	return coro_join(client->session, "other", 5, &group, timeout_ms);
}

static const struct wait waits[] = {
	{ "dispatch, no event", nothing_do, dispatch_run, none_repair },
	{ "dispatch, no daemon", daemon_lose, dispatch_run, daemon_restart },
	{ "dispatch, daemon stopped", daemon_suspend, dispatch_run,
	  daemon_continue },
	{ "send, too much in flight", backlog_fill, send_run, none_repair },
	{ "send, no daemon", daemon_lose, send_run, daemon_restart },
	{ "send, daemon just killed", daemon_lose_silently, send_run,
	  daemon_restart },
	{ "send, daemon stopped", backlog_fill_suspended, send_run,
	  daemon_continue },
	{ "join, no daemon", daemon_lose, join_run, daemon_restart },
};

/* Returns how late it ended, in milliseconds. */
static double wait_run(const struct wait *wait, struct client *client,
		       int timeout_ms)
{
	double begin = time_ms(), late;
	cs_error_t error = wait->run(client, timeout_ms);

	late = time_ms() - begin - timeout_ms;
	ck_assert_msg(error == CS_ERR_TIMEOUT, "%s: %s", wait->name,
		      cs_strerror(error));
	ck_assert_msg(late >= 0, "%s: %f ms too early", wait->name, -late);
	return late;
}

static void lateness_print(const struct wait *wait, struct client *client)
{
	double late, sum = 0, max = 0;

	for (int i = 0; i < ROUNDS * ARRAY_SIZE(timeouts_ms); i++) {
		late = wait_run(wait, client,
				timeouts_ms[i % ARRAY_SIZE(timeouts_ms)]);
		sum += late;
		max = late > max ? late : max;
	}
	printf("%s: %.1f ms late on average, %.1f ms at most\n", wait->name,
	       sum / (ROUNDS * ARRAY_SIZE(timeouts_ms)), max);
}

START_TEST(never_early)
{
	struct client client = { 0 };

	client_begin(&client);
	while (coro_dispatch(client.session, 1) == CS_OK)
		;
	waits[_i].prepare(&client);
	lateness_print(&waits[_i], &client);
	waits[_i].repair();
	coro_close(client.session);
}
END_TEST

static atomic_bool may_go;

static void message_block(struct client *client, const char *event)
{
	(void)client;
	if (strcmp(event, "message") == 0)
		wait_for(may_go);
}

/* Another thread is in a callback. */
START_TEST(never_early_beside_a_callback)
{
	static const struct wait wait = { "dispatch, beside a callback",
					  nothing_do, dispatch_run,
					  none_repair };
	struct client client = { .hook = message_block };
	struct dispatcher dispatcher;

	client_begin(&client);
	may_go = false;
	dispatcher_start(&dispatcher, client.session);
	assert_cs(CS_OK, client_send(&client, 10, -1));
	wait_for(client.message > 0);
	lateness_print(&wait, &client);
	may_go = true;
	dispatcher_end(&dispatcher);
	coro_close(client.session);
}
END_TEST

/* A call continues when the reason of the wait is gone. */
START_TEST(send_continues)
{
	struct client client = { 0 };
	struct dispatcher dispatcher;

	client_begin(&client);
	dispatcher_start(&dispatcher, client.session);
	for (int i = 0; i < 100; i++)
		assert_cs(CS_OK, client_send(&client, 10000, -1));
	wait_for(client.own == 100);
	dispatcher_end(&dispatcher);
	coro_close(client.session);
}
END_TEST

Suite *deadlines_suite(void)
{
	Suite *suite = suite_create("deadlines");
	TCase *tcase = case_add(suite, "deadlines");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_loop_test(tcase, never_early, 0, ARRAY_SIZE(waits));
	tcase_add_test(tcase, never_early_beside_a_callback);
	tcase_add_test(tcase, send_continues);
	return suite;
}
