# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors

"""Closed process groups and quorum, with ctypes.

Use: no build is required; the module loads libcpg.so.4 and libquorum.so.5.

    import coroclient

    with coroclient.Cpg(on_message=print) as cpg:
        cpg.join(b"demo")
        cpg.send(b"hello")
        cpg.dispatch(coroclient.ONE)

Each object owns one connection to corosync. It has a fileno() method, so that
select, selectors and asyncio accept the object itself or its descriptor: call
dispatch() when it is readable. Remove it there before you call close().

Callbacks run in dispatch(), which raises the first exception that they raise.
"""

import ctypes
from typing import NamedTuple

# The modes of dispatch(): wait for one event; take all that are pending, and
# do not wait; wait for events until corosync ends or a callback calls close().
ONE, ALL, BLOCKING = 1, 2, 3

# The reasons of a change, in Member.reason.
JOIN, LEAVE, NODEDOWN, NODEUP, PROCDOWN = 1, 2, 3, 4, 5

MAX_NAME_LENGTH = 128

_OK, _LIBRARY, _TRY_AGAIN, _BAD_HANDLE = 1, 2, 6, 9
_AGREED = 2
_TRACK_CHANGES = 2


class Error(Exception):
    """A function of the library failed. "code" is its result, a cs_error_t."""

    def __init__(self, function, code):
        name = _common.cs_strerror(code).decode()
        super().__init__(f"{function}: {name}")
        self.code = code


class Disconnected(Error):
    """Corosync is not running, or has ended. Close the object."""


class TryAgain(Error):
    """Corosync cannot do this now. Make the same call again later."""


class Member(NamedTuple):
    """A member of a group. "reason" is 0 in a list of members."""

    nodeid: int
    pid: int
    reason: int = 0

    def __str__(self):
        return f"{self.nodeid}/{self.pid}"


class _Name(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint32),
                ("value", ctypes.c_char * MAX_NAME_LENGTH)]


class _Address(ctypes.Structure):
    _fields_ = [("nodeid", ctypes.c_uint32), ("pid", ctypes.c_uint32),
                ("reason", ctypes.c_uint32)]


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


_Handle = ctypes.c_uint64
_Addresses = ctypes.POINTER(_Address)
_Deliver = ctypes.CFUNCTYPE(None, _Handle, ctypes.POINTER(_Name),
                            ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p,
                            ctypes.c_size_t)
_Confchg = ctypes.CFUNCTYPE(None, _Handle, ctypes.POINTER(_Name),
                            _Addresses, ctypes.c_size_t,
                            _Addresses, ctypes.c_size_t,
                            _Addresses, ctypes.c_size_t)
_Notify = ctypes.CFUNCTYPE(None, _Handle, ctypes.c_uint32, ctypes.c_uint64,
                           ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32))


class _CpgCallbacks(ctypes.Structure):
    _fields_ = [("deliver", _Deliver), ("confchg", _Confchg)]


class _QuorumCallbacks(ctypes.Structure):
    _fields_ = [("notify", _Notify)]


def _declare(library, name, *types):
    function = getattr(library, name)
    function.argtypes = types
    function.restype = ctypes.c_uint


# CDLL releases Python's global lock during a call, so a call that waits does
# not stop other threads. PyDLL would not.
_common = ctypes.CDLL("libcorosync_common.so.4")
_common.cs_strerror.argtypes = [ctypes.c_uint]
_common.cs_strerror.restype = ctypes.c_char_p

_cpg = ctypes.CDLL("libcpg.so.4")
_declare(_cpg, "cpg_initialize", ctypes.POINTER(_Handle),
         ctypes.POINTER(_CpgCallbacks))
_declare(_cpg, "cpg_finalize", _Handle)
_declare(_cpg, "cpg_fd_get", _Handle, ctypes.POINTER(ctypes.c_int))
_declare(_cpg, "cpg_dispatch", _Handle, ctypes.c_uint)
_declare(_cpg, "cpg_join", _Handle, ctypes.POINTER(_Name))
_declare(_cpg, "cpg_leave", _Handle, ctypes.POINTER(_Name))
_declare(_cpg, "cpg_mcast_joined", _Handle, ctypes.c_uint,
         ctypes.POINTER(_Iovec), ctypes.c_uint)
_declare(_cpg, "cpg_local_get", _Handle, ctypes.POINTER(ctypes.c_uint))

_quorum = ctypes.CDLL("libquorum.so.5")
_declare(_quorum, "quorum_initialize", ctypes.POINTER(_Handle),
         ctypes.POINTER(_QuorumCallbacks), ctypes.POINTER(ctypes.c_uint32))
_declare(_quorum, "quorum_finalize", _Handle)
_declare(_quorum, "quorum_fd_get", _Handle, ctypes.POINTER(ctypes.c_int))
_declare(_quorum, "quorum_dispatch", _Handle, ctypes.c_uint)
_declare(_quorum, "quorum_trackstart", _Handle, ctypes.c_uint)
_declare(_quorum, "quorum_getquorate", _Handle, ctypes.POINTER(ctypes.c_int))


def _check(name, code):
    if code == _LIBRARY:
        raise Disconnected(name, code)
    if code == _TRY_AGAIN:
        raise TryAgain(name, code)
    if code != _OK:
        raise Error(name, code)


def _name(group):
    # Raises ValueError if the name does not fit.
    return _Name(len(group), group)


class _Connection:
    """What Cpg and Quorum have in common."""

    _library = None
    _prefix = ""

    def __init__(self, callbacks, *arguments):
        # The library calls the functions in this structure. Without this
        # reference, Python would free them.
        self._callbacks = callbacks
        self._failure = None
        self._handle = 0
        handle = _Handle()
        self._call("initialize", ctypes.byref(handle), ctypes.byref(callbacks),
                   *arguments)
        self._handle = handle.value

    def _call(self, name, *arguments):
        name = self._prefix + name
        _check(name, getattr(self._library, name)(*arguments))

    def _get(self, name, output):
        self._call(name, self._handle, ctypes.byref(output))
        return output.value

    def _run(self, callback, *arguments):
        """Call a callback. ctypes would print an exception and continue."""
        if callback is None or self._failure is not None:
            return
        try:
            callback(*arguments)
        except BaseException as failure:
            self._failure = failure

    def fileno(self):
        """Return the descriptor, which is readable if an event is pending."""
        return self._get("fd_get", ctypes.c_int())

    def dispatch(self, mode=ALL):
        """Receive events, and call the callbacks for them."""
        try:
            self._call("dispatch", self._handle, mode)
        except Error as error:
            # A callback may have closed the object.
            if error.code != _BAD_HANDLE or self._handle != 0:
                raise
        finally:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self):
        """Close the connection, which ends the membership of a group."""
        handle, self._handle = self._handle, 0
        if handle != 0:
            # Whatever it returns, the handle is closed.
            getattr(self._library, self._prefix + "finalize")(handle)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def _members(addresses, count):
    return [Member(a.nodeid, a.pid, a.reason) for a in addresses[:count]]


class Cpg(_Connection):
    """A connection that can be a member of one group.

    on_message(member, data) is called for each message, and
    on_change(members, left, joined), with lists of Member, for each change.
    """

    _library = _cpg
    _prefix = "cpg_"

    def __init__(self, on_message=None, on_change=None):
        self._on_message = on_message
        self._on_change = on_change
        super().__init__(_CpgCallbacks(_Deliver(self._deliver),
                                       _Confchg(self._confchg)))

    def _deliver(self, _handle, _group, nodeid, pid, data, length):
        self._run(self._on_message, Member(nodeid, pid),
                  ctypes.string_at(data, length))

    def _confchg(self, _handle, _group, members, count, left, left_count,
                 joined, joined_count):
        self._run(self._on_change, _members(members, count),
                  _members(left, left_count), _members(joined, joined_count))

    def local_nodeid(self):
        """Return the id of this node."""
        return self._get("local_get", ctypes.c_uint())

    def join(self, group):
        """Join a group. on_change() is called when this is done."""
        self._call("join", self._handle, ctypes.byref(_name(group)))

    def leave(self, group):
        """Leave the group. on_change() is called when this is done."""
        self._call("leave", self._handle, ctypes.byref(_name(group)))

    def send(self, data):
        """Send bytes to all members of the group, including this one."""
        iovec = _Iovec(data, len(data))
        self._call("mcast_joined", self._handle, _AGREED, ctypes.byref(iovec),
                   1)


class Quorum(_Connection):
    """A connection that reports the state of the quorum.

    on_change(is_quorate, nodes) is called for the first state after track(),
    and for each change of the state or of the nodes, a list of ids.
    """

    _library = _quorum
    _prefix = "quorum_"

    def __init__(self, on_change=None):
        self._on_change = on_change
        super().__init__(_QuorumCallbacks(_Notify(self._notify)), None)

    def _notify(self, _handle, quorate, _ring_seq, count, nodes):
        self._run(self._on_change, bool(quorate), nodes[:count])

    def track(self):
        """Ask for the state and all changes."""
        self._call("trackstart", self._handle, _TRACK_CHANGES)

    def is_quorate(self):
        """Return whether this node is in the part that has the quorum."""
        return bool(self._get("getquorate", ctypes.c_int()))
