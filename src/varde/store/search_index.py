"""Keeps what people search by beside the items: names, words of metadata and times, each with the item's case."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, select

from varde.store import tables
from varde.store.database import insert_new
from varde.store.search_tables import SEARCH_TABLES, search_names, search_times, search_word_items, search_words
from varde.store.types import AnyRow, AnySelect, make_storable

_ITEMS_AT_ONCE = 500
_ROWS_AT_ONCE = 5_000
_MOST_WORDS: Final = 64
"""Of one item: a hostile file may carry any number."""

_MOST_CHARACTERS: Final = 500

_CAPTURE_TAGS: Final = (
    *("DateTimeOriginal", "exif:DateTimeOriginal", "DateTimeDigitized", "xmp:CreateDate", "CreationTime"),
    *("photoshop:DateCreated", "Date"),
)
"""In the order in which they are believed: the first that is a time counts."""

_NO_WORDS: Final = frozenset(
    {
        *_CAPTURE_TAGS,
        *("DateTime", "xmp:ModifyDate", "xmp:MetadataDate", "OffsetTime", "OffsetTimeOriginal", "OffsetTimeDigitized"),
        *("SubSecTime", "SubSecTimeOriginal", "SubSecTimeDigitized", "Orientation", "ExposureTime", "FNumber", "ISO"),
        *("Flash", "FocalLength", "PixelXDimension", "PixelYDimension", "FocalLengthIn35mmFilm", "GPSLatitude"),
        *("GPSLongitude", "GPSAltitude", "GPSImgDirection", "GPSHPositioningError", "GPSTimeStamp", "GPSDateStamp"),
        *("exif:GPSLatitude", "exif:GPSLongitude", "GCamera:MotionPhoto"),
    }
)
"""Tags whose values are times, places and settings of the camera: numbers, which nobody searches as text."""


class TimeKind(IntEnum):
    """What a time that can be searched by is."""

    FILE = 0
    """When the file was last changed, as its file system or archive says, in UTC."""

    CAPTURE = 1
    """When it was taken, as the file itself says: the camera's clock, of no known zone."""


def fold(text: str) -> str:
    """Returns a text as it is compared: without regard to upper and lower case, composed and decomposed letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def record_items(connection: Connection, item_ids: Sequence[int]) -> None:
    """Makes items that were examined findable, in the caller's transaction; what is there already stays.

    Args:
        connection: the site's, writing.
        item_ids: of any cases.
    """
    for start in range(0, len(item_ids), _ITEMS_AT_ONCE):
        some = tables.items.c.id.in_(item_ids[start : start + _ITEMS_AT_ONCE])
        _record(connection, list(connection.execute(_select_items().where(some))))


def record_content(connection: Connection, content_id: int) -> None:
    """Makes the items of a content findable once more: what could not be read of it before is known now."""
    items = tables.items.c
    record_items(connection, list(connection.execute(select(items.id).where(items.content_id == content_id)).scalars()))


def rebuild(connection: Connection) -> int:
    """Empties the index, fills it again from all items that were examined, and returns their number."""
    for table in SEARCH_TABLES:
        connection.execute(delete(table))
    count, after, items = 0, 0, tables.items.c
    while True:
        page = _select_items().where(items.id > after, items.state != "waiting").order_by(items.id)
        rows = list(connection.execute(page.limit(_ROWS_AT_ONCE)))
        if not rows:
            return count
        _record(connection, rows)
        count, after = count + len(rows), rows[-1].id


def find_capture_time(metadata: Sequence[Sequence[str]]) -> str:
    """Returns when a file says it was taken as ``YYYY-MM-DDTHH:MM:SS`` of the camera's clock, "" where it says nothing.

    Args:
        metadata: pairs of tag and value.
    """
    tags: dict[str, str] = {tag: value for tag, value in metadata}  # noqa: C416 - pairs are lists
    for tag in _CAPTURE_TAGS:
        if found := _read_time(tags.get(tag, "")):
            return found
    return ""


def list_words(metadata: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yields the tags and values of a file's metadata that people search as text."""
    words = (
        (make_storable(tag[:80]), make_storable(value[:_MOST_CHARACTERS]))
        for tag, value in metadata
        if tag not in _NO_WORDS and value
    )
    for _, word in zip(range(_MOST_WORDS), words, strict=False):
        yield word


def _read_time(text: str) -> str:
    """Returns a time of EXIF (``2020:05:17 10:20:30``) or ISO 8601, "" where the text is none."""
    written = text.strip()[:19].replace("T", " ")
    if written[4:5] == ":":
        written = written.replace(":", "-", 2)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return ""
    return found.replace(tzinfo=None).isoformat(timespec="seconds") if found.year > 1 else ""


def _select_items() -> AnySelect:
    items, exhibits, contents = tables.items, tables.exhibits, tables.contents
    return (
        select(items.c.id, exhibits.c.case_id, items.c.locator, items.c.modified_at, contents.c.metadata)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
    )


def _record(connection: Connection, rows: Sequence[AnyRow]) -> None:
    names = [{"case_id": row.case_id, "item_id": row.id, "text": fold(row.locator)} for row in rows]
    _insert(connection, search_names, names)
    _insert(connection, search_times, [time for row in rows for time in _list_times(row)])
    words = [(row.case_id, row.id, tag, value) for row in rows for tag, value in list_words(row.metadata or ())]
    word_ids = _record_words(connection, {(case_id, tag, value) for case_id, _, tag, value in words})
    links = {(word_ids[case_id, tag, value], item_id) for case_id, item_id, tag, value in words}
    _insert(connection, search_word_items, [{"word_id": word_id, "item_id": item} for word_id, item in sorted(links)])


def _list_times(row: AnyRow) -> Iterator[dict[str, object]]:
    if row.modified_at is not None:
        at = row.modified_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        yield {"case_id": row.case_id, "at": at, "item_id": row.id, "what": TimeKind.FILE.value}
    if captured := find_capture_time(row.metadata or ()):
        yield {"case_id": row.case_id, "at": captured, "item_id": row.id, "what": TimeKind.CAPTURE.value}


def _record_words(connection: Connection, words: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    """Returns the row number of each word, after adding those that are new to their case."""
    by_digest = {(case_id, _digest(tag, value)): (case_id, tag, value) for case_id, tag, value in sorted(words)}
    found = _find_words(connection, by_digest)
    fresh = [
        {"case_id": case_id, "digest": digest, "tag": tag, "value": value, "text": fold(value)}
        for (case_id, digest), (_, tag, value) in by_digest.items()
        if (case_id, tag, value) not in found
    ]
    if fresh:
        _insert(connection, search_words, fresh)
        found = _find_words(connection, by_digest)
    return found


def _find_words(
    connection: Connection, by_digest: dict[tuple[int, bytes], tuple[int, str, str]]
) -> dict[tuple[int, str, str], int]:
    table, found = search_words.c, dict[tuple[int, str, str], int]()
    for case_id in {case_id for case_id, _ in by_digest}:
        digests = [digest for case, digest in by_digest if case == case_id]
        for start in range(0, len(digests), _ITEMS_AT_ONCE):
            some = table.digest.in_(digests[start : start + _ITEMS_AT_ONCE])
            for row in connection.execute(select(table.id, table.digest).where(table.case_id == case_id, some)):
                found[by_digest[case_id, row.digest]] = row.id
    return found


def _digest(tag: str, value: str) -> bytes:
    return hashlib.blake2b(f"{tag}\0{value}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Inserts what is not there yet; the statement is compiled once, and the driver is handed plain values."""
    if not rows:
        return
    compiled = insert_new(connection, table).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = compiled.positiontup
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        values = some if order is None else [tuple(map(row.__getitem__, order)) for row in some]
        connection.exec_driver_sql(str(compiled), values)
