"""How indexes name a known hash, so that an answer leads back to its entry and to its frame."""

from __future__ import annotations

from typing import Final

POSITION_BITS: Final = 20
"""Low bits of a hash's name: its position among the hashes of its entry."""

LAST_POSITION: Final = (1 << POSITION_BITS) - 1
"""The highest position there can be, and the mask that takes it out of a name."""


def name_hash(entry_id: int, position: int) -> int:
    """Returns the 64-bit name of a known hash."""
    return entry_id << POSITION_BITS | position
