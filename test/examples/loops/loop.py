#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""A member of a group, with asyncio. Needs coroclient.py, and no build.

Usage: python3 loop.py GROUP

The process joins the group, and sends a greeting each time a process joins.
When corosync ends, the process connects again as soon as it can. SIGTERM or
SIGINT ends it; it leaves the group first. Output, with members as NODE/PID:

    members MEMBER...       the members of the group
    left MEMBER             a process has left the group
    lost MEMBER             a process ended without a leave, or its node failed
    message MEMBER: TEXT    a message of this member
    quorate NODE...         the nodes, which have the quorum
    not quorate NODE...     the nodes, which do not have it
    disconnected            corosync is not running, or has ended
"""

import asyncio
import os
import signal
import sys

import coroclient

RETRY_S = 0.01  # after TryAgain
CHECK_S = 1  # whether corosync is running, see Loop.step
PAUSE_MIN_S, PAUSE_MAX_S = 0.1, 3.2  # between two attempts to connect
LEAVE_S = 5  # the longest wait for the end of the leave

RUNNING, LEAVE_DUE, LEAVING = range(3)


def message_print(sender, data):
    """Print a message."""
    print(f"message {sender}:", data.decode(errors="replace"))


def quorum_print(is_quorate, nodes):
    """Print the state of the quorum."""
    print("quorate" if is_quorate else "not quorate", *nodes)


class Loop:
    """Keeps a member in the group across restarts of corosync."""

    def __init__(self, group):
        self.group = group
        self.cpg = self.quorum = self.timer = None
        self.fds = []
        self.nodeid = None
        self.pause = 0
        self.must_greet = False
        self.state = RUNNING
        self.loop = asyncio.get_running_loop()
        self.over = self.loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.stop)

    def members_change(self, members, left, joined):
        """Note what is due. step() does it, and can try again."""
        for member in left:
            left_itself = member.reason == coroclient.LEAVE
            print("left" if left_itself else "lost", member)
            if (member.nodeid, member.pid) == (self.nodeid, os.getpid()):
                self.end()
        print("members", *members)
        if joined:
            self.must_greet = True

    def connect(self):
        """Connect to corosync, and join the group."""
        self.cpg = coroclient.Cpg(message_print, self.members_change)
        self.nodeid = self.cpg.local_nodeid()
        self.quorum = coroclient.Quorum(quorum_print)
        self.quorum.track()
        # The last one, so that no member sees an attempt that fails.
        self.cpg.join(self.group)
        # Each connection has new descriptors.
        self.fds = [self.cpg.fileno(), self.quorum.fileno()]
        for fd in self.fds:
            self.loop.add_reader(fd, self.step_run)

    def disconnect(self):
        """Close what is open, also after a connect() that failed."""
        # Before the close: asyncio must not keep a number that others reuse.
        for fd in self.fds:
            self.loop.remove_reader(fd)
        for connection in (self.cpg, self.quorum):
            if connection:
                connection.close()
        self.cpg = self.quorum = None
        self.fds = []
        self.must_greet = False

    def retry(self):
        """Return the time until the next attempt to connect."""
        self.disconnect()
        if self.state != RUNNING:
            self.end()
        if self.pause == 0:
            print("disconnected")
        self.pause = min(self.pause * 2 or PAUSE_MIN_S, PAUSE_MAX_S)
        return self.pause

    def work(self):
        """Dispatch, send and leave, as it is due."""
        self.cpg.dispatch()
        self.quorum.dispatch()
        if self.must_greet and self.state == RUNNING:
            self.cpg.send(b"hello from loop.py")
            self.must_greet = False
        if self.state == LEAVE_DUE:
            self.cpg.leave(self.group)
            self.state = LEAVING

    def step(self):
        """Do what is due. Return the time until the next call.

        Without events, it is called once a second: with corosync's own
        libraries and socket IPC, the descriptors do not show the end of
        corosync.
        """
        try:
            if not self.fds:
                self.connect()
            self.pause = 0
        except (coroclient.Disconnected, coroclient.TryAgain):
            return self.retry()
        try:
            self.work()
        except coroclient.Disconnected:
            return self.retry()
        except coroclient.TryAgain:
            return RETRY_S
        return CHECK_S

    def step_run(self):
        """Make a step, and set the timer for the next one."""
        if self.timer:
            self.timer.cancel()
        if not self.over.done():
            try:
                self.timer = self.loop.call_later(self.step(), self.step_run)
            except Exception as error:
                self.over.set_exception(error)

    def end(self):
        """End run(), in the next round of the loop."""
        if not self.over.done():
            self.over.set_result(None)

    def stop(self):
        """Leave. A second signal, or the timer, ends the wait for that."""
        if not self.fds or self.state != RUNNING:
            self.end()
        self.state = LEAVE_DUE
        self.loop.call_later(LEAVE_S, self.end)
        self.step_run()

    async def run(self):
        """Be a member, until stop()."""
        self.step_run()
        try:
            await self.over
        finally:
            self.disconnect()


async def main(group):
    """Make the loop and run it."""
    await Loop(group).run()


if __name__ == "__main__":
    if len(sys.argv) != 2 or len(os.fsencode(sys.argv[1])) > 128:
        print("loop.py: usage: loop.py GROUP", file=sys.stderr)
        sys.exit(2)
    sys.stdout.reconfigure(line_buffering=True)
    asyncio.run(main(os.fsencode(sys.argv[1])))
