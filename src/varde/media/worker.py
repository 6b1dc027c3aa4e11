"""The decoder process: started by `varde.media.pool`, takes open files over a socket, answers with bytes.

Run as ``python -I -m varde.media.worker PARENT SOCKET TARGET MEMORY WRITE FILES``. TARGET names a function
``module:name`` that warms everything up and returns the handler ``(request: bytes, files: list[int]) -> bytes``; in
``module:name:argument`` it takes that one text, such as a folder it reads before the process is locked down. Frames
on the socket are one type byte, a four-byte big-endian length, and the payload; descriptors travel with the header of a
request.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from enum import Enum

from varde.media.sandbox import SandboxLimits, die_with_parent, lock_down

HEADER = struct.Struct("!cI")
MAX_FILES = 4

Handler = Callable[[bytes, list[int]], bytes]


class Frame(bytes, Enum):
    """What a frame says."""

    REQUEST = b"Q"
    HELLO = b"H"
    STARTED = b"S"
    ANSWER = b"A"
    OUT_OF_MEMORY = b"M"


def send_frame(connection: socket.socket, kind: Frame, payload: bytes, files: tuple[int, ...] = ()) -> None:
    """Sends one frame, with descriptors where there are any."""
    header = HEADER.pack(kind.value, len(payload))
    if files:
        socket.send_fds(connection, [header], list(files))
        header = b""
    connection.sendall(header + payload)


def main() -> None:
    """Serves requests until the parent closes the socket."""
    parent, descriptor, target, memory, write, files = sys.argv[1:7]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(int(parent))
    connection = socket.socket(fileno=int(descriptor))
    module, function, *argument = target.split(":", 2)
    handle: Handler = getattr(importlib.import_module(module), function)(*argument)
    silence = os.open(os.devnull, os.O_WRONLY)
    layers = lock_down(SandboxLimits(int(memory), int(write), int(files)))
    os.dup2(silence, sys.stderr.fileno(), inheritable=False)  # until here complaints may be read, by all processes
    os.close(silence)
    send_frame(connection, Frame.HELLO, ",".join(layers).encode())
    while (request := _receive(connection)) is not None:
        _serve(connection, handle, *request)


def _serve(connection: socket.socket, handle: Handler, payload: bytes, files: list[int]) -> None:
    send_frame(connection, Frame.STARTED, b"")
    try:
        answer = handle(payload, files)
    except MemoryError:
        send_frame(connection, Frame.OUT_OF_MEMORY, b"")
    else:
        send_frame(connection, Frame.ANSWER, answer)
    finally:
        for descriptor in files:
            os.close(descriptor)


def _receive(connection: socket.socket) -> tuple[bytes, list[int]] | None:
    header, files, _, _ = socket.recv_fds(connection, HEADER.size, MAX_FILES)
    if not header:
        return None
    header += _receive_exactly(connection, HEADER.size - len(header))
    _, length = HEADER.unpack(header)
    return _receive_exactly(connection, length), files


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        piece = connection.recv(length - len(parts))
        if not piece:
            sys.exit(0)
        parts += piece
    return bytes(parts)


if __name__ == "__main__":
    main()
