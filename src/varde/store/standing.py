"""Which findings stand: what is withdrawn or suppressed is kept, and counted apart, but is no finding any more.

The conditions are asked of the database whenever findings are read, so that nothing has to be changed in them when an
entry is withdrawn or comes back.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, Select, and_, not_, or_, select

from varde.core.known import EntryState, SetRole
from varde.store import tables

QUIET_ROLES = (SetRole.KNOWN.value, SetRole.NEGATIVE.value)
"""Roles of sets whose matches say nothing that a person has to look at."""

_WITHDRAWN = EntryState.WITHDRAWN.value


def joined() -> FromClause:
    """Returns findings with the known entry and the known set of each."""
    findings, entries, sets = tables.findings, tables.known_entries, tables.known_sets
    return findings.join(entries, entries.c.id == findings.c.entry_id).join(sets, sets.c.id == entries.c.set_id)


def is_withdrawn() -> ColumnElement[bool]:
    """Returns the condition that a known entry is withdrawn, or its whole set is."""
    return or_(tables.known_entries.c.state == _WITHDRAWN, tables.known_sets.c.state == _WITHDRAWN)


def stands() -> ColumnElement[bool]:
    """Returns the condition, on `joined`, that a finding is one now: neither withdrawn nor suppressed."""
    return and_(tables.findings.c.suppressed_by.is_(None), not_(is_withdrawn()))


def is_notable() -> ColumnElement[bool]:
    """Returns the condition, on `joined`, that a finding is one that a person has to look at."""
    return and_(stands(), tables.known_sets.c.role.not_in(QUIET_ROLES))


def is_set_aside() -> ColumnElement[bool]:
    """Returns the condition, on `joined`, that a finding would be notable if it stood."""
    return and_(not_(stands()), tables.known_sets.c.role.not_in(QUIET_ROLES))


def contents_with(condition: ColumnElement[bool]) -> Select[tuple[int]]:
    """Returns a query for the contents that have a finding for which a condition on `joined` holds."""
    return select(tables.findings.c.content_id).select_from(joined()).where(condition)


def contents_of_entries(entry_ids: range | list[int]) -> Select[tuple[int]]:
    """Returns a query for the contents that have a finding from one of these entries, whether it stands or not."""
    entry_id = tables.findings.c.entry_id
    if isinstance(entry_ids, range):
        return select(tables.findings.c.content_id).where(entry_id >= entry_ids.start, entry_id < entry_ids.stop)
    return select(tables.findings.c.content_id).where(entry_id.in_(entry_ids))


def contents_of_set(set_id: int) -> Select[tuple[int]]:
    """Returns a query for the contents that have a finding from a set, whether it stands or not."""
    return contents_with(tables.known_entries.c.set_id == set_id)
