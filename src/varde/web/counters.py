"""Counts what is asked, by token; what was asked about is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from varde.web.logs import get_logger

_EVERY_S = 60.0


class Asked(StrEnum):
    """What is counted."""

    LOOKUP = "lookups"
    HASH = "hashed"


class Counters:
    """Counts since the last line in the log, which comes every minute in which something was asked, and at the end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts at nothing.

        Args:
            clock: seconds that only grow.
        """
        self._clock = clock
        self._since = clock()
        self._counts: dict[int, dict[str, int]] = {}

    def add(self, token_id: int, asked: Asked) -> None:
        """Counts one request of a token."""
        of_token = self._counts.setdefault(token_id, {})
        of_token[asked.value] = of_token.get(asked.value, 0) + 1
        if self._clock() - self._since >= _EVERY_S:
            self.write()

    def write(self) -> None:
        """Writes one line for each token into the log, and starts again."""
        logger = get_logger()
        for token_id, counts in self._counts.items():
            logger.info("asked", token_id=token_id, **counts)
        self._counts.clear()
        self._since = self._clock()
