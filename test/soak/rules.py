# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""The rules of virtual synchrony, for the logs that logs.py reads.

Each rule is a generator of findings: (place, rule, text).
"""

import itertools
import statistics

from logs import JOIN, NODEDOWN, View, node_of, phases_make

# In bytes: a message that may be sent in fragments.
LARGE = 100000


# Rules for one session.

def session_views(session):
    """Each change leads from the members before to the members after."""
    members = None
    for line, event in session.events:
        if not isinstance(event, View):
            continue
        place = session.place(line)
        if members is None:
            if not event.has_joined(session.member):
                yield place, "view", "the first change is not the own join"
        else:
            left = {name for name, _ in event.left}
            joined = {name for name, _ in event.joined}
            if set(event.members) != (set(members) - left) | joined:
                yield place, "view", (f"{event} does not follow from "
                                      f"{','.join(members)}")
        members = event.members


def session_messages(session):
    """For each sender: no gap, no duplicate, right order, right content."""
    members, last = (), {}
    for line, event in session.events:
        place = session.place(line)
        if isinstance(event, View):
            members = event.members
            for name, reason in event.joined:
                last[name] = -1 if reason == JOIN else None
        elif event == "bad":
            yield place, "content", "the content of a message is corrupt"
        elif not isinstance(event, tuple):
            yield from message_check(place, event, members, last)


def message_check(place, message, members, last):
    if message.sender not in members:
        yield place, "sender", f"{message}, which is no member"
    if message.length == 0:
        return
    number = int(message.number.partition(".")[2])
    before = last.get(message.sender)
    if before is not None and number <= before:
        yield place, "twice", f"{message} after its number {before}"
    elif before is not None and number > before + 1:
        yield place, "gap", f"{message} after its number {before}"
    last[message.sender] = number


def session_own(log, session):
    """A member that has left in order has received what it sent."""
    if session.end != "left":
        return
    own = {event.number for _, event in session.events
           if getattr(event, "sender", None) == session.member}
    for line, sender, number in log.sent:
        if sender is session and number not in own:
            yield (session.place(line), "lost",
                   f"message {number} did not come back to its sender")


def log_size(log):
    """The process does not grow."""
    quarter = len(log.sizes) // 4
    if quarter < 2:
        return
    for index, name, slack in ((0, "KiB", 8192), (1, "descriptors", 8)):
        early, late = (statistics.median(size[index] for size in part)
                       for part in (log.sizes[quarter:2 * quarter],
                                    log.sizes[-quarter:]))
        if late > 1.5 * early + slack:
            yield log.name, "growth", f"from {early} to {late} {name}"


# Rules for all logs.

def sends_check(logs, sessions):
    """What is delivered was sent, with this length."""
    sends = {}
    for log in logs:
        sends.update(log.sends)
    for session in sessions:
        for line, event in session.events:
            if not hasattr(event, "sender"):
                continue
            key = (session.group, event.sender, event.number)
            if sends.get(key) != event.length:
                yield (session.place(line), "unsent",
                       f"{event} with {event.length} bytes was sent with "
                       f"{sends.get(key)}")


class Paths:
    """Where the nodes went after each ring, by what their members have seen.
    Nodes may separate and come together again without an event of a ring in
    between; then there is a change in which the members of the others left."""

    def __init__(self, phases):
        self.next_rings = {}    # (ring, node): ring
        self.lost = set()       # (ring, node, node that it has lost)
        for phase in phases:
            if phase.next_ring is not None:
                self.next_rings[phase.ring, phase.session.node] = \
                    phase.next_ring
            for view in phase.tail:
                for member, reason in getattr(view, "left", ()):
                    if reason == NODEDOWN:
                        self.lost.add((phase.ring, phase.session.node,
                                       node_of(member)))

    def are_together(self, one, other):
        """Whether the nodes of two phases of a ring went on together. If not,
        their members may receive more or less at the end."""
        ring, first, second = one.ring, one.session.node, other.session.node
        return (first == second or
                (self.next_rings.get((ring, first)) ==
                 self.next_rings.get((ring, second)) and
                 (ring, first, second) not in self.lost and
                 (ring, second, first) not in self.lost))

    def were_together(self, one, other):
        """Whether they came to this ring from the same one."""
        one, other = one.previous, other.previous
        return (one is not None and other is not None and
                one.ring == other.ring and self.are_together(one, other))


def unfinished_drop(items, others, nodes_met):
    """Drop the messages that a member may miss, as it has missed their first
    part: a large message that was being sent when the member joined, or the
    message that a node was sending when the nodes came together. Rule "gap"
    finds the other ones that are missing."""
    present, senders, nodes, kept = set(others), set(), set(), []
    for item in items:
        if not isinstance(item, View):
            is_partial = ((item.length > LARGE and
                           item.sender not in senders) or
                          (nodes_met and
                           node_of(item.sender) not in nodes))
            senders.add(item.sender)
            nodes.add(node_of(item.sender))
            if is_partial and item not in present:
                continue
        kept.append(item)
    return kept


def mismatch_find(paths, phase, other, start):
    """Compare the two from @start in @other. Return None, or the index and the
    reason."""
    theirs = other.items[start:]
    nodes_met = (phase.view_before is not None and
                 not paths.were_together(phase, other))
    mine, theirs = (unfinished_drop(phase.items, theirs, nodes_met),
                    unfinished_drop(theirs, phase.items, nodes_met))
    for index, pair in enumerate(zip(mine, theirs)):
        if pair[0] != pair[1]:
            if paths.are_together(phase, other):
                return index, f"{pair[0]} here, but {pair[1]} there"
            return tail_compare(mine, theirs)
    common = min(len(mine), len(theirs))
    if go_on_together(paths, phase, other):
        if len(mine) > common:
            return common, f"{mine[common]} is missing there"
        if len(theirs) > common:
            return common, f"{theirs[common]} is missing here"
    return None


def go_on_together(paths, phase, other):
    return (phase.next_ring is not None and other.next_ring is not None and
            paths.are_together(phase, other))


def tail_compare(mine, theirs):
    """Members that separate may receive different messages at the end, but
    none in another order."""
    places = {item: place for place, item in enumerate(theirs)
              if not isinstance(item, View) and item.length > 0}
    last = -1
    for at, item in enumerate(mine):
        place = places.get(item, last)
        if place < last:
            return at, f"{item} is in another order there"
        last = place
    return None


def begins_check(phase, first):
    if phase.view_before != first.view_before:
        yield (phase.place(0), "view",
               f"members {','.join(phase.view_before)} at the beginning of "
               f"ring {phase.ring}, but {','.join(first.view_before)} at "
               f"{first.place(0)}")


def results_check(phase, results):
    """@results: (other phase, start, mismatch) of each place in one other log
    at which @phase may begin."""
    if results and all(mismatch for _, _, mismatch in results):
        other, start, (index, text) = max(results,
                                          key=lambda result: result[2])
        yield (phase.place(index), "order",
               f"{text}, at {other.place(start + index)}")


def pair_check(paths, phase, other):
    """Two members of the ring from its beginning."""
    yield from results_check(phase, [(other, 0,
                                      mismatch_find(paths, phase, other,
                                                    0))])


def newcomer_check(paths, phase, others):
    """@phase begins with a join; @others are those of one other log. A process
    may join more than once with the same members, but no event of a join comes
    before the join."""
    first = phase.items[0]
    others = [other for other in others
              if other.session.member in first.members]
    places = [(other, index) for other in others
              for index, item in enumerate(other.items)
              if item == first and
              other.time(index) >= phase.session.join_time]
    yield from results_check(phase, [(other, start,
                                      mismatch_find(paths, phase, other,
                                                    start))
                                     for other, start in places])
    if not places and any(go_on_together(paths, phase, other)
                          for other in others):
        yield (phase.place(0), "order",
               f"{first} was not delivered at {others[0].place(0)}")


def ring_check(paths, phases):
    """The members that went through a ring together received the same."""
    old = [phase for phase in phases if phase.view_before is not None]
    logs = {}
    for phase in phases:
        logs.setdefault(phase.session.log.name, []).append(phase)
    for phase in old[1:]:
        yield from begins_check(phase, old[0])
    for one, other in itertools.combinations(old, 2):
        yield from pair_check(paths, one, other)
    for phase in phases:
        if phase.view_before is None:
            for name, others in logs.items():
                if name != phase.session.log.name:
                    yield from newcomer_check(paths, phase, others)


def order_check(sessions):
    phases = [phase for session in sessions for phase in phases_make(session)]
    paths, groups = Paths(phases), {}
    for phase in phases:
        if phase.items or phase.view_before is not None:
            groups.setdefault((phase.session.group, phase.ring),
                              []).append(phase)
    for group in groups.values():
        yield from ring_check(paths, group)


def state_at(log, time):
    """The last ring of each group, and the last notification of quorum."""
    state = {}
    for when, what, value, line in log.states:
        if when <= time:
            state[what] = value, line
    return state


def quorum_check(control, workers):
    """The rings and the quorum are those of the partitions that were made."""
    for time, nodes in control.expectations:
        quorate = 2 * len(nodes) > len(control.nodes)
        for log, node in workers:
            if node not in nodes or log.last_time < time:
                continue
            for what, (value, line) in state_at(log, time).items():
                if value is None:
                    continue
                want = (quorate, nodes) if what == "quorum" else nodes
                if value != want:
                    yield (f"{log.name}:{line}", "quorum",
                           f"{what} {value} at {time}, instead of {want}")


def workers_of(logs):
    """The logs of workers, with their nodes."""
    for log in logs:
        members = [session.member for session in log.sessions
                   if session.member]
        if members:
            yield log, int(members[0].partition(".")[0])


def all_check(logs):
    sessions = [session for log in logs for session in log.sessions
                if session.member]
    for session in sessions:
        yield from session_views(session)
        yield from session_messages(session)
        yield from session_own(session.log, session)
    for log in logs:
        yield from log_size(log)
        if log.nodes:
            yield from quorum_check(log, list(workers_of(logs)))
    yield from sends_check(logs, sessions)
    yield from order_check(sessions)
