# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""Rule "twin": two connections to the same daemon receive the same callbacks
with the same arguments, from where both are members or track the quorum.

Two libraries are compared by workers on the same node that use one each. Two
sessions of a group begin to be comparable with the join of the later one,
which both receive. What may differ:

  - The ring at the join is delivered to the session that joins, and only if
    its model is 1+; before the own join or just after it. Model 0 has no
    rings, and neither has a session of libcoroclient.
  - The library sends a message of more than ATOMIC bytes in fragments. A
    session that joins in between does not receive this message.
  - A session that is killed, or loses its connection, may miss the end. One
    library may deliver more than another after the end of the daemon (line B10
    of test/CONTRACT): these events are counted.
"""

import collections
import itertools

from logs import node_of

# cpg_max_atomic_msgsize_get.
ATOMIC = 1047552

# What quorum_trackstart queues.
INITIAL = {"0": ["quorum0"], "1": ["nodelist", "quorum"]}


class Stream:
    """The callbacks of a session, from its own join on."""

    def __init__(self, session):
        self.session = session
        self.calls = session.calls
        kinds = [call.kind for call in self.calls]
        self.begin = kinds.index("view") if "view" in kinds else None
        self.views = collections.defaultdict(list)      # text: indexes
        for index, call in enumerate(self.calls):
            if call.kind == "view":
                self.views[call.text].append(index)
        self.numbered = {call.text for call in self.calls
                         if call.kind == "deliver" and
                         call.text.split()[1] != "empty"}

    def starts_of(self, late):
        """Where this session receives the join of @late."""
        first = late.calls[late.begin].text
        return [index for index in self.views[first] if index > self.begin]

    def rings_before(self, index):
        return [call.text for call in self.calls[:index]
                if call.kind == "ring"]


def calls_pair(early, start, late):
    """The callbacks that should be equal."""
    theirs, mine = early.calls[start:], late.calls[late.begin:]
    if late.session.model == "1+" and len(mine) > 1 and mine[1].kind == "ring":
        rings = early.rings_before(start) or late.rings_before(late.begin)
        # The ring is not a new one.
        if not rings or rings[-1] == mine[1].text:
            del mine[1]
    if not {"0", "session"}.isdisjoint((early.session.model,
                                        late.session.model)):
        theirs, mine = ([call for call in calls if call.kind != "ring"]
                        for calls in (theirs, mine))
    return theirs, mine


class Result:
    """How far two lists of callbacks are equal."""

    def __init__(self, start):
        self.start = start
        self.counts = collections.Counter()
        self.mismatch = None    # (call of the early one, of the late one)
        self.rest = 0           # more events in the early one, if positive

    @property
    def score(self):
        return sum(self.counts.values()), self.mismatch is None


class Walk:
    """Compares the callbacks of two sessions."""

    def __init__(self, early, late, sends):
        self.early, self.late = early, late
        self.sends = sends      # (group, sender, message): time

    def may_miss(self, call, senders, join_time):
        """Whether the late session may have missed the first fragment."""
        if call.kind != "deliver":
            return False
        sender, number, length, _ = call.text.split()
        key = self.late.session.group, sender, number
        return (int(length) > ATOMIC and sender not in senders and
                self.sends.get(key, 0) <= join_time)

    def run(self, start):
        theirs, mine = calls_pair(self.early, start, self.late)
        result, senders, at = Result(start), set(), 0
        join_time = self.late.calls[self.late.begin].time
        for place, call in enumerate(theirs):
            if at == len(mine):
                result.rest = len(theirs) - place
                return result
            equal = (call.kind, call.text) == (mine[at].kind, mine[at].text)
            if not equal and not self.may_miss(call, senders, join_time):
                result.mismatch = call, mine[at]
                return result
            if call.kind == "deliver":
                senders.add(call.text.split()[0])
            at += equal
            result.counts[call.kind if equal else "unfinished"] += 1
        result.rest = at - len(mine)
        return result


class Twins:
    """Applies the rule, and counts what it has compared."""

    def __init__(self, logs):
        self.logs = logs
        self.counts = collections.Counter()     # of different libraries
        self.more = collections.Counter()       # library: events
        self.sends = {}
        for log in logs:
            self.sends.update(log.send_times)

    def check(self):
        groups = collections.defaultdict(list)
        for log in self.logs:
            for session in log.sessions:
                stream = session.member and Stream(session)
                if stream and stream.begin is not None:
                    groups[session.node, session.group].append(stream)
        for streams in groups.values():
            for one, other in itertools.combinations(streams, 2):
                if one.session.log is not other.session.log:
                    yield from self.sessions_check(one, other)
        yield from self.tracks_check()

    def counts_add(self, one, other, result):
        if one.log.library == other.log.library:
            return
        self.counts["pairs"] += 1
        self.counts.update(result.counts)
        if one.end == other.end == "lost" and result.rest != 0:
            longer = one if result.rest > 0 else other
            self.more[longer.log.library] += abs(result.rest)

    # Groups.

    def sessions_check(self, one, other):
        """A place where one joins may be that of another join of the same
        process. If they were members at the same time, they have received a
        message in common."""
        results = [(early, late, Walk(early, late, self.sends).run(start))
                   for early, late in ((one, other), (other, one))
                   for start in early.starts_of(late)]
        common = one.numbered & other.numbered
        if not results:
            if common:
                yield (one.session.place(), "twin",
                       f"no common join with {other.session.place()}, but "
                       f"both received {min(common)}")
            return
        early, late, result = max(results, key=lambda entry: entry[2].score)
        if result.mismatch is None or common:
            self.counts_add(early.session, late.session, result)
        if result.mismatch is not None and common:
            yield self.finding(early.session, late.session, *result.mismatch)

    @staticmethod
    def finding(one, other, theirs, mine):
        return (one.place(theirs.line), "twin",
                f"'{theirs}' here, but '{mine}' at {other.place(mine.line)}")

    # Quorum.

    def tracks_check(self):
        nodes = collections.defaultdict(list)
        for log in self.logs:
            members = [session.member for session in log.sessions
                       if session.member]
            for track in log.tracks if members else ():
                nodes[node_of(members[0]), track.model].append(track)
        for tracks in nodes.values():
            for one, other in itertools.combinations(tracks, 2):
                if one.log is not other.log:
                    yield from self.track_check(one, other)

    def track_check(self, one, other):
        results = [(early, late, result)
                   for early, late in ((one, other), (other, one))
                   for result in track_results(early, late)]
        if results:
            early, late, result = max(results,
                                      key=lambda entry: entry[2].score)
            if result.mismatch is None or tracks_meet(early, late):
                self.counts_add(early, late, result)
            if result.mismatch is None:
                return
            if tracks_meet(early, late):
                yield self.finding(early, late, *result.mismatch)
        elif tracks_meet(one, other):
            yield (one.place(), "twin",
                   f"no common state of model {one.model} with "
                   f"{other.place()}")


def changes_of(track):
    """The callbacks after those that quorum_trackstart has queued."""
    return track.calls[len(INITIAL[track.model]):]


def tracks_meet(one, other):
    """Whether both have received a change, which has a ring of its own."""
    rings = [{call.text.split()[0 if call.kind == "nodelist" else 1]
              for call in changes_of(track)} for track in (one, other)]
    return bool(rings[0] & rings[1])


def state_of(calls, kind):
    """What the last callback of this kind has in common with the first one."""
    words = [call.text.split() for call in calls if call.kind == kind]
    return words[-1][:2 if kind == "nodelist" else None] if words else None


def track_results(early, late):
    """Compare the two from each place in @early at which @late may begin."""
    initial = late.calls[:len(INITIAL[late.model])]
    if [call.kind for call in initial] != INITIAL[late.model]:
        return
    changes = changes_of(late)
    for start in range(len(initial), len(early.calls) + 1):
        if any(state_of(early.calls[:start], kind) !=
               state_of(initial, kind) for kind in INITIAL[late.model]):
            continue
        result = Result(start)
        for theirs, mine in zip(early.calls[start:], changes):
            if (theirs.kind, theirs.text) != (mine.kind, mine.text):
                result.mismatch = theirs, mine
                break
            result.counts[mine.kind] += 1
        result.rest = len(early.calls) - start - len(changes)
        yield result
