"""Frames on their way to a decoder process that may read them late or never: sending never waits for it."""

from __future__ import annotations

import socket
from collections import deque
from dataclasses import dataclass

from varde.media.worker import HEADER, Frame


@dataclass(slots=True, eq=False)
class _Unsent:
    rest: memoryview
    files: tuple[int, ...]


class Outbox:
    """What is still to be sent over a non-blocking socket, in order."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._frames: deque[_Unsent] = deque()

    def __len__(self) -> int:
        """Number of frames that are not sent to their last byte."""
        return len(self._frames)

    def add(self, kind: Frame, payload: bytes, files: tuple[int, ...]) -> None:
        """Puts a frame last in line; the descriptors must stay open until it is sent."""
        data = HEADER.pack(kind.value, len(payload)) + payload
        self._frames.append(_Unsent(memoryview(data), files))

    def flush(self) -> None:
        """Sends as much as the socket takes now.

        Raises:
            OSError: if the other side is gone.
        """
        while self._frames:
            frame = self._frames[0]
            try:
                frame.rest = frame.rest[self._send(frame) :]
            except BlockingIOError:
                return
            frame.files = ()
            if not frame.rest:
                self._frames.popleft()

    def _send(self, frame: _Unsent) -> int:
        if frame.files:  # they travel with the header alone, where the worker looks for them
            return socket.send_fds(self._connection, [frame.rest[: HEADER.size]], list(frame.files))
        return self._connection.send(frame.rest)
