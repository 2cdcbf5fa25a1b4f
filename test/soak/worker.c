/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of several groups, in each by the callbacks of the model that its
 * argument names. It sends messages of random sizes, leaves and joins again,
 * continues in a child process, connects again after the end of the daemon,
 * and logs what happens, with all arguments of the callbacks. logs.py describes
 * the log. If PASSIVE is in the environment, it does not send.
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
#define CHECK_MS 500

/* Longer than DEADLINE_S of soak, in which a ring must form. */
#define LEAVE_MS 120000

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

/* The last one delivers the ring at the join as well. */
enum model { MODEL_0, MODEL_1, MODEL_1_INITIAL };
static const char *const model_names[] = { "0", "1", "1+" };

struct group {
	struct cpg_name name;
	enum model model;
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
	uint64_t check_ms;
};

/* A connection to the quorum service; the index is the model. */
struct tracker {
	quorum_handle_t handle;
	bool is_open;
	uint64_t retry_ms;
	uint64_t check_ms;
};

static struct group groups[GROUPS_MAX];
static int group_count;
static struct tracker trackers[2];
static bool is_passive;
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

/* A reason of 0, which is usual in the list of members, is left out. */
static char *members_format(char *next, const struct cpg_address *members,
			    size_t count)
{
	char *begin = next;

	if (count == 0)
		strcpy(next, "-");
	for (size_t i = 0; i < count; i++) {
		next += sprintf(next, "%s%u.%u", i ? "," : "",
				members[i].nodeid, members[i].pid);
		if (members[i].reason != 0)
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

static const char *quorate_format(uint32_t quorate)
{
	static char number[16];

	if (quorate <= 1)
		return quorate ? "yes" : "no";
	snprintf(number, sizeof(number), "%u", quorate);
	return number;
}

/* The file of the library, as a test compares libraries. */
static void library_log(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[LINE_MAX_BYTES], path[LINE_MAX_BYTES] = "";

	if (maps == NULL)
		err(1, "/proc/self/maps");
	while (path[0] == '\0' && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "/libcpg.so") != NULL)
			sscanf(strchr(line, '/'), "%s", path);
	fclose(maps);
	event_log(NULL, "library %s", path);
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

/* The log has the name of a callback only if it is not that of the group. */
static struct group *group_find(cpg_handle_t handle,
				const struct cpg_name *name)
{
	struct group *group = NULL;

	if (cpg_context_get(handle, (void **)&group) != CS_OK || group == NULL)
		errx(1, "a callback has a handle that is not open");
	if (handle != group->handle)
		errx(1, "a callback has the handle of another group");
	if (name != NULL && (name->length != group->name.length ||
			     memcmp(name->value, group->name.value,
				    name->length) != 0))
		event_log(group, "name %u %08x", name->length,
			  name->length <= CPG_MAX_NAME_LENGTH ?
				  group_sum(name) :
				  0);
	return group;
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t from_node, uint32_t from_pid, void *data,
			    size_t len)
{
	struct group *group = group_find(handle, name);
	struct head head = { .sum = 0 };
	bool good;

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

/* The daemon may have sent events before it ended. */
static void group_lose(struct group *group)
{
	cpg_dispatch(group->handle, CS_DISPATCH_ALL);
	group_close(group, "lost");
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	static char texts[3][LINE_MAX_BYTES / 4];
	struct group *group = group_find(handle, name);

	event_log(group, "view %s %s %s",
		  members_format(texts[0], members, count),
		  members_format(texts[1], left, left_count),
		  members_format(texts[2], joined, joined_count));
	for (size_t i = 0; i < left_count; i++)
		if (left[i].nodeid == nodeid && left[i].pid == group->pid &&
		    group->state == LEAVING)
			group->retry_ms = 0;
}

static void ring_change(cpg_handle_t handle, struct cpg_ring_id ring,
			uint32_t count, const uint32_t *nodes)
{
	static char text[LINE_MAX_BYTES / 4];
	struct group *group = group_find(handle, NULL);

	event_log(group, "ring %u.%llu %s", ring.nodeid,
		  (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static cs_error_t group_initialize(struct group *group)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
	};
	cpg_model_v1_data_t model = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
		.cpg_totem_confchg_fn = ring_change,
	};
	cs_error_t error;

	if (group->model == MODEL_1_INITIAL)
		model.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
	if (group->model != MODEL_0)
		return cpg_model_initialize(&group->handle, CPG_MODEL_V1,
					    (cpg_model_data_t *)&model, group);
	error = cpg_initialize(&group->handle, &callbacks);
	if (error == CS_OK)
		cpg_context_set(group->handle, group);
	return error;
}

static void group_open(struct group *group)
{
	group->retry_ms = now_ms() + RETRY_MS;
	if (group_initialize(group) != CS_OK)
		return;
	event_log(group, "open %s", model_names[group->model]);
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
		group_lose(group);
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
		group_lose(group);
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
		group_lose(group);
		return;
	}
	event_log(group, "sent %s", number);
	group->is_pending = false;
	group->flight++;
	group->flight_bytes += group->len;
	group->number += group->len > 0;
}

/* A passive member has no other way to find out that the daemon has ended, if
 * the descriptor does not become readable. */
static void group_check(struct group *group)
{
	unsigned int id;
	cs_error_t error;

	if (now_ms() < group->check_ms)
		return;
	group->check_ms = now_ms() + CHECK_MS;
	error = cpg_local_get(group->handle, &id);
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		group_lose(group);
}

static bool may_send(void)
{
	uint32_t flight = 0, bytes = 0;

	if (is_passive)
		return false;
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
		else
			group_check(group);
		break;
	case LEAVING:
		if (group->retry_ms == 0)
			group_close(group, "close");
		else if (now_ms() > group->retry_ms)
			errx(1, "%s: no event of the leave", group->name.value);
		break;
	}
}

/* Quorum. */

static void quorum_change_0(quorum_handle_t handle, uint32_t quorate,
			    uint64_t ring_seq, uint32_t count, uint32_t *nodes)
{
	static char text[LINE_MAX_BYTES / 4];

	if (handle != trackers[0].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "quorum0 %s %llu %s", quorate_format(quorate),
		  (unsigned long long)ring_seq,
		  nodes_format(text, nodes, count));
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  struct quorum_ring_id ring, uint32_t count,
			  const uint32_t *nodes)
{
	static char text[LINE_MAX_BYTES / 4];

	if (handle != trackers[1].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "quorum %s %u.%llu %s", quorate_format(quorate),
		  ring.nodeid, (unsigned long long)ring.seq,
		  nodes_format(text, nodes, count));
}

static void nodes_change(quorum_handle_t handle, struct quorum_ring_id ring,
			 uint32_t count, const uint32_t *nodes,
			 uint32_t joined_count, const uint32_t *joined,
			 uint32_t left_count, const uint32_t *left)
{
	static char texts[3][LINE_MAX_BYTES / 4];

	if (handle != trackers[1].handle)
		errx(1, "a callback has the handle of another connection");
	event_log(NULL, "nodelist %u.%llu %s %s %s", ring.nodeid,
		  (unsigned long long)ring.seq,
		  nodes_format(texts[0], nodes, count),
		  nodes_format(texts[1], joined, joined_count),
		  nodes_format(texts[2], left, left_count));
}

static cs_error_t tracker_initialize(struct tracker *tracker)
{
	quorum_callbacks_t callbacks = {
		.quorum_notify_fn = quorum_change_0,
	};
	quorum_model_v1_data_t model = {
		.quorum_notify_fn = quorum_change,
		.nodelist_notify_fn = nodes_change,
	};
	uint32_t type;

	if (tracker == &trackers[0])
		return quorum_initialize(&tracker->handle, &callbacks, &type);
	return quorum_model_initialize(&tracker->handle, QUORUM_MODEL_V1,
				       (quorum_model_data_t *)&model, &type,
				       NULL);
}

static void tracker_open(struct tracker *tracker)
{
	if (now_ms() < tracker->retry_ms)
		return;
	tracker->retry_ms = now_ms() + RETRY_MS;
	if (tracker_initialize(tracker) != CS_OK)
		return;
	if (quorum_trackstart(tracker->handle,
			      CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK) {
		quorum_finalize(tracker->handle);
		return;
	}
	tracker->is_open = true;
	event_log(NULL, "track %d", (int)(tracker - trackers));
}

static void tracker_lose(struct tracker *tracker)
{
	quorum_dispatch(tracker->handle, CS_DISPATCH_ALL);
	event_log(NULL, "untrack %d", (int)(tracker - trackers));
	quorum_finalize(tracker->handle);
	tracker->is_open = false;
}

static void tracker_tick(struct tracker *tracker)
{
	cs_error_t error;
	int quorate;

	if (!tracker->is_open) {
		tracker_open(tracker);
		return;
	}
	if (now_ms() < tracker->check_ms)
		return;
	tracker->check_ms = now_ms() + CHECK_MS;
	error = quorum_getquorate(tracker->handle, &quorate);
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		tracker_lose(tracker);
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

	for (int i = 0; i < 2; i++)
		tracker_tick(&trackers[i]);
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

static int groups_poll(struct pollfd *fds, struct group **open)
{
	int count = 0;

	for (int i = 0; i < group_count; i++) {
		if (groups[i].state == CLOSED)
			continue;
		open[count] = &groups[i];
		fds[count].events = POLLIN;
		if (cpg_fd_get(groups[i].handle, &fds[count++].fd) != CS_OK)
			errx(1, "cpg_fd_get");
	}
	return count;
}

static void trackers_poll(struct pollfd *fds)
{
	for (int i = 0; i < 2; i++) {
		fds[i].fd = -1;
		fds[i].events = POLLIN;
		if (trackers[i].is_open)
			quorum_fd_get(trackers[i].handle, &fds[i].fd);
	}
}

static void events_await(void)
{
	struct pollfd fds[GROUPS_MAX + 2];
	struct group *open[GROUPS_MAX];
	int count = groups_poll(fds, open);

	trackers_poll(&fds[count]);
	if (poll(fds, (nfds_t)count + 2, TICK_MS) <= 0)
		return;
	for (int i = 0; i < count; i++)
		if (fds[i].revents != 0)
			group_dispatch(open[i]);
	for (int i = 0; i < 2; i++)
		if (trackers[i].is_open && fds[count + i].revents != 0 &&
		    quorum_dispatch(trackers[i].handle, CS_DISPATCH_ALL) !=
			    CS_OK)
			tracker_lose(&trackers[i]);
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

/* @text: GROUP or GROUP:MODEL */
static void group_add(const char *text)
{
	struct group *group = &groups[group_count++];
	struct cpg_name *name = &group->name;
	size_t len = strcspn(text, ":");

	name->length = (uint32_t)snprintf(name->value, sizeof(name->value),
					  "%.*s", (int)len, text);
	group->model = MODEL_1_INITIAL;
	if (text[len] == '\0')
		return;
	for (int i = 0; i < 3; i++)
		if (strcmp(text + len + 1, model_names[i]) == 0) {
			group->model = (enum model)i;
			return;
		}
	errx(2, "%s: no model", text);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 3 + GROUPS_MAX) {
		fputs("Usage: worker LOG SEED GROUP[:0|:1|:1+]...\n", stderr);
		return 2;
	}
	log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		err(1, "%s", argv[1]);
	random_state = strtoull(argv[2], NULL, 0) * 2 + 1;
	for (int i = 3; i < argc; i++)
		group_add(argv[i]);
	if (getenv("FORKS") != NULL)
		forks_left = atoi(getenv("FORKS"));
	is_passive = getenv("PASSIVE") != NULL;
	signal(SIGTERM, on_term);
	signal(SIGPIPE, SIG_IGN);
	library_log();
	while (!is_ending || !all_are_closed()) {
		tick();
		events_await();
	}
	event_log(NULL, "exit");
	return 0;
}
