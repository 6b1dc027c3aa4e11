"""Ends what cannot come again, and opens again what can: for runs that were interrupted or met a passing failure."""

from __future__ import annotations

from sqlalchemy import Connection, Exists, case, delete, exists, func, select, update

from varde.core.issue import Issue, IssueCode, Step
from varde.core.media import MediaKind
from varde.core.source_sketch import SKETCH_METHOD
from varde.store import tables
from varde.store.camera_tables import source_sketches
from varde.store.face_tables import face_examinations
from varde.store.items import ItemState, record_issues

PASSING = (
    IssueCode.VANISHED,
    IssueCode.UNREADABLE,
    IssueCode.CHANGED_WHILE_READING,
    IssueCode.DECODER_CRASHED,
    IssueCode.DECODER_TIMED_OUT,
    IssueCode.DECODER_OUT_OF_MEMORY,
)
"""Issues that may be gone when an item is examined again: a disk that was away, a limit that was raised."""

_IDS_AT_ONCE = 500
_NOT_UNPACKED = Issue(
    IssueCode.UNREADABLE, Step.EXPAND, "Its archive could not be unpacked again; this member was not examined."
)


def end_members(connection: Connection, exhibit_id: int, archive_id: int) -> int:
    """Ends every member below an archive that is not done, with an issue, and returns how many there were."""
    table, ended = tables.items.c, 0
    archives = [archive_id]
    while archives:
        query = select(table.id, table.locator, table.state).where(
            table.parent_id == archives.pop(), table.state != ItemState.DONE.value
        )
        left = connection.execute(query).all()
        archives += [row.id for row in left if row.state == ItemState.EXPANDING.value]
        _set_state(connection, [row.id for row in left], ItemState.DONE)
        record_issues(connection, exhibit_id, [(row.locator, row.id, _NOT_UNPACKED) for row in left])
        ended += len(left)
    return ended


def open_again(connection: Connection, exhibit_id: int) -> int:
    """Makes items with a passing issue wait again, their issue gone, and returns how many; archives above them too.

    Items that were ever decided stay: the audit log pins what a decision was made on.
    """
    issues = tables.issues.c
    codes = [code.value for code in PASSING]
    decided = exists().where(tables.decisions.c.item_id == issues.item_id)
    passing = (issues.exhibit_id == exhibit_id, issues.code.in_(codes), issues.item_id.is_not(None), ~decided)
    found = set(connection.execute(select(issues.item_id).where(*passing).distinct()).scalars())
    connection.execute(delete(tables.issues).where(*passing))
    _wait_again(connection, found)
    return len(found)


def open_without_features(connection: Connection, exhibit_id: int) -> int:
    """Makes one item of every picture or video without local features wait again, and returns how many.

    Contents that could not be decoded, and items that were ever decided, stay as they are.
    """
    items, contents = tables.items.c, tables.contents.c
    decided = exists().where(tables.decisions.c.item_id == items.id)
    has_features = exists().where(tables.local_features.c.content_id == contents.id)
    query = (
        select(func.min(items.id))
        .join(tables.contents, contents.id == items.content_id)
        .where(items.exhibit_id == exhibit_id, items.state == ItemState.DONE.value, ~decided, ~has_features)
        .where(contents.kind.in_([MediaKind.PICTURE.value, MediaKind.VIDEO.value]), contents.width_px.is_not(None))
        .group_by(contents.id)
    )
    found = set(connection.execute(query).scalars())
    _wait_again(connection, found)
    return len(found)


def open_without_faces(connection: Connection, exhibit_id: int) -> int:
    """Makes one item of every picture or video that nobody looked at for faces wait again, and returns how many.

    Issues that looking for faces met before are gone. Contents that could not be decoded stay as they are. Decided
    items come too, where no other item has the content: whoever examines them again leaves them alone if their bytes
    are not those that were decided on.
    """
    looked_at = exists().where(face_examinations.c.content_id == tables.contents.c.id)
    return _open_without(connection, exhibit_id, [MediaKind.PICTURE, MediaKind.VIDEO], looked_at, Step.FACES)


def open_without_sketches(connection: Connection, exhibit_id: int) -> int:
    """Makes one item of every picture whose sensor noise nobody sketched wait again, and returns how many.

    As `open_without_faces`; sketches of another version of the method count as none.
    """
    table = source_sketches.c
    sketched = exists().where(table.content_id == tables.contents.c.id, table.method == str(SKETCH_METHOD))
    return _open_without(connection, exhibit_id, [MediaKind.PICTURE], sketched, Step.SOURCES)


def _open_without(connection: Connection, exhibit_id: int, kinds: list[MediaKind], has: Exists, step: Step) -> int:
    items, contents, issues = tables.items.c, tables.contents.c, tables.issues.c
    decided = exists().where(tables.decisions.c.item_id == items.id)
    query = (
        select(func.coalesce(func.min(case((~decided, items.id))), func.min(items.id)))
        .join(tables.contents, contents.id == items.content_id)
        .where(items.exhibit_id == exhibit_id, items.state == ItemState.DONE.value, ~has)
        .where(contents.kind.in_([kind.value for kind in kinds]), contents.width_px.is_not(None))
        .group_by(contents.id)
    )
    found = set(connection.execute(query).scalars())
    ids = list(found)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = issues.item_id.in_(ids[start : start + _IDS_AT_ONCE])
        connection.execute(delete(tables.issues).where(some, issues.step == step.value))
    _wait_again(connection, found)
    return len(found)


def is_decided(connection: Connection, item_id: int) -> bool:
    """Returns whether anybody ever decided on an item."""
    query = select(tables.decisions.c.id).where(tables.decisions.c.item_id == item_id).limit(1)
    return connection.execute(query).first() is not None


def _wait_again(connection: Connection, item_ids: set[int]) -> None:
    """Makes items wait, and the archives above them be unpacked for them."""
    _set_state(connection, list(item_ids), ItemState.WAITING)
    above = _find_parents(connection, item_ids)
    while above:
        _set_state(connection, list(above - item_ids), ItemState.EXPANDING)
        above = _find_parents(connection, above)


def _find_parents(connection: Connection, item_ids: set[int]) -> set[int]:
    table, parents, ids = tables.items.c, set[int](), list(item_ids)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = table.id.in_(ids[start : start + _IDS_AT_ONCE])
        parents.update(connection.execute(select(table.parent_id).where(some, table.parent_id.is_not(None))).scalars())
    return parents


def _set_state(connection: Connection, item_ids: list[int], state: ItemState) -> None:
    for start in range(0, len(item_ids), _IDS_AT_ONCE):
        some = item_ids[start : start + _IDS_AT_ONCE]
        connection.execute(update(tables.items).where(tables.items.c.id.in_(some)).values(state=state.value))
