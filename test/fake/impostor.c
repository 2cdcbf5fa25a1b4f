/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * While corosync is down, any process can take the names of its sockets. Such
 * an impostor must not be able to make a client change files.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "channels.h"
#include "client.h"
#include "suites.h"

#define OTHER_UID 1
#define VICTIM_SIZE 12345

static char victim[64];
static char link_path[64];

/* A file that must not be written to, truncated or removed. */
static void victim_make(void)
{
	char bytes[VICTIM_SIZE];
	int fd;

	snprintf(victim, sizeof(victim), "/tmp/victim-%d", (int)getpid());
	memset(bytes, 'v', sizeof(bytes));
	fd = open(victim, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
}

static void victim_assert_untouched(void)
{
	char bytes[VICTIM_SIZE + 1];
	int fd = open(victim, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), VICTIM_SIZE);
	for (int i = 0; i < VICTIM_SIZE; i++)
		ck_assert_int_eq(bytes[i], 'v');
	close(fd);
	ck_assert_int_eq(unlink(victim), 0);
}

/* As an ordinary user who has no others this process may be the only one. */
static bool other_users_exist(void)
{
	if (seteuid(OTHER_UID) == 0 && seteuid(getuid()) == 0)
		return true;
	printf("NOT TESTED: no other user in this user namespace\n");
	return false;
}

/* The hello is not even sent: the server waits for one. */
START_TEST(another_user)
{
	cpg_handle_t handle = 7;

	if (!other_users_exist())
		return;
	server->uid = OTHER_UID;
	server_start();
	assert_cs(CS_ERR_ACCESS, cpg_initialize(&handle, NULL));
	ck_assert_uint_eq(handle, 7);
	server_kill();
	server_reap();
	server_files_remove();
}
END_TEST

/* The caller's own user may run a daemon. */
START_TEST(own_user)
{
	cpg_handle_t handle;

	if (!other_users_exist())
		return;
	server->uid = OTHER_UID;
	server_start();
	server_files_give(OTHER_UID);
	ck_assert_int_eq(seteuid(OTHER_UID), 0);
	assert_cs(CS_OK, cpg_initialize(&handle, NULL));
	assert_cs(CS_OK, local_ask(handle));
	fake_close(handle, CS_OK);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

static void refused_assert(void)
{
	cpg_handle_t handle = 7;

	server_start();
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	ck_assert_uint_eq(handle, 7);
	server_stop();
}

/* Each that the handshake names. */
START_TEST(file_elsewhere)
{
	const int parts = channels()->parts_count;
	char name[80], paths[CHANNELS_PARTS_MAX][96];

	victim_make();
	snprintf(name, sizeof(name), "/tmp/elsewhere-%d", (int)getpid());
	for (int i = 0; i < parts; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s%s", name,
			 channels()->parts[i]);
		ck_assert_int_eq(link(victim, paths[i]), 0);
	}
	server_plan_name(_i, name);
	refused_assert();
	for (int i = 0; i < parts; i++)
		unlink(paths[i]);
	victim_assert_untouched();
}
END_TEST

/* Each file, before the handshake and at the end. */
START_TEST(file_is_a_link)
{
	const unsigned int file = (unsigned int)_i / 2;
	cpg_handle_t handle = 7;
	char path[128];

	victim_make();
	server_file_path(file, path, sizeof(path));
	if (_i % 2 == 0) {
		server_start();
	} else {
		handle = fake_open();
		server_kill();
		server_reap();
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(victim, path), 0);
	if (_i % 2 == 0) {
		assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
		server_kill();
		server_reap();
	} else {
		assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
	}
	unlink(path);
	server_files_remove();
	victim_assert_untouched();
}
END_TEST

/* A directory that is one leads anywhere. */
START_TEST(directory_is_a_link)
{
	const int last = channels()->file_names_count - 1;
	char path[128], name[128];

	snprintf(link_path, sizeof(link_path), "/dev/shm/qb-link-%d",
		 (int)getpid());
	ck_assert_int_eq(symlink(server->directory, link_path), 0);
	channels_path(last, path, sizeof(path));
	snprintf(name, sizeof(name), "%s%s", link_path, strrchr(path, '/'));
	server_plan_name(last, name);
	refused_assert();
	ck_assert_int_eq(unlink(link_path), 0);
}
END_TEST

/* Each file, and their directory: not the daemon's, and not the caller's. */
START_TEST(file_of_another)
{
	cpg_handle_t handle = 7;
	char path[128];

	if (!other_users_exist())
		return;
	server_start();
	if (_i == (int)server_files_max())
		snprintf(path, sizeof(path), "%s", server->directory);
	else
		server_file_path((unsigned int)_i, path, sizeof(path));
	ck_assert_int_eq(chown(path, OTHER_UID, OTHER_UID), 0);
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	server_stop();
}
END_TEST

Suite *impostor_suite(void)
{
	Suite *suite = suite_create("impostor");
	TCase *tcase = fake_case_add(suite, "impostor");
	const int files = (int)server_files_max();

	tcase_add_test(tcase, another_user);
	tcase_add_test(tcase, own_user);
	tcase_add_loop_test(tcase, file_elsewhere, 0,
			    channels()->file_names_count);
	tcase_add_loop_test(tcase, file_is_a_link, 0, 2 * files);
	tcase_add_test(tcase, directory_is_a_link);
	tcase_add_loop_test(tcase, file_of_another, 0, files + 1);
	return suite;
}

/* With sockets in the file system; daemon-files.test runs these. */

#define FIRST_SOCKET "/var/run/cpg"
#define LAST_SOCKET "/tmp/cpg"

/* A dead daemon left a socket, or one that does not let the caller in. */
static void first_socket_make(mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, FIRST_SOCKET);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	ck_assert_int_eq(chmod(FIRST_SOCKET, mode), 0);
	close(fd);
}

static void file_socket_setup(void)
{
	server_setup();
	unlink(FIRST_SOCKET);
	unlink(LAST_SOCKET);
	server->socket = LAST_SOCKET;
}

static void file_socket_teardown(void)
{
	unlink(FIRST_SOCKET);
	unlink(LAST_SOCKET);
	server_teardown();
}

/* The next directory is for builds of libqb that use no other. */
START_TEST(no_socket_in_the_first)
{
	initialize_assert(CS_OK);
}
END_TEST

START_TEST(dead_socket_in_the_first)
{
	cpg_handle_t handle = 7;

	first_socket_make(0600);
	server_start();
	assert_cs(CS_ERR_LIBRARY, cpg_initialize(&handle, NULL));
	server_kill();
	server_reap();
	server_files_remove();
}
END_TEST

START_TEST(closed_socket_in_the_first)
{
	cpg_handle_t handle = 7;

	if (!other_users_exist())
		return;
	first_socket_make(0600);
	server_start();
	ck_assert_int_eq(seteuid(OTHER_UID), 0);
	assert_cs(CS_ERR_ACCESS, cpg_initialize(&handle, NULL));
	ck_assert_int_eq(seteuid(getuid()), 0);
	server_kill();
	server_reap();
	server_files_remove();
}
END_TEST

Suite *file_sockets_suite(void)
{
	Suite *suite = suite_create("file_sockets");
	TCase *tcase = case_add(suite, "file_sockets");

	tcase_add_checked_fixture(tcase, file_socket_setup,
				  file_socket_teardown);
	tcase_add_test(tcase, no_socket_in_the_first);
	tcase_add_test(tcase, dead_socket_in_the_first);
	tcase_add_test(tcase, closed_socket_in_the_first);
	return suite;
}
