"""Limits how often callers may fail to show a valid token, so that nobody guesses and no log fills up."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_WINDOW_S = 60.0
_MOST_FAILURES = 10
_MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class _Failures:
    ends: float
    count: int = 0
    by_secret: dict[bytes, int] = field(default_factory=dict)


class FailedAttempts:
    """Counts failures by address for a minute.

    A valid token always gets in, whatever others at its address did: a stranger behind a shared proxy cannot lock
    anybody out. A wrong secret that is sent again and again is not even looked up any more.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts with no failures.

        Args:
            clock: seconds that only grow.
        """
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def find_wait(self, address: str, digest: bytes) -> int:
        """Returns for how many seconds this secret need not be looked up, since it failed too often; 0 for none."""
        found = self._find(address)
        if found is None or found.by_secret.get(digest, 0) < _MOST_FAILURES:
            return 0
        return self._wait(found)

    def record(self, address: str, digest: bytes) -> int:
        """Counts a failure and returns how many seconds the caller should wait; 0 while it has not failed too often."""
        found = self._find(address)
        if found is None:
            found = self._failures[address] = _Failures(self._clock() + _WINDOW_S)
            if len(self._failures) > _MOST_ADDRESSES:
                self._failures.popitem(last=False)
        found.count += 1
        if digest in found.by_secret or len(found.by_secret) < _MOST_FAILURES:
            found.by_secret[digest] = found.by_secret.get(digest, 0) + 1
        return self._wait(found) if found.count > _MOST_FAILURES else 0

    def _find(self, address: str) -> _Failures | None:
        found = self._failures.get(address)
        if found is not None and self._clock() >= found.ends:
            del self._failures[address]
            return None
        return found

    def _wait(self, found: _Failures) -> int:
        return max(1, math.ceil(found.ends - self._clock()))
