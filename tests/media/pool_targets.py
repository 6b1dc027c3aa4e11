"""Handlers that misbehave on purpose; started in decoder processes by the pool's tests."""

import ctypes
import fcntl
import gc
import mmap
import os
import signal
import socket
import struct
import threading
import time
from pathlib import Path


def serve():
    return _handle


def serve_nothing():
    raise ImportError("this target cannot start")


def serve_garbage():
    os.write(2, b"first line\n" + b"\xff" * 100_000 + b"\x1b[2J\x07 the end\n")
    os._exit(1)


def _handle(payload: bytes, files: list[int]) -> bytes:
    verb, _, rest = payload.partition(b":")
    return _VERBS[verb](rest, files)


def _echo(rest: bytes, files: list[int]) -> bytes:
    return rest


def _read(rest: bytes, files: list[int]) -> bytes:
    return os.pread(files[0], 1000, 0)


def _crash(rest: bytes, files: list[int]) -> bytes:
    ctypes.string_at(0)
    return b""


def _hang(rest: bytes, files: list[int]) -> bytes:
    time.sleep(600)
    return b""


def _eat_memory(rest: bytes, files: list[int]) -> bytes:
    return bytes(64 << 30)


def _raise(rest: bytes, files: list[int]) -> bytes:
    raise RuntimeError("unexpected")


def _attempt(rest: bytes, files: list[int]) -> bytes:
    try:
        _ATTEMPTS[rest](files)
    except OSError as error:
        return f"refused {error.errno}".encode()
    return b"done"


def _find_connection() -> socket.socket:
    return next(o for o in gc.get_objects() if isinstance(o, socket.socket) and o.fileno() > 2)


def _signal(rest: bytes, files: list[int]) -> bytes:
    """Asks the kernel to kill a process as soon as our own socket becomes readable."""
    connection, refused = _find_connection(), b"armed"
    for command, value in (
        (fcntl.F_SETOWN, int(rest)),
        (fcntl.F_SETSIG, signal.SIGKILL),
        (fcntl.F_SETFL, os.O_RDWR | os.O_ASYNC),
    ):
        try:
            fcntl.fcntl(connection, command, value)
        except OSError as error:
            refused = b"refused %d" % error.errno
    time.sleep(1)  # data that arrives meanwhile signals
    return refused


def _say(kind: bytes, payload: bytes = b"") -> None:
    _find_connection().sendall(struct.pack("!cI", kind, len(payload)) + payload)


def _greet_again(rest: bytes, files: list[int]) -> bytes:
    _say(b"H")
    return _hang(rest, files)


def _fall_mute(rest: bytes, files: list[int]) -> bytes:
    _say(b"A", b"last words")
    return _hang(rest, files)


def _answer_ahead(rest: bytes, files: list[int]) -> bytes:
    for kind in b"ASASA":
        _say(bytes([kind]))
    return _hang(rest, files)


def _nap(rest: bytes, files: list[int]) -> bytes:
    time.sleep(float(rest))
    return rest


def _end(rest: bytes, files: list[int]) -> bytes:
    signal.pthread_kill(threading.get_ident(), int(rest))
    return b""


def _write_file(files):
    Path("/tmp/varde-sandbox-probe").write_bytes(b"x")


def _connect(files):
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def _udp(files):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _map_shared(files):
    with mmap.mmap(files[0], 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE) as mapped:
        mapped[:4] = b"gone"


def _map_shared_to_read(files):
    mmap.mmap(files[0], 4096, mmap.MAP_SHARED, mmap.PROT_READ)


def _punch(files):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(files[0], 3, ctypes.c_long(0), ctypes.c_long(4096)):
        raise OSError(ctypes.get_errno(), "fallocate")


_ATTEMPTS = {
    b"read": lambda files: Path("/etc/passwd").read_bytes(),
    b"write": _write_file,
    b"connect": _connect,
    b"udp": _udp,
    b"exec": lambda files: os.posix_spawn("/bin/true", ["true"], {}),
    b"fork": lambda files: os.fork() or os._exit(0),
    b"kill": lambda files: os.kill(os.getppid(), 0),
    b"cut": lambda files: os.ftruncate(files[0], 0),
    b"map": _map_shared,
    b"map_read": _map_shared_to_read,
    b"punch": _punch,
    b"complain": lambda files: os.write(2, b"x" * 100_000),
    b"write_handed": lambda files: os.write(files[0], b"x" * 4096),
}

_VERBS = {
    b"echo": _echo,
    b"read": _read,
    b"crash": _crash,
    b"hang": _hang,
    b"eat": _eat_memory,
    b"raise": _raise,
    b"attempt": _attempt,
    b"signal": _signal,
    b"greet": _greet_again,
    b"mute": _fall_mute,
    b"ahead": _answer_ahead,
    b"nap": _nap,
    b"end": _end,
}
