"""``varde item``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.decision import Decision
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.core.signal import Signal
from varde.store import cases, item_lists, records
from varde.store.found_matches import FoundMatch
from varde.store.item_lists import ItemFilter
from varde.store.records import ItemRecord
from varde.store.types import write_utc
from varde.workflows import export_item

_COLUMNS = ("item", "exhibit", "kind", "grade", "matches", "issues", "size_bytes", "sha256", "locator")


@click.group()
def item() -> None:
    """List, show and export items."""


@item.command("list")
@click.argument("case")
@click.option("--kind", type=click.Choice([kind.value for kind in MediaKind]), help="Only items of this kind.")
@click.option("--exhibit", type=int, help="Only items of this exhibit.")
@click.option("--matched", is_flag=True, help="Only items matched with a set of role alert or own.")
@click.option("--undecided", is_flag=True, help="Only items without a grade in force.")
@click.option("--issues", "with_issues", is_flag=True, help="Only items with issues.")
@with_session
def list_(
    session: Session,
    case: str,
    kind: str | None,
    exhibit: int | None,
    matched: bool,
    undecided: bool,
    with_issues: bool,
) -> None:
    """List the items of CASE by exhibit and place.

    \b
    Examples:
      varde item list 2026-0042 --matched --undecided
      varde item list 2026-0042 --json > items.json
    """
    wanted = ItemFilter(MediaKind(kind) if kind else None, matched, undecided, with_issues, exhibit)
    site = session.open()
    with site.database.read() as connection:
        case_id = cases.get_case(connection, case).case_id
        write_items(session, (describe_item(record) for record in _load(connection, case_id, wanted)))


@item.command("show")
@click.argument("item_id", metavar="ITEM", type=int)
@with_session
def show(session: Session, item_id: int) -> None:
    """Show everything known of ITEM with its sources: places, digests, matches, decisions, issues.

    \b
    Example:
      varde item show 17
    """
    site = session.open()
    with site.database.read() as connection:
        document = describe_item(records.get_record(connection, item_id), whole=True)
    if session.as_json:
        output.write_json(document)
        return
    lists = {name: document.pop(name) for name in _SENTENCES}
    output.write_fields(document)
    for name, describe in _SENTENCES.items():
        for row in lists[name]:
            print(f"{name}: {output.to_plain(describe(row))}")


@item.command("export")
@click.argument("item_id", metavar="ITEM", type=int)
@click.option("--output", "target", type=click.Path(path_type=Path), required=True, help="New file to write.")
@with_session
def export(session: Session, item_id: int, target: Path) -> None:
    """Write the bytes of ITEM to a file, verified against the digest it was examined with. Audited.

    \b
    Example:
      varde item export 17 --output picture.jpg
    """
    record = export_item.export_item(session.open(), session.actor, item_id=item_id, output=target)
    if session.as_json:
        output.write_json({"item": item_id, "file": str(target), "size_bytes": record.size_bytes})
    output.say(f"Wrote {record.size_bytes} bytes of {record.locator} to {target}.")


@item.command("draw")
@click.argument("item_id", metavar="ITEM", type=int)
@click.option("--output", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the drawings.")
@with_session
def draw(session: Session, item_id: int, folder: Path) -> None:
    """Draw where known pictures lie in ITEM: a PNG for each of its matches by local features. Audited.

    Left the item, right the known picture, both small and grey, the outline of each in the other, and lines between
    the points that agree. Nothing is read from the exhibit for it.

    \b
    Example:
      varde item draw 17 --output drawings
    """
    from varde.workflows.draw_alignments import draw_item  # loads what compares: only here

    drawings = draw_item(session.open(), session.actor, item_id=item_id, folder=folder)
    if session.as_json:
        output.write_json([{"file": str(one.path), **_describe_match(one.match)} for one in drawings])
    for one in drawings:
        output.say(
            f"Drew the match with {one.match.set_name}, entry {one.match.source_id or one.match.entry_id}: {one.path}"
        )


def write_items(session: Session, documents: Any) -> None:
    """Writes items as a JSON list or as columns."""
    if session.as_json:
        output.write_json_list(documents)
        return
    output.write_rows(_COLUMNS, ([_brief(document[name]) for name in _COLUMNS] for document in documents))


def describe_item(record: ItemRecord, *, whole: bool = False) -> dict[str, Any]:
    """Returns an item as plain data; `whole` adds metadata and hashes."""
    content = record.content
    digests = content.digests if content else None
    facts = content.facts if content else None
    document: dict[str, Any] = {
        "item": record.item_id,
        "case": record.case,
        "exhibit": record.exhibit,
        "locator": record.locator,
        "name": record.name,
        "origin": record.origin.value,
        "state": record.state.value,
        "size_bytes": record.size_bytes,
        "modified_at": write_utc(record.modified_at) if record.modified_at else None,
        "kind": content.media_type.kind.value if content else None,
        "mime": content.media_type.mime if content else None,
        "md5": digests.md5.hex() if digests else None,
        "sha1": digests.sha1.hex() if digests else None,
        "sha256": digests.sha256.hex() if digests else None,
        "width_px": facts.width_px if facts else None,
        "height_px": facts.height_px if facts else None,
        "duration_s": facts.duration_s if facts else None,
        "grade": _grade_in_force(record),
        "matches": [_describe_match(match) for match in record.matches],
        "set_aside": [_describe_match(match) for match in record.set_aside],
        "decisions": [_describe_decision(decision) for decision in record.decisions],
        "issues": [{"step": i.step.value, "code": i.code.value, "cause": i.cause} for i in record.issues],
    }
    if whole:
        document["frames"] = facts.frames if facts else None
        document["metadata"] = dict(facts.metadata) if facts else {}
        document["signals"] = [_describe_signal(signal) for signal in content.signals] if content else []
    return document


def _load(connection: Any, case_id: int, wanted: ItemFilter) -> Any:
    return records.load_records(connection, item_lists.list_ids(connection, case_id, wanted))


def _brief(value: Any) -> Any:
    return len(value) if isinstance(value, list) else value


def _grade_in_force(record: ItemRecord) -> str | None:
    grade = record.decisions[-1].grade if record.decisions else None
    return str(grade) if grade else None


def _describe_match(match: FoundMatch) -> dict[str, Any]:
    return {
        "set": match.set_name,
        "version": match.set_version,
        "role": match.role.value,
        "entry": match.source_id or str(match.entry_id),
        "code": match.code,
        "scheme": match.scheme,
        "series": match.series,
        "flags": match.flags,
        "method": str(match.point.method),
        "operating_point": str(match.point),
        "distance": match.distance,
        "offset_s": match.offset_s,
        "state": match.state.value,
        "stands": match.stands,
        "status": match.status,
        "how": match.how,
        "details": match.details,
        "found_at": write_utc(match.found_at),
    }


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {
        "grade": str(decision.grade) if decision.grade else None,
        "person": decision.person,
        "at": write_utc(decision.at),
        "note": decision.note,
        "source": decision.source,
    }


def _describe_signal(signal: Signal) -> dict[str, Any]:
    if isinstance(signal.outcome, NotComparable):
        return {
            "method": str(signal.method),
            "not_comparable": signal.outcome.reason.value,
            "detail": signal.outcome.detail,
        }
    hashes = [
        {"value": found.value.hex(), "quality": found.quality, "offset_s": found.offset_s} for found in signal.outcome
    ]
    return {"method": str(signal.method), "hashes": hashes}


def _say_match(match: dict[str, Any]) -> str:
    code = f", code {match['code']} on {match['scheme'] or 'no scheme'}" if match["code"] is not None else ""
    series = f", series {match['series']}" if match["series"] else ""
    flags = "".join(f", {name}: {'yes' if value else 'no'}" for name, value in match["flags"].items())
    at = f" at {match['offset_s']:.1f} s" if match["offset_s"] is not None else ""
    where = f"{match['set']} {match['version']} ({match['role']}), entry {match['entry']}{code}{series}{flags}"
    how = f", {match['how']}" if match["how"] else ""
    status = f"; {match['status']}" if match["status"] else ""
    return f"{where}; distance {match['distance']}{at}{how} ({match['operating_point']}){status}"


def _say_decision(decision: dict[str, Any]) -> str:
    source = f", from {decision['source']}" if decision["source"] else ""
    note = f": {decision['note']}" if decision["note"] else ""
    return f"{decision['grade'] or 'withdrawn'} by {decision['person']}, {decision['at']}{source}{note}"


def _say_issue(issue: dict[str, Any]) -> str:
    return f"{issue['code']} while trying to {issue['step']} it: {issue['cause']}"


def _say_signal(signal: dict[str, Any]) -> str:
    if "not_comparable" in signal:
        return f"{signal['method']} not comparable ({signal['not_comparable']}): {signal['detail']}"
    first, *others = signal["hashes"]
    more = f" and {len(others)} more frames" if others else ""
    return f"{signal['method']} {first['value']}, quality {first['quality']}{more}"


_SENTENCES: dict[str, Callable[[Any], str]] = {
    "matches": _say_match,
    "set_aside": _say_match,
    "decisions": _say_decision,
    "issues": _say_issue,
    "signals": _say_signal,
}
