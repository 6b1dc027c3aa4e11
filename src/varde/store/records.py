"""Items with everything known of them, loaded in batches: what pages, lists and reports are made of."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, case, exists, func, or_, select

from varde.core.content import Content
from varde.core.decision import Decision
from varde.core.digest import DigestAlgorithm, Digests
from varde.core.errors import NotFound
from varde.core.finding import OperatingPoint
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.media import Facts, MediaKind, MediaType, Thumbnail
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method, PerceptualHash, Signal
from varde.store import tables
from varde.store.database import stream
from varde.store.decisions import read_decisions
from varde.store.items import ItemState, compute_place
from varde.store.types import AnyRow, AnySelect

_BATCH = 500
_HIGHEST_ROW = (1 << 63) - 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """A match with where it comes from.

    Attributes:
        scheme: ``name@version`` of the set's codes, "" where it has none.
        series: of the entry, "" where none.
        source_id: the authority's identifier of the entry, "" where none.
        flags: facts the authority stated.
        method: exact digest that agreed, or perceptual method.
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


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item and everything known of it.

    Attributes:
        case: name of its case.
        exhibit: number of its exhibit.
        content: without thumbnail; None where the bytes were not read.
        matches: closest first.
        decisions: oldest first; the last one is in force.
    """

    item_id: int
    case: str
    exhibit: int
    locator: str
    name: str
    origin: Origin
    size_bytes: int | None
    modified_at: datetime | None
    state: ItemState
    content_id: int | None
    content: Content | None
    matches: tuple[FoundMatch, ...]
    decisions: tuple[Decision, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items of a case are wanted; everything given must hold.

    Attributes:
        kind: of the content.
        matched: only items matched with a set that is not merely ``known``.
        undecided: only items without a decision in force.
        with_issues: only items with an issue.
        exhibit: number of one exhibit.
    """

    kind: MediaKind | None = None
    matched: bool = False
    undecided: bool = False
    with_issues: bool = False
    exhibit: int | None = None


def get_record(connection: Connection, item_id: int) -> ItemRecord:
    """Returns one item.

    Raises:
        NotFound: if there is none of that number.
    """
    if 0 < item_id <= _HIGHEST_ROW:
        for record in load_records(connection, [item_id]):
            return record
    raise NotFound(f"there is no item {item_id}", advice="`varde item list CASE` shows the items of a case.")


def load_records(connection: Connection, item_ids: Iterable[int]) -> Iterator[ItemRecord]:
    """Yields the items with these row numbers in that order, a batch at a time; numbers of no item are left out."""
    batch: list[int] = []
    for item_id in item_ids:
        batch.append(item_id)
        if len(batch) == _BATCH:
            yield from _load(connection, batch)
            batch = []
    if batch:
        yield from _load(connection, batch)


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
    """Returns items that were ever decided or are matched with a set that is not merely ``known``.

    Decided ones come first, equal grades together, then by exhibit and locator.
    """
    items, decisions = tables.items, tables.decisions
    decided = exists().where(decisions.c.item_id == items.c.id).correlate(items)
    return _sorted_ids(connection, case_id, or_(decided, _is_matched()), None)


def list_media_ids(connection: Connection, case_id: int) -> array[int]:
    """Returns items with content, by SHA-256, then equal grades together, then by exhibit and locator."""
    return _sorted_ids(connection, case_id, tables.items.c.content_id.is_not(None), tables.contents.c.sha256)


def find_by_digest(
    connection: Connection, algorithm: DigestAlgorithm, digest: bytes, case_id: int | None, limit: int
) -> list[int]:
    """Returns row numbers of items with that digest, of one case or of all."""
    query = select(tables.items.c.id).join(tables.contents, tables.contents.c.id == tables.items.c.content_id)
    return _find(connection, query.where(tables.contents.c[algorithm.value] == digest), case_id, limit)


def find_by_name(connection: Connection, text: str, case_id: int | None, limit: int) -> list[int]:
    """Returns row numbers of items whose locator contains the text, letters in either case."""
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    matching = tables.items.c.locator.ilike(f"%{pattern}%", escape="\\")
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


def get_thumbnail(connection: Connection, content_id: int) -> Thumbnail | None:
    """Returns the stored thumbnail of a content, None where it has none."""
    table = tables.thumbnails.c
    query = select(table.data, table.width_px, table.height_px).where(table.content_id == content_id)
    row = connection.execute(query).first()
    return Thumbnail(*row) if row else None


def in_force() -> Any:
    """Returns a subquery (item_id, decision_id) of the newest decision of every item."""
    table = tables.decisions.c
    return select(table.item_id, func.max(table.id).label("decision_id")).group_by(table.item_id).subquery()


def _is_matched() -> ColumnElement[bool]:
    findings, entries, sets = tables.findings, tables.known_entries, tables.known_sets
    return exists(
        select(findings.c.id)
        .join(entries, entries.c.id == findings.c.entry_id)
        .join(sets, sets.c.id == entries.c.set_id)
        .where(findings.c.content_id == tables.items.c.content_id, sets.c.role != SetRole.KNOWN.value)
        .correlate(tables.items)
    )


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


def _load(connection: Connection, ids: Sequence[int]) -> Iterator[ItemRecord]:
    items, exhibits, cases = tables.items, tables.exhibits, tables.cases
    query = (
        select(items, exhibits.c.number.label("exhibit"), cases.c.name.label("case_name"))
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(cases, cases.c.id == exhibits.c.case_id)
        .where(items.c.id.in_(ids))
    )
    rows = {row.id: row for row in connection.execute(query)}
    content_ids = list({row.content_id for row in rows.values() if row.content_id is not None})
    signals = _group(connection, tables.signals, "content_id", content_ids, lambda row: row)
    contents = {
        row.id: _content(row, signals[row.id])
        for row in connection.execute(select(tables.contents).where(tables.contents.c.id.in_(content_ids)))
    }
    matches = _load_matches(connection, content_ids)
    decided = read_decisions(connection, ids)
    issues = _group(connection, tables.issues, "item_id", ids, _issue)
    for item_id in ids:
        row = rows.get(item_id)
        if row is not None:
            content = contents.get(row.content_id)
            found = tuple(matches[row.content_id]) if row.content_id is not None else ()
            yield _record(row, content, found, tuple(decided[item_id]), tuple(issues[item_id]))


def _record(
    row: AnyRow,
    content: Content | None,
    matches: tuple[FoundMatch, ...],
    decided: tuple[Decision, ...],
    issues: tuple[Issue, ...],
) -> ItemRecord:
    return ItemRecord(
        item_id=row.id,
        case=row.case_name,
        exhibit=row.exhibit,
        locator=row.locator,
        name=row.name,
        origin=Origin(row.origin),
        size_bytes=row.size_bytes,
        modified_at=row.modified_at,
        state=ItemState(row.state),
        content_id=row.content_id,
        content=content,
        matches=matches,
        decisions=decided,
        issues=issues,
    )


def _group(
    connection: Connection, table: Table, key: str, ids: Sequence[int], convert: Callable[[AnyRow], T]
) -> defaultdict[int, list[T]]:
    grouped: defaultdict[int, list[T]] = defaultdict(list)
    query = select(table).where(table.c[key].in_(ids)).order_by(*table.primary_key)
    for row in connection.execute(query):
        grouped[row._mapping[key]].append(convert(row))
    return grouped


def _issue(row: AnyRow) -> Issue:
    return Issue(IssueCode(row.code), Step(row.step), row.cause)


def _content(row: AnyRow, signals: list[AnyRow]) -> Content:
    facts = None
    if row.width_px is not None:
        metadata = tuple((name, value) for name, value in row.metadata)
        facts = Facts(row.width_px, row.height_px, row.frames, row.duration_s, metadata)
    digests = Digests(row.md5, row.sha1, row.sha256, row.size_bytes)
    return Content(digests, MediaType(MediaKind(row.kind), row.mime), facts, None, _signals(signals))


def _signals(rows: list[AnyRow]) -> tuple[Signal, ...]:
    by_method: dict[Method, list[AnyRow]] = {}
    for row in rows:
        by_method.setdefault(Method(row.method, row.version), []).append(row)
    return tuple(
        Signal(method, NotComparable(Reason(found[0].reason), found[0].detail))
        if found[0].reason
        else Signal(method, tuple(PerceptualHash(row.value, row.quality, row.offset_s) for row in found))
        for method, found in by_method.items()
    )


def _load_matches(connection: Connection, content_ids: Sequence[int]) -> defaultdict[int, list[FoundMatch]]:
    findings, entries, sets = tables.findings, tables.known_entries, tables.known_sets
    query = (
        select(
            findings,
            entries.c.code,
            entries.c.series,
            entries.c.source_id,
            entries.c.flags,
            sets.c.name.label("set_name"),
            sets.c.version.label("set_version"),
            sets.c.role,
            sets.c.scheme,
            sets.c.scheme_version,
        )
        .join(entries, entries.c.id == findings.c.entry_id)
        .join(sets, sets.c.id == entries.c.set_id)
        .where(findings.c.content_id.in_(content_ids))
        .order_by(findings.c.distance, findings.c.id)
    )
    grouped: defaultdict[int, list[FoundMatch]] = defaultdict(list)
    for row in connection.execute(query):
        grouped[row.content_id].append(_match(row))
    return grouped


def _match(row: AnyRow) -> FoundMatch:
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
    )
