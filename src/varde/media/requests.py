"""What goes into a decoder pool and what comes out of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FailureKind(StrEnum):
    """How a request can fail other than by an answer that says so."""

    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Failure:
    """A request whose process did not live to answer it.

    Attributes:
        detail: one plain sentence, such as the signal that ended the process.
    """

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Request:
    """One unit of work.

    Attributes:
        key: given back with the answer.
        payload: what the handler gets.
        files: open descriptors the handler gets; the pool closes them.
        limit_s: wall time after which the process is killed, counted from when it announces the request.
    """

    key: Any
    payload: bytes
    files: tuple[int, ...]
    limit_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request."""

    key: Any
    result: bytes | Failure


@dataclass(slots=True, eq=False)
class Job:
    """A request inside the pool.

    Attributes:
        attempts: processes that ended, or were ended, when it was their next one and before they announced it.
    """

    request: Request
    attempts: int = 0

    def answer(self, result: bytes | Failure) -> Answer:
        """Returns the answer and closes the request's descriptors."""
        self.close_files()
        return Answer(self.request.key, result)

    def close_files(self) -> None:
        """Closes the request's descriptors; to be called once."""
        for descriptor in self.request.files:
            os.close(descriptor)
