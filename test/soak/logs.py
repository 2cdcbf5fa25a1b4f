# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""The logs of group members: their format, and what a log contains.

Each line is an event. It begins with the time and the name of a group, or "-".
The time is that of CLOCK_MONOTONIC in milliseconds: all processes run on the
same machine. A member is NODE.PID. A list is separated by commas; "-" is an
empty list. A message is INCARNATION.NUMBER: the incarnation counts the sender's
joins, and each incarnation numbers its messages from 0.

In the log of a worker:

  T - library FILE                  the library that the worker has loaded
  T GROUP open MODEL                a new connection: 0 for cpg_initialize, 1
                                    for model 1, 1+ (default) if it delivers
                                    the ring at the join as well; "session" if
                                    a session has it
  T GROUP join MEMBER               the worker is about to join
  T GROUP leave                     cpg_leave succeeded
  T GROUP lost                      the connection ended
  T GROUP close                     the worker has closed the connection
  T GROUP send MESSAGE LEN          a message is about to be sent;
                                    "empty" if it has no bytes
  T GROUP sent MESSAGE              the library has accepted it
  T GROUP view MEMBERS LEFT JOINED  confchg; LEFT and JOINED are lists of
                                    MEMBER:REASON; in MEMBERS, a reason of
                                    0 is left out
  T GROUP deliver MEMBER MESSAGE LEN STATE
                                    deliver; STATE is "good" if the message
                                    names this sender, group and length, and
                                    its checksum is right, else "bad"
  T GROUP ring RING NODES           a totem configuration change
  T GROUP name LEN SUM              the next callback names another group
  T - track MODEL                   quorum_trackstart succeeded, with model 0
                                    or 1
  T - untrack MODEL                 the connection ended
  T - quorum0 YES|NO SEQ NODES      a notification of the quorum service, of
                                    model 0
  T - quorum YES|NO RING NODES      of model 1
  T - nodelist RING NODES JOINED LEFT
                                    a change of nodes, of model 1
  T - size RSS_KIB DESCRIPTORS      of the worker's process
  T - fork                          the worker continues in a child process
  T - exit                          the worker ends in an orderly way

In the log of a worker with a session, which opens a group when it delivers the
first change:

  T - connected MEMBER              MEMBER is this process
  T - disconnected ERROR            the connection ended, or there is none
  T GROUP rejoin MEMBERS LEFT JOINED
                                    the first change after a lost connection,
                                    instead of "view"
  T GROUP loss LOST UNCERTAIN       so many messages have not come back
  T - quorum YES|NO RING NODES JOINED LEFT
  T - stats SENT RETURNED LOST UNCERTAIN FLIGHT RECEIVED CONNECTS
                                    what the session has counted

In the log of the program that makes the faults:

  T - cluster NODES                 all nodes
  T - fault TEXT                    a fault begins
  T - expect NODES                  these nodes have formed a ring, and all
                                    workers on them have had its events
"""

from dataclasses import dataclass, field

JOIN, LEAVE, NODEDOWN, NODEUP, PROCDOWN = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Message:
    sender: str
    number: str
    length: int

    def __str__(self):
        return f"message {self.number} of {self.sender}"


@dataclass(frozen=True)
class View:
    members: tuple
    left: tuple
    joined: tuple

    def __str__(self):
        return (f"change to {','.join(self.members) or 'no member'} "
                f"(left: {self.names(self.left)}, "
                f"joined: {self.names(self.joined)})")

    @staticmethod
    def names(changes):
        return ",".join(member for member, _ in changes) or "none"

    @property
    def is_of_nodes(self):
        """Whether nodes came or went, in contrast to processes."""
        return any(reason in (NODEDOWN, NODEUP)
                   for _, reason in self.left + self.joined)

    @property
    def changed(self):
        """The processes that came or went."""
        return [name for name, _ in self.left + self.joined]

    def without(self, members):
        return View(tuple(name for name in self.members
                          if name not in members),
                    *(tuple(change for change in changes
                            if change[0] not in members)
                      for changes in (self.left, self.joined)))

    def has_left(self, member):
        return any(name == member for name, _ in self.left)

    def has_joined(self, member):
        return any(name == member for name, _ in self.joined)


@dataclass
class Phase:
    """What a member has seen in one ring, before nodes came or went."""
    session: "Session"
    ring: str = None
    view_before: tuple = None   # members at the beginning; None: not joined
    items: list = field(default_factory=list)
    lines: list = field(default_factory=list)
    tail: list = field(default_factory=list)    # views, when nodes changed
    previous: "Phase" = None    # in the ring before
    next_ring: str = None       # None: the session ended in this ring

    def place(self, index):
        line = self.lines[index] if index < len(self.lines) else None
        return self.session.place(line)

    def time(self, index):
        return self.session.log.times[self.lines[index] - 1]


@dataclass(frozen=True)
class Call:
    """A callback, with the text of its arguments."""
    line: int
    time: int
    kind: str                   # the word of its line
    text: str

    def __str__(self):
        return f"{self.kind} {self.text}"


@dataclass
class Session:
    """A connection of one worker for one group, from open to its end."""
    log: "Log"
    group: str
    line: int
    model: str
    member: str = None
    events: list = field(default_factory=list)   # (line, event)
    calls: list = field(default_factory=list)
    end: str = "cut"            # "cut": killed; "lost"; "left"

    @property
    def node(self):
        return node_of(self.member)

    @property
    def join_time(self):
        return self.log.times[self.line - 1]

    def place(self, line=None):
        return f"{self.log.name}:{line or self.line}: {self.group}"


@dataclass
class Track:
    """A connection of one worker to the quorum service."""
    log: "Log"
    model: str
    line: int
    calls: list = field(default_factory=list)
    end: str = "cut"            # "cut": killed; "lost"

    def place(self, line=None):
        return f"{self.log.name}:{line or self.line}: quorum"


@dataclass
class Log:
    name: str
    library: str = None
    sessions: list = field(default_factory=list)
    tracks: list = field(default_factory=list)
    sends: dict = field(default_factory=dict)    # (group, message): length
    send_times: dict = field(default_factory=dict)      # of the last attempt
    sent: list = field(default_factory=list)     # (line, group, message)
    states: list = field(default_factory=list)   # (time, what, value, line)
    sizes: list = field(default_factory=list)
    times: list = field(default_factory=list)    # of each line
    last_time: int = 0
    faults: int = 0
    nodes: tuple = ()
    is_session: bool = False
    steps: list = field(default_factory=list)   # of a session: (line, words)
    expectations: list = field(default_factory=list)    # (time, nodes)


class Malformed(Exception):
    pass


def node_of(member):
    return int(member.partition(".")[0])


def list_parse(text):
    return () if text == "-" else tuple(text.split(","))


def nodes_parse(text):
    return tuple(sorted(int(node) for node in list_parse(text)))


def changes_parse(text):
    pairs = (item.partition(":") for item in list_parse(text))
    return tuple(sorted((member, int(reason or 0))
                        for member, _, reason in pairs))


def names_parse(text):
    return tuple(sorted(item.partition(":")[0] for item in list_parse(text)))


class Reader:
    """Builds a Log from lines."""

    def __init__(self, name):
        self.log = Log(name)
        self.open = {}          # group: session
        self.tracks = {}        # model: track

    def line_add(self, number, text):
        words = text.split()
        try:
            time, group, verb = int(words[0]), words[1], words[2]
            method = getattr(self, f"on_{verb}")
            self.log.last_time = time
            self.log.times.append(time)
            if not self.is_stray(group, verb):
                method(number, time, group, *words[3:])
            if self.log.is_session:
                self.log.steps.append((number, words[1:]))
        except (IndexError, ValueError, AttributeError, TypeError,
                KeyError) as error:
            raise Malformed(f"{self.log.name}:{number}: cannot read "
                            f"'{text}': {error}") from None

    def is_stray(self, group, verb):
        """Whether a session delivers it before the first change of the group,
        or after the end of the connection: rule "connection" finds it."""
        return (self.log.is_session and group != "-" and
                verb in ("deliver", "loss") and group not in self.open)

    def event_add(self, number, group, event):
        self.open[group].events.append((number, event))

    def call_add(self, connection, number, time, kind, *words):
        connection.calls.append(Call(number, time, kind, " ".join(words)))

    def on_library(self, _number, _time, _group, file=None):
        self.log.library = file

    def on_open(self, number, _time, group, model="1+"):
        self.open[group] = Session(self.log, group, number, model)
        self.log.sessions.append(self.open[group])
        self.log.is_session |= model == "session"

    def on_join(self, number, _time, group, member):
        session = self.open[group]
        session.line, session.member = number, member

    def on_leave(self, _number, _time, group):
        """The event of the leave follows, but not in a session, which leaves
        when its messages have come back."""
        if self.open[group].model == "session":
            self.open[group].end = "left"

    def on_lost(self, _number, time, group):
        self.open.pop(group).end = "lost"
        self.log.states.append((time, "ring " + group, None, 0))

    def on_close(self, _number, time, group):
        del self.open[group]
        self.log.states.append((time, "ring " + group, None, 0))

    def on_send(self, _number, time, group, message, length):
        session = self.open[group]
        key = (group, session.member, message)
        self.log.sends[key] = int(length)
        self.log.send_times[key] = time

    def on_sent(self, number, _time, group, message):
        self.log.sent.append((number, self.open[group], message))

    def on_name(self, number, time, group, length, total):
        self.event_add(number, group, "name")
        self.call_add(self.open[group], number, time, "name", length, total)

    def on_view(self, number, time, group, members, left, joined):
        names = (member.partition(":")[0] for member in list_parse(members))
        view = View(tuple(sorted(names)), changes_parse(left),
                    changes_parse(joined))
        self.event_add(number, group, view)
        session = self.open[group]
        self.call_add(session, number, time, "view", members, left, joined)
        if view.has_left(session.member):
            session.end = "left"

    def on_rejoin(self, number, time, group, members, left, joined):
        """Without what the session has added: the process has joined. Rule
        "rejoin" checks the lists."""
        changes_parse(left), changes_parse(joined)
        self.on_view(number, time, group, members, "-",
                     f"{self.open[group].member}:{JOIN}")

    def on_deliver(self, number, time, group, sender, message, length,
                   state):
        self.call_add(self.open[group], number, time, "deliver", sender,
                      message, length, state)
        event = Message(sender, message, int(length))
        if state != "good":
            self.event_add(number, group, "bad")
        self.event_add(number, group, event)

    def on_ring(self, number, time, group, ring, nodes):
        self.event_add(number, group, ("ring", ring))
        self.call_add(self.open[group], number, time, "ring", ring, nodes)
        self.log.states.append((time, "ring " + group, nodes_parse(nodes),
                                number))

    def on_track(self, number, _time, _group, model):
        self.tracks[model] = Track(self.log, model, number)
        self.log.tracks.append(self.tracks[model])

    def on_untrack(self, _number, time, _group, model):
        self.tracks.pop(model).end = "lost"
        for what in (("quorum0",), ("quorum", "nodelist"))[int(model)]:
            self.log.states.append((time, what, None, 0))

    def quorum_add(self, number, time, model, kind, *words):
        if model in self.tracks:
            self.call_add(self.tracks[model], number, time, kind, *words)

    def on_quorum0(self, number, time, _group, quorate, seq, nodes):
        self.quorum_add(number, time, "0", "quorum0", quorate, seq, nodes)
        self.log.states.append((time, "quorum0",
                                (quorate == "yes", nodes_parse(nodes)),
                                number))

    def on_quorum(self, number, time, _group, quorate, ring, nodes, *changes):
        if len(changes) != (2 if self.log.is_session else 0):
            raise ValueError("wrong number of lists")
        self.quorum_add(number, time, "1", "quorum", quorate, ring, nodes)
        self.log.states.append((time, "quorum",
                                (quorate == "yes", nodes_parse(nodes)),
                                number))

    def on_nodelist(self, number, time, _group, ring, nodes, joined, left):
        self.quorum_add(number, time, "1", "nodelist", ring, nodes, joined,
                        left)
        self.log.states.append((time, "nodelist", nodes_parse(nodes), number))

    def on_size(self, _number, _time, _group, rss, descriptors):
        self.log.sizes.append((int(rss), int(descriptors)))

    def on_connected(self, _number, _time, _group, _member):
        self.log.is_session = True

    def on_disconnected(self, _number, time, _group, _error):
        self.log.is_session = True
        self.log.states.append((time, "quorum", None, 0))

    def on_loss(self, _number, _time, _group, lost, uncertain):
        int(lost), int(uncertain)

    def on_stats(self, _number, _time, _group, *numbers):
        if len([int(number) for number in numbers]) != 7:
            raise ValueError("not seven numbers")

    def on_fork(self, _number, _time, _group):
        """The child has the open connections, too."""

    def on_exit(self, _number, _time, _group):
        """A session that has not left ends like one that was killed."""

    def on_cluster(self, _number, _time, _group, nodes):
        self.log.nodes = nodes_parse(nodes)

    def on_fault(self, _number, _time, _group, *_text):
        self.log.faults += 1

    def on_expect(self, _number, time, _group, nodes):
        self.log.expectations.append((time, nodes_parse(nodes)))


def log_read(name):
    """The last line may be cut, as a worker may be killed while it writes."""
    reader = Reader(name)
    with open(name, encoding="ascii") as file:
        for number, text in enumerate(file, 1):
            if text.endswith("\n"):
                reader.line_add(number, text.rstrip("\n"))
    return reader.log


def phases_make(session):
    """Split the events of a session at the changes of the ring. The event of the
    first ring comes before the own join or after it."""
    phase, members = Phase(session), None
    phases = [phase]
    for line, event in session.events:
        if isinstance(event, View):
            members = event.members
        if not isinstance(event, tuple):
            if not isinstance(event, str):
                phase.items.append(event)
                phase.lines.append(line)
        elif phase.ring is None:
            phase.ring = event[1]
        elif phase.ring != event[1]:
            phase.next_ring = event[1]
            phase = Phase(session, event[1], members, previous=phase)
            phases.append(phase)
    for phase in phases:
        tail_cut(phase)
    return phases


def tail_cut(phase):
    """Nodes come and go after the last message of a ring."""
    for index, item in enumerate(phase.items):
        if isinstance(item, View) and item.is_of_nodes:
            phase.tail = phase.items[index:]
            del phase.items[index:], phase.lines[index:]
            return
