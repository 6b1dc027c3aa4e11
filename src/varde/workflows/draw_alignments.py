"""Draws, for a person who doubts or confirms a match, where known pictures lie in an item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from varde.core.audit import Act
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable
from varde.hashing.local_features import METHOD
from varde.pipeline.draw_alignments import draw_best
from varde.store import audit, records
from varde.store.found_matches import FoundMatch
from varde.store.local_features import read_features
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.outgoing_file import write_new_file
from varde.workflows.output_place import check_output


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing that was written.

    Attributes:
        match: what it explains.
        path: of the PNG.
    """

    match: FoundMatch
    path: Path


def draw_item(site: Site, actor: Actor, *, item_id: int, folder: Path) -> tuple[Drawing, ...]:
    """Writes one PNG for each match of an item by local features, and returns them.

    The drawings show small grey pictures of both sides, so writing them is audited.

    Raises:
        NotFound: if there is no such item, or it has no match by local features.
        WrongUse: if a drawing is there already, or the folder cannot be made.
        Refused: if the folder lies in an exhibit.
    """
    check_output(site, folder)
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
        matches = [match for match in record.matches if match.point.method == METHOD]
        content_id = record.content_id
        features = read_features(connection, [content_id] if content_id is not None else []).get(content_id or 0)
        if not matches or features is None or isinstance(features, NotComparable):
            raise NotFound(
                f"item {item_id} has no match by local features, so there is nothing to draw",
                advice="`varde item show` lists its matches with their methods.",
            )
        drawn = [(match, draw_best(connection, features, match.entry_id)) for match in matches]
    _make_folder(folder)
    written = []
    for match, data in drawn:
        if data is not None:
            path = folder / f"item-{item_id}-entry-{match.entry_id}.png"
            with write_new_file(path) as file:
                file.file.write(data)
                file.finish()
                _record(site, actor, record.case, item_id, match.entry_id)
                file.publish()
            written.append(Drawing(match, path))
    return tuple(written)


def draw_match(site: Site, actor: Actor, *, item_id: int, entry_id: int, soft: bool) -> bytes:
    """Returns a PNG of where a known picture lies in an item; audited.

    Args:
        site, actor: where and who.
        item_id, entry_id: both sides of a match by local features.
        soft: whether both pictures are blurred.

    Raises:
        NotFound: if there is no such match, or nothing to draw it from.
    """
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
        found = (*record.matches, *record.set_aside)
        is_match = any(one.point.method == METHOD and one.entry_id == entry_id for one in found)
        content_id = record.content_id or 0
        features = read_features(connection, [content_id]).get(content_id) if is_match else None
        if features is None or isinstance(features, NotComparable):
            raise NotFound(f"there is no match of item {item_id} with entry {entry_id} that could be drawn")
        drawing = draw_best(connection, features, entry_id, soft=soft)
    if drawing is None:
        raise NotFound("the item and the known picture do not align any more: one of them was hashed anew")
    _record(site, actor, record.case, item_id, entry_id)
    return drawing


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"the folder {folder} cannot be made: {error.strerror}") from error


def _record(site: Site, actor: Actor, case: str, item_id: int, entry_id: int) -> None:
    with site.database.write() as connection:
        subject: dict[str, str | int | None] = {"case": case, "item": item_id, "entry": entry_id}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ALIGNMENT_DRAWN, subject=subject)
