"""Findings: matches of contents with known entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, literal, or_, select

from varde.core.finding import Match, OperatingPoint
from varde.core.known import KnownAct
from varde.core.signal import Method
from varde.store import tables
from varde.store.database import insert_new, insert_or_replace_if

_IDS_AT_ONCE = 500
_DIGESTS = ("sha256", "sha1", "md5")
DIGEST_METHOD = Method("digest", "1")
DIGEST_POINT = OperatingPoint(DIGEST_METHOD, 0, 0)
"""Exact comparison: one digest is equal and no digest that both sides have differs."""


def match_digests(connection: Connection, contents_in: range, entries_in: range | Sequence[int], at: datetime) -> int:
    """Records exact matches of some contents with some known entries and returns how many are new.

    A digest both sides have must be equal: an entry whose MD5 fits but whose SHA-256 does not is no match. Empty files
    match nothing: lists do hold the digest of no bytes.

    Args:
        connection: the site's, writing.
        contents_in: row numbers.
        entries_in: row numbers, all between two or some; where there are fewer of one side, the other is looked up.
        at: recorded with the matches.
    """
    if not isinstance(entries_in, range) and len(entries_in) > _IDS_AT_ONCE:
        parts = [entries_in[start : start + _IDS_AT_ONCE] for start in range(0, len(entries_in), _IDS_AT_ONCE)]
        return sum(match_digests(connection, contents_in, part, at) for part in parts)
    contents, entries, events = tables.contents.c, tables.known_entries.c, tables.known_events.c
    superseded = exists().where(events.entry_id == entries.id, events.act == KnownAct.SUPERSEDED.value)
    found = 0
    for name in _DIGESTS:
        agree = [
            or_(entries[other].is_(None), entries[other] == contents[other]) for other in _DIGESTS if other != name
        ]
        first_match = select(
            contents.id,
            entries.id,
            literal("digest"),
            literal(name),
            literal(DIGEST_METHOD.version),
            literal(0),
            literal(0),
            literal(0),
            _stored_time(at),
        )
        few_entries = not isinstance(entries_in, range) or len(entries_in) < len(contents_in)
        matched = first_match.where(
            entries[name] == contents[name],
            contents.size_bytes > 0,
            *_within(contents.id, contents_in, looked_up=few_entries),
            *_within(entries.id, entries_in, looked_up=not few_entries),
            ~superseded,
            *agree,
        )
        names = ["content_id", "entry_id", "family", "method", "version", "max_distance", "min_quality", "distance"]
        insert = insert_new(connection, tables.findings).from_select([*names, "found_at"], matched)
        found += connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount
    return found


def _within(column: ColumnElement[int], rows: range | Sequence[int], *, looked_up: bool) -> list[ColumnElement[bool]]:
    """Returns the conditions on row numbers; those of the side that is looked up are kept from choosing the plan."""
    if not isinstance(rows, range):
        return [column.in_(rows)]
    chosen = column + 0 if looked_up else column
    return [chosen >= rows.start, chosen < rows.stop]


def record_matches(connection: Connection, matches: Sequence[Match], at: datetime) -> int:
    """Records perceptual matches, the closest of each (content, entry), and returns how many are new.

    A match that is there already and was farther is replaced; when it was found first stays.
    """
    closest = choose_closest(matches)
    if not closest:
        return 0
    rows = [
        {
            "content_id": match.content_id,
            "entry_id": match.entry_id,
            "family": match.point.method.name,
            "method": match.point.method.name,
            "version": match.point.method.version,
            "max_distance": match.point.max_distance,
            "min_quality": match.point.min_quality,
            "distance": match.distance,
            "offset_s": match.offset_s,
            "found_at": at,
            "details": match.details or None,
        }
        for match in closest
    ]
    before = connection.execute(select(func.max(tables.findings.c.id))).scalar() or 0
    insert = insert_or_replace_if(
        connection,
        tables.findings,
        unique=("content_id", "entry_id", "family"),
        replaced=("version", "max_distance", "min_quality", "distance", "offset_s", "details"),
        closer="distance",
    )
    connection.execute(insert, rows)
    new = select(func.count()).select_from(tables.findings).where(tables.findings.c.id > before)
    return int(connection.execute(new).scalar_one())


def choose_closest(matches: Iterable[Match]) -> list[Match]:
    """Returns the closest match of each content and entry; of equals the first."""
    closest: dict[tuple[int, int], Match] = {}
    for match in matches:
        key = (match.content_id, match.entry_id)
        if key not in closest or match.distance < closest[key].distance:
            closest[key] = match
    return list(closest.values())


def _stored_time(at: datetime) -> ColumnElement[datetime]:
    return literal(at, type_=tables.findings.c.found_at.type)
