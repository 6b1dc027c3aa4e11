"""Suppression: a match that a negative set explains is set aside, with the entry that explains it as its trace.

A perceptual match with a set to look at is suppressed where an active entry of an active negative set matches the same
content exactly, or by the same method at the same or a smaller distance. A match by digest is never suppressed: the
bytes are what the authority classified, and a negative entry that says otherwise is a conflict for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, null, or_, select, union_all, update

from varde.core.known import EntryState, SetRole
from varde.store import tables
from varde.store.standing import QUIET_ROLES, contents_of_entries

DIGEST_FAMILY = "digest"
_IDS_AT_ONCE = 500
_ACTIVE = EntryState.ACTIVE.value


def suppress(connection: Connection, contents_in: Select[tuple[int]] | range | None = None) -> int:
    """Brings up to date which matches negative sets suppress, and returns how many changed.

    Args:
        connection: the site's, writing: in the transaction that changes findings or states.
        contents_in: contents whose findings may have changed, as row numbers or a query for them; None means all.
    """
    sets = tables.known_sets.c
    if not connection.execute(select(exists().where(sets.role == SetRole.NEGATIVE.value))).scalar():
        return 0
    findings = tables.findings
    explained = _find_explanation()
    concerned = _list_concerned(contents_in)
    suppressible = and_(findings.c.family != DIGEST_FAMILY, ~_is_quiet())
    wanted = case((suppressible, explained), else_=null())
    changed = findings.c.suppressed_by.is_distinct_from(wanted)
    query = update(findings).where(findings.c.content_id.in_(concerned), changed).values(suppressed_by=wanted)
    return int(connection.execute(query).rowcount)


def suppress_in(connection: Connection, content_ids: Iterable[int]) -> int:
    """As `suppress`, for these contents."""
    wanted, changed = sorted(set(content_ids)), 0
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        contents = select(tables.contents.c.id).where(tables.contents.c.id.in_(wanted[start : start + _IDS_AT_ONCE]))
        changed += suppress(connection, contents)
    return changed


def suppress_by_entries(connection: Connection, entry_ids: Sequence[int]) -> int:
    """As `suppress`, for the contents that these entries match."""
    changed = 0
    for start in range(0, len(entry_ids), _IDS_AT_ONCE):
        changed += suppress(connection, contents_of_entries(list(entry_ids[start : start + _IDS_AT_ONCE])))
    return changed


def _find_explanation() -> Any:
    """Returns the negative entry that explains a finding: an exact one first, then the closest, then the oldest."""
    findings = tables.findings
    other, entries, sets = findings.alias("other"), tables.known_entries.alias(), tables.known_sets.alias()
    is_exact = other.c.family == DIGEST_FAMILY
    as_close = and_(other.c.family == findings.c.family, other.c.distance <= findings.c.distance)
    return (
        select(other.c.entry_id)
        .join(entries, entries.c.id == other.c.entry_id)
        .join(sets, sets.c.id == entries.c.set_id)
        .where(other.c.content_id == findings.c.content_id, or_(is_exact, as_close))
        .where(sets.c.role == SetRole.NEGATIVE.value, sets.c.state == _ACTIVE, entries.c.state == _ACTIVE)
        .order_by(case((is_exact, 0), else_=1), other.c.distance, other.c.entry_id)
        .limit(1)
        .correlate(findings)
        .scalar_subquery()
    )


def _is_quiet() -> ColumnElement[bool]:
    entries, sets = tables.known_entries.alias(), tables.known_sets.alias()
    role = select(sets.c.role).join(entries, entries.c.set_id == sets.c.id)
    own = role.where(entries.c.id == tables.findings.c.entry_id).correlate(tables.findings).scalar_subquery()
    return own.in_(QUIET_ROLES)


def _list_concerned(contents_in: Select[tuple[int]] | range | None) -> Any:
    """Returns a query for the contents that a negative entry matches, or that have a suppressed finding."""
    some, entries, sets = tables.findings.alias(), tables.known_entries.alias(), tables.known_sets.alias()
    negative = (
        select(some.c.content_id)
        .join(entries, entries.c.id == some.c.entry_id)
        .join(sets, sets.c.id == entries.c.set_id)
        .where(sets.c.role == SetRole.NEGATIVE.value, _within(some.c.content_id, contents_in))
    )
    before = select(some.c.content_id).where(some.c.suppressed_by.is_not(None), _within(some.c.content_id, contents_in))
    return union_all(negative, before)


def _within(column: ColumnElement[int], contents_in: Select[tuple[int]] | range | None) -> ColumnElement[bool]:
    if contents_in is None:
        return column.is_not(None)
    if isinstance(contents_in, range):
        return and_(column >= contents_in.start, column < contents_in.stop)
    return column.in_(contents_in)
