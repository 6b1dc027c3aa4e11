"""``varde faces list`` and ``varde faces show``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.face_words import describe_sight, describe_where
from varde.cli.options import Session, with_session
from varde.core.outcome import NotComparable

_COLUMNS = ("number", "face", "size_px", "quality", "age", "offset_s", "angle", "not_comparable")


@click.command("list")
@click.argument("item", type=int)
@with_session
def list_(session: Session, item: int) -> None:
    """List the faces that were found in ITEM; --face of a search takes their numbers.

    \b
    Example:
      varde faces list 17
    """
    from varde.workflows.read_searches import list_item_faces

    found = list_item_faces(session.open(), item, case_ids=None)
    if isinstance(found, NotComparable):
        if session.as_json:
            output.write_json({"item": item, "faces": [], "reason": found.reason.value, "detail": found.detail})
        output.say(f"No faces: {found.detail}")
        return
    rows = [describe_sight(sight) for sight in found]
    if session.as_json:
        output.write_json({"item": item, "faces": rows, "reason": None, "detail": None})
        return
    output.write_rows(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@click.command()
@click.argument("face", type=int)
@with_session
def show(session: Session, face: int) -> None:
    """Show FACE: size, quality, where it is, and in which items.

    \b
    Example:
      varde faces show 204
    """
    from varde.workflows.read_searches import read_face

    sight = read_face(session.open(), face, case_ids=None)
    document = describe_sight(sight)
    if session.as_json:
        output.write_json(document)
        return
    output.write_fields({name: value for name, value in document.items() if name != "places"})
    for place in sight.places:
        print(f"item {place.item_id}: {describe_where((place,))}")
