/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <qb/qbipc_common.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../daemon/support.h"
#include "../unit/bytes.h"
#include "channels.h"
#include "server.h"

#define MESSAGE_MAX (1024 * 1024)

#define CPG_MCAST 2
#define MCAST_BODY 40

/* No request of the library is larger. */
#define REQUEST_MAX (1024 * 1024)

enum verb {
	VERB_SHAKE,
	VERB_EVENT,	/* size, and how many to announce */
	VERB_ANNOUNCE,
	VERB_FLOW,
	VERB_SERVE,
	VERB_REPLY,
	VERB_REQUESTS,
	VERB_ANNOUNCED,
	VERB_HANG_UP,
	VERB_END,
};

struct order {
	enum verb verb;
	int count;
	size_t size;
};

/* By request: the id and the size of its reply; 0: there is none. */
struct usual {
	int32_t id;
	size_t size;
};

static const struct usual cpg_usual[SERVER_REQUESTS] = {
	[0] = { 0, 24 },  [1] = { 1, 24 },  [3] = { 3, 9248 },
	[4] = { 7, 32 },  [5] = { 9, 32 },  [6] = { 10, 168 },
	[7] = { 11, 24 }, [8] = { 12, 24 }, [12] = { 18, 24 },
};

static const struct usual quorum_usual[SERVER_REQUESTS] = {
	[0] = { 0, 32 }, [1] = { 1, 24 }, [2] = { 2, 24 },
	[3] = { 4, 32 }, [4] = { 5, 32 },
};

struct server *server;
static int orders = -1;		/* each process has its end */
static int entries_before;

const struct channels *channels(void)
{
	return ipc_is_socket() ? &channels_sockets : &channels_rings;
}

void channels_path(int name, char *ret_path, size_t size)
{
	snprintf(ret_path, size, "%s/qb-%s-%s", server->directory,
		 channels()->names[name], server->service);
}

/* The server's side. */

static int listener = -1;
static int connection = -1;
static bool serves = true;

void server_need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fake daemon: %s\n", what);
	_exit(1);
}

static void connection_close(void)
{
	if (connection >= 0)
		close(connection);
	connection = -1;
}

/* Check the client's first message, and that the client sent it. */
static void hello_check(void)
{
	char control_bytes[CMSG_SPACE(sizeof(struct ucred))];
	unsigned char hello[64];
	struct iovec iov = { hello, sizeof(hello) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control_bytes,
		.msg_controllen = sizeof(control_bytes),
	};
	struct ucred credentials;

	server_need(recvmsg(connection, &message, 0) == 24, "hello: length");
	server_need((int32_t)get_u32(hello, 0) == QB_IPC_MSG_AUTHENTICATE,
		    "hello: id");
	server_need(get_u32(hello, 8) == 24, "hello: size");
	server_need(get_u32(hello, 16) == server->asked_max, "hello: maximum");
	server_need(CMSG_FIRSTHDR(&message) != NULL, "hello: credentials");
	memcpy(&credentials, CMSG_DATA(CMSG_FIRSTHDR(&message)),
	       sizeof(credentials));
	server_need(credentials.pid == getppid(), "hello: process");
}

/* The client may close the connection before the end. */
static void shake_send(void)
{
	const struct timespec pause = { .tv_nsec = server->pause_us * 1000L };
	size_t sent = 0, size;

	while (sent < server->shake_size) {
		size = server->shake_size - sent;
		if (size > server->piece)
			size = server->piece;
		if (server->pause_us > 0)
			nanosleep(&pause, NULL);
		if (send(connection, server->shake + sent, size,
			 MSG_NOSIGNAL) != (ssize_t)size)
			break;
		sent += size;
	}
	if (server->hangs_up)
		connection_close();
}

static void client_accept(void)
{
	const int on = 1;

	connection = accept(listener, NULL, NULL);
	server_need(connection >= 0, "accept");
	if (server->is_deaf) {
		connection_close();
		return;
	}
	setsockopt(connection, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	hello_check();
	if (!server->waits)
		shake_send();
}

/* Values that are valid in each reply with a body. */
static void usual_answer(uint32_t id)
{
	const struct usual *usual = strcmp(server->service, "cpg") == 0 ?
					    &cpg_usual[id] :
					    &quorum_usual[id];
	unsigned char bytes[SERVER_ANSWER_MAX] = { 0 };

	if (usual->size == 0)
		return;
	put_reply(bytes, usual->id, usual->size, CS_OK);
	if (usual->size == 32)
		put_u32(bytes, 24, SERVER_NODEID);
	channels()->reply_write(bytes, usual->size);
}

static void request_answer(uint32_t id)
{
	struct server_answer *answer = &server->answers[id];

	if (answer->times == 0) {
		usual_answer(id);
		return;
	}
	if (answer->times != UINT_MAX)
		answer->times--;
	for (unsigned int i = 0; i < answer->copies; i++)
		channels()->reply_write(answer->bytes, answer->size);
	if (answer->hangs_up)
		connection_close();
}

static void number_check(const unsigned char *request, size_t size)
{
	if (get_u32(request, 0) != CPG_MCAST ||
	    size != MCAST_BODY + SERVER_NUMBERED)
		return;
	server_need(get_u32(request, MCAST_BODY) == server->numbered,
		    "a multicast is out of order");
	server->numbered++;
}

static void request_handle(const unsigned char *request, size_t size)
{
	const uint32_t id = get_u32(request, 0);

	server_need(size >= 16, "the length of a request");
	server_need(id < SERVER_REQUESTS, "the id of a request");
	server_need(get_u32(request, 8) == (uint32_t)size,
		    "the size of a request");
	number_check(request, size);
	server->requests[id]++;
	request_answer(id);
}

/* False: there is no request yet. */
static bool client_serve(void)
{
	static unsigned char request[REQUEST_MAX];
	ssize_t size = channels()->request_take(connection, request,
						sizeof(request));

	if (size < 0)
		connection_close();
	else if (size > 0)
		request_handle(request, (size_t)size);
	return size != 0;
}

static void server_end(void)
{
	connection_close();
	channels()->destroy();
	/* A client may have done it. */
	server_need(rmdir(server->directory) == 0 || errno == ENOENT,
		    "cannot remove the directory");
	_exit(0);
}

static int order_obey(const struct order *order)
{
	switch (order->verb) {
	case VERB_SHAKE:
		shake_send();
		break;
	case VERB_EVENT:
		channels()->event_write(server->data, order->size);
		if (order->count > 0)
			channels()->events_announce(connection, order->count);
		break;
	case VERB_ANNOUNCE:
		channels()->events_announce(connection, order->count);
		break;
	case VERB_FLOW:
		channels()->flow_set(order->count);
		break;
	case VERB_SERVE:
		serves = order->count != 0;
		break;
	case VERB_REPLY:
		channels()->reply_write(server->data, order->size);
		break;
	case VERB_REQUESTS:
		return channels()->requests_count();
	case VERB_ANNOUNCED:
		return channels()->requests_announced(connection);
	case VERB_HANG_UP:
		connection_close();
		break;
	case VERB_END:
		server_end();
	}
	return 0;
}

static void order_take(void)
{
	struct order order;
	int result;

	server_need(recv(orders, &order, sizeof(order), 0) == sizeof(order),
		    "no orders");
	result = order_obey(&order);
	server_need(send(orders, &result, sizeof(result), MSG_NOSIGNAL) ==
			    sizeof(result),
		    "no daemon listens");
}

static void clients_poll(struct pollfd fds[3])
{
	fds[0] = (struct pollfd){ .fd = orders, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = listener, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (connection >= 0) {
		fds[1].fd = serves ? connection : -1;
		fds[2].fd = serves ? channels()->request_fd(connection) : -1;
	}
	poll(fds, 3, -1);
}

/* False: there was nothing to do. */
static bool clients_run(const struct pollfd fds[3])
{
	if (fds[1].revents == 0 && fds[2].revents == 0)
		return false;
	if (connection >= 0)
		return client_serve();
	client_accept();
	return true;
}

/* An order waits until all requests that came before it are served. */
static void server_run(void)
{
	struct pollfd fds[3];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	channels()->create();
	for (;;) {
		clients_poll(fds);
		if (!clients_run(fds) && fds[0].revents != 0)
			order_take();
	}
}

/* The test's side. */

static int order_give(enum verb verb, size_t size, int count)
{
	const struct order order = { verb, count, size };
	int result = -1;

	ck_assert_int_eq(send(orders, &order, sizeof(order), MSG_NOSIGNAL),
			 sizeof(order));
	wait_for(fd_is_readable(orders));
	ck_assert_msg(recv(orders, &result, sizeof(result), 0) ==
			      sizeof(result), "the server is dead");
	return result;
}

/* Of files of a connection, in this process. */
static int maps_count(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[PATH_MAX + 128];
	int count = 0;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "/dev/shm/") != NULL)
			count++;
	fclose(maps);
	return count;
}

void server_plan_max(uint32_t max)
{
	put_u32(server->shake, SHAKE_MAX_AT, max);
	server->ring_size = max;
}

static void shake_plan(void)
{
	memset(server->shake, 0, sizeof(server->shake));
	put_reply(server->shake, QB_IPC_MSG_AUTHENTICATE, SHAKE_SIZE, 0);
	put_u32(server->shake, SHAKE_TYPE_AT, (uint32_t)channels()->type);
	server_plan_max(MESSAGE_MAX);
	for (int i = 0; i < channels()->names_count; i++)
		channels_path(i, (char *)server->shake + SHAKE_NAME_AT(i),
			      PATH_MAX);
	server->shake_size = SHAKE_SIZE;
	server->piece = SHAKE_SIZE;
}

void server_setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(server, MAP_FAILED);
	snprintf(server->directory, sizeof(server->directory),
		 "/dev/shm/qb-fake-%d-fake", (int)getpid());
	server->service = "cpg";
	server->uid = geteuid();
	server->asked_max = 1024 * 1024;
	shake_plan();
	entries_before = entries_count("/dev/shm");
}

void server_teardown(void)
{
	ck_assert_int_eq(server->pid, 0);
	ck_assert_int_eq(maps_count(), 0);
	ck_assert_int_eq(entries_count("/dev/shm"), entries_before);
	munmap(server, sizeof(*server));
}

void server_plan_name(int name, const char *value)
{
	char *at = (char *)server->shake + SHAKE_NAME_AT(name);

	memset(at, 0, PATH_MAX);
	memcpy(at, value, strlen(value));
}

void server_plan_quorum(void)
{
	server->service = "quorum";
	server->asked_max = 64 * 1024;
	shake_plan();
}

static int socket_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (server->socket != NULL) {
		strcpy(address.sun_path, server->socket);
		unlink(server->socket);
	} else {
		memcpy(address.sun_path + 1, server->service,
		       strlen(server->service));
	}
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	/* The kernel keeps the user of this moment for the peer. */
	ck_assert_int_eq(seteuid(server->uid), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(seteuid(getuid()), 0);
	return fd;
}

void server_start(void)
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(mkdir(server->directory, 0700), 0);
	listener = socket_listen();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		orders = fds[1];
		server_run();
	}
	server->pid = pid;
	close(listener);
	close(fds[1]);
	orders = fds[0];
	server_serve(true);
}

void server_shake(void)
{
	order_give(VERB_SHAKE, 0, 0);
}

static void event_order(const void *bytes, size_t size, int count)
{
	ck_assert(size <= SERVER_DATA_MAX);
	memcpy(server->data, bytes, size);
	order_give(VERB_EVENT, size, count);
}

void server_event_put(const void *bytes, size_t size)
{
	event_order(bytes, size, 0);
}

void server_event(const void *bytes, size_t size)
{
	event_order(bytes, size, 1);
}

void server_announce(unsigned int count)
{
	order_give(VERB_ANNOUNCE, 0, (int)count);
}

void server_flow_set(int level)
{
	order_give(VERB_FLOW, 0, level);
}

void server_serve(bool on)
{
	order_give(VERB_SERVE, 0, on);
}

void server_reply_put(const void *bytes, size_t size)
{
	memcpy(server->data, bytes, size);
	order_give(VERB_REPLY, size, 0);
}

void server_requests_assert(unsigned int count)
{
	ck_assert_int_eq(order_give(VERB_REQUESTS, 0, 0), (int)count);
	ck_assert_int_eq(order_give(VERB_ANNOUNCED, 0, 0), (int)count);
}

struct server_answer *server_answer_set(int32_t id, const void *bytes,
					size_t size, unsigned int times)
{
	struct server_answer *answer = &server->answers[id];

	ck_assert(size <= sizeof(answer->bytes));
	memcpy(answer->bytes, bytes, size);
	answer->size = size;
	answer->copies = 1;
	answer->hangs_up = false;
	answer->times = times;
	return answer;
}

struct server_answer *server_answer_header(int32_t id, int32_t reply_id,
					   int32_t error, unsigned int times)
{
	unsigned char bytes[24] = { 0 };

	put_reply(bytes, reply_id, sizeof(bytes), error);
	return server_answer_set(id, bytes, sizeof(bytes), times);
}

void server_hang_up(void)
{
	order_give(VERB_HANG_UP, 0, 0);
}

static void server_await_end(void)
{
	siginfo_t info = { 0 };

	wait_for(waitid(P_PID, (id_t)server->pid, &info,
			WEXITED | WNOHANG | WNOWAIT) == 0 &&
		 info.si_pid != 0);
}

int server_reap(void)
{
	int status = -1;

	server_await_end();
	ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
	close(orders);
	server->pid = 0;
	return status;
}

void server_kill(void)
{
	ck_assert_int_eq(kill(server->pid, SIGKILL), 0);
	server_await_end();
}

unsigned int server_files_count(void)
{
	if (access(server->directory, F_OK) < 0)
		return 0;
	return (unsigned int)entries_count(server->directory);
}

unsigned int server_files_max(void)
{
	return (unsigned int)(channels()->file_names_count *
			      channels()->parts_count);
}

void server_file_path(unsigned int number, char *ret_path, size_t size)
{
	const unsigned int parts = (unsigned int)channels()->parts_count;
	char path[PATH_MAX];

	channels_path((int)(number / parts), path, sizeof(path));
	snprintf(ret_path, size, "%s%s", path,
		 channels()->parts[number % parts]);
}

static void each_file(void (*act)(const char *path, uid_t uid), uid_t uid)
{
	char path[PATH_MAX + 16];

	for (unsigned int i = 0; i < server_files_max(); i++) {
		server_file_path(i, path, sizeof(path));
		act(path, uid);
	}
	act(server->directory, uid);
}

static void file_remove(const char *path, uid_t uid)
{
	(void)uid;
	remove(path);
}

void server_files_remove(void)
{
	each_file(file_remove, 0);
}

static void file_give(const char *path, uid_t uid)
{
	ck_assert_int_eq(chown(path, uid, uid), 0);
}

void server_files_give(uid_t uid)
{
	each_file(file_give, uid);
}

void server_stop(void)
{
	const struct order order = { VERB_END, 0, 0 };

	ck_assert_int_eq(send(orders, &order, sizeof(order), MSG_NOSIGNAL),
			 sizeof(order));
	ck_assert_int_eq(server_reap(), 0);
	ck_assert_int_lt(access(server->directory, F_OK), 0);
}
