"""Who does something, and when: handed into every workflow instead of being looked up inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def now() -> datetime:
    """Returns the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person at the keyboard and the clock on the wall.

    Attributes:
        person: recorded with every act.
        clock: returns aware UTC times.
    """

    person: str
    clock: Callable[[], datetime] = now
