"""How far the subscribers of iopub are behind; one that does not read is cut off.

ZeroMQ queues for each subscriber without end or drops messages, and tells nothing of either.
What TCP knows is asked instead (Linux): of every byte that was written for a connection, how
many its peer has taken (tcp(7), TCP_INFO). Nothing is done but a sum per message, until a
sixteenth of the limit has been published. Over ipc and inproc nobody is watched.
"""

from __future__ import annotations

import _socket  # the plain module: socket costs 7 ms more
import contextlib
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tidelock.shared.log import layer

log = layer("wire")

_STEPS = 16
_FRAME_COST = 130
"""What libzmq takes in memory for a queued frame, besides its bytes."""
_HEAD = 2
_CURVE_HEAD = 35
"""What is on the wire before a short frame (RFC 23/ZMTP, RFC 25/ZMTP-CURVE)."""
_INFO_BYTES = 128
_ACKED_AT = 120


class _Mark(NamedTuple):
    """When a connection had nothing left to take: bytes published, their cost, bytes taken."""

    wire: int
    cost: int
    taken: int


class Subscribers:
    """The watch over one publishing socket; on the thread that publishes.

    Args:
        port: the TCP port that it is bound to.
        limit: bytes of memory that a subscriber may take.
        cut: called for each one that is cut off.
        encrypted: CURVE makes more of every frame.
    """

    def __init__(self, port: int, limit: int, cut: Callable[[], None], *, encrypted: bool) -> None:
        self._port = port
        self._head = _CURVE_HEAD if encrypted else _HEAD
        self._limit = limit
        self._step = max(limit // _STEPS, 1)
        self._cut = cut
        self._wire = self._cost = 0
        self._last = _Mark(0, 0, 0)
        self._marks: dict[int, _Mark] = {}

    def published(self, frames: Sequence[bytes]) -> None:
        """A message was sent to every subscriber."""
        size = sum(map(len, frames))
        self._wire += size + self._head * len(frames)
        self._cost += size + _FRAME_COST * len(frames)
        if self._cost - self._last.cost >= self._step:
            before, self._last = self._last, _Mark(self._wire, self._cost, 0)
            try:
                self._look(before)
            except OSError as error:  # no descriptor is left, perhaps: publishing goes on
                log.warn("the subscribers could not be looked at", error=str(error))

    def _look(self, before: _Mark) -> None:
        import termios  # late: a kernel starts without it

        marks = {}
        for number, connection in _connections(self._port):
            info = connection.getsockopt(_socket.IPPROTO_TCP, _socket.TCP_INFO, _INFO_BYTES)
            if len(info) < _INFO_BYTES:  # a kernel before Linux 4.1
                continue
            (taken,) = struct.unpack_from("=Q", info, _ACKED_AT)
            (left,) = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
            if not left:
                mark = _Mark(self._wire, self._cost, taken)
            else:
                # One that was not there at the last look has missed nothing before it.
                mark = self._marks.get(number, before)
                if self._behind(mark, taken) + self._step > self._limit:
                    self._end(connection)
                    continue
            marks[number] = mark
        self._marks = marks

    def _behind(self, mark: _Mark, taken: int) -> float:
        """The memory that waits for a connection; frames are assumed to be alike since its mark."""
        wire = self._wire - mark.wire
        waiting = max(wire - (taken - mark.taken), 0)
        return waiting / max(wire, 1) * (self._cost - mark.cost)

    def _end(self, connection: _socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer = connection.getpeername()
            connection.shutdown(_socket.SHUT_RDWR)
            log.warn("cut off a subscriber that does not read", peer=peer, limit=self._limit)
            self._cut()


def _connections(port: int) -> Iterator[tuple[int, _socket.socket]]:
    """The connections to a port of this process: a number nobody else has, and the socket.

    libzmq may close one of its descriptors at any time, so each is doubled before it is looked at.
    """
    for name in os.listdir("/proc/self/fd"):
        try:
            descriptor = os.dup(int(name))
        except OSError:
            continue
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISSOCK(status.st_mode):
                continue
            connection = _socket.socket(fileno=descriptor)
            descriptor = -1
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        try:
            internet = connection.family in (_socket.AF_INET, _socket.AF_INET6)
            if internet and connection.getsockname()[1] == port:
                connection.getpeername()  # one that listens has none
                yield status.st_ino, connection
        except OSError:
            continue
        finally:
            connection.close()
