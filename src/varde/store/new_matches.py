"""Matches that are new since a moment, with the items they are on and who decided on these already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from varde.store import tables
from varde.store.database import stream
from varde.store.standing import is_notable, is_withdrawn, joined


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A match that a person has to look at.

    Attributes:
        entry: what the entry is called: the authority's identifier, or else the row number here.
        grade: the item's grade in force, ``scheme@version:code``; "" where it has none.
        decided_by: who gave it, "" where it has none.
    """

    case: str
    exhibit: int
    item_id: int
    locator: str
    set_name: str
    set_version: str
    entry: str
    method: str
    distance: int
    grade: str
    decided_by: str


def highest_finding(connection: Connection) -> int:
    """Returns the row number of the newest finding; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.findings.c.id))).scalar() or 0)


def list_new_matches(connection: Connection, after: int) -> Iterator[NewMatch]:
    """Yields the notable matches recorded after a finding, by case, set, entry and place."""
    findings, entries, sets = tables.findings.c, tables.known_entries.c, tables.known_sets.c
    items, exhibits, cases = tables.items, tables.exhibits, tables.cases
    decisions, schemes = tables.decisions, tables.schemes
    newest = select(func.max(decisions.c.id)).where(decisions.c.item_id == items.c.id).correlate(items)
    query = (
        select(
            *(cases.c.name.label("case_name"), exhibits.c.number, items.c.id.label("item_id"), items.c.locator),
            *(sets.name.label("set_name"), sets.version.label("set_version"), entries.source_id, findings.entry_id),
            *(findings.method, findings.distance, decisions.c.person, decisions.c.code),
            *(schemes.c.name.label("scheme"), schemes.c.version.label("scheme_version")),
        )
        .select_from(joined())
        .join(items, items.c.content_id == findings.content_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(cases, cases.c.id == exhibits.c.case_id)
        .join(decisions, decisions.c.id == newest.scalar_subquery(), isouter=True)
        .join(schemes, schemes.c.id == decisions.c.scheme_id, isouter=True)
        .where(findings.id > after, is_notable())
        .order_by(cases.c.name, sets.name, sets.version, findings.entry_id, exhibits.c.number, items.c.locator)
    )
    for row in stream(connection, query):
        graded = row.code is not None
        yield NewMatch(
            case=row.case_name,
            exhibit=row.number,
            item_id=row.item_id,
            locator=row.locator,
            set_name=row.set_name,
            set_version=row.set_version,
            entry=row.source_id or str(row.entry_id),
            method=row.method,
            distance=row.distance,
            grade=f"{row.scheme}@{row.scheme_version}:{row.code}" if graded else "",
            decided_by=row.person if graded else "",
        )


def count_set_aside(connection: Connection, after: int) -> tuple[int, int]:
    """Returns how many of the findings recorded after one are suppressed, and how many are of withdrawn entries."""
    findings = tables.findings.c
    query = select(func.count()).select_from(joined()).where(findings.id > after)
    suppressed = connection.execute(query.where(findings.suppressed_by.is_not(None))).scalar_one()
    withdrawn = connection.execute(query.where(is_withdrawn())).scalar_one()
    return int(suppressed), int(withdrawn)
