"""How much there is to compare with: hashes of known entries by kind, and when the newest came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from varde.core.digest import DigestAlgorithm
from varde.store import tables


@dataclass(frozen=True, slots=True)
class IndexSizes:
    """What is compared with.

    Attributes:
        hashes: number by kind: ``md5``, ``sha1``, ``sha256``, and each perceptual method.
        newest_entry: row number of the newest entry; 0 where there is none.
        changed_at: when a set last grew; None where there is none.
    """

    hashes: dict[str, int]
    newest_entry: int
    changed_at: datetime | None


def find_newest_entry(connection: Connection) -> int:
    """Returns the row number of the newest known entry; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.known_entries.c.id))).scalar() or 0)


def measure(connection: Connection) -> IndexSizes:
    """Returns how much there is to compare with; reads an index of each kind once."""
    entries, hashes = tables.known_entries.c, tables.known_hashes.c
    counts = {
        one.value: int(connection.execute(select(func.count()).where(entries[one.value].is_not(None))).scalar_one())
        for one in DigestAlgorithm
    }
    by_method = select(hashes.method, func.count()).group_by(hashes.method)
    counts |= {method: int(number) for method, number in connection.execute(by_method)}
    moments = (
        connection.execute(select(func.max(tables.known_revisions.c.at))).scalar(),
        connection.execute(select(func.max(tables.known_sets.c.imported_at))).scalar(),
    )
    return IndexSizes(
        hashes=counts,
        newest_entry=find_newest_entry(connection),
        changed_at=max((moment for moment in moments if moment is not None), default=None),
    )
