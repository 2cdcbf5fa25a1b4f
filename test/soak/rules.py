# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""The rules of virtual synchrony, for the logs that logs.py reads.

Each rule is a generator of findings: (place, rule, text).
"""

import itertools
import statistics

from logs import (JOIN, NODEDOWN, PROCDOWN, Message, View, node_of,
                  phases_make)

# In seconds: after this time, a process has received the largest messages.
SETTLED = 100

# In bytes: a message that may be sent in fragments.
LARGE = 100000

# In bytes: no packet of totem is larger.
PACKET = 65536

# The number of a ring exceeds the one before by 4, or by 5 after a node has
# begun alone. If it exceeds it by more, there were rings in between.
RING_STEP = 5


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


class Receiver:
    """For each sender: no gap, no duplicate, right order, right content.

    What corosync itself may lose depends on the ring. A session that does not
    know its ring is compared with those that do, by rule "twin".
    """

    def __init__(self, session, paths):
        self.session, self.paths = session, paths
        self.members, self.last, self.incarnations = (), {}, {}
        self.knows_ring = session.model == "1+"
        self.ring, self.senders = None, set()   # of this ring

    def check(self):
        for line, event in self.session.events:
            place = self.session.place(line)
            if isinstance(event, View):
                self.view_add(event)
            elif event == "bad":
                yield place, "content", "the content of a message is corrupt"
            elif event == "name":
                yield place, "content", "a callback names another group"
            elif isinstance(event, Message):
                yield from self.message_check(place, event)
            elif event[1] != self.ring:
                self.ring, self.senders = event[1], set()

    def view_add(self, view):
        self.members = view.members
        for name, reason in view.joined:
            self.last[name] = -1 if reason == JOIN else None

    def message_check(self, place, message):
        is_stranger = message.sender in self.paths.strangers_of(
            self.session.group, self.ring, self.session.node)
        if (self.knows_ring and message.sender not in self.members and
                not is_stranger and not self.paths.may_have_ended(
                    self.session.group, self.ring, message.sender)):
            yield place, "sender", f"{message}, which is no member"
        if message.length == 0:
            return
        incarnation, _, number = message.number.partition(".")
        number = int(number)
        before = self.last.get(message.sender)
        if self.may_be_joined(message.sender, incarnation):
            before = -1
        if before is not None and number <= before:
            yield place, "twice", f"{message} after its number {before}"
        elif (before is not None and self.knows_ring and not is_stranger and
              not self.may_miss(message, range(before + 1, number))):
            yield place, "gap", f"{message} after its number {before}"
        self.last[message.sender] = number
        self.incarnations[message.sender] = incarnation
        self.senders.add(message.sender)

    def may_be_joined(self, sender, incarnation):
        """Whether the sender may have left and joined again while the nodes
        were separated, without an event of that."""
        if self.incarnations.get(sender, incarnation) == incarnation:
            return False
        return not self.knows_ring or (
            sender not in self.senders and
            self.paths.have_met(self.ring, node_of(sender), self.session.node))

    def may_miss(self, message, numbers):
        incarnation = message.number.partition(".")[0]
        return not numbers or (
            message.sender not in self.senders and
            all(self.paths.may_miss(self.session, self.ring, message.sender,
                                    f"{incarnation}.{number}")
                for number in numbers))


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
        if name == "KiB" and len(log.sizes) < SETTLED:
            continue
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
    between; then there is a change in which the members of the others left.
    Or there is none: if totem forms the next ring before corosync has notified
    the groups of one, corosync compares the last two rings only."""

    def __init__(self, phases, ringless):
        self.ringless = ringless        # members that do not know their rings
        self.next_rings = {}    # (ring, node): ring
        self.last_rings = {}    # (ring, node): ring
        self.first_rings = {}   # node: the number of its first ring
        self.lost = set()       # (ring, node, node that it has lost)
        self.own = {}           # (group, sender, number): phase, see own_add
        self.strangers = {}     # (group, ring, node): members
        self.ended = {}         # (group, ring): members, see may_have_ended
        for phase in phases:
            self.phase_add(phase)

    def phase_add(self, phase):
        session = phase.session
        node = session.node
        if phase.ring is not None:
            number = ring_number(phase.ring)
            self.first_rings[node] = min(number, self.first_rings.get(node,
                                                                      number))
        if phase.next_ring is not None:
            self.next_rings[phase.ring, node] = phase.next_ring
            self.last_rings[phase.next_ring, node] = phase.ring
            self.ended.setdefault((session.group, phase.next_ring),
                                  set()).update(
                member for view in phase.items + phase.tail
                for member, reason in getattr(view, "left", ())
                if reason == PROCDOWN)
        for view in phase.tail:
            for member, reason in getattr(view, "left", ()):
                if reason == NODEDOWN:
                    self.lost.add((phase.ring, node, node_of(member)))
        for item in phase.items:
            if isinstance(item, Message) and node_of(item.sender) == node:
                self.own_add(phase, item)

    def own_add(self, phase, message):
        """Where the sender has received its message. If the sender does not
        know its rings: a member on its node, best from the ring's beginning."""
        key = phase.session.group, message.sender, message.number
        known = self.own.get(key)
        if (known is None or phase.session.member == message.sender or
                (known.view_before is None and
                 known.session.member != message.sender)):
            self.own[key] = phase

    def are_together(self, ring, first, second):
        """Whether two nodes of a ring went on together. If not, their members
        may receive more or less at the end."""
        following = self.next_rings.get((ring, first))
        return (first == second or
                (following == self.next_rings.get((ring, second)) and
                 not self.have_lost(ring, first, second) and
                 (following is None or
                  not self.have_met(following, first, second))))

    def have_lost(self, ring, first, second):
        return ((ring, first, second) in self.lost or
                (ring, second, first) in self.lost)

    def have_met(self, ring, first, second):
        """Whether two nodes may have been separated before this ring."""
        before = self.last_rings.get((ring, first))
        return first != second and (
            before is None or
            before != self.last_rings.get((ring, second)) or
            self.have_lost(before, first, second) or
            ring_number(ring) > ring_number(before) + RING_STEP)

    def is_first(self, ring, node):
        """Whether the ring may have begun before the logs of this node. None: a
        session that ended before it knew its ring."""
        return ring is None or ring_number(ring) == self.first_rings[node]

    def may_miss(self, session, ring, sender, number):
        """Whether a session may have missed a message before it received the
        sender's first one in a ring: the nodes did not go on together from the
        ring in which the sender received it, or its node was sending it when
        the nodes came together. There may be no change in which the sender
        left."""
        node = node_of(sender)
        own = self.own.get((session.group, sender, number))
        if own is None:
            return (sender in self.ringless and
                    self.have_met(ring, node, session.node))
        if own.ring != ring and not self.are_together(own.ring, node,
                                                      session.node):
            return True
        return (may_begin_before(own.items, sender, number) and
                self.have_met_after_last(own, sender, session.node))

    def have_met_after_last(self, phase, sender, node):
        """Whether a node may have met the sender's node after the last message
        that the sender had sent before this phase."""
        while phase and not self.have_met(phase.ring, node_of(sender), node):
            phase = phase.previous
            if phase and any(isinstance(item, Message) and
                             item.sender == sender for item in phase.items):
                return False
        return phase is not None

    def may_have_ended(self, group, ring, sender):
        """Whether a process may have ended before a ring in which its messages
        are delivered. Its leave may overtake messages that corosync had
        accepted, while nodes form a ring; so it does with corosync's own
        library. All members of the ring receive the messages, those too that
        joined after the leave."""
        return sender in self.ended.get((group, ring), ())

    def strangers_of(self, group, ring, node):
        return self.strangers.get((group, ring, node), frozenset())

    def strangers_between(self, one, other):
        return (self.strangers_of(one.session.group, one.ring,
                                  one.session.node) ^
                self.strangers_of(other.session.group, other.ring,
                                  other.session.node))


def ring_number(ring):
    return int(ring.partition(".")[2])


def may_begin_before(items, sender, number):
    """Whether the sender may have begun a message before the nodes came
    together. It is in the first packet of its node, or the sender's first one
    if that has fragments: other messages of the node may come between
    these."""
    first = next(item for item in items
                 if isinstance(item, Message) and item.sender == sender)
    return ((first.number == number and first.length > LARGE) or
            any((item.sender, item.number) == (sender, number)
                for item in first_packet(items, node_of(sender))))


def first_packet(items, node):
    """The messages of a node that may be in its first packet. The first one may
    be the end of a message with fragments."""
    def is_of_node(item):
        return isinstance(item, Message) and node_of(item.sender) == node

    run = itertools.takewhile(is_of_node, itertools.dropwhile(
        lambda item: not is_of_node(item), items))
    room = PACKET
    for index, item in enumerate(run):
        room -= item.length if index > 0 else 0
        if room <= 0:
            return
        yield item


def origin(item):
    """The node that has sent a message, or the join or leave of a process."""
    if isinstance(item, Message):
        return node_of(item.sender)
    return node_of(item.changed[0]) if item.changed else None


def same(item, other):
    """Whether it is the same message, or the same join or leave."""
    if isinstance(item, View) and isinstance(other, View):
        return (item.left, item.joined) == (other.left, other.joined)
    return item == other


def first_runs(phase):
    """For each node, what it has sent first, if there is a join or a leave:
    (node, items, messages that came later)."""
    runs, start = {}, 0
    for node, run in itertools.groupby(phase.items, origin):
        run = list(run)
        start += len(run)
        runs.setdefault(node, (run, start))
    for node, (run, start) in runs.items():
        if any(isinstance(item, View) for item in run):
            yield node, run, {item for item in phase.items[start:]
                              if isinstance(item, Message) and item.length}


def strangers_find(paths, phases):
    """A node that meets another one may miss the other's first packet, if that
    continues a message whose first part the node has not received. corosync
    drops the whole packet: if it contains the join or leave of a process too,
    the node has wrong members until the next ring. The process is a stranger
    there. A node that knows no member on another node in a group does not
    deliver the other's messages; else it delivers those of strangers too. All
    clients of a node know the same strangers."""
    for other in phases:
        if other.view_before is None:
            continue
        for node, run, later in first_runs(other):
            for phase in phases:
                if (phase.session.node == other.session.node or not
                        paths.have_met(phase.ring, node, phase.session.node)):
                    continue
                missed = (newcomer_missed(phase, other, run)
                          if phase.view_before is None
                          else items_missed(phase, run, later))
                key = phase.session.group, phase.ring, phase.session.node
                paths.strangers.setdefault(key, set()).update(missed)


def items_missed(phase, run, later):
    """The processes of changes in @run that @phase does not have."""
    before = list(itertools.takewhile(lambda item: item not in later,
                                      phase.items))
    if len(before) == len(phase.items):
        return
    missed = itertools.takewhile(
        lambda item: not any(same(item, other) for other in before), run)
    for item in missed:
        if isinstance(item, View):
            yield from item.changed


def newcomer_missed(phase, other, run):
    """The same for a phase that begins with a join. Events before the join
    show in its list of members only."""
    first = phase.items[0]
    if not isinstance(first, View):
        return
    there = next((item for item in other.items if same(first, item)), first)
    missed = set(first.members) ^ set(there.members)
    for item in run:
        if isinstance(item, View):
            yield from missed.intersection(item.changed)


def strangers_drop(items, strangers):
    if not strangers:
        return items
    kept = (item.without(strangers) if isinstance(item, View) else item
            for item in items)
    return [item for item in kept
            if (item.changed if isinstance(item, View)
                else item.sender not in strangers)]


def unfinished_drop(items, others, nodes):
    """Drop the messages that a member may miss, as it has missed their first
    part: a large message that was being sent when the member joined, or the
    message that a node was sending when the nodes came together, with those
    that ended in the same packet. Rule "gap" finds the other ones that are
    missing. @nodes: those that have sent a packet before in this ring; None:
    the nodes were together."""
    present, senders, kept = set(others), set(), []
    have_met, nodes = nodes is not None, set(nodes or ())
    firsts = {}                 # node: its first message
    for other in others:
        if isinstance(other, Message):
            firsts.setdefault(origin(other), other)
    first, room = None, 0       # node whose first packet this may be
    is_missed = False           # that has missed messages
    for item in items:
        if isinstance(item, View):
            first = None
            kept.append(item)
            continue
        node = node_of(item.sender)
        if have_met and node not in nodes:
            first, room, is_missed = node, PACKET, False
        elif node == first:
            room -= item.length
        else:
            first = None
        is_partial = ((item.length > LARGE and item.sender not in senders) or
                      (node == first and room > 0))
        senders.add(item.sender)
        nodes.add(node)
        if is_partial and (item not in present or
                           # Empty messages of a sender are equal.
                           (item.length == 0 and is_missed and
                            item != firsts.get(node))):
            is_missed = True
            continue
        first = None
        kept.append(item)
    return kept


def mismatch_find(paths, phase, other, start):
    """Compare the two from @start in @other. Return None, or the index and the
    reason."""
    strangers = paths.strangers_between(phase, other)
    mine, theirs = (strangers_drop(items, strangers)
                    for items in (phase.items, other.items[start:]))
    nodes = None
    if (paths.have_met(phase.ring, phase.session.node, other.session.node) and
            not paths.is_first(phase.ring, phase.session.node)):
        nodes = {origin(item) for item in other.items[:start]}
    mine, theirs = (unfinished_drop(mine, theirs, nodes),
                    unfinished_drop(theirs, mine, nodes))
    for index, pair in enumerate(zip(mine, theirs)):
        if pair[0] != pair[1]:
            if phases_are_together(paths, phase, other):
                return index, f"{pair[0]} here, but {pair[1]} there"
            return tail_compare(mine, theirs)
    common = min(len(mine), len(theirs))
    if go_on_together(paths, phase, other):
        if len(mine) > common:
            return common, f"{mine[common]} is missing there"
        if len(theirs) > common:
            return common, f"{theirs[common]} is missing here"
    return None


def phases_are_together(paths, phase, other):
    return paths.are_together(phase.ring, phase.session.node,
                              other.session.node)


def go_on_together(paths, phase, other):
    return (phase.next_ring is not None and other.next_ring is not None and
            phases_are_together(paths, phase, other))


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
    strangers = paths.strangers_between(phase, others[0])
    first = phase.items[0].without(strangers)
    others = [other for other in others
              if first.changed and other.session.member in first.members]
    places = [(other, index) for other in others
              for index, item in enumerate(other.items)
              if isinstance(item, View) and item.without(strangers) == first
              and other.time(index) >= phase.session.join_time]
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


def phases_group(phases):
    """The phases of each group in each ring."""
    groups = {}
    for phase in phases:
        if phase.items or phase.view_before is not None:
            groups.setdefault((phase.session.group, phase.ring),
                              []).append(phase)
    return groups.values()


def sessions_check(sessions):
    # Those that know their ring from the beginning.
    phases = [phase for session in sessions if session.model == "1+"
              for phase in phases_make(session)]
    paths = Paths(phases, {session.member for session in sessions
                           if session.model == "session"})
    groups = phases_group(phases)
    for group in groups:
        strangers_find(paths, group)
    for session in sessions:
        yield from session_views(session)
        yield from Receiver(session, paths).check()
        yield from session_own(session.log, session)
    for group in groups:
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
                want = nodes
                if what in ("quorum", "quorum0"):
                    want = quorate, nodes
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
    yield from sessions_check(sessions)
    for log in logs:
        yield from log_size(log)
        if log.nodes:
            yield from quorum_check(log, list(workers_of(logs)))
    yield from sends_check(logs, sessions)
