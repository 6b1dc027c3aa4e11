"""The perceptual hashes of all known sets as one index; the database stays the truth.

A hash is named by `name_hash(entry row, position)`, so that an answer leads back to its entry and to its frame.
"""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from varde.core.finding import OperatingPoint
from varde.known.perceptual import HashIndex
from varde.store import known_hashes
from varde.store.database import Database

POSITION_BITS: Final = 20
"""Low bits of a hash's name: its position among the hashes of its entry."""


def name_hash(entry_id: int, position: int) -> int:
    """Returns the 64-bit name of a known hash."""
    return entry_id << POSITION_BITS | position


def read_known_index(database: Database, point: OperatingPoint, *, after_entry: int = 0) -> HashIndex:
    """Returns an index in memory of the known hashes that an operating point admits.

    Args:
        database: the site's.
        point: says the method and the least quality.
        after_entry: only entries after this row.
    """
    names = array("q")
    values = bytearray()
    with database.read() as connection:
        for entry_id, position, value in known_hashes.list_hashes(
            connection, point.method.name, point.min_quality, after_entry
        ):
            names.append(name_hash(entry_id, position))
            values += value
    return HashIndex(np.frombuffer(bytes(values), np.uint8).reshape(-1, 32), np.frombuffer(names, np.int64))
