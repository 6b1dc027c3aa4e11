"""Searches a case by name, words of metadata, time or digest. Every query reads the rows of one case only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from heapq import merge
from itertools import groupby, islice
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from varde.core.digest import DigestAlgorithm
from varde.core.locator import escape
from varde.store import tables
from varde.store.search_index import TimeKind, fold
from varde.store.search_tables import search_names, search_times, search_word_items, search_words
from varde.store.types import make_storable

CAMERA_TAGS: Final = (
    *("Make", "Model", "LensMake", "LensModel", "BodySerialNumber", "CameraSerialNumber", "LensSerialNumber"),
    *("CameraOwnerName", "tiff:Make", "tiff:Model", "aux:SerialNumber", "HostComputer"),
)
"""Tags that say with what something was taken."""

_FEW_WORDS = 64
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})$")
_RANGE = re.compile(r"\s*(?:\.\.|–|—|\bto\b|\s-\s)\s*")


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found.

    Attributes:
        reasons: why, in plain words.
        at: the time it was found by, "" where by something else.
        what: kind of that time.
    """

    item_id: int
    reasons: tuple[str, ...]
    at: str = ""
    what: TimeKind = TimeKind.FILE


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of days.

    Attributes:
        first: included, ``YYYY-MM-DD``.
        end: not included.
    """

    first: str
    end: str


@dataclass(frozen=True, slots=True)
class TimePlace:
    """Where a page of hits by time ended."""

    at: str
    item_id: int
    what: int


BEGINNING: Final = TimePlace("", 0, -1)


def read_time_range(text: str) -> TimeRange | None:
    """Returns the days that a person means, None where the text is no date.

    Understood are ``2020``, ``2020-05``, ``2020-05-17``, ``17.05.2020``, ``17/05/2020`` and ranges of these, with
    ``..``, ``to`` or a dash between spaces.
    """
    ends = [_read_days(part) for part in _RANGE.split(text.strip())]
    days = [found for found in ends if found is not None]
    if not 1 <= len(ends) <= 2 or len(days) != len(ends) or days[0].first >= days[-1].end:
        return None
    return TimeRange(days[0].first, days[-1].end)


def find_names(connection: Connection, case_id: int, text: str, *, after: int, limit: int) -> list[Hit]:
    """Returns the next items of a case in whose name or place a text occurs, by row number."""
    table = search_names.c
    found = [_contains(connection, table.text, form) for form in _forms(text)]
    condition = found[0] if len(found) == 1 else found[0] | found[1]
    query = select(table.item_id).where(table.case_id == case_id, table.item_id > after, condition)
    ids = connection.execute(query.order_by(table.item_id).limit(limit)).scalars()
    return [Hit(item_id, ("name or place",)) for item_id in ids]


def find_words(
    connection: Connection, case_id: int, text: str, *, tags: tuple[str, ...] = (), after: int, limit: int
) -> list[Hit]:
    """Returns the next items of a case in whose metadata a text occurs, by row number.

    Args:
        connection: the site's.
        case_id: of the case.
        text: looked for in each value by itself.
        tags: only in these; () in all.
        after: row number of the item before the first.
        limit: most hits returned.
    """
    words, links = search_words.c, search_word_items.c
    wanted = [words.case_id == case_id, _contains(connection, words.text, fold(make_storable(text)))]
    if tags:
        wanted.append(words.tag.in_(tags))
    few = list(connection.execute(select(words.id).where(*wanted).limit(_FEW_WORDS + 1)).scalars())
    if len(few) <= _FEW_WORDS:
        streams = [_list_links(connection, word_id, after, limit) for word_id in few]
        return list(islice(_gather(connection, merge(*streams)), limit))
    every = select(links.item_id).where(links.word_id.in_(select(words.id).where(*wanted)), links.item_id > after)
    ids = list(connection.execute(every.distinct().order_by(links.item_id).limit(limit)).scalars())
    return [Hit(item_id, ("metadata",)) for item_id in ids]


def find_times(connection: Connection, case_id: int, days: TimeRange, *, after: TimePlace, limit: int) -> list[Hit]:
    """Returns the next items of a case that were changed or taken on some days, the earliest first.

    An item with both times in the range is found by each.
    """
    table = search_times.c
    place = (table.at > after.at) | (
        (table.at == after.at)
        & ((table.item_id > after.item_id) | ((table.item_id == after.item_id) & (table.what > after.what)))
    )
    first = max(days.first, after.at)
    query = select(table.item_id, table.at, table.what).where(
        table.case_id == case_id, table.at >= first, table.at < days.end, place
    )
    rows = connection.execute(query.order_by(table.at, table.item_id, table.what).limit(limit))
    return [Hit(row.item_id, (_say_time(row.at, row.what),), row.at, TimeKind(row.what)) for row in rows]


def find_digest(
    connection: Connection, case_id: int, algorithm: DigestAlgorithm, digest: bytes, *, after: int, limit: int
) -> list[Hit]:
    """Returns the next items of a case whose content has a digest, by row number."""
    contents = tables.contents.c
    found = list(connection.execute(select(contents.id).where(contents[algorithm.value] == digest)).scalars())
    name = {DigestAlgorithm.MD5: "MD5", DigestAlgorithm.SHA1: "SHA-1", DigestAlgorithm.SHA256: "SHA-256"}[algorithm]
    ids = list_items_of(connection, case_id, found, after=after, limit=limit)
    return [Hit(item_id, (f"same {name}",)) for item_id in ids]


def find_content(connection: Connection, sha256: bytes) -> int | None:
    """Returns the row number of the content with a SHA-256, None where the site has none."""
    return connection.execute(select(tables.contents.c.id).where(tables.contents.c.sha256 == sha256)).scalar()


def list_items_of(connection: Connection, case_id: int, content_ids: list[int], *, after: int, limit: int) -> list[int]:
    """Returns the next items of a case with any of some contents, by row number."""
    items, exhibits = tables.items.c, tables.exhibits.c
    of_case = items.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id))
    query = select(items.id).where(items.content_id.in_(content_ids), of_case, items.id > after)
    return list(connection.execute(query.order_by(items.id).limit(limit)).scalars()) if content_ids else []


def find_items_of(
    connection: Connection, case_ids: list[int], content_ids: list[int], *, limit: int
) -> defaultdict[int, list[tuple[int, int]]]:
    """Returns (case, item) of the items of some cases with some contents, by content, as many as the limit in all."""
    items, exhibits = tables.items.c, tables.exhibits.c
    query = (
        select(items.content_id, exhibits.case_id, items.id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(items.content_id.in_(content_ids), exhibits.case_id.in_(case_ids))
        .order_by(items.id)
        .limit(limit)
    )
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.content_id].append((row.case_id, row.id))
    return found


def count_months(connection: Connection, case_id: int, what: TimeKind) -> dict[str, int]:
    """Returns how many items of a case were changed, or taken, in each month that has any."""
    table, month = search_times.c, func.substr(search_times.c.at, 1, 7)
    query = select(month, func.count()).where(table.case_id == case_id, table.what == what.value)
    return {row[0]: row[1] for row in connection.execute(query.group_by(month).order_by(month))}


def count_cameras(connection: Connection, case_id: int, limit: int) -> list[tuple[str, int]]:
    """Returns the camera models that most items of a case name, with how many do."""
    words, links = search_words.c, search_word_items.c
    count = func.count(links.item_id)
    query = (
        select(words.value, count)
        .join(search_word_items, links.word_id == words.id)
        .where(words.case_id == case_id, words.tag.in_(("Model", "tiff:Model")))
        .group_by(words.value)
        .order_by(count.desc(), words.value)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def _contains(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Returns the condition that a text occurs as it is: no character of it is special."""
    position = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return position(column, text) > 0


def _forms(text: str) -> list[str]:
    """Returns a text as a name on a disk, and as a place is shown, which differ for ``!`` and what is not printable."""
    return sorted({fold(make_storable(text)), fold(escape(text.encode("utf-8", "surrogatepass")))})


def _list_links(connection: Connection, word_id: int, after: int, limit: int) -> list[tuple[int, int]]:
    links = search_word_items.c
    query = select(links.item_id, links.word_id).where(links.word_id == word_id, links.item_id > after)
    return [(row.item_id, row.word_id) for row in connection.execute(query.order_by(links.item_id).limit(limit))]


def _gather(connection: Connection, links: Iterator[tuple[int, int]]) -> Iterator[Hit]:
    """Yields one hit for each item, with the words it was found by."""
    words = search_words.c
    named: dict[int, str] = {}
    for item_id, group in groupby(links, key=lambda link: link[0]):
        ids = [word_id for _, word_id in group]
        for word_id in ids:
            if word_id not in named:
                row = connection.execute(select(words.tag, words.value).where(words.id == word_id)).one()
                named[word_id] = f"{row.tag}: {row.value}"
        yield Hit(item_id, tuple(named[word_id] for word_id in ids))


def _say_time(at: str, what: int) -> str:
    shown = at.replace("T", " ")
    if what == TimeKind.CAPTURE:
        return f"taken {shown} by its own metadata (camera clock)"
    return f"file time {shown} UTC"


def _read_days(text: str) -> TimeRange | None:
    """Returns the days of one date, month or year."""
    if match := _DAY_FIRST.match(text):
        day, month, year = match.groups()
    elif match := _DATE.match(text):
        year, month, day = match.groups()
    else:
        return None
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        if not month:
            end = date(first.year + 1, 1, 1)
        elif not day:
            end = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        else:
            end = date.fromordinal(first.toordinal() + 1)
    except (ValueError, OverflowError):
        return None
    return TimeRange(first.isoformat(), end.isoformat())
