/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Each reason for which a session is not connected, and its words. */

#define _GNU_SOURCE
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

#define USER 1
#define NO_SUCH_USER 77
#define PLENTY (1ull << 32)
#define ROOM 16384

/* "disconnected" has reported this, once. */
static void reason_assert(struct client *client, cs_error_t error,
			  const char *words)
{
	client_until(client, client->disconnected > 0);
	assert_cs(error, client->error);
	ck_assert_str_eq(client->why, words);
	ck_assert_str_eq(coro_why(client->session), words);
	for (int i = 0; i < 20; i++)
		dispatch_some(client->session);
	ck_assert_uint_eq(client->disconnected, 1);
	ck_assert_uint_eq(client->connected, 0);
}

static void connection_assert(struct client *client)
{
	client_until(client, client->has_quorum);
	ck_assert_uint_eq(client->disconnected, 1);
	ck_assert_uint_eq(client->connected, 1);
}

START_TEST(nothing_has_failed)
{
	struct client client = { 0 };

	client_begin(&client);
	ck_assert_str_eq(coro_why(client.session), "");
	coro_close(client.session);
}
END_TEST

START_TEST(no_corosync)
{
	struct client client = { 0 };

	daemon_kill();
	client_open(&client, NULL);
	reason_assert(&client, CS_ERR_LIBRARY,
		      "no corosync on this node (connection refused); is it "
		      "running?");
	daemon_restart();
	connection_assert(&client);
	coro_close(client.session);
}
END_TEST

static void loss_assert(void (*lose)(void), const char *words)
{
	struct client client = { 0 };

	client_begin(&client);
	lose();
	client_until(&client, client.disconnected > 0);
	assert_cs(CS_ERR_LIBRARY, client.error);
	ck_assert_str_eq(client.why, words);
	ck_assert_str_eq(coro_why(client.session), words);
	coro_close(client.session);
}

START_TEST(corosync_killed)
{
	loss_assert(daemon_kill, "lost connection to corosync: it ended");
}
END_TEST

START_TEST(corosync_restarted)
{
	loss_assert(daemon_restart, "lost connection to corosync: it was "
				    "restarted, or closed the connection");
}
END_TEST

/* Users. */

static void cmapctl(const char *arguments)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "env -u LD_LIBRARY_PATH -u LD_PRELOAD "
		 "corosync-cmapctl %s >/dev/null 2>&1",
		 arguments);
	ck_assert_int_eq(system(command), 0);
}

static bool user_become(void)
{
	return setgroups(0, NULL) == 0 && setresgid(USER, USER, USER) == 0 &&
	       setresuid(USER, USER, USER) == 0;
}

/* The parent admits the user when it reads, and closes its end then. */
static void user_run(int fd)
{
	struct client client = { 0 };

	if (!user_become())
		_exit(NO_SUCH_USER);
	client_open(&client, NULL);
	reason_assert(&client, CS_ERR_ACCESS,
		      "corosync does not admit uid 1: add uidgid { uid: 1 } "
		      "to corosync.conf");
	ck_assert_int_eq(write(fd, "", 1), 1);
	connection_assert(&client);
	coro_close(client.session);
	_exit(0);
}

START_TEST(user_is_not_admitted)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		user_run(fds[1]);
	close(fds[1]);
	if (read(fds[0], &byte, 1) == 1)
		cmapctl("-s uidgid.uid.1 u8 1");
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	shm_assert_gone(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SUCH_USER)
		puts("NOT TESTED: words: there is no second user in this "
		     "namespace; start the test as root");
	else
		ck_assert_int_eq(status, 0);
}
END_TEST

/* A process of another user has taken the name of corosync's socket. */
static int impostor_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path + 1, "quorum");
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	if (seteuid(USER) != 0) {
		close(fd);
		return -1;
	}
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(seteuid(getuid()), 0);
	return fd;
}

START_TEST(impostor)
{
	struct client client = { 0 };
	int fd;

	daemon_kill();
	fd = impostor_listen();
	if (fd < 0) {
		puts("NOT TESTED: words: no other user in this namespace");
		return;
	}
	client_open(&client, NULL);
	reason_assert(&client, CS_ERR_ACCESS,
		      "the server on corosync's socket runs as uid 1, not "
		      "root");
	close(fd);
	daemon_restart();
	client_until(&client, client.has_quorum);
	coro_close(client.session);
}
END_TEST

/* Resources. */

static void shm_resize(unsigned long long bytes)
{
	char option[40];

	snprintf(option, sizeof(option), "size=%llu", bytes);
	ck_assert_int_eq(mount("", "/dev/shm", "", MS_REMOUNT, option), 0);
}

static void shm_unlimit(void)
{
	shm_resize(PLENTY);
}

static void shm_leave(unsigned long long room)
{
	struct statvfs shm;

	ck_assert_int_eq(statvfs("/dev/shm", &shm), 0);
	shm_resize((shm.f_blocks - shm.f_bfree) * shm.f_bsize + room);
}

/* There is not enough for the quorum service, or not enough for cpg. */
START_TEST(shm_is_full)
{
	static const unsigned long long rooms[] = { ROOM, 512 * 1024 };
	static const unsigned int needs[] = { 192, 3072 };
	struct client client = { 0 };
	char words[64];

	if (ipc_is_socket())
		return;
	shm_leave(rooms[_i]);
	client_open(&client, NULL);
	client_until(&client, client.disconnected > 0);
	assert_cs(CS_ERR_NO_SPACE, client.error);
	snprintf(words, sizeof(words), "/dev/shm is full (needs %u KiB, has ",
		 needs[_i]);
	ck_assert_msg(strncmp(client.why, words, strlen(words)) == 0, "%s",
		      client.why);
	shm_unlimit();
	connection_assert(&client);
	coro_close(client.session);
}
END_TEST

/* The session itself needs two. */
START_TEST(no_descriptors)
{
	struct coro_session *session = NULL;
	struct client client = { 0 };
	rlim_t first = fd_next();

	for (rlim_t left = 0; left < 2; left++) {
		fds_limit(first + left);
		assert_cs(CS_ERR_NO_RESOURCES,
			  coro_open(&session, NULL, NULL, NULL));
		ck_assert_ptr_null(session);
	}
	fds_limit(first + 2);
	client_open(&client, NULL);
	reason_assert(&client, CS_ERR_LIBRARY,
		      "no free file descriptors: Too many open files");
	fds_unlimit();
	connection_assert(&client);
	coro_close(client.session);
}
END_TEST

/* Returns whether the session connects, with so many descriptors. */
static bool session_connects(rlim_t first, rlim_t left)
{
	struct client client = { 0 };

	fds_limit(first + left);
	client_open(&client, NULL);
	client_until(&client, client.connected + client.disconnected);
	fds_unlimit();
	if (client.connected == 0) {
		ck_assert_str_ne(client.why, "");
		connection_assert(&client);
	}
	coro_close(client.session);
	ck_assert_uint_eq(fd_next(), first);
	return client.disconnected == 0;
}

/* Each number of free descriptors, up to the first that is enough. */
START_TEST(few_descriptors)
{
	rlim_t first = fd_next(), left = 2;

	while (!session_connects(first, left))
		ck_assert_uint_lt(++left, 32);
	ck_assert_uint_gt(left, 2);
}
END_TEST

/* A session in the same process has joined the group. */
START_TEST(group_is_taken)
{
	struct client one = { 0 }, other = { 0 };
	struct cpg_name name = name_unique("session");
	struct coro_group *group;

	client_begin(&one);
	client_open(&other, NULL);
	assert_cs(CS_ERR_EXIST, coro_join(other.session, name.value,
					  name.length, &group, -1));
	ck_assert_str_eq(coro_why(other.session),
			 "this process has joined the group with another "
			 "handle or session");
	assert_cs(CS_OK, coro_leave(one.group, -1));
	assert_cs(CS_OK, coro_join(other.session, name.value, name.length,
				   &group, -1));
	coro_close(one.session);
	coro_close(other.session);
}
END_TEST

Suite *words_suite(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = case_add(suite, "words");
	TCase *shm = case_add(suite, "shm");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_test(tcase, nothing_has_failed);
	tcase_add_test(tcase, no_corosync);
	tcase_add_test(tcase, corosync_killed);
	tcase_add_test(tcase, corosync_restarted);
	tcase_add_test(tcase, user_is_not_admitted);
	tcase_add_test(tcase, impostor);
	tcase_add_test(tcase, no_descriptors);
	tcase_add_test(tcase, few_descriptors);
	tcase_add_test(tcase, group_is_taken);
	tcase_add_unchecked_fixture(shm, daemon_restart, shm_unlimit);
	tcase_add_loop_test(shm, shm_is_full, 0, 2);
	return suite;
}
