"""Says how fast entries go by: a line now and then, and the rate at the end."""

from __future__ import annotations

import time

from varde.cli import output

_EVERY_S = 5.0


class Rate:
    """Hand its `update` to whatever counts entries."""

    def __init__(self) -> None:
        self._start = self._said = time.monotonic()
        self._count = 0

    def update(self, count: int) -> None:
        """Takes how many there were so far."""
        self._count = count
        if time.monotonic() - self._said > _EVERY_S:
            self._said = time.monotonic()
            output.say(f"{count:,} entries, {self.describe()}")

    def describe(self) -> str:
        """Returns the rate since the beginning."""
        return f"{self._count / max(time.monotonic() - self._start, 1e-6):,.0f} entries/s"
