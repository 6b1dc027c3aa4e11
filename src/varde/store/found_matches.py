"""The matches of contents with all that has to be named with them: set, entry, state, method, distance, trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, select

from varde.core.finding import OperatingPoint, describe_how
from varde.core.known import EntryState, SetRole
from varde.core.signal import Method
from varde.store import tables
from varde.store.standing import QUIET_ROLES, joined
from varde.store.types import AnyRow, AnySelect


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """A match with where it comes from.

    Attributes:
        scheme: ``name@version`` of the set's codes, "" where it has none.
        series: of the entry, "" where none.
        source_id: the authority's identifier of the entry, "" where none.
        flags: facts the authority stated.
        method: exact digest that agreed, or perceptual method.
        found_at: when it was found first.
        state: of the entry and its set now, whichever is worse.
        details: how it matched, see `varde.core.finding.Match`.
        suppressed: whether a negative entry explains it, so that it is no finding.
        opposed_by: the negative entry that explains it or, for a match by digest, contradicts it; "" where none does.
        flooded: whether its entry matches so much that further matches were only counted.
    """

    set_name: str
    set_version: str
    role: SetRole
    scheme: str
    code: str | None
    series: str
    source_id: str
    entry_id: int
    flags: dict[str, bool]
    method: str
    point: OperatingPoint
    distance: int
    offset_s: float | None
    found_at: datetime
    state: EntryState = EntryState.ACTIVE
    details: dict[str, object] = field(default_factory=dict)
    suppressed: bool = False
    opposed_by: str = ""
    flooded: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is a finding now: neither withdrawn nor suppressed."""
        return self.state is not EntryState.WITHDRAWN and not self.suppressed

    @property
    def entry_name(self) -> str:
        """What the entry is called: the authority's identifier, or else the row number here."""
        return self.source_id or str(self.entry_id)

    @property
    def how(self) -> str:
        """How it matched, in plain words; "" where the content as it is matched the entry."""
        return describe_how(self.details)

    @property
    def status(self) -> str:
        """What a person has to know besides that it matched, as one sentence; "" where it is simply a match."""
        parts = []
        if self.state is EntryState.WITHDRAWN:
            parts.append("the entry was withdrawn: this is no match any more")
        if self.state is EntryState.DISPUTED:
            parts.append("the entry is disputed")
        if self.suppressed:
            parts.append(f"suppressed: {self.opposed_by} explains it")
        elif self.opposed_by:
            parts.append(f"in conflict: {self.opposed_by} calls the same content harmless")
        if self.flooded:
            parts.append("the entry matches so much that it is in quarantine")
        return "; ".join(parts)


def load_matches(connection: Connection, content_ids: Sequence[int]) -> defaultdict[int, list[FoundMatch]]:
    """Returns every match of contents, whether it stands or not, the closest first."""
    grouped: defaultdict[int, list[tuple[FoundMatch, int | None]]] = defaultdict(list)
    for row in connection.execute(_select().where(tables.findings.c.content_id.in_(content_ids))):
        grouped[row.content_id].append((_match(row), row.suppressed_by))
    found: defaultdict[int, list[FoundMatch]] = defaultdict(list)
    found |= {content_id: _explain(matches) for content_id, matches in grouped.items()}
    return found


def _select() -> AnySelect:
    findings, entries, sets = tables.findings, tables.known_entries, tables.known_sets
    floods = tables.floods.c
    is_flooded = (floods.entry_id == findings.c.entry_id) & (floods.family == findings.c.family)
    return (
        select(
            findings,
            entries.c.code,
            entries.c.series,
            entries.c.source_id,
            entries.c.flags,
            entries.c.state,
            sets.c.name.label("set_name"),
            sets.c.version.label("set_version"),
            sets.c.role,
            sets.c.scheme,
            sets.c.scheme_version,
            sets.c.state.label("set_state"),
            floods.at.label("flooded_at"),
        )
        .select_from(joined().join(tables.floods, is_flooded & floods.released_at.is_(None), isouter=True))
        .order_by(findings.c.distance, findings.c.id)
    )


def _match(row: AnyRow) -> FoundMatch:
    states = {row.state, row.set_state}
    worst = (state for state in (EntryState.WITHDRAWN, EntryState.DISPUTED) if state.value in states)
    return FoundMatch(
        set_name=row.set_name,
        set_version=row.set_version,
        role=SetRole(row.role),
        scheme=f"{row.scheme}@{row.scheme_version}" if row.scheme else "",
        code=row.code,
        series=row.series,
        source_id=row.source_id,
        entry_id=row.entry_id,
        flags=row.flags or {},
        method=row.method,
        point=OperatingPoint(Method(row.method, row.version), row.max_distance, row.min_quality),
        distance=row.distance,
        offset_s=row.offset_s,
        found_at=row.found_at,
        state=next(worst, EntryState.ACTIVE),
        details=row.details or {},
        suppressed=row.suppressed_by is not None,
        flooded=row.flooded_at is not None,
    )


def _explain(matches: list[tuple[FoundMatch, int | None]]) -> list[FoundMatch]:
    """Returns the matches of one content with what opposes them named."""
    negative = [one for one, _ in matches if one.role is SetRole.NEGATIVE and one.state is EntryState.ACTIVE]
    by_entry = {one.entry_id: one for one in reversed(negative)}
    found = []
    for match, suppressed_by in matches:
        against = by_entry.get(suppressed_by or 0)
        if match.role.value not in QUIET_ROLES and not match.point.max_distance and negative:
            against = negative[0]
        found.append(replace(match, opposed_by=_name(against)) if against else match)
    return found


def _name(match: FoundMatch) -> str:
    return f"entry {match.entry_name} of {match.set_name} {match.set_version} (distance {match.distance})"
