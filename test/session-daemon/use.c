/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* What a program does with a session, with a restart in between. */

#include <stdio.h>

#include "client.h"
#include "suites.h"

#define GROUPS 20
#define LARGE_LEN (3 * 1024 * 1024)
#define LARGE_MESSAGES 8

START_TEST(many_groups)
{
	struct coro_group *groups[GROUPS];
	struct client client = { 0 };
	char suffix[8];

	client_open(&client, NULL);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(suffix, sizeof(suffix), "%d", i);
		groups[i] = client_join(&client, suffix);
	}
	client_until(&client, client.members == GROUPS);
	daemon_restart();
	client_until(&client, client.rejoins == GROUPS);
	for (int i = 0; i < GROUPS; i++)
		assert_cs(CS_OK, group_send(groups[i], 1000, -1));
	client_until(&client, client.own == GROUPS);
	for (int i = 0; i < GROUPS; i += 2)
		assert_cs(CS_OK, coro_leave(groups[i], -1));
	for (int i = 1; i < GROUPS; i += 2)
		assert_cs(CS_OK, group_send(groups[i], 1000, -1));
	client_until(&client, client.own == GROUPS + GROUPS / 2);
	ck_assert_uint_eq(client.disconnected, 1);
	coro_close(client.session);
}
END_TEST

/* A group is left and joined many times, with and without events. */
START_TEST(leave_and_join)
{
	struct client client = { 0 };

	client_begin(&client);
	for (int i = 0; i < 20; i++) {
		assert_cs(CS_OK, coro_leave(client.group, -1));
		client.group = NULL;
		client_join(&client, "session");
		if (i % 2 == 0) {
			assert_cs(CS_OK, client_send(&client, 100, -1));
			client_until(&client, client.own > (unsigned)i / 2);
		}
	}
	ck_assert_uint_eq(client.rejoins, 0);
	coro_close(client.session);
}
END_TEST

/* Returns how many were accepted. */
static unsigned int large_messages_send(struct client *client)
{
	unsigned int sent = 0;
	cs_error_t error;

	for (int i = 0; i < LARGE_MESSAGES; i++) {
		error = client_send(client, LARGE_LEN, -1);
		ck_assert_msg(error == CS_OK || error == CS_ERR_INTERRUPT,
			      "coro_send: %s", cs_strerror(error));
		sent += error == CS_OK;
	}
	return sent;
}

static void *large_messages_run(void *data)
{
	return (void *)(uintptr_t)large_messages_send(data);
}

/* A large message arrives as a whole or not at all. */
START_TEST(large_messages)
{
	struct client client = { 0 };
	struct dispatcher dispatcher;
	pthread_t sender;
	uintptr_t sent;

	client_begin(&client);
	dispatcher_start(&dispatcher, client.session);
	thread_start(&sender, large_messages_run, &client);
	/*
	 * A daemon that is killed while the session connects may leave files
	 * that no client knows.
	 */
	for (unsigned int i = 0; i < 2; i++) {
		wait_for(client.own > i && client.rejoins == i);
		daemon_restart();
	}
	sent = (uintptr_t)thread_join(sender);
	wait_for(client.own + client.uncertain_count + client.lost_count >=
		 sent);
	assert_cs(CS_OK, client_send(&client, 1, -1));
	wait_for(client.len == 1);
	dispatcher_end(&dispatcher);
	ck_assert(client.is_good);
	ck_assert_uint_le(client.own, LARGE_MESSAGES + 1);
	coro_close(client.session);
}
END_TEST

/* One thread, and no wait: "sendable" tells when to continue. */
START_TEST(sendable)
{
	const struct coro_options options = { .size = sizeof(options),
					      .backlog_max = 1 };
	struct client client = { 0 };

	client_open(&client, &options);
	client_join(&client, "session");
	client_until(&client, client.members > 0);
	for (unsigned int i = 1; i <= 100; i++) {
		assert_cs(CS_OK, client_send(&client, i, 0));
		assert_cs(CS_ERR_TIMEOUT, client_send(&client, i, 0));
		assert_cs(CS_ERR_TIMEOUT, client_send(&client, i, 0));
		client_until(&client, client.sendable == i);
		ck_assert_uint_eq(client.own, i);
	}
	coro_close(client.session);
}
END_TEST

/* The application has seen the loss before a message can be sent again. */
START_TEST(sendable_after_restart)
{
	struct client client = { 0 };

	client_begin(&client);
	daemon_restart();
	assert_cs(CS_ERR_TIMEOUT, client_send(&client, 10, 0));
	client_until(&client, client.sendable > 0);
	ck_assert_uint_eq(client.rejoins, 1);
	ck_assert_uint_eq(client.sendable, 1);
	assert_cs(CS_OK, client_send(&client, 10, 0));
	client_until(&client, client.own == 1);
	coro_close(client.session);
}
END_TEST

static const struct coro_options once = { .size = sizeof(once),
					  .flags = CORO_NO_RECONNECT };

START_TEST(no_reconnect)
{
	struct coro_group *group;
	struct client client = { 0 };

	client_open(&client, &once);
	client_join(&client, "session");
	client_until(&client, client.members > 0);
	daemon_restart();
	while (coro_dispatch(client.session, -1) == CS_OK)
		;
	assert_cs(CS_ERR_LIBRARY, coro_dispatch(client.session, -1));
	ck_assert_uint_eq(client.disconnected, 1);
	assert_cs(CS_ERR_LIBRARY, client_send(&client, 1, -1));
	assert_cs(CS_ERR_LIBRARY,
		  coro_join(client.session, "x", 1, &group, -1));
	assert_cs(CS_OK, coro_leave(client.group, -1));
	coro_close(client.session);
	daemon_kill();
	assert_cs(CS_ERR_LIBRARY,
		  coro_open(&client.session, NULL, NULL, &once));
}
END_TEST

/* A group that was joined before corosync runs. */
START_TEST(join_before_daemon)
{
	struct client client = { 0 };
	struct cpg_name name = name_unique("early");

	daemon_kill();
	client_open(&client, NULL);
	assert_cs(CS_OK, coro_join(client.session, name.value, name.length,
				   &client.group, 0));
	client_until(&client, client.disconnected == 1);
	daemon_restart();
	client_until(&client, client.members == 1);
	ck_assert_uint_eq(client.rejoins, 0);
	assert_cs(CS_OK, client_send(&client, 10, 0));
	client_until(&client, client.own == 1);
	ck_assert(name_equal(coro_group_name(client.group), &name));
	coro_close(client.session);
}
END_TEST

Suite *use_suite(void)
{
	Suite *suite = suite_create("use");
	TCase *tcase = case_add(suite, "use");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, many_groups);
	tcase_add_test(tcase, leave_and_join);
	tcase_add_test(tcase, large_messages);
	tcase_add_test(tcase, sendable);
	tcase_add_test(tcase, sendable_after_restart);
	tcase_add_test(tcase, no_reconnect);
	tcase_add_test(tcase, join_before_daemon);
	return suite;
}
