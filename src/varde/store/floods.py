"""Floods: known entries that match so many contents perceptually that further matches are counted, not recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from varde.core.finding import Match
from varde.store import tables
from varde.store.database import insert_new
from varde.store.types import AnyRow

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Flood:
    """A known entry in quarantine, or released from it.

    Attributes:
        family: name of the method by which it matches too much.
        at: when it was quarantined.
        counted: matches that were counted and not recorded.
        released_at, released_by: by whom it was lifted; None while it lasts.
    """

    entry_id: int
    set_id: int
    source_id: str
    family: str
    at: datetime
    counted: int
    released_at: datetime | None
    released_by: str | None

    @property
    def lasts(self) -> bool:
        """Whether it is in quarantine now."""
        return self.released_at is None


def keep_within(
    connection: Connection, family: str, matches: Sequence[Match], limit: int
) -> tuple[list[Match], dict[int, list[int]]]:
    """Returns the matches that may be recorded, and the contents of each entry that are only to be counted.

    An entry keeps the matches of the first contents, up to the limit; those that are recorded already stay. The answer
    is the same however the matches were cut into batches before, also after an interruption.

    Args:
        connection: the site's, writing.
        family: name of the method, of all the matches.
        matches: at most one of each content and entry.
        limit: most contents that one entry may match.
    """
    by_entry: defaultdict[int, list[Match]] = defaultdict(list)
    for match in matches:
        by_entry[match.entry_id].append(match)
    recorded = _count_recorded(connection, family, by_entry)
    crowded = [entry_id for entry_id, found in by_entry.items() if recorded.get(entry_id, 0) + len(found) > limit]
    released = _list_released(connection, family, crowded)
    kept = [match for entry_id, found in by_entry.items() if entry_id not in crowded for match in found]
    left: dict[int, list[int]] = {}
    for entry_id in crowded:
        found, rest = by_entry[entry_id], list[int]()
        if entry_id not in released:
            found, rest = _choose(connection, family, entry_id, found, limit - recorded.get(entry_id, 0))
        kept += found
        if rest:
            left[entry_id] = rest
    return kept, left


def count_flooded(connection: Connection, family: str, left: Mapping[int, int], at: datetime) -> None:
    """Puts entries in quarantine, and counts their matches that were not recorded."""
    table = tables.floods
    for entry_id, count in left.items():
        row = {"entry_id": entry_id, "family": family, "at": at, "counted": 0}
        connection.execute(insert_new(connection, table).values(**row))
        one = (table.c.entry_id == entry_id, table.c.family == family)
        connection.execute(update(table).where(*one).values(counted=table.c.counted + count))


def list_floods(connection: Connection, set_id: int | None = None) -> list[Flood]:
    """Returns every flood of a set, or of all sets, by entry."""
    table, entries = tables.floods, tables.known_entries
    query = select(table, entries.c.set_id, entries.c.source_id).join(entries, entries.c.id == table.c.entry_id)
    if set_id is not None:
        query = query.where(entries.c.set_id == set_id)
    return [_flood(row) for row in connection.execute(query.order_by(table.c.entry_id, table.c.family))]


def count_held(connection: Connection) -> Counter[int]:
    """Returns how many entries are in quarantine, by set; one that floods by several methods counts once."""
    held = {(flood.set_id, flood.entry_id) for flood in list_floods(connection) if flood.lasts}
    return Counter(set_id for set_id, _ in held)


def release(connection: Connection, flood: Flood, *, person: str, at: datetime) -> None:
    """Records that a person lifted a quarantine; nothing of that entry is held back any more."""
    table = tables.floods
    one = (table.c.entry_id == flood.entry_id, table.c.family == flood.family)
    connection.execute(update(table).where(*one).values(released_at=at, released_by=person, counted=0))


def _count_recorded(connection: Connection, family: str, entry_ids: Iterable[int]) -> dict[int, int]:
    findings, wanted, counts = tables.findings.c, list(entry_ids), dict[int, int]()
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = findings.entry_id.in_(wanted[start : start + _IDS_AT_ONCE])
        query = select(findings.entry_id, func.count()).where(some, findings.family == family)
        counts |= {row[0]: row[1] for row in connection.execute(query.group_by(findings.entry_id))}
    return counts


def _list_released(connection: Connection, family: str, entry_ids: Sequence[int]) -> set[int]:
    table, released = tables.floods.c, set[int]()
    for start in range(0, len(entry_ids), _IDS_AT_ONCE):
        some = table.entry_id.in_(entry_ids[start : start + _IDS_AT_ONCE])
        query = select(table.entry_id).where(some, table.family == family, table.released_at.is_not(None))
        released.update(connection.execute(query).scalars())
    return released


def _choose(
    connection: Connection, family: str, entry_id: int, found: list[Match], room: int
) -> tuple[list[Match], list[int]]:
    """Returns the matches of one entry that are recorded already with the first others there is room for; and the rest.

    The rest is given as row numbers of contents.
    """
    findings = tables.findings.c
    query = select(findings.content_id).where(findings.entry_id == entry_id, findings.family == family)
    recorded = set(connection.execute(query).scalars())
    old = [match for match in found if match.content_id in recorded]
    new = sorted((match for match in found if match.content_id not in recorded), key=lambda match: match.content_id)
    room = max(0, room)
    return old + new[:room], [match.content_id for match in new[room:]]


def _flood(row: AnyRow) -> Flood:
    return Flood(
        entry_id=row.entry_id,
        set_id=row.set_id,
        source_id=row.source_id,
        family=row.family,
        at=row.at,
        counted=row.counted,
        released_at=row.released_at,
        released_by=row.released_by,
    )
