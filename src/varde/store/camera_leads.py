"""Leads to cameras: files of cases whose sensor noise speaks for an enrolled camera, each kept once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from varde.core.camera_comparison import FilePlace
from varde.core.errors import NotFound
from varde.core.media import MediaKind
from varde.store.camera_tables import camera_leads, camera_links, cameras
from varde.store.database import insert_new
from varde.store.tables import cases, contents, exhibits, items
from varde.store.types import AnyRow, AnySelect

_COMPARABLE = (MediaKind.PICTURE, MediaKind.VIDEO)


@dataclass(frozen=True, slots=True)
class StoredCameraLead:
    """A lead as it is kept.

    Attributes:
        camera_case_id: case of the camera; None for a camera of no case.
    """

    lead_id: int
    camera_id: int
    camera: str
    camera_case_id: int | None
    content_id: int
    comparison_id: int
    found_at: datetime


@dataclass(frozen=True, slots=True)
class ContentPlace:
    """A content, and a case that has it."""

    content_id: int
    case_id: int


def record_lead(connection: Connection, *, camera_id: int, content_id: int, comparison_id: int, at: datetime) -> bool:
    """Keeps a lead and returns whether it is new: one camera and one content are kept together once."""
    values = {"camera_id": camera_id, "content_id": content_id, "comparison_id": comparison_id, "found_at": at}
    made = insert_new(connection, camera_leads).values(**values).returning(camera_leads.c.id)
    return connection.execute(made).first() is not None


def get_lead(connection: Connection, lead_id: int) -> StoredCameraLead:
    """Returns a lead.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(_leads().where(camera_leads.c.id == lead_id)).first() if 0 < lead_id < 1 << 63 else None
    if row is None:
        raise NotFound("there is no such lead, or it is not yours to see")
    return _lead(row)


def list_leads(
    connection: Connection,
    *,
    case_ids: Collection[int] | None,
    camera_id: int | None = None,
    case_id: int | None = None,
    waiting_only: bool = True,
    before: int | None = None,
    limit: int = 200,
) -> list[StoredCameraLead]:
    """Returns leads whose camera is of these cases (or of none), or whose file is in them; newest first.

    Args:
        connection: to read with.
        case_ids: cases that the reader has access to; None for all.
        camera_id: None for every camera.
        case_id: only of a camera, or of a file, of this case; None for every case.
        waiting_only: only those about which nobody decided anything.
        before: row number of the lead after the first; None for the newest.
        limit: most of them.
    """
    query = _leads().order_by(camera_leads.c.id.desc()).limit(limit)
    if case_ids is not None:
        ids = list(case_ids)
        query = query.where(or_(cameras.c.case_id.in_(ids), _lies_in(ids)))
    if case_id is not None:
        query = query.where(or_(cameras.c.case_id == case_id, _lies_in([case_id])))
    if camera_id is not None:
        query = query.where(camera_leads.c.camera_id == camera_id)
    if waiting_only:
        query = query.where(~_is_decided())
    if before is not None:
        query = query.where(camera_leads.c.id < before)
    return [_lead(row) for row in connection.execute(query)]


def count_waiting(connection: Connection, *, case_id: int | None = None, camera_id: int | None = None) -> int:
    """Returns how many leads nobody decided anything about: to files of a case, to a camera, to both if both given."""
    query = select(func.count()).select_from(camera_leads).where(~_is_decided())
    if case_id is not None:
        query = query.where(_lies_in([case_id]))
    if camera_id is not None:
        query = query.where(camera_leads.c.camera_id == camera_id)
    return connection.execute(query).scalar_one()


def list_file_places(
    connection: Connection, content_id: int, *, case_ids: Collection[int] | None, most: int
) -> list[FilePlace]:
    """Returns the items that have a content, by item, at most so many; those of the given cases, None for all."""
    query = (
        select(cases.c.id, cases.c.name, exhibits.c.number, items.c.id, items.c.locator)
        .join(exhibits, exhibits.c.case_id == cases.c.id)
        .join(items, items.c.exhibit_id == exhibits.c.id)
        .where(items.c.content_id == content_id)
        .order_by(items.c.id)
        .limit(most)
    )
    if case_ids is not None:
        query = query.where(cases.c.id.in_(list(case_ids)))
    return [FilePlace(*row) for row in connection.execute(query)]


def list_file_cases(connection: Connection, content_id: int) -> list[int]:
    """Returns the cases in which a content is, rising."""
    query = select(exhibits.c.case_id).join(items, items.c.exhibit_id == exhibits.c.id)
    found = query.where(items.c.content_id == content_id).distinct().order_by(exhibits.c.case_id)
    return list(connection.execute(found).scalars())


def find_content(connection: Connection, sha256: bytes, case_id: int) -> ContentPlace | None:
    """Returns the content with these bytes in a case; None where no item of it has them."""
    query = (
        select(contents.c.id)
        .join(items, items.c.content_id == contents.c.id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .where(contents.c.sha256 == sha256, exhibits.c.case_id == case_id)
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else ContentPlace(row.id, case_id)


def list_comparable_items(connection: Connection, case_id: int, *, after: int = 0, limit: int = 1_000) -> list[int]:
    """Returns the first item of each picture's or video's content in a case, rising by item.

    Args:
        connection: to read with.
        case_id: of the case.
        after: row number before the first.
        limit: most of them.
    """
    first = func.min(items.c.id)
    query = (
        select(first)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id)
        .where(exhibits.c.case_id == case_id, contents.c.kind.in_([kind.value for kind in _COMPARABLE]))
        .group_by(items.c.content_id)
        .having(first > after)
        .order_by(first)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _lies_in(case_ids: list[int]) -> ColumnElement[bool]:
    found = select(items.c.id).join(exhibits, exhibits.c.id == items.c.exhibit_id)
    same = (items.c.content_id == camera_leads.c.content_id, exhibits.c.case_id.in_(case_ids))
    return found.where(*same).correlate(camera_leads).exists()


def _is_decided() -> ColumnElement[bool]:
    same = (
        camera_links.c.camera_id == camera_leads.c.camera_id,
        camera_links.c.content_id == camera_leads.c.content_id,
    )
    return select(camera_links.c.id).where(*same).correlate(camera_leads).exists()


def _leads() -> AnySelect:
    return select(camera_leads, cameras.c.name.label("camera_name"), cameras.c.case_id.label("camera_case_id")).join(
        cameras, cameras.c.id == camera_leads.c.camera_id
    )


def _lead(row: AnyRow) -> StoredCameraLead:
    return StoredCameraLead(
        lead_id=row.id,
        camera_id=row.camera_id,
        camera=row.camera_name,
        camera_case_id=row.camera_case_id,
        content_id=row.content_id,
        comparison_id=row.comparison_id,
        found_at=row.found_at,
    )
