# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""Rules for the logs of workers with a session, for what the session adds: it
connects again, and counts.

  connection  the events of a connection come between "connected" and
              "disconnected": first the quorum, then for each group the first
              change, then the others. The lists of joined and left nodes lead
              from one notification of the quorum to the next
  rejoin      the first change after a lost connection leads from the members
              before to those of now
  twice       no message arrives a second time after another connection, or
              after a later one of its sender
  count       a message that was sent is returned, lost, uncertain or in
              flight, and the session counts the same as the log
  lost        no message is lost
"""

import collections

from logs import JOIN, changes_parse, list_parse, names_parse

STATS = ("sent", "returned", "lost", "uncertain", "flight", "received",
         "connects")


class Membership:
    """A group, from the first change of a connection to its end."""

    def __init__(self):
        self.member = None
        self.members = None             # of the last change
        self.flight = collections.Counter()     # message: sent, not returned
        self.lost = self.uncertain = 0
        self.is_inherited = False       # a child of fork does not count

    @property
    def missing(self):
        return sum(self.flight.values()) - self.lost


class Replay:
    """Follows the log of a session. Each event returns its findings: pairs of
    a rule and a text."""

    def __init__(self, log):
        self.log = log
        self.is_connected = self.has_quorum = False
        self.nodes = set()              # of the last notification
        self.open = {}                  # group: membership
        self.before = {}                # group: members at the lost connection
        self.last = {}                  # (group, sender): last message
        self.counts = dict.fromkeys(STATS, 0)
        self.uncounted = 0              # sent, but not by the counting process
        self.wrong = set()              # numbers that have a finding

    def check(self):
        for line, (group, verb, *words) in self.log.steps:
            event = getattr(self, f"on_{verb}", None)
            for rule, text in event(group, *words) if event else ():
                yield f"{self.log.name}:{line}: {group}", rule, text

    # The connection.

    def on_connected(self, _group, _member):
        if self.is_connected:
            yield "connection", "connected twice"
        self.is_connected, self.has_quorum = True, False
        self.counts["connects"] += 1

    def on_disconnected(self, _group, _error):
        self.is_connected = False
        return ()

    def on_quorum(self, _group, _quorate, _ring, *lists):
        nodes, joined, left = (set(list_parse(text)) for text in lists)
        if not self.is_connected:
            yield "connection", "the quorum comes before the connection"
        if joined != nodes - self.nodes or left != self.nodes - nodes:
            yield "connection", (f"nodes {lists[0]}, joined {lists[1]}, left "
                                 f"{lists[2]} do not follow from "
                                 f"{','.join(sorted(self.nodes)) or 'none'}")
        self.has_quorum, self.nodes = True, nodes

    # Members.

    def on_open(self, group, _model):
        if not self.is_connected or not self.has_quorum:
            yield "connection", "a change comes before the quorum"
        self.open[group] = Membership()

    def on_join(self, group, member):
        self.open[group].member = member
        return ()

    def on_view(self, group, members, _left, _joined):
        now = self.open[group]
        yield from self.over_check(now, "a change")
        if now.members is None and group in self.before:
            yield "rejoin", "the change is not marked as that of a rejoin"
        now.members = names_parse(members)

    def on_rejoin(self, group, members, left, joined):
        now, names = self.open[group], names_parse(members)
        before = self.before.pop(group, None)
        if before is None or now.members is not None:
            yield "rejoin", "no connection was lost before"
            before = now.members or ()
        want = (sorted((name, 0) for name in set(before) - set(names)),
                sorted({name: JOIN if name == now.member else 0
                        for name in set(names) - set(before) |
                        {now.member}}.items()))
        if (list(changes_parse(left)), list(changes_parse(joined))) != want:
            yield "rejoin", (f"left {left}, joined {joined} do not lead from "
                             f"{','.join(before)} to {members}")
        now.members = names

    @staticmethod
    def over_check(membership, what):
        if membership.uncertain > 0:
            yield "connection", (f"{what} comes after messages became "
                                 "uncertain, before the connection ends")

    def on_leave(self, _group):
        return ()

    def on_close(self, group):
        del self.open[group]
        self.before.pop(group, None)
        return ()

    def on_lost(self, group):
        end = self.open.pop(group)
        self.before[group] = end.members
        if end.missing != end.uncertain:
            yield "count", (f"{end.missing} messages have not come back, but "
                            f"{end.uncertain} are uncertain")

    # Messages.

    def on_sent(self, group, message):
        membership = self.open[group]
        self.counts["sent"] += 1
        if membership.is_inherited:
            self.uncounted += 1
        else:
            membership.flight[message] += 1
        return ()

    def on_deliver(self, group, sender, message, _length, _state):
        membership = self.open.get(group)
        self.counts["received"] += 1
        yield from self.order_check(group, sender, message)
        if membership is None:
            yield "connection", (f"message {message} of {sender} comes before "
                                 "the first change of the connection")
            return
        yield from self.over_check(membership, "a message")
        if sender == membership.member and membership.flight[message] > 0:
            membership.flight[message] -= 1
            self.counts["returned"] += 1

    def order_check(self, group, sender, message):
        if message == "empty":
            return
        number = tuple(map(int, message.split(".")))
        last = self.last.get((group, sender))
        if last is not None and number <= last:
            yield "twice", (f"message {message} of {sender} after "
                            f"{last[0]}.{last[1]}")
        self.last[group, sender] = number

    def on_loss(self, group, lost, uncertain):
        membership = self.open.get(group)
        lost, uncertain = int(lost), int(uncertain)
        self.counts["lost"] += lost
        self.counts["uncertain"] += uncertain
        if lost > 0:
            yield "lost", f"{lost} messages are lost"
        if membership is None:
            yield "connection", "messages are lost without a connection"
            return
        membership.lost += lost
        membership.uncertain += uncertain

    # Counts.

    def on_fork(self, _group):
        for membership in self.open.values():
            self.uncounted += membership.missing
            membership.flight.clear()
            membership.lost, membership.is_inherited = 0, True
        return ()

    def on_stats(self, _group, *numbers):
        stats = dict(zip(STATS, map(int, numbers)))
        want = self.counts
        want["flight"] = (want["sent"] - want["returned"] - want["lost"] -
                          want["uncertain"] - self.uncounted)
        # The callback of the last connection may not have been called.
        if stats["connects"] == want["connects"] + 1 and not self.is_connected:
            stats["connects"] -= 1
        for name in STATS:
            if stats[name] != want[name] and name not in self.wrong:
                self.wrong.add(name)
                yield "count", (f"{name} is {stats[name]}, but "
                                f"{want[name]} in the log")


def connections_check(logs):
    for log in logs:
        if log.is_session:
            yield from Replay(log).check()
