/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#define RETRY_MS_MAX 100
/* With upstream's library and socket IPC, poll() misses the daemon's death. */
#define IDLE_MS 1000

/* True if the call succeeded, false if it must be retried later. */
#define TRY(call)    call_check(#call, call)
#define INSIST(call) while (!TRY(call)) poll(NULL, 0, RETRY_MS_MAX)

static bool no_quorum, raw, stay;
static unsigned long limit;

static cpg_handle_t cpg;
static quorum_handle_t quorum;
static struct cpg_name group;
static unsigned int own_nodeid;
static enum { JOINING, MEMBER, LEAVING, LEFT } phase;
static unsigned long sent, returned, delivered;
static int stop_fd;
static bool stopped;

/* The current line begins at begin, and has no newline before scanned. */
static struct {
	char *data;
	size_t size, begin, scanned, end;
	bool ended;
} input;

static bool call_check(const char *call, cs_error_t error)
{
	static const char *const names[] = {
		[CS_ERR_LIBRARY] = "CS_ERR_LIBRARY, no connection to corosync",
		[CS_ERR_INVALID_PARAM] = "CS_ERR_INVALID_PARAM",
		[CS_ERR_NO_MEMORY] = "CS_ERR_NO_MEMORY",
		[CS_ERR_ACCESS] = "CS_ERR_ACCESS, not permitted",
		[CS_ERR_EXIST] = "CS_ERR_EXIST",
		[CS_ERR_NO_SPACE] = "CS_ERR_NO_SPACE, is /dev/shm full?",
		[CS_ERR_TOO_BIG] = "CS_ERR_TOO_BIG",
	};
	size_t count = sizeof(names) / sizeof(names[0]);
	const char *name = error < count ? names[error] : NULL;

	if (error == CS_OK)
		return true;
	/* An interrupted message was not delivered, and is sent again. */
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_INTERRUPT)
		return false;
	errx(1, "%.*s: error %d%s%s", (int)strcspn(call, "("), call, error,
	     name ? " " : "", name ? name : "");
}

static bool is_own(uint32_t nodeid, uint32_t pid)
{
	return nodeid == own_nodeid && pid == (uint32_t)getpid();
}

static bool limit_reached(void)
{
	return limit > 0 && delivered == limit;
}

static void text_print(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\\\", stdout);
		else if (text[i] >= ' ' && text[i] <= '~')
			putchar(text[i]);
		else
			printf("\\x%02x", text[i]);
	}
}

static void message_deliver(cpg_handle_t handle, const struct cpg_name *name,
			    uint32_t nodeid, uint32_t pid, void *msg,
			    size_t len)
{
	(void)handle;
	(void)name;
	if (limit_reached())
		return;
	delivered++;
	returned += is_own(nodeid, pid);
	if (raw) {
		fwrite(msg, 1, len, stdout);
	} else {
		printf("message  node %u pid %u: ", nodeid, pid);
		text_print(msg, len);
	}
	putchar('\n');
}

static void change_print(const char *what, const struct cpg_address *who,
			 const struct cpg_address *members, size_t count)
{
	static const char *const reasons[] = {
		"undefined", "join", "leave", "nodedown", "nodeup", "procdown",
	};
	bool known = who->reason <= CPG_REASON_PROCDOWN;

	if (raw)
		return;
	printf("%-8s node %u pid %u (%s), %zu member%s", what, who->nodeid,
	       who->pid, reasons[known ? who->reason : 0], count,
	       count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		printf("%s%u/%u", i == 0 ? ": " : " ", members[i].nodeid,
		       members[i].pid);
	putchar('\n');
}

static void members_change(cpg_handle_t handle, const struct cpg_name *name,
			   const struct cpg_address *members, size_t count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined,
			   size_t joined_count)
{
	(void)handle;
	(void)name;
	for (size_t i = 0; i < left_count; i++) {
		change_print("left", &left[i], members, count);
		if (is_own(left[i].nodeid, left[i].pid))
			phase = LEFT;
	}
	for (size_t i = 0; i < joined_count; i++) {
		change_print("joined", &joined[i], members, count);
		if (phase == JOINING &&
		    is_own(joined[i].nodeid, joined[i].pid))
			phase = MEMBER;
	}
}

static void quorum_change(quorum_handle_t handle, uint32_t quorate,
			  struct quorum_ring_id ring, uint32_t count,
			  const uint32_t *nodes)
{
	(void)handle;
	printf("quorum   %s, ring " CS_PRI_RING_ID ", nodes:",
	       quorate ? "yes" : "no", ring.nodeid, ring.seq);
	for (uint32_t i = 0; i < count; i++)
		printf(" %u", nodes[i]);
	putchar('\n');
}

static void input_make_room(void)
{
	if (input.begin > 0) {
		input.end -= input.begin;
		input.scanned -= input.begin;
		memmove(input.data, input.data + input.begin, input.end);
		input.begin = 0;
	}
	if (input.end < input.size)
		return;
	input.size = input.size > 0 ? 2 * input.size : 65536;
	input.data = realloc(input.data, input.size);
	if (input.data == NULL)
		err(1, "standard input");
}

static void input_read(void)
{
	ssize_t len;

	input_make_room();
	len = read(STDIN_FILENO, input.data + input.end,
		   input.size - input.end);
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		err(1, "standard input");
	if (len > 0)
		input.end += (size_t)len;
	input.ended = len == 0;
	if (input.ended && input.end > input.begin)
		input.data[input.end++] = '\n';
}

static bool line_find(struct iovec *line)
{
	char *newline;

	if (input.scanned == input.end)
		return false;
	newline = memchr(input.data + input.scanned, '\n',
			 input.end - input.scanned);
	input.scanned = newline ? (size_t)(newline - input.data) : input.end;
	line->iov_base = input.data + input.begin;
	line->iov_len = input.scanned - input.begin;
	return newline != NULL;
}

static bool lines_send(void)
{
	struct iovec line;

	while (line_find(&line)) {
		if (!TRY(cpg_mcast_joined(cpg, CPG_TYPE_AGREED, &line, 1)))
			return false;
		input.begin = ++input.scanned;
		sent++;
	}
	return true;
}

static bool is_done(void)
{
	if (stopped || limit_reached())
		return true;
	return input.ended && input.begin == input.end && returned == sent &&
	       !stay && limit == 0;
}

/* Returns false if a call must be retried later. */
static bool member_work(void)
{
	if (phase != MEMBER)
		return true;
	if (!is_done())
		return lines_send();
	if (!TRY(cpg_leave(cpg, &group)))
		return false;
	phase = LEAVING;
	return true;
}

static void events_wait(int cpg_fd, int quorum_fd)
{
	static int retry_ms;
	bool worked = member_work();
	bool hungry = phase == MEMBER && worked && !input.ended;
	struct pollfd fds[] = {
		{ .fd = hungry ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = stopped ? -1 : stop_fd, .events = POLLIN },
		{ .fd = cpg_fd, .events = POLLIN },
		{ .fd = quorum_fd, .events = POLLIN },
	};

	retry_ms = worked ? 0 : 2 * retry_ms + 1;
	if (retry_ms > RETRY_MS_MAX)
		retry_ms = RETRY_MS_MAX;
	if (poll(fds, 4, worked ? IDLE_MS : retry_ms) < 0)
		return;
	if (fds[0].revents)
		input_read();
	if (fds[1].revents)
		stopped = true;
}

static void group_run(void)
{
	int cpg_fd, quorum_fd = -1;

	TRY(cpg_fd_get(cpg, &cpg_fd));
	if (!no_quorum)
		TRY(quorum_fd_get(quorum, &quorum_fd));
	while (phase != LEFT) {
		events_wait(cpg_fd, quorum_fd);
		if (!no_quorum)
			TRY(quorum_dispatch(quorum, CS_DISPATCH_ALL));
		TRY(cpg_dispatch(cpg, CS_DISPATCH_ALL));
	}
}

static void stop_request(int number)
{
	(void)number;
	eventfd_write(stop_fd, 1);
}

static void signals_catch(void)
{
	/* A second signal ends the process, even if the daemon is stopped. */
	struct sigaction action = {
		.sa_handler = stop_request,
		.sa_flags = SA_RESETHAND | SA_RESTART,
	};

	stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0)
		err(1, "eventfd");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void quorum_open(void)
{
	quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = quorum_change,
	};
	quorum_model_data_t *data = (quorum_model_data_t *)&model;

	INSIST(quorum_model_initialize(&quorum, QUORUM_MODEL_V1, data, NULL,
				       NULL));
	INSIST(quorum_trackstart(quorum, CS_TRACK_CHANGES));
}

static void cpg_open(void)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = message_deliver,
		.cpg_confchg_fn = members_change,
	};

	INSIST(cpg_initialize(&cpg, &callbacks));
	INSIST(cpg_local_get(cpg, &own_nodeid));
	signals_catch();
	INSIST(cpg_join(cpg, &group));
}

static void usage_print(void)
{
	puts("Usage: cpgcat [OPTION]... GROUP\n"
	     "Join a closed process group of corosync, send each line of\n"
	     "standard input to it, and print its messages and changes. At\n"
	     "the end of input, leave after all sent lines are delivered.\n"
	     "\n"
	     "  -n, --count N    leave after N messages, not at end of input\n"
	     "  -s, --stay       do not leave at end of input\n"
	     "  -r, --raw        print messages only, unchanged\n"
	     "  -q, --no-quorum  do not print changes of the quorum\n"
	     "  -h, --help       print this text\n"
	     "\n"
	     "On SIGINT and SIGTERM, leave. Bytes that are not printable\n"
	     "ASCII are printed as \\xNN, a backslash as \\\\.\n"
	     "Exit status: 0 after leaving the group, 1 on failure, 2 on a\n"
	     "usage error.");
	exit(0);
}

static void usage_fail(const char *why)
{
	errx(2, "%s, try --help", why);
}

static void count_parse(const char *text)
{
	char *end;

	limit = strtoul(text, &end, 10);
	if (*text < '1' || *text > '9' || *end != '\0')
		usage_fail("the count must be a positive number");
}

static void group_parse(const char *name)
{
	size_t len = strlen(name);

	if (len > CPG_MAX_NAME_LENGTH)
		usage_fail("the name of a group has at most 128 bytes");
	group.length = (uint32_t)len;
	memcpy(group.value, name, len);
}

static void arguments_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "stay", no_argument, NULL, 's' },
		{ "raw", no_argument, NULL, 'r' },
		{ "no-quorum", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "n:srqh", options, NULL)) != -1) {
		if (c == 'n')
			count_parse(optarg);
		else if (c == 's')
			stay = true;
		else if (c == 'r')
			raw = no_quorum = true;
		else if (c == 'q')
			no_quorum = true;
		else if (c == 'h')
			usage_print();
		else
			usage_fail("invalid option");
	}
	if (argc != optind + 1)
		usage_fail("exactly one GROUP is required");
	group_parse(argv[optind]);
}

int main(int argc, char **argv)
{
	arguments_parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!no_quorum)
		quorum_open();
	cpg_open();
	group_run();
	TRY(cpg_finalize(cpg));
	if (!no_quorum)
		TRY(quorum_finalize(quorum));
	if (fflush(stdout) != 0 || ferror(stdout))
		errx(1, "cannot write to standard output");
	return 0;
}
