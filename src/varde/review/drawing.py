"""Which decided items get a second opinion: drawn by a keyed hash, so that nobody can tell beforehand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass

_POSITIONS = 1 << 63


@dataclass(frozen=True, slots=True)
class Draw:
    """What a queue for second opinions draws.

    Attributes:
        key: secret of the queue; without it nobody can tell which items will be drawn.
        codes: items decided so are all drawn.
        percent: share of all others that is drawn, 0-100.
    """

    key: bytes
    codes: frozenset[str]
    percent: float

    def takes(self, item_id: int, code: str) -> bool:
        """Returns whether an item that was decided so is drawn."""
        return code in self.codes or compute_position(self.key, item_id) < self.percent / 100 * _POSITIONS


def compute_position(key: bytes, item_id: int) -> int:
    """Returns the place of an item in the drawn order, 0 to 2^63 - 1, uniform over keys.

    The order says nothing of when, by whom or how an item was decided.
    """
    digest = hmac.new(key, item_id.to_bytes(8, "big"), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def make_draw(key: bytes, codes: Collection[str], percent: float) -> Draw:
    """Returns a draw.

    Raises:
        ValueError: if the key is short, or the share is none.
    """
    if len(key) < 16:
        raise ValueError("the key of a draw needs 16 bytes at least")
    if not 0 <= percent <= 100:
        raise ValueError("a share is 0 to 100 percent")
    return Draw(key, frozenset(codes), percent)
