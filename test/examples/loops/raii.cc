/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A member of a group, with C++17: each handle belongs to an object, and is
 * finalized with it. Build:
 *
 *	c++ -std=c++17 -o raii raii.cc $(pkg-config --cflags --libs \
 *		libcpg libquorum libcorosync_common)
 *
 * Usage: raii GROUP
 *
 * The process joins the group, and sends a greeting each time a process joins.
 * When corosync ends, the process connects again as soon as it can. SIGTERM or
 * SIGINT ends it; it leaves the group first. Output, with members as NODE/PID:
 *
 *	members MEMBER...	the members of the group
 *	left MEMBER		a process has left the group
 *	lost MEMBER		a process ended without a leave, or its node
 *				failed
 *	message MEMBER: TEXT	a message of this member
 *	quorate NODE...		the nodes, which have the quorum
 *	not quorate NODE...	the nodes, which do not have it
 *	disconnected		corosync is not running, or has ended
 */

#include <cerrno>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace
{

constexpr int retry_ms = 10; /* after CS_ERR_TRY_AGAIN */
constexpr int check_ms = 1000; /* whether corosync is running, see step() */
constexpr int pause_min_ms = 100; /* between two attempts to connect */
constexpr int pause_max_ms = 3200;
constexpr int leave_s = 5; /* the longest wait for the end of the leave */

/* The connection cannot be used, or could not be made: make a new one later. */
struct Disconnected {
};

/* Returns false if the same call must be made again later. */
bool done(const char *what, cs_error_t error)
{
	if (error == CS_ERR_LIBRARY)
		throw Disconnected();
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		throw std::runtime_error(std::string(what) + ": " +
					 cs_strerror(error));
	return error == CS_OK;
}

/* For the calls of a constructor, which has no later. */
void must(const char *what, cs_error_t error)
{
	if (!done(what, error))
		throw Disconnected();
}

/* Owns a handle, which is never 0. */
template <typename Type, cs_error_t (*finalize)(Type)> class Handle {
public:
	Handle() = default;
	Handle(const Handle &) = delete;
	Handle &operator=(const Handle &) = delete;
	~Handle()
	{
		if (value != 0)
			finalize(value);
	}

	/* A failed initialize may store a value that is not a handle. */
	template <typename Initialize> void open(Initialize initialize)
	{
		Type opened = 0;

		initialize(&opened);
		value = opened;
	}
	Type get() const { return value; }

private:
	Type value = 0;
};

/*
 * A member of a group. It has joined once it is constructed; if the constructor
 * throws, the handles that are open are finalized. The destructor ends the
 * membership, too, but only leave() does it in a way that the others see as
 * "left".
 *
 * The callbacks are noexcept: corosync's own library, which is in C, does not
 * expect exceptions. The context of the handle is the object, so an object
 * cannot be copied or moved.
 */
class Member {
public:
	explicit Member(const cpg_name &group);
	int cpg_fd() const;
	int quorum_fd() const;
	void dispatch();
	/* Return false if the call must be made again later. */
	bool greet();
	bool leave();

	bool must_greet = false;
	bool has_left = false;

private:
	static void message_deliver(cpg_handle_t, const cpg_name *,
				    std::uint32_t nodeid, std::uint32_t pid,
				    void *msg, std::size_t len) noexcept;
	static void members_change(cpg_handle_t handle, const cpg_name *,
				   const cpg_address *members,
				   std::size_t count, const cpg_address *left,
				   std::size_t left_len, const cpg_address *,
				   std::size_t joined_len) noexcept;
	static void quorum_change(quorum_handle_t, std::uint32_t quorate,
				  std::uint64_t, std::uint32_t count,
				  std::uint32_t *nodes) noexcept;

	cpg_name group;
	Handle<cpg_handle_t, cpg_finalize> cpg;
	Handle<quorum_handle_t, quorum_finalize> quorum;
	unsigned int own_nodeid = 0;
};

Member::Member(const cpg_name &name) : group(name)
{
	cpg_model_v1_data_t model = {};
	quorum_callbacks_t callbacks = { quorum_change };

	model.model = CPG_MODEL_V1;
	model.cpg_deliver_fn = message_deliver;
	model.cpg_confchg_fn = members_change;
	cpg.open([&](cpg_handle_t *handle) {
		must("cpg_model_initialize",
		     cpg_model_initialize(
			     handle, CPG_MODEL_V1,
			     reinterpret_cast<cpg_model_data_t *>(&model),
			     this));
	});
	must("cpg_local_get", cpg_local_get(cpg.get(), &own_nodeid));
	quorum.open([&](quorum_handle_t *handle) {
		must("quorum_initialize",
		     quorum_initialize(handle, &callbacks, nullptr));
	});
	must("quorum_trackstart",
	     quorum_trackstart(quorum.get(), CS_TRACK_CHANGES));
	/* The last one, so that no member sees an attempt that fails. */
	must("cpg_join", cpg_join(cpg.get(), &group));
}

int Member::cpg_fd() const
{
	int fd = -1;

	must("cpg_fd_get", cpg_fd_get(cpg.get(), &fd));
	return fd;
}

int Member::quorum_fd() const
{
	int fd = -1;

	must("quorum_fd_get", quorum_fd_get(quorum.get(), &fd));
	return fd;
}

/* CS_DISPATCH_ALL does not wait, and is no error without events. */
void Member::dispatch()
{
	done("cpg_dispatch", cpg_dispatch(cpg.get(), CS_DISPATCH_ALL));
	done("quorum_dispatch", quorum_dispatch(quorum.get(), CS_DISPATCH_ALL));
}

bool Member::greet()
{
	std::string text = "hello from raii";
	iovec iov = { text.data(), text.size() };

	return done("cpg_mcast_joined",
		    cpg_mcast_joined(cpg.get(), CPG_TYPE_AGREED, &iov, 1));
}

bool Member::leave()
{
	return done("cpg_leave", cpg_leave(cpg.get(), &group));
}

void Member::message_deliver(cpg_handle_t, const cpg_name *,
			     std::uint32_t nodeid, std::uint32_t pid, void *msg,
			     std::size_t len) noexcept
{
	std::cout << "message " << nodeid << '/' << pid << ": ";
	std::cout.write(static_cast<char *>(msg),
			static_cast<std::streamsize>(len));
	std::cout << std::endl;
}

void Member::members_change(cpg_handle_t handle, const cpg_name *,
			    const cpg_address *members, std::size_t count,
			    const cpg_address *left, std::size_t left_len,
			    const cpg_address *, std::size_t joined_len) noexcept
{
	void *context = nullptr;

	cpg_context_get(handle, &context);
	Member &self = *static_cast<Member *>(context);
	for (std::size_t i = 0; i < left_len; i++) {
		bool did_leave = left[i].reason == CPG_REASON_LEAVE;

		std::cout << (did_leave ? "left " : "lost ") << left[i].nodeid
			  << '/' << left[i].pid << std::endl;
		if (left[i].nodeid == self.own_nodeid &&
		    left[i].pid == static_cast<std::uint32_t>(getpid()))
			self.has_left = true;
	}
	std::cout << "members";
	for (std::size_t i = 0; i < count; i++)
		std::cout << ' ' << members[i].nodeid << '/' << members[i].pid;
	std::cout << std::endl;
	/* Not sent here: a retry has to wait for the loop. */
	if (joined_len > 0)
		self.must_greet = true;
}

void Member::quorum_change(quorum_handle_t, std::uint32_t quorate,
			   std::uint64_t, std::uint32_t count,
			   std::uint32_t *nodes) noexcept
{
	std::cout << (quorate ? "quorate" : "not quorate");
	for (std::uint32_t i = 0; i < count; i++)
		std::cout << ' ' << nodes[i];
	std::cout << std::endl;
}

/* Keeps a member in the group across restarts of corosync. */
class Loop {
public:
	explicit Loop(const char *group);
	void run();

private:
	void events_wait(int timeout_ms);
	int work();
	int step();
	void stop();

	cpg_name group = {};
	std::unique_ptr<Member> member;
	int signal_fd;
	int pause_ms = 0;
	enum { running, leave_due, leaving, over } state = running;
};

Loop::Loop(const char *name)
{
	std::string text = name;
	sigset_t signals;

	group.length = static_cast<std::uint32_t>(text.size());
	text.copy(group.value, sizeof(group.value));
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, nullptr);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0)
		throw std::system_error(errno, std::generic_category(),
					"signalfd");
}

/* Each connection has new descriptors. poll ignores a descriptor of -1. */
void Loop::events_wait(int timeout_ms)
{
	pollfd fds[] = { { signal_fd, POLLIN, 0 },
			 { member ? member->cpg_fd() : -1, POLLIN, 0 },
			 { member ? member->quorum_fd() : -1, POLLIN, 0 } };

	if (poll(fds, 3, timeout_ms) < 0 && errno != EINTR)
		throw std::system_error(errno, std::generic_category(), "poll");
	if (fds[0].revents != 0)
		stop();
}

/* Another signal, such as the one of alarm, ends the wait for the leave. */
void Loop::stop()
{
	signalfd_siginfo signal;

	if (read(signal_fd, &signal, sizeof(signal)) != sizeof(signal))
		throw std::system_error(errno, std::generic_category(),
					"signalfd");
	state = member && state == running ? leave_due : over;
	alarm(leave_s);
}

int Loop::work()
{
	if (!member)
		member = std::make_unique<Member>(group);
	pause_ms = 0;
	member->dispatch();
	if (member->has_left)
		state = over;
	if (member->must_greet && state == running)
		member->must_greet = !member->greet();
	if (state == leave_due && member->leave())
		state = leaving;
	return member->must_greet || state == leave_due ? retry_ms : check_ms;
}

/*
 * Does what is due. Returns the time in milliseconds until the next call, if
 * no descriptor becomes readable before.
 *
 * Without events, it is called once a second: with corosync's own libraries and
 * socket IPC, the descriptors do not show the end of corosync.
 */
int Loop::step()
{
	try {
		return state == over ? 0 : work();
	} catch (const Disconnected &) {
		member.reset();
	}
	if (state != running)
		state = over;
	if (pause_ms == 0)
		std::cout << "disconnected" << std::endl;
	pause_ms = pause_ms == 0 ? pause_min_ms : pause_ms * 2;
	if (pause_ms > pause_max_ms)
		pause_ms = pause_max_ms;
	return pause_ms;
}

void Loop::run()
{
	int timeout_ms;

	while (timeout_ms = step(), state != over)
		events_wait(timeout_ms);
}

} // namespace

int main(int argc, char **argv)
try {
	if (argc != 2 || std::string(argv[1]).size() > CPG_MAX_NAME_LENGTH) {
		std::cerr << "raii: usage: raii GROUP" << std::endl;
		return 2;
	}
	Loop(argv[1]).run();
	return 0;
} catch (const std::exception &error) {
	std::cerr << "raii: " << error.what() << std::endl;
	return 1;
}
