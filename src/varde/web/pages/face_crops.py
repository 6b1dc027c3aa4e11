"""``/faces/{face_id}/crop/{level}``: the crop of a face, for whoever may see an item that shows it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from varde.core.account import Permission
from varde.store import faces
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.face_pictures import ANSWERS, Level, send_face
from varde.web.people import NOT_HERE, allow_in_case
from varde.web.row_ids import RowPath
from varde.web.services import Services, get_services

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)


@router.get(
    "/faces/{face_id}/crop/{level}",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_face_crop(request: Request, face_id: RowPath, level: Level) -> Response:
    """Send the crop of a face, showing as much as the level says."""
    services = get_services(request)
    crop = await services.reading.run(_read_crop, services, face_id)
    return await send_face(services.renderer, crop, level)


def _read_crop(services: Services, face_id: int) -> bytes:
    with services.site.database.read() as connection:
        crop = faces.find_crop(connection, face_id)
    if crop is None:
        raise refuse(404, NOT_HERE)
    return crop
