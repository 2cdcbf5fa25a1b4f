/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* A child of fork uses the session of its parent. */

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

static void child_assert(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static pid_t child_make(void (*run)(struct client *client),
			struct client *client)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	run(client);
	_exit(0);
}

static void child_send(struct client *client)
{
	assert_cs(CS_OK, client_send(client, 123, -1));
}

/* The parent, which has joined, is the sender. */
START_TEST(child_sends)
{
	struct client client = { 0 };

	client_begin(&client);
	child_assert(child_make(child_send, &client));
	client_until(&client, client.own == 1);
	ck_assert_uint_eq(client.len, 123);
	ck_assert_uint_eq(client.pid, (uint32_t)getpid());
	assert_cs(CS_OK, client_send(&client, 10, -1));
	client_until(&client, client.own == 2);
	coro_close(client.session);
}
END_TEST

static void child_close(struct client *client)
{
	coro_close(client->session);
}

START_TEST(child_closes)
{
	struct client client = { 0 };

	client_begin(&client);
	assert_cs(CS_OK, client_send(&client, 10, -1));
	child_assert(child_make(child_close, &client));
	assert_cs(CS_OK, client_send(&client, 10, -1));
	client_until(&client, client.own == 2);
	ck_assert_uint_eq(client.disconnected, 0);
	coro_close(client.session);
}
END_TEST

/* Both connect anew, and are two members of the group. */
static void child_rejoin(struct client *client)
{
	client_until(client, client->disconnected == 1);
	client_until(client, client->rejoins == 1);
	client_until(client, client->member_count == 2);
	assert_cs(CS_OK, client_send(client, 10, -1));
	client_until(client, client->own == 1);
	coro_close(client->session);
}

START_TEST(both_reconnect)
{
	struct client client = { 0 };
	pid_t pid;

	client_begin(&client);
	pid = child_make(child_rejoin, &client);
	daemon_restart();
	client_until(&client, client.rejoins == 1);
	client_until(&client, client.message == 1);
	ck_assert_uint_eq(client.pid, (uint32_t)pid);
	client_until(&client, client.member_count == 1);
	ck_assert_uint_eq(client.own, 0);
	child_assert(pid);
	coro_close(client.session);
}
END_TEST

/* As a daemon does: the process that has joined ends. */
static void daemon_become(struct client *client, int fd)
{
	uint32_t old = (uint32_t)getpid();

	client_begin(client);
	ck_assert_int_eq(daemon(1, 1), 0);
	assert_cs(CS_OK, client_send(client, 10, -1));
	client_until(client, client->own == 1);
	ck_assert_uint_eq(client->pid, old);
	ck_assert_int_eq(write(fd, "m", 1), 1);
	client_until(client, client->rejoins == 1);
	assert_cs(CS_OK, client_send(client, 10, -1));
	client_until(client, client->own == 2);
	ck_assert_uint_eq(client->pid, (uint32_t)getpid());
	coro_close(client->session);
	ck_assert_int_eq(write(fd, "e", 1), 1);
	_exit(0);
}

static char byte_read(int fd)
{
	char byte = 0;

	ck_assert_int_eq(read(fd, &byte, 1), 1);
	return byte;
}

START_TEST(daemon_goes_on)
{
	struct client client = { 0 };
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		daemon_become(&client, fds[1]);
	close(fds[1]);
	child_assert(pid);
	ck_assert_int_eq(byte_read(fds[0]), 'm');
	daemon_restart();
	ck_assert_int_eq(byte_read(fds[0]), 'e');
	close(fds[0]);
}
END_TEST

Suite *forks_suite(void)
{
	Suite *suite = suite_create("forks");
	TCase *tcase = case_add(suite, "forks");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, child_sends);
	tcase_add_test(tcase, child_closes);
	tcase_add_test(tcase, both_reconnect);
	tcase_add_test(tcase, daemon_goes_on);
	return suite;
}
