"""Items with everything known of them, loaded in batches: what pages, lists and reports are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Table, select

from varde.core.content import Content
from varde.core.decision import Decision
from varde.core.digest import Digests
from varde.core.errors import NotFound
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import Origin
from varde.core.media import Facts, MediaKind, MediaType, Thumbnail
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method, PerceptualHash, Signal
from varde.store import tables
from varde.store.decisions import read_decisions
from varde.store.found_matches import FoundMatch, load_matches
from varde.store.items import ItemState
from varde.store.types import AnyRow

_BATCH = 500
_HIGHEST_ROW = (1 << 63) - 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item and everything known of it.

    Attributes:
        case: name of its case.
        exhibit: number of its exhibit.
        content: without thumbnail; None where the bytes were not read.
        matches: those that stand, closest first.
        set_aside: those that do not: their entry was withdrawn, or a negative entry explains them.
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
    set_aside: tuple[FoundMatch, ...] = ()


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


def get_thumbnail(connection: Connection, content_id: int) -> Thumbnail | None:
    """Returns the stored thumbnail of a content, None where it has none."""
    table = tables.thumbnails.c
    columns = (table.data, table.width_px, table.height_px, table.veiled)
    row = connection.execute(select(*columns).where(table.content_id == content_id)).first()
    return Thumbnail(row.data, row.width_px, row.height_px, row.veiled or b"") if row else None


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
    matches = load_matches(connection, content_ids)
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
        matches=tuple(match for match in matches if match.stands),
        set_aside=tuple(match for match in matches if not match.stands),
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
