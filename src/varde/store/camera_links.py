"""What people decided of files and cameras: append-only; the newest decision about the same two stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from varde.core.camera import LinkVerdict
from varde.core.camera_comparison import CameraLink
from varde.store.camera_tables import camera_links, cameras
from varde.store.tables import cases
from varde.store.types import AnyRow, AnySelect


def record_link(
    connection: Connection,
    *,
    camera_id: int,
    content_id: int,
    comparison_id: int,
    case_id: int,
    verdict: LinkVerdict,
    note: str,
    person: str,
    at: datetime,
) -> CameraLink:
    """Returns a decision whether a file was taken with a camera, now kept for good."""
    values = {
        "camera_id": camera_id,
        "content_id": content_id,
        "comparison_id": comparison_id,
        "case_id": case_id,
        "verdict": verdict.value,
        "note": note,
        "at": at,
        "person": person,
    }
    made = connection.execute(insert(camera_links).values(**values).returning(camera_links.c.id)).scalar_one()
    return _link(connection.execute(_links().where(camera_links.c.id == made)).one())


def list_links(
    connection: Connection,
    *,
    case_ids: Collection[int] | None,
    camera_id: int | None = None,
    case_id: int | None = None,
    content_id: int | None = None,
) -> list[CameraLink]:
    """Returns every decision in the given cases (None for all), oldest first, of a camera, case or content if named."""
    table = camera_links.c
    query = _links().order_by(table.id)
    if case_ids is not None:
        query = query.where(table.case_id.in_(list(case_ids)))
    for column, value in ((table.camera_id, camera_id), (table.case_id, case_id), (table.content_id, content_id)):
        if value is not None:
            query = query.where(column == value)
    return [_link(row) for row in connection.execute(query)]


def find_standing(
    connection: Connection,
    camera_id: int,
    content_id: int,
    case_id: int | None = None,
    *,
    case_ids: Collection[int] | None = None,
) -> CameraLink | None:
    """Returns the newest decision about a camera and a content; None while there is none.

    Args:
        connection: to read with.
        camera_id, content_id: about which two.
        case_id: only in this case; None for every case.
        case_ids: cases that the reader has access to: the same content may lie in others too; None for all.
    """
    table = camera_links.c
    query = _links().where(table.camera_id == camera_id, table.content_id == content_id)
    if case_id is not None:
        query = query.where(table.case_id == case_id)
    if case_ids is not None:
        query = query.where(table.case_id.in_(list(case_ids)))
    row = connection.execute(query.order_by(table.id.desc()).limit(1)).first()
    return None if row is None else _link(row)


def list_standing(connection: Connection, case_id: int) -> list[CameraLink]:
    """Returns the newest decision about each camera and content of a case, oldest first."""
    table = camera_links.c
    newest = select(func.max(table.id)).where(table.case_id == case_id).group_by(table.camera_id, table.content_id)
    return [_link(row) for row in connection.execute(_links().where(table.id.in_(newest)).order_by(table.id))]


def _links() -> AnySelect:
    return (
        select(camera_links, cameras.c.name.label("camera_name"), cases.c.name.label("case_name"))
        .join(cameras, cameras.c.id == camera_links.c.camera_id)
        .join(cases, cases.c.id == camera_links.c.case_id)
    )


def _link(row: AnyRow) -> CameraLink:
    return CameraLink(
        link_id=row.id,
        camera_id=row.camera_id,
        camera=row.camera_name,
        content_id=row.content_id,
        comparison_id=row.comparison_id,
        case_id=row.case_id,
        case=row.case_name,
        verdict=LinkVerdict(row.verdict),
        note=row.note,
        at=row.at,
        person=row.person,
    )
