/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of several groups. It sends messages of random sizes, leaves and
 * joins again, continues in a child process, connects again after the end of
 * the daemon, and logs what happens. logs.py describes the log.
 */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 8
#define MESSAGE_MAX (3 * 1024 * 1024)
#define LINE_MAX_BYTES 16384

/* If more has not come back, the daemon may discard messages. */
#define FLIGHT_MAX 16
#define FLIGHT_BYTES (16 * 1024)

#define TICK_MS 5
#define SIZE_MS 1000
#define RETRY_MS 200
#define LEAVE_MS 20000

/* One of so many ticks, on average. */
#define LEAVE_TICKS 3000
#define FORK_TICKS 6000

struct head {
	uint64_t sum;		/* of all that follows */
	uint32_t incarnation;
	uint32_t number;
	uint32_t len;		/* of the whole message, in bytes */
	uint32_t nodeid;
	uint32_t pid;
	uint32_t group;
};

enum state { CLOSED, OPEN, JOINED, LEAVING };

struct group {
	struct cpg_name name;
	cpg_handle_t handle;
	enum state state;
	uint32_t pid;		/* of the process that has joined */
	uint32_t incarnation;
	uint32_t number;	/* of the next message */
	bool is_pending;	/* it was refused, and is sent again */
	uint32_t len;		/* of the pending message */
	uint32_t flight;	/* messages that have not come back */
	uint32_t flight_bytes;
	uint64_t retry_ms;
};

static struct group groups[GROUPS_MAX];
static int group_count;
static quorum_handle_t quorum;
static bool quorum_is_open;
static unsigned int nodeid;
static char message[MESSAGE_MAX];
static int log_fd;
static int forks_left = 3;
static uint64_t random_state;
static volatile sig_atomic_t is_ending;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 16) % limit);
}

/* The log. */

/* A line is written at once: the process may be killed at any time. */
__attribute__((format(printf, 2, 3)))
static void event_log(const struct group *group, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int len = snprintf(line, sizeof(line), "%llu %s ",
			   (unsigned long long)now_ms(),
			   group ? group->name.value : "-");
	va_list arguments;

	va_start(arguments, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format,
			 arguments);
	va_end(arguments);
	if (len > (int)sizeof(line) - 2)
		errx(1, "a line of the log is too long");
	line[len++] = '\n';
	if (write(log_fd, line, (size_t)len) != len)
		err(1, "cannot write the log");
}

static char *members_format(char *next, const struct cpg_address *members,
			    size_t count, bool has_reason)
{
	char *begin = next;

	if (count == 0)
		strcpy(next, "-");
	for (size_t i = 0; i < count; i++) {
		next += sprintf(next, "%s%u.%u", i ? "," : "",
				members[i].nodeid, members[i].pid);
		if (has_reason)
			next += sprintf(next, ":%u", members[i].reason);
	}
	return begin;
}

static char *nodes_format(char *next, const uint32_t *nodes, uint32_t count)
{
	char *begin = next;

	if (count == 0)
		strcpy(next, "-");
	for (uint32_t i = 0; i < count; i++)
		next += sprintf(next, "%s%u", i ? "," : "", nodes[i]);
	return begin;
}

static void size_log(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	DIR *directory = opendir("/proc/self/fd");
	unsigned long pages = 0, descriptors = 0;

	if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
		errx(1, "/proc/self/statm");
	while (readdir(directory) != NULL)
		descriptors++;
	closedir(directory);
	fclose(file);
	event_log(NULL, "size %lu %lu",
		  pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024,
		  descriptors);
}

/* Messages. */

static uint64_t sum_make(const char *bytes, size_t len)
{
	uint64_t sum = len, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3;
	}
	for (; len > 0; bytes++, len--)
		sum = (sum ^ (unsigned char)*bytes) * 0x100000001b3;
	return sum;
}

static uint32_t group_sum(const struct cpg_name *name)
{
	return (uint32_t)sum_make(name->value, name->length);
}

static void message_fill(const struct group *group, uint32_t len)
{
	struct head head = {
		.incarnation = group->incarnation,
		.number = group->number,
		.len = len,
		.nodeid = nodeid,
		.pid = group->pid,
		.group = group_sum(&group->name),
	};

	memset(message, (int)group->number, len);
	memcpy(message, &head, sizeof(head));
	head.sum = sum_make(message + sizeof(head.sum),
			    len - sizeof(head.sum));
	memcpy(message, &head.sum, sizeof(head.sum));
}

/* An empty message has no number. Others have room for the head. */
static uint32_t len_choose(void)
{
	static const uint32_t limits[] = { 0, 100, 100, 100, 100, 100, 1000,
					   1000, 1000, 8000, 8000, 50000,
					   50000, 200000, 1100000,
					   MESSAGE_MAX - sizeof(struct head) };
	uint32_t limit = limits[random_below(16)];

	if (limit >= 200000 && random_below(4) != 0)
		limit = 1000;
	return limit ? (uint32_t)sizeof(struct head) + random_below(limit) : 0;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t from_node, uint32_t from_pid, void *data,
			    size_t len)
{
	struct group *group;
	struct head head = { .sum = 0 };
	bool good;

	cpg_context_get(handle, (void **)&group);
	if (from_node == nodeid && from_pid == group->pid) {
		group->flight--;
		group->flight_bytes -= (uint32_t)len;
	}
	if (len == 0) {
		event_log(group, "deliver %u.%u empty 0 good", from_node,
			  from_pid);
		return;
	}
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	good = len >= sizeof(head) && head.len == len &&
	       head.nodeid == from_node && head.pid == from_pid &&
	       head.group == group_sum(name) &&
	       head.sum == sum_make((char *)data + sizeof(head.sum),
				    len - sizeof(head.sum));
	event_log(group, "deliver %u.%u %u.%u %zu %s", from_node, from_pid,
		  head.incarnation, head.number, len, good ? "good" : "bad");
}

/* Connections. */

static void group_close(struct group *group, const char *event)
{
	event_log(group, "%s", event);
	cpg_finalize(group->handle);
	group->state = CLOSED;
	group->retry_ms = now_ms() + RETRY_MS;
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	static char texts[3][LINE_MAX_BYTES / 4];
	struct group *group;

	(void)name;
	cpg_context_get(handle, (void **)&group);
	event_log(group, "view %s %s %s",
		  members_format(texts[0], members, count, false),
		  members_format(texts[1], left, left_count, true),
		  members_format(texts[2], joined, joined_count, true));
	for (size_t i = 0; i < left_count; i++)
		if (left[i].nodeid == nodeid && left[i].pid == group->pid &&
		    group->state == LEAVING)
			group->retry_ms = 0;
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	static char text[LINE_MAX_BYTES / 4];
	struct group *group;

	cpg_context_get(handle, (void **)&group);
	event_log(group, "ring %u.%llu %s", ring.nodeid,
		  (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  struct quorum_ring_id ring, uint32_t count,
			  const uint32_t *nodes)
{
	static char text[LINE_MAX_BYTES / 4];

	(void)handle;
	event_log(NULL, "quorum %s %u.%llu %s", quorate ? "yes" : "no",
		  ring.nodeid, (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static void group_open(struct group *group)
{
	cpg_model_v1_data_t model = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
		.cpg_totem_confchg_fn = ring_change,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};

	group->retry_ms = now_ms() + RETRY_MS;
	if (cpg_model_initialize(&group->handle, CPG_MODEL_V1,
				 (cpg_model_data_t *)&model, group) != CS_OK)
		return;
	event_log(group, "open");
	group->state = OPEN;
	group->number = group->flight = group->flight_bytes = 0;
	group->is_pending = false;
	group->retry_ms = 0;
}

static void group_join(struct group *group)
{
	cs_error_t error = cpg_local_get(group->handle, &nodeid);

	if (error == CS_OK) {
		group->pid = (uint32_t)getpid();
		event_log(group, "join %u.%u", nodeid, group->pid);
		error = cpg_join(group->handle, &group->name);
	}
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_BUSY) {
		group->retry_ms = now_ms() + TICK_MS;
		return;
	}
	if (error != CS_OK) {
		group_close(group, "lost");
		return;
	}
	group->incarnation++;
	group->state = JOINED;
}

static void group_leave(struct group *group)
{
	cs_error_t error = cpg_leave(group->handle, &group->name);

	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_BUSY)
		return;
	if (error != CS_OK) {
		group_close(group, "lost");
		return;
	}
	event_log(group, "leave");
	group->state = LEAVING;
	group->retry_ms = now_ms() + LEAVE_MS;
}

static void group_send(struct group *group)
{
	struct iovec iov = { .iov_base = message };
	cs_error_t error;
	char number[32] = "empty";

	if (!group->is_pending)
		group->len = len_choose();
	group->is_pending = true;
	iov.iov_len = group->len;
	if (group->len > 0) {
		message_fill(group, group->len);
		snprintf(number, sizeof(number), "%u.%u", group->incarnation,
			 group->number);
	}
	event_log(group, "send %s %u", number, group->len);
	error = cpg_mcast_joined(group->handle, CPG_TYPE_AGREED, &iov, 1);
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_INTERRUPT)
		return;
	if (error != CS_OK) {
		group_close(group, "lost");
		return;
	}
	event_log(group, "sent %s", number);
	group->is_pending = false;
	group->flight++;
	group->flight_bytes += group->len;
	group->number += group->len > 0;
}

static bool may_send(void)
{
	uint32_t flight = 0, bytes = 0;

	for (int i = 0; i < group_count; i++) {
		flight += groups[i].flight;
		bytes += groups[i].flight_bytes;
	}
	return flight < FLIGHT_MAX && bytes < FLIGHT_BYTES;
}

static void group_tick(struct group *group)
{
	switch (group->state) {
	case CLOSED:
		if (!is_ending && now_ms() >= group->retry_ms)
			group_open(group);
		break;
	case OPEN:
		if (is_ending)
			group_close(group, "close");
		else if (now_ms() >= group->retry_ms)
			group_join(group);
		break;
	case JOINED:
		if (is_ending || random_below(LEAVE_TICKS) == 0)
			group_leave(group);
		else if (may_send() && random_below(4) == 0)
			group_send(group);
		break;
	case LEAVING:
		if (group->retry_ms == 0)
			group_close(group, "close");
		else if (now_ms() > group->retry_ms)
			errx(1, "%s: no event of the leave", group->name.value);
		break;
	}
}

static void quorum_close(void)
{
	quorum_finalize(quorum);
	quorum_is_open = false;
}

static void quorum_tick(void)
{
	static uint64_t retry_ms;
	quorum_model_v1_data_t model = {
		.quorum_notify_fn = quorum_change,
	};
	uint32_t type;

	if (quorum_is_open || now_ms() < retry_ms)
		return;
	retry_ms = now_ms() + RETRY_MS;
	if (quorum_model_initialize(&quorum, QUORUM_MODEL_V1,
				    (quorum_model_data_t *)&model, &type,
				    NULL) != CS_OK)
		return;
	quorum_is_open = true;
	if (quorum_trackstart(quorum, CS_TRACK_CURRENT | CS_TRACK_CHANGES) !=
	    CS_OK)
		quorum_close();
}

/* The child continues with all handles; the parent waits for its end. */
static void fork_tick(void)
{
	int status;
	pid_t child;

	if (is_ending || forks_left == 0 || random_below(FORK_TICKS) != 0)
		return;
	for (int i = 0; i < group_count; i++)
		if (groups[i].state == LEAVING)
			return;
	forks_left--;
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0)
		return;
	while (waitpid(child, &status, 0) < 0)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void tick(void)
{
	static uint64_t size_ms;

	quorum_tick();
	for (int i = 0; i < group_count; i++)
		group_tick(&groups[i]);
	fork_tick();
	if (now_ms() < size_ms)
		return;
	size_ms = now_ms() + SIZE_MS;
	size_log();
}

/* Events. */

static void group_dispatch(struct group *group)
{
	if (cpg_dispatch(group->handle, CS_DISPATCH_ALL) != CS_OK)
		group_close(group, "lost");
}

static void events_await(void)
{
	struct pollfd fds[GROUPS_MAX + 1];
	struct group *open[GROUPS_MAX];
	int count = 0;

	for (int i = 0; i < group_count; i++) {
		if (groups[i].state == CLOSED)
			continue;
		open[count] = &groups[i];
		fds[count].events = POLLIN;
		if (cpg_fd_get(groups[i].handle, &fds[count++].fd) != CS_OK)
			errx(1, "cpg_fd_get");
	}
	fds[count].fd = -1;
	fds[count].events = POLLIN;
	if (quorum_is_open)
		quorum_fd_get(quorum, &fds[count].fd);
	if (poll(fds, (nfds_t)count + 1, TICK_MS) <= 0)
		return;
	for (int i = 0; i < count; i++)
		if (fds[i].revents != 0)
			group_dispatch(open[i]);
	if (quorum_is_open && fds[count].revents != 0 &&
	    quorum_dispatch(quorum, CS_DISPATCH_ALL) != CS_OK)
		quorum_close();
}

static bool all_are_closed(void)
{
	for (int i = 0; i < group_count; i++)
		if (groups[i].state != CLOSED)
			return false;
	return true;
}

static void on_term(int signal)
{
	(void)signal;
	is_ending = true;
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 3 + GROUPS_MAX) {
		fputs("Usage: worker LOG SEED GROUP...\n", stderr);
		return 2;
	}
	log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		err(1, "%s", argv[1]);
	random_state = strtoull(argv[2], NULL, 0) * 2 + 1;
	for (int i = 3; i < argc; i++) {
		struct cpg_name *name = &groups[group_count++].name;

		name->length = (uint32_t)snprintf(name->value,
						  sizeof(name->value), "%s",
						  argv[i]);
	}
	if (getenv("FORKS") != NULL)
		forks_left = atoi(getenv("FORKS"));
	signal(SIGTERM, on_term);
	signal(SIGPIPE, SIG_IGN);
	while (!is_ending || !all_are_closed()) {
		tick();
		events_await();
	}
	event_log(NULL, "exit");
	return 0;
}
