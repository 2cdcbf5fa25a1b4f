/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The descriptor in the main loop of an application: it wakes the loop for each
 * event and each restart, and not without need.
 */

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "suites.h"

#define LIMIT_MS 20
#define DOWN_MS 1000

struct loop {
	int (*open)(int fd);
	bool (*wait)(int fd, int timeout_ms);
};

static int poll_open(int fd)
{
	return dup(fd);
}

static bool poll_wait(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	if (poll(&pollfd, 1, timeout_ms) <= 0)
		return false;
	ck_assert_int_eq(pollfd.revents, POLLIN);
	return true;
}

static int epoll_open(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	return epoll;
}

static bool epoll_does_wait(int fd, int timeout_ms)
{
	struct epoll_event event;

	return epoll_wait(fd, &event, 1, timeout_ms) > 0;
}

static const struct loop loops[] = {
	{ poll_open, poll_wait },
	{ epoll_open, epoll_does_wait },
};

static const struct loop *loop;
static int loop_fd;
static unsigned int wakes;

static void loop_step(struct client *client)
{
	if (!loop->wait(loop_fd, LIMIT_MS))
		return;
	wakes++;
	assert_cs(CS_OK, coro_dispatch(client->session, 0));
}

#define loop_until(client, condition)                                          \
	do {                                                                   \
		struct timespec loop_deadline = deadline_start();              \
                                                                               \
		while (!(condition)) {                                         \
			loop_step(client);                                     \
			deadline_pause(&loop_deadline, #condition);            \
		}                                                              \
	} while (0)

/* The pauses between the attempts to connect grow from 50 ms on. */
static void loop_wait_down(struct client *client)
{
	uint64_t end = now_ms() + DOWN_MS;
	unsigned int before;

	loop_until(client, client->disconnected == 1);
	before = wakes;
	while (now_ms() < end)
		loop_step(client);
	ck_assert_uint_gt(wakes, before);
	ck_assert_uint_le(wakes, before + DOWN_MS / 50 + 2);
}

static void loop_wait_idle(struct client *client)
{
	unsigned int before = wakes;
	uint64_t end = now_ms() + DOWN_MS / 2;

	while (now_ms() < end)
		loop_step(client);
	ck_assert_uint_le(wakes, before + 5);
}

static void loop_run(struct client *client)
{
	int fd = coro_fd(client->session);

	loop_until(client, client->members == 1);
	assert_cs(CS_OK, client_send(client, 10, 0));
	loop_until(client, client->own == 1);
	loop_wait_idle(client);
	daemon_kill();
	loop_wait_down(client);
	daemon_restart();
	loop_until(client, client->rejoins == 1);
	ck_assert_int_eq(coro_fd(client->session), fd);
	assert_cs(CS_OK, client_send(client, 10, 0));
	loop_until(client, client->own == 2);
	loop_wait_idle(client);
}

START_TEST(descriptor_wakes)
{
	struct client client = { 0 };
	struct cpg_name name = name_unique("loop");

	loop = &loops[_i];
	client_open(&client, NULL);
	loop_fd = loop->open(coro_fd(client.session));
	assert_cs(CS_OK, coro_join(client.session, name.value, name.length,
				   &client.group, 0));
	loop_run(&client);
	coro_close(client.session);
	close(loop_fd);
}
END_TEST

Suite *loops_suite(void)
{
	Suite *suite = suite_create("loops");
	TCase *tcase = case_add(suite, "loops");

	tcase_add_checked_fixture(tcase, daemon_restart, NULL);
	tcase_add_loop_test(tcase, descriptor_wakes, 0, ARRAY_SIZE(loops));
	return suite;
}
