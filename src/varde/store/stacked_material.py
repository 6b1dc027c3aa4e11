"""What stacks, folders and relevance are made from: the items of a case with their contents, hashes and matches.

Everything is streamed, and in numbers where it can be: a case may have millions of items.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, exists, func, or_, select, type_coerce

from varde.core.known import EntryState, SetRole
from varde.core.media import MediaKind
from varde.store import tables
from varde.store.database import stream
from varde.store.items import ItemState
from varde.store.standing import is_notable, joined
from varde.store.tallies import Counted, read_newest, read_tallies
from varde.store.types import AnyRow

_ACTIVE = EntryState.ACTIVE.value
_HARMLESS = (SetRole.KNOWN.value, SetRole.NEGATIVE.value)
_CAPTURE_TAGS = ('["DateTimeOriginal",', '["Make",')


def list_places(connection: Connection, case_id: int) -> Iterator[AnyRow]:
    """Yields (item, content or None, exhibit row, locator) of the examined items of a case, by number."""
    items = tables.items.c
    query = select(items.id, items.content_id, items.exhibit_id, items.locator)
    return stream(connection, query.where(_is_of(case_id), items.state == ItemState.DONE.value).order_by(items.id))


def list_facts(connection: Connection, case_id: int) -> Iterator[AnyRow]:
    """Yields (content, kind, width, height, whether it has capture metadata) of a case's contents."""
    contents = tables.contents.c
    stored = type_coerce(contents.metadata, Text)
    tagged = and_(*(stored.contains(tag, autoescape=True) for tag in _CAPTURE_TAGS))
    query = select(contents.id, contents.kind, contents.width_px, contents.height_px, tagged.label("is_tagged"))
    return stream(connection, query.where(contents.id.in_(_contents(case_id))).order_by(contents.id))


def list_picture_hashes(connection: Connection, case_id: int, method: str, min_quality: int) -> Iterator[AnyRow]:
    """Yields (content, hash) of a case's still pictures whose hash is good enough to be compared."""
    signals, contents = tables.signals.c, tables.contents.c
    query = (
        select(signals.content_id, signals.value)
        .join(tables.contents, contents.id == signals.content_id)
        .where(signals.method == method, signals.position == 0, signals.value.is_not(None))
        .where(signals.quality >= min_quality, contents.kind == MediaKind.PICTURE.value)
        .where(or_(contents.frames.is_(None), contents.frames <= 1), contents.id.in_(_contents(case_id)))
        .order_by(signals.content_id)
    )
    return stream(connection, query)


def list_case_matches(connection: Connection, case_id: int) -> Iterator[AnyRow]:
    """Yields (content, role of the set, family, distance) of matches that stand; of harmless sets active ones."""
    findings, entries, sets = tables.findings.c, tables.known_entries.c, tables.known_sets.c
    harmless = and_(sets.role.in_(_HARMLESS), sets.state == _ACTIVE, entries.state == _ACTIVE)
    query = select(findings.content_id, sets.role, findings.family, findings.distance).select_from(joined())
    return stream(connection, query.where(or_(is_notable(), harmless), findings.content_id.in_(_contents(case_id))))


def list_codes(connection: Connection, case_id: int) -> Iterator[AnyRow]:
    """Yields (item, code) of the items of a case that have a grade in force."""
    decisions, items = tables.decisions.c, tables.items.c
    newest = (
        select(func.max(decisions.id))
        .join(tables.items, items.id == decisions.item_id)
        .where(_is_of(case_id))
        .group_by(decisions.item_id)
    )
    query = select(decisions.item_id, decisions.code).where(decisions.id.in_(newest), decisions.code.is_not(None))
    return stream(connection, query)


def list_codes_since(connection: Connection, last_decision: int) -> list[tuple[int, str | None]]:
    """Returns (item, code in force or None) of everything that was decided after a decision, in whichever case."""
    decisions = tables.decisions.c
    newest = select(func.max(decisions.id)).where(decisions.id > last_decision).group_by(decisions.item_id)
    rows = connection.execute(select(decisions.item_id, decisions.code).where(decisions.id.in_(newest)))
    return [(row.item_id, row.code) for row in rows]


def is_stale(connection: Connection, case_id: int) -> bool:
    """Returns whether the stacks of a case are not there, or were made before something that changes them."""
    newest, made_from = read_newest(connection, case_id), read_tallies(connection, case_id)
    behind = {
        key: made_from.get((what, key)) for what, key in newest if made_from.get((what, key)) != newest[what, key]
    }
    if None in behind.values() or "run" in behind:
        return True
    if not behind:
        return False
    finding, event = (made_from[Counted.MADE_FROM, key] for key in ("finding", "event"))
    return bool(connection.execute(select(exists(_touched(case_id, finding, event)))).scalar())


def _touched(case_id: int, finding: int, event: int) -> Select[tuple[int]]:
    """Returns a query for contents of a case with matches that are new, or whose entry or set was withdrawn or so."""
    findings, entries, events = tables.findings.c, tables.known_entries.c, tables.known_events.c
    since = select(events.entry_id).where(events.id > event, events.entry_id.is_not(None))
    sets = select(events.set_id).where(events.id > event, events.entry_id.is_(None))
    changed = or_(findings.id > finding, findings.entry_id.in_(since), entries.set_id.in_(sets))
    query = select(findings.content_id).join(tables.known_entries, entries.id == findings.entry_id)
    return query.where(changed, findings.content_id.in_(_contents(case_id)))


def _contents(case_id: int) -> Select[tuple[int | None]]:
    """Returns a query for the contents of the items that `list_places` yields."""
    items = tables.items.c
    query = select(items.content_id).where(_is_of(case_id), items.content_id.is_not(None))
    return query.where(items.state == ItemState.DONE.value)


def _is_of(case_id: int) -> ColumnElement[bool]:
    exhibits = tables.exhibits.c
    return tables.items.c.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id))
