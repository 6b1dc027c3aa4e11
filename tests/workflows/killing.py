"""Runs commands in processes to be killed: everything is loaded once, so that each of them starts at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_PROGRAM = """
import importlib, json, os, sys
from varde.cli import main
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
sys.path.insert(0, sys.argv[2])
job = importlib.import_module(sys.argv[3])
job.prepare()
for line in sys.stdin:
    words = json.loads(line)
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(silent, number)
        os._exit(job.run(words))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
KILLED = -signal.SIGKILL


class Runner:
    """Runs jobs one at a time, and kills them."""

    def __init__(self, words: IO[str], told: IO[str]) -> None:
        self._words = words
        self._told = told

    def run(self, words: Sequence[str], *, kill_after_s: float | None = None) -> int:
        """Returns the exit code of a child, `KILLED` where it was killed before it was done."""
        self._words.write(json.dumps(list(words)) + "\n")
        self._words.flush()
        child = int(self._told.readline())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._told.readline())


@contextmanager
def open_runner(job: str, modules: Sequence[str]) -> Iterator[Runner]:
    """Yields a runner of the jobs of a module beside this one, which has `prepare` and `run`.

    Args:
        job: name of the module.
        modules: loaded before the first job.
    """
    command = [sys.executable, "-c", _PROGRAM, json.dumps(list(modules)), str(Path(__file__).parent), job]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield Runner(process.stdin, process.stdout)
        process.stdin.close()
