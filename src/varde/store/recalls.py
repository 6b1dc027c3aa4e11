"""Recalls: who acted on matches with known entries that were withdrawn or disputed afterwards.

Nothing is stored for them but what is kept anyway: events of known material, findings, decisions, the audit log. So a
notice cannot be lost, and it ends by itself when the entry is reinstated. A grade given anew after the event is told
apart from one that still rests on the match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from varde.core.audit import Act
from varde.core.known import EntryState, KnownAct
from varde.store import tables
from varde.store.types import AnyRow, AnySelect

_AT_ONCE = 5_000
_TOLD = (KnownAct.WITHDRAWN.value, KnownAct.DISPUTED.value, KnownAct.SUPERSEDED.value)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did with an item, or a case, while the match stood.

    Attributes:
        what: ``graded ...``, ``withdrew the grade``, ``exported the item`` or ``wrote report ...``.
    """

    person: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class ActedItem:
    """An item on which somebody acted while it matched.

    Attributes:
        entry: name of the entry it matched.
        found_at: when the match was found.
        deeds: on the item, oldest first.
        decided_since: whether a person decided on it again after the event.
    """

    item_id: int
    exhibit: int
    locator: str
    entry: str
    found_at: datetime
    deeds: tuple[Deed, ...]
    decided_since: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """A notice: entries, or a set, of which matches were acted on in a case, and what became of them.

    Attributes:
        act: withdrawn, disputed or superseded.
        at, person, reason: of the event.
        entries: names of the entries whose matches are concerned; () where it is the whole set.
        matched: items of the case that matched before the event.
        items: those on which somebody acted.
        reports: written of the case since the first of these matches and before the event.
    """

    case: str
    set_name: str
    set_version: str
    act: KnownAct
    at: datetime
    person: str
    reason: str
    entries: tuple[str, ...]
    matched: int
    items: tuple[ActedItem, ...]
    reports: tuple[Deed, ...]

    @property
    def open_items(self) -> tuple[ActedItem, ...]:
        """The items that nobody decided on again since."""
        return tuple(item for item in self.items if not item.decided_since)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who acted, to be told."""
        deeds = [deed for item in self.items for deed in item.deeds]
        return tuple(sorted({deed.person for deed in (*deeds, *self.reports)}))


def list_recalls(
    connection: Connection, case_id: int | None = None, *, event_ids: Iterable[int] | None = None
) -> list[Recall]:
    """Returns the notices of a case, or of all, the newest first.

    Args:
        connection: the site's.
        case_id: None for all cases.
        event_ids: only those of these events of known material; None for all that are in force.
    """
    wanted = [_in_force()]
    if case_id is not None:
        wanted.append(tables.exhibits.c.case_id == case_id)
    if event_ids is not None:
        wanted.append(tables.known_events.c.id.in_(list(event_ids)))
    matched = {_key(row): row for row in connection.execute(_count_matched(wanted))}
    if not matched:
        return []
    exports, reports = _read_audit(connection)
    acted: defaultdict[tuple[object, ...], list[AnyRow]] = defaultdict(list)
    for condition in _acted_on(exports):
        for row in connection.execute(_select_acted([*wanted, condition])):
            acted[_key(row)].append(row)
    found = [_make(connection, row, acted[key], exports, reports) for key, row in matched.items()]
    return sorted((one for one in found if one.items or one.reports), key=lambda one: one.at, reverse=True)


def _matched() -> Any:
    """Returns events with the findings they undo, and the items and cases of these."""
    events, entries, findings = tables.known_events, tables.known_entries, tables.findings
    concerned = or_(
        events.c.entry_id == entries.c.id, and_(events.c.entry_id.is_(None), entries.c.set_id == events.c.set_id)
    )
    return (
        findings.join(entries, entries.c.id == findings.c.entry_id)
        .join(events, concerned)
        .join(tables.known_sets, tables.known_sets.c.id == events.c.set_id)
        .join(tables.items, tables.items.c.content_id == findings.c.content_id)
        .join(tables.exhibits, tables.exhibits.c.id == tables.items.c.exhibit_id)
        .join(tables.cases, tables.cases.c.id == tables.exhibits.c.case_id)
    )


def _in_force() -> ColumnElement[bool]:
    """Returns the condition that an event is the last of its entry or set, undoes matches, and found some before it.

    What a newer description of the same entry, with the same code, matches as well is not undone.
    """
    events, later, findings = tables.known_events, tables.known_events.alias("later"), tables.findings
    newest = ~exists().where(
        later.c.set_id == events.c.set_id,
        later.c.entry_id.is_not_distinct_from(events.c.entry_id),
        later.c.id > events.c.id,
    )
    entries, heir, again = tables.known_entries, tables.known_entries.alias("heir"), findings.alias("again")
    inherited = (
        exists()
        .where(again.c.content_id == findings.c.content_id, again.c.entry_id == heir.c.id)
        .where(heir.c.set_id == entries.c.set_id, heir.c.source_id == entries.c.source_id)
        .where(heir.c.state != EntryState.WITHDRAWN.value, heir.c.code.is_not_distinct_from(entries.c.code))
    )
    undone = or_(events.c.act != KnownAct.SUPERSEDED.value, ~inherited)
    return and_(events.c.act.in_(_TOLD), newest, findings.c.found_at < events.c.at, undone)


_GROUP = ("set_id", "act", "at", "person", "reason")


def _columns() -> list[Any]:
    sets, cases = tables.known_sets.c, tables.cases.c
    events = [tables.known_events.c[name].label(f"event_{name}") for name in _GROUP]
    named = [sets.name.label("set_name"), sets.version.label("set_version")]
    return [*events, *named, cases.id.label("case_id"), cases.name.label("case_name")]


def _count_matched(wanted: list[ColumnElement[bool]]) -> AnySelect:
    columns = _columns()
    items = func.count(tables.items.c.id.distinct()).label("matched")
    first = func.min(tables.findings.c.found_at).label("first_found_at")
    whole = func.count(tables.known_events.c.entry_id).label("by_entry")
    query = select(*columns, items, first, whole).select_from(_matched()).where(*wanted)
    return query.group_by(*[column.element for column in columns])


def _acted_on(exports: dict[int, list[Deed]]) -> Iterator[ColumnElement[bool]]:
    """Yields conditions of items on which somebody acted; exported ones some at a time, as databases limit queries."""
    decisions, exported = tables.decisions.c, list(exports)
    since = (decisions.at >= tables.findings.c.found_at, decisions.at < tables.known_events.c.at)
    yield exists().where(decisions.item_id == tables.items.c.id, *since)
    for start in range(0, len(exported), _AT_ONCE):
        yield tables.items.c.id.in_(exported[start : start + _AT_ONCE])


def _select_acted(wanted: list[ColumnElement[bool]]) -> AnySelect:
    items, findings, exhibits = tables.items.c, tables.findings.c, tables.exhibits.c
    concerned = (items.id, items.locator, exhibits.number, findings.entry_id, findings.found_at)
    query = select(*_columns(), *concerned, tables.known_entries.c.source_id).select_from(_matched())
    return query.where(*wanted).order_by(exhibits.number, items.locator, findings.id)


def _key(row: AnyRow) -> tuple[object, ...]:
    return (row.case_id, *(row._mapping[f"event_{name}"] for name in _GROUP))


def _make(
    connection: Connection,
    head: AnyRow,
    acted: list[AnyRow],
    exports: dict[int, list[Deed]],
    reports: dict[str, list[Deed]],
) -> Recall:
    items: dict[int, ActedItem] = {}
    for row in acted:
        if row.id not in items:
            deeds = _list_deeds(connection, row, exports)
            if deeds:
                items[row.id] = ActedItem(
                    item_id=row.id,
                    exhibit=row.number,
                    locator=row.locator,
                    entry=row.source_id or str(row.entry_id),
                    found_at=row.found_at,
                    deeds=deeds,
                    decided_since=_is_decided_since(connection, row.id, head.event_at),
                )
    written = [deed for deed in reports.get(head.case_name, []) if head.first_found_at <= deed.at < head.event_at]
    names = sorted({row.source_id or str(row.entry_id) for row in acted}) if head.by_entry else []
    if head.by_entry and not names:  # reports only: an entry that was taken back must not read as its whole set
        names = _name_entries(connection, head)
    return Recall(
        case=head.case_name,
        set_name=head.set_name,
        set_version=head.set_version,
        act=KnownAct(head.event_act),
        at=head.event_at,
        person=head.event_person,
        reason=head.event_reason,
        entries=tuple(names),
        matched=head.matched,
        items=tuple(sorted(items.values(), key=lambda item: (item.exhibit, item.locator))),
        reports=tuple(written),
    )


def _name_entries(connection: Connection, head: AnyRow) -> list[str]:
    events, entries = tables.known_events.c, tables.known_entries.c
    same = [events[name] == head._mapping[f"event_{name}"] for name in _GROUP]
    matched = select(entries.id, entries.source_id).select_from(_matched()).distinct()
    rows = connection.execute(matched.where(*same, _in_force(), tables.exhibits.c.case_id == head.case_id))
    return sorted(row.source_id or str(row.id) for row in rows)


def _list_deeds(connection: Connection, row: AnyRow, exports: dict[int, list[Deed]]) -> tuple[Deed, ...]:
    decisions, schemes = tables.decisions, tables.schemes
    query = (
        select(decisions.c.person, decisions.c.at, decisions.c.code, schemes.c.name, schemes.c.version)
        .join(schemes, schemes.c.id == decisions.c.scheme_id, isouter=True)
        .where(decisions.c.item_id == row.id, decisions.c.at >= row.found_at, decisions.c.at < row.event_at)
        .order_by(decisions.c.id)
    )
    graded = [
        Deed(person, at, f"graded {name}@{version}:{code}" if code is not None else "withdrew the grade")
        for person, at, code, name, version in connection.execute(query)
    ]
    exported = [deed for deed in exports.get(row.id, []) if row.found_at <= deed.at < row.event_at]
    return tuple(sorted((*graded, *exported), key=lambda deed: deed.at))


def _is_decided_since(connection: Connection, item_id: int, at: datetime) -> bool:
    decisions = tables.decisions.c
    return bool(connection.execute(select(exists().where(decisions.item_id == item_id, decisions.at > at))).scalar())


def _read_audit(connection: Connection) -> tuple[dict[int, list[Deed]], dict[str, list[Deed]]]:
    """Returns the exports of each item and the reports of each case, from the audit log."""
    table = tables.audit_events.c
    acts = (Act.ITEM_EXPORTED.value, Act.REPORT_WRITTEN.value)
    query = select(table.at, table.person, table.act, table.subject).where(table.act.in_(acts)).order_by(table.number)
    exports: defaultdict[int, list[Deed]] = defaultdict(list)
    reports: defaultdict[str, dict[str, Deed]] = defaultdict(dict)
    for row in connection.execute(query):
        at = datetime.fromisoformat(row.at)
        if row.act == Act.ITEM_EXPORTED.value:
            exports[row.subject["item"]].append(Deed(row.person, at, "exported the item"))
        else:
            deed = Deed(row.person, at, f"wrote report {row.subject['report']}")
            reports[row.subject["case"]].setdefault(row.subject["report"], deed)
    return exports, {case: list(found.values()) for case, found in reports.items()}
