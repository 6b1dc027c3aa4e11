"""What known entries are, by row number: the facts that every match of theirs has to name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from varde.core.digest import DigestAlgorithm
from varde.core.known import EntryState, SetRole
from varde.store import tables
from varde.store.types import AnyRow, AnySelect

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """A known entry and the set it belongs to.

    Attributes:
        scheme: ``name@version`` of the set's codes, "" where it has none.
        source_id: the authority's identifier of the entry, "" where none.
        flags: facts the authority stated.
        state: withdrawn where the entry or its whole set is, else disputed where either is, else active.
    """

    entry_id: int
    set_id: int
    set_name: str
    set_version: str
    role: SetRole
    scheme: str
    code: str | None
    series: str
    source_id: str
    flags: dict[str, bool]
    state: EntryState

    @property
    def name(self) -> str:
        """What the entry is called in a list: the authority's identifier, or else the row number here."""
        return self.source_id or str(self.entry_id)


def load_entry_facts(connection: Connection, entry_ids: Iterable[int]) -> dict[int, EntryFacts]:
    """Returns the facts of entries by row number; numbers of no entry are left out."""
    wanted = list(dict.fromkeys(entry_ids))
    found: dict[int, EntryFacts] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = tables.known_entries.c.id.in_(wanted[start : start + _IDS_AT_ONCE])
        found |= {row.id: _facts(row) for row in connection.execute(_select().where(some))}
    return found


def find_by_digest(connection: Connection, algorithm: DigestAlgorithm, digest: bytes) -> list[EntryFacts]:
    """Returns every entry with that digest, whatever its state, by row number."""
    column = tables.known_entries.c[algorithm.value]
    return [_facts(row) for row in connection.execute(_select().where(column == digest).order_by("id"))]


def find_by_digests(connection: Connection, md5: bytes, sha1: bytes, sha256: bytes) -> list[tuple[str, EntryFacts]]:
    """Returns every entry of which one digest is equal and none differs, with the strongest that is equal."""
    entries = tables.known_entries.c
    wanted = {"sha256": sha256, "sha1": sha1, "md5": md5}
    found: dict[int, tuple[str, EntryFacts]] = {}
    for name, digest in wanted.items():
        agree = [or_(entries[other].is_(None), entries[other] == value) for other, value in wanted.items()]
        for row in connection.execute(_select().where(entries[name] == digest, *agree).order_by("id")):
            found.setdefault(row.id, (name, _facts(row)))
    return list(found.values())


def _select() -> AnySelect:
    entries, sets = tables.known_entries, tables.known_sets
    return select(
        entries.c.id,
        entries.c.set_id,
        entries.c.code,
        entries.c.series,
        entries.c.source_id,
        entries.c.flags,
        entries.c.state,
        sets.c.state.label("set_state"),
        sets.c.name,
        sets.c.version,
        sets.c.role,
        sets.c.scheme,
        sets.c.scheme_version,
    ).join(sets, sets.c.id == entries.c.set_id)


def _facts(row: AnyRow) -> EntryFacts:
    states = {EntryState(row.state), EntryState(row.set_state)}
    return EntryFacts(
        entry_id=row.id,
        set_id=row.set_id,
        set_name=row.name,
        set_version=row.version,
        role=SetRole(row.role),
        scheme=f"{row.scheme}@{row.scheme_version}" if row.scheme else "",
        code=row.code,
        series=row.series,
        source_id=row.source_id,
        flags=row.flags or {},
        state=next(
            (state for state in (EntryState.WITHDRAWN, EntryState.DISPUTED) if state in states), EntryState.ACTIVE
        ),
    )
