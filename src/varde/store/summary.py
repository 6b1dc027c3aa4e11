"""Figures of a case as a whole, for its page and its reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from varde.core.issue import Issue, IssueCode, Step
from varde.core.media import MediaKind
from varde.core.outcome import Reason
from varde.core.scheme import Grade
from varde.core.signal import Method
from varde.store import standing, tables
from varde.store.database import stream
from varde.store.decisions import in_force


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What is in a case.

    Attributes:
        items, contents, size_bytes: in all exhibits.
        kinds: (kind, items, bytes); items whose bytes were not read are ``OTHER``.
        hashed: items with at least one perceptual hash.
        not_comparable: (reason, items).
        decided: (grade in force, items).
        matched: items with a match that a person has to look at: it stands, and its set is of role alert or own.
        set_aside: items with a match with such a set that is withdrawn or suppressed.
        issues: (code, step, count) of all issues.
        methods: perceptual methods and versions that were used.
    """

    items: int
    contents: int
    size_bytes: int
    kinds: tuple[tuple[MediaKind, int, int], ...]
    hashed: int
    not_comparable: tuple[tuple[Reason, int], ...]
    decided: tuple[tuple[Grade, int], ...]
    matched: int
    set_aside: int
    issues: tuple[tuple[IssueCode, Step, int], ...]
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class PlacedIssue:
    """An issue and where it was met; ``item_id`` is None where the place is no item."""

    exhibit: int
    locator: str
    item_id: int | None
    issue: Issue


def summarise_case(connection: Connection, case_id: int) -> CaseSummary:
    """Returns the figures of a case, counted now."""
    of_case = _of_case(case_id)
    items = tables.items
    kinds = _count_kinds(connection, of_case)
    contents = connection.execute(select(func.count(items.c.content_id.distinct())).where(of_case)).scalar_one()
    return CaseSummary(
        items=sum(count for _, count, _ in kinds),
        contents=contents,
        size_bytes=sum(size for _, _, size in kinds),
        kinds=kinds,
        hashed=_count_hashed(connection, of_case),
        not_comparable=_count_not_comparable(connection, of_case),
        decided=_count_decided(connection, of_case),
        matched=_count_matched(connection, of_case, standing.is_notable()),
        set_aside=_count_matched(connection, of_case, standing.is_set_aside()),
        issues=_count_issues(connection, case_id),
        methods=_list_methods(connection, of_case),
    )


def count_matched_by_set(connection: Connection, case_id: int, set_id: int) -> int:
    """Returns how many items of a case have a match that stands with a known set."""
    return _count_matched(connection, _of_case(case_id), and_(tables.known_sets.c.id == set_id, standing.stands()))


def list_issues(connection: Connection, case_id: int) -> Iterator[PlacedIssue]:
    """Yields every issue of a case by exhibit and locator."""
    issues, exhibits = tables.issues, tables.exhibits
    query = (
        select(exhibits.c.number, issues.c.locator, issues.c.item_id, issues.c.code, issues.c.step, issues.c.cause)
        .join(exhibits, exhibits.c.id == issues.c.exhibit_id)
        .where(exhibits.c.case_id == case_id)
        .order_by(exhibits.c.number, issues.c.locator, issues.c.id)
    )
    for number, locator, item_id, code, step, cause in stream(connection, query):
        yield PlacedIssue(number, locator, item_id, Issue(IssueCode(code), Step(step), cause))


def page_issues(
    connection: Connection, case_id: int, *, code: IssueCode | None = None, after: int = 0, limit: int = 100
) -> list[tuple[int, PlacedIssue]]:
    """Returns the next issues of a case, each with its row number, in the order they were recorded."""
    issues, exhibits = tables.issues, tables.exhibits
    columns = (issues.c.id, exhibits.c.number, issues.c.locator, issues.c.item_id, issues.c.code, issues.c.step)
    query = (
        select(*columns, issues.c.cause)
        .join(exhibits, exhibits.c.id == issues.c.exhibit_id)
        .where(exhibits.c.case_id == case_id, issues.c.id > after)
        .order_by(issues.c.id)
        .limit(limit)
    )
    if code is not None:
        query = query.where(issues.c.code == code.value)
    return [
        (
            row.id,
            PlacedIssue(row.number, row.locator, row.item_id, Issue(IssueCode(row.code), Step(row.step), row.cause)),
        )
        for row in connection.execute(query)
    ]


def _of_case(case_id: int) -> ColumnElement[bool]:
    exhibits = tables.exhibits.c
    return tables.items.c.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id))


def _count_kinds(connection: Connection, of_case: ColumnElement[bool]) -> tuple[tuple[MediaKind, int, int], ...]:
    items, contents = tables.items, tables.contents
    kind = func.coalesce(contents.c.kind, MediaKind.OTHER.value)
    query = (
        select(kind, func.count(), func.coalesce(func.sum(items.c.size_bytes), 0))
        .select_from(items)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .where(of_case)
        .group_by(kind)
    )
    found = {MediaKind(name): (count, int(size)) for name, count, size in connection.execute(query)}
    return tuple((kind, *found[kind]) for kind in MediaKind if kind in found)


def _count_hashed(connection: Connection, of_case: ColumnElement[bool]) -> int:
    items, signals = tables.items, tables.signals
    query = (
        select(func.count())
        .select_from(items)
        .join(signals, signals.c.content_id == items.c.content_id)
        .where(of_case, signals.c.position == 0, signals.c.value.is_not(None))
    )
    return int(connection.execute(query).scalar_one())


def _count_not_comparable(connection: Connection, of_case: ColumnElement[bool]) -> tuple[tuple[Reason, int], ...]:
    items, signals = tables.items, tables.signals
    query = (
        select(signals.c.reason, func.count())
        .select_from(items)
        .join(signals, signals.c.content_id == items.c.content_id)
        .where(of_case, signals.c.reason.is_not(None))
        .group_by(signals.c.reason)
        .order_by(signals.c.reason)
    )
    return tuple((Reason(reason), count) for reason, count in connection.execute(query))


def _count_decided(connection: Connection, of_case: ColumnElement[bool]) -> tuple[tuple[Grade, int], ...]:
    items, decisions, schemes = tables.items, tables.decisions, tables.schemes
    newest = in_force()
    key = (schemes.c.name, schemes.c.version, decisions.c.code)
    query = (
        select(*key, func.count())
        .select_from(items)
        .join(newest, newest.c.item_id == items.c.id)
        .join(decisions, decisions.c.id == newest.c.decision_id)
        .join(schemes, schemes.c.id == decisions.c.scheme_id)
        .where(of_case)
        .group_by(*key)
        .order_by(*key)
    )
    return tuple((Grade(name, version, code), count) for name, version, code, count in connection.execute(query))


def _count_matched(connection: Connection, of_case: ColumnElement[bool], which: ColumnElement[bool]) -> int:
    items = tables.items
    matched = standing.contents_with(which)
    query = select(func.count()).select_from(items).where(of_case, items.c.content_id.in_(matched))
    return int(connection.execute(query).scalar_one())


def _count_issues(connection: Connection, case_id: int) -> tuple[tuple[IssueCode, Step, int], ...]:
    issues, exhibits = tables.issues, tables.exhibits
    query = (
        select(issues.c.code, issues.c.step, func.count())
        .join(exhibits, exhibits.c.id == issues.c.exhibit_id)
        .where(exhibits.c.case_id == case_id)
        .group_by(issues.c.code, issues.c.step)
        .order_by(issues.c.code, issues.c.step)
    )
    return tuple((IssueCode(code), Step(step), count) for code, step, count in connection.execute(query))


def _list_methods(connection: Connection, of_case: ColumnElement[bool]) -> tuple[Method, ...]:
    items, signals = tables.items, tables.signals
    query = (
        select(signals.c.method, signals.c.version)
        .select_from(items)
        .join(signals, signals.c.content_id == items.c.content_id)
        .where(of_case)
        .distinct()
        .order_by(signals.c.method, signals.c.version)
    )
    return tuple(Method(name, version) for name, version in connection.execute(query))
