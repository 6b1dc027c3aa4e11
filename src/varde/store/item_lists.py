"""Which items: of a case in an order, by digest, by name, by place. Gives row numbers for `varde.store.records`."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from varde.core.case import Keeping
from varde.core.digest import DigestAlgorithm
from varde.core.locator import escape
from varde.core.media import MediaKind
from varde.store import standing, tables
from varde.store.database import stream
from varde.store.decisions import in_force
from varde.store.items import compute_place
from varde.store.types import AnySelect


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items of a case are wanted; everything given must hold.

    Attributes:
        kind: of the content.
        matched: only items with a match that a person has to look at: it stands, and its set is of role alert or own.
        undecided: only items without a decision in force.
        with_issues: only items with an issue.
        exhibit: number of one exhibit.
    """

    kind: MediaKind | None = None
    matched: bool = False
    undecided: bool = False
    with_issues: bool = False
    exhibit: int | None = None


def list_ids(connection: Connection, case_id: int, wanted: ItemFilter = ItemFilter()) -> Iterator[int]:
    """Yields row numbers of a case's items by exhibit and locator, streamed from one query."""
    items, exhibits = tables.items, tables.exhibits
    query = (
        select(items.c.id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .where(exhibits.c.case_id == case_id)
        .order_by(exhibits.c.number, items.c.locator)
    )
    if wanted.exhibit is not None:
        query = query.where(exhibits.c.number == wanted.exhibit)
    return (row.id for row in stream(connection, _filter(query, wanted)))


def list_notable_ids(connection: Connection, case_id: int) -> array[int]:
    """Returns items that were ever decided or have a match that a person has to look at.

    Decided ones come first, equal grades together, then by exhibit and locator.
    """
    items, decisions = tables.items, tables.decisions
    decided = exists().where(decisions.c.item_id == items.c.id).correlate(items)
    return _sorted_ids(connection, case_id, or_(decided, _is_matched()), None)


def list_media_ids(connection: Connection, case_id: int) -> array[int]:
    """Returns items with content, by SHA-256, then equal grades together, then by exhibit and locator."""
    return _sorted_ids(connection, case_id, tables.items.c.content_id.is_not(None), tables.contents.c.sha256)


def list_copied_contents(connection: Connection, limit: int) -> list[bytes]:
    """Returns the SHA-256 of the newest contents that are kept as copies."""
    items, exhibits, contents = tables.items, tables.exhibits, tables.contents
    query = (
        select(contents.c.sha256)
        .join(items, items.c.content_id == contents.c.id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .where(exhibits.c.keeping == Keeping.COPY.value, items.c.parent_id.is_(None))
        .order_by(contents.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def find_by_digest(
    connection: Connection, algorithm: DigestAlgorithm, digest: bytes, case_id: int | None, limit: int
) -> list[int]:
    """Returns row numbers of items with that digest, of one case or of all."""
    query = select(tables.items.c.id).join(tables.contents, tables.contents.c.id == tables.items.c.content_id)
    return _find(connection, query.where(tables.contents.c[algorithm.value] == digest), case_id, limit)


def find_by_name(connection: Connection, text: str, case_id: int | None, limit: int) -> list[int]:
    """Returns row numbers of items whose locator contains the text, letters in either case (SQLite: of ASCII only).

    Args:
        connection: the site's.
        text: part of a name as it is on the disk, or of a locator as it is shown.
        case_id: None looks in all cases.
        limit: most row numbers returned.
    """
    locator = tables.items.c.locator
    forms = {text, escape(text.encode("utf-8"))}
    matching = or_(*(locator.icontains(form, autoescape=True, escape="|") for form in sorted(forms)))
    return _find(connection, select(tables.items.c.id).where(matching), case_id, limit)


def find_by_locator(connection: Connection, exhibit_id: int, locator: str) -> list[int]:
    """Returns the row number of the item at a place of an exhibit, or nothing."""
    items = tables.items.c
    return list(
        connection.execute(
            select(items.id).where(items.exhibit_id == exhibit_id, items.place == compute_place(locator))
        ).scalars()
    )


def find_by_digests(connection: Connection, case_id: int, **digests: bytes | None) -> list[tuple[int, int, str]]:
    """Returns (item, exhibit number, locator) of a case's items whose content has all the digests given."""
    items, contents, exhibits = tables.items, tables.contents, tables.exhibits
    same = [contents.c[name] == value for name, value in digests.items() if value is not None]
    query = (
        select(items.c.id, exhibits.c.number, items.c.locator)
        .join(contents, contents.c.id == items.c.content_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .where(exhibits.c.case_id == case_id, *same)
    )
    return [(row.id, row.number, row.locator) for row in connection.execute(query)] if same else []


def _is_matched() -> ColumnElement[bool]:
    content_id = tables.findings.c.content_id
    notable = select(content_id).select_from(standing.joined()).where(standing.is_notable())
    return notable.where(content_id == tables.items.c.content_id).correlate(tables.items).exists()


def _filter(query: AnySelect, wanted: ItemFilter) -> AnySelect:
    items, decisions = tables.items, tables.decisions
    if wanted.kind:
        kind = select(tables.contents.c.kind).where(tables.contents.c.id == items.c.content_id).correlate(items)
        query = query.where(kind.scalar_subquery() == wanted.kind.value)
    if wanted.matched:
        query = query.where(_is_matched())
    if wanted.with_issues:
        query = query.where(exists().where(tables.issues.c.item_id == items.c.id).correlate(items))
    if wanted.undecided:
        newest = select(func.max(decisions.c.id)).where(decisions.c.item_id == items.c.id).correlate(items)
        query = query.where(
            ~exists().where(and_(decisions.c.id == newest.scalar_subquery(), decisions.c.code.is_not(None)))
        )
    return query


def _sorted_ids(
    connection: Connection, case_id: int, condition: ColumnElement[bool], first: ColumnElement[Any] | None
) -> array[int]:
    items, exhibits, decisions, schemes = tables.items, tables.exhibits, tables.decisions, tables.schemes
    newest = in_force()
    ungraded = case((decisions.c.code.is_(None), 1), else_=0)
    order = [ungraded, schemes.c.name, schemes.c.version, decisions.c.code, exhibits.c.number, items.c.locator]
    query = (
        select(items.c.id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(newest, newest.c.item_id == items.c.id, isouter=True)
        .join(decisions, decisions.c.id == newest.c.decision_id, isouter=True)
        .join(schemes, schemes.c.id == decisions.c.scheme_id, isouter=True)
        .where(exhibits.c.case_id == case_id, condition)
    )
    if first is not None:
        query = query.join(tables.contents, tables.contents.c.id == items.c.content_id)
        order = [first, *order]
    rows = stream(connection, query.order_by(*order))
    return array("q", (row.id for row in rows))


def _find(connection: Connection, query: AnySelect, case_id: int | None, limit: int) -> list[int]:
    if case_id is not None:
        in_case = select(tables.exhibits.c.id).where(tables.exhibits.c.case_id == case_id)
        query = query.where(tables.items.c.exhibit_id.in_(in_case))
    return [row.id for row in connection.execute(query.order_by(tables.items.c.id).limit(limit))]
