"""How a decoder process is started, and what is said of its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import BinaryIO

from varde.media.sandbox import SandboxLimits

_COMPLAINT_BYTES = 4096
_COMPLAINT_LENGTH = 400


def start_process(
    target: str, limits: SandboxLimits, complaints: BinaryIO
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Starts one and returns it with our end of its socket, which does not block.

    Args:
        target: ``module:function``, see `varde.media.worker`.
        limits: what it may use.
        complaints: gets what it prints before it is locked down.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    numbers = (limits.memory_bytes, limits.write_bytes, limits.open_files)
    command = [sys.executable, "-I", "-m", "varde.media.worker", str(os.getpid())]
    with theirs:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), target, *map(str, numbers)],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
            env=_environment(),
            cwd="/",
        )
    ours.setblocking(False)
    return process, ours


def read_last_complaint(complaints: BinaryIO) -> str:
    """Returns the end of the last line, with escapes for what cannot be printed; "" where there is none."""
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - _COMPLAINT_BYTES))
    lines = complaints.read(_COMPLAINT_BYTES).decode("utf-8", "replace").strip().split("\n")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in lines[-1][-_COMPLAINT_LENGTH:])


def describe_exit(status: int) -> str:
    """Returns a sentence on how a process ended.

    Args:
        status: exit status, or the signal's number negated.
    """
    if -status in set(signal.Signals):
        return f"The decoder was ended by {signal.Signals(-status).name}."
    if status < 0:
        return f"The decoder was ended by signal {-status}."
    return f"The decoder ended with status {status}."


def _environment() -> dict[str, str]:
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # Official builds of onnxruntime send what they are used for to their maker, from a thread that is not locked down.
    silent = {"ORT_DISABLE_TELEMETRY": "1"}
    inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return {**inherited, **single, **silent, "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"}
