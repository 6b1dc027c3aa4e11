"""``/items/{item_id}/picture`` and its like: what is shown of an item, at the level that was asked for.

Only veils may be kept by browsers, for as long as a session lasts. Everything else is sent anew each time, and kept
nowhere.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from varde.core.account import Permission
from varde.core.errors import ExhibitChanged, ExhibitUnreachable
from varde.core.media import MediaKind
from varde.core.review import Reveal
from varde.media.veil import is_veil
from varde.media.video_views import VideoView
from varde.pipeline.views import Unseen
from varde.store import pictures
from varde.store.pictures import OriginalPlace, StoredThumbnail, StoredVeil
from varde.web.access import GuardedRoute
from varde.web.errors import begin_large, explain, refuse
from varde.web.people import allow_in_case, find_case, find_person
from varde.web.renderer import JPEG, PNG, Picture, write_veil
from varde.web.row_ids import RowPath
from varde.web.services import Services, get_services
from varde.workflows.show_original import open_verified, record_shown

router = APIRouter(tags=["Pictures"], route_class=GuardedRoute)

PICTURE_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Of a picture that somebody opens in a tab of its own: it runs, loads and frames nothing."""

_KEPT = "private, max-age=43200, immutable"
_NO_PICTURE = "There is no picture of this item: nothing of it could be decoded, or it is none."
_DAMAGED = "It cannot be shown."

Level = Annotated[int, Path(ge=Reveal.VEILED, le=Reveal.COLOUR, description="0 veiled, 1 soft, 2 grey, 3 in colour.")]
_PICTURE = {"content": {PNG: {}, JPEG: {}}, "description": "The picture."}
_ANSWERS: Final = {
    200: _PICTURE,
    404: {"description": "There is no such item, no access to it, or no picture of it."},
    422: {"description": "What is stored of it cannot be shown: its decoder failed."},
    503: {"description": "The server shows as much as it can."},
}
_ORIGINAL_ANSWERS: Final = {
    **_ANSWERS,
    409: {"description": "Its exhibit is not where it was, or was changed."},
}


class FrameOffset(BaseModel):
    """A frame of a video."""

    position: int = Field(description="Counted from 0; part of the frame's address.")
    offset_s: float = Field(description="Time from the start of the video.")


class FrameList(BaseModel):
    """What is shown of a video."""

    frames: list[FrameOffset]
    duration_s: float = Field(description="As the file states it, or of its last frame where it states none.")
    note: str = Field(description="Why the frames do not cover all of it; empty where they do.")


@router.get(
    "/items/{item_id}/picture/{level}",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses={**_ANSWERS, 304: {"description": "The browser has it."}},  # type: ignore[dict-item]
)
async def show_picture(
    request: Request, item_id: RowPath, level: Level, k: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Send a small picture of an item, showing as much as the level says."""
    services = get_services(request)
    if level == Reveal.VEILED:
        return await _send_veil(request, services, item_id, k)
    thumbnail = await services.reading.run(_find_thumbnail, services, item_id)
    return _send(await services.renderer.show_thumbnail(thumbnail.data, Reveal(level)))


@router.get(
    "/items/{item_id}/original",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses=_ORIGINAL_ANSWERS,  # type: ignore[arg-type]
)
async def show_original(
    request: Request,
    item_id: RowPath,
    grey: bool = False,
    reason: Annotated[str, Query(max_length=1000, description="For whoever has to approve it, if anybody.")] = "",
) -> Response:
    """Send a large picture of an item, decoded from its verified original. Audited."""
    services = get_services(request)
    place = await services.reading.run(_find_original, services, item_id, MediaKind.PICTURE)
    try:
        shown = await services.renderer.show_original(partial(open_verified, services.site, place), grey=grey)
    except (ExhibitChanged, ExhibitUnreachable) as error:
        raise refuse(409, explain(error)) from error
    if not isinstance(shown, Unseen):
        actor, case = find_person(request), find_case(request)
        await services.renderer.run(record_shown, services.site, actor, case, item_id, reason=reason)
    return _send(shown)


@router.get(
    "/items/{item_id}/frames",
    dependencies=[allow_in_case(Permission.VIEW)],
    responses={status: _ORIGINAL_ANSWERS[status] for status in (404, 409, 422, 503)},  # type: ignore[misc]
)
async def list_frames(request: Request, item_id: RowPath) -> FrameList:
    """List the frames that are shown of a video."""
    video = await _find_frames(request, item_id)
    frames = [FrameOffset(position=at, offset_s=round(one.offset_s, 3)) for at, one in enumerate(video.frames)]
    end_s = max(video.duration_s, video.frames[-1].offset_s)
    note = " ".join(issue.cause for issue in video.issues)
    return FrameList(frames=frames, duration_s=round(end_s, 3), note=note)


@router.get(
    "/items/{item_id}/frames/{position}/{level}",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses=_ORIGINAL_ANSWERS,  # type: ignore[arg-type]
)
async def show_frame(
    request: Request, item_id: RowPath, position: Annotated[int, Path(ge=0, le=100_000)], level: Level
) -> Response:
    """Send one frame of a video, small, showing as much as the level says."""
    video = await _find_frames(request, item_id)
    if position >= len(video.frames):
        raise refuse(404, f"Of this video only {len(video.frames)} frames are shown.")
    picture = video.frames[position].picture
    return _send(await get_services(request).renderer.show_frame(picture, Reveal(level)))


async def _send_veil(request: Request, services: Services, item_id: int, key: str) -> Response:
    found = await services.reading.run(_find_veil, services, item_id)
    if found.veil is None or not is_veil(found.veil):
        veil = await _make_veil(services, item_id)
    else:
        veil = found.veil
    own_key = services.make_picture_key(found.sha256)
    if key != own_key:
        return _send(write_veil(veil))
    headers = {"Cache-Control": _KEPT, "ETag": f'"{own_key}"'}
    if f'"{own_key}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _send(write_veil(veil), headers)


async def _make_veil(services: Services, item_id: int) -> bytes:
    """Makes and keeps the veil of an item of a site that is older than veils."""
    thumbnail = await services.reading.run(_find_thumbnail, services, item_id)
    veil = await services.renderer.make_veil(thumbnail.data)
    if isinstance(veil, Unseen):
        raise _refuse_damaged(veil)
    await services.renderer.run(_record_veil, services, thumbnail.content_id, veil)
    return veil


async def _find_frames(request: Request, item_id: int) -> VideoView:
    services = get_services(request)
    place = await services.reading.run(_find_original, services, item_id, MediaKind.VIDEO)
    try:
        video = await services.renderer.show_frames(place.sha256, partial(open_verified, services.site, place))
    except (ExhibitChanged, ExhibitUnreachable) as error:
        raise refuse(409, explain(error)) from error
    if isinstance(video, Unseen):
        raise _refuse_damaged(video)
    return video


def _find_veil(services: Services, item_id: int) -> StoredVeil:
    with services.site.database.read() as connection:
        found = pictures.find_veil(connection, item_id)
    if found is None:
        raise refuse(404, _NO_PICTURE)
    return found


def _find_thumbnail(services: Services, item_id: int) -> StoredThumbnail:
    with services.site.database.read() as connection:
        found = pictures.find_thumbnail(connection, item_id)
    if found is None:
        raise refuse(404, _NO_PICTURE)
    return found


def _find_original(services: Services, item_id: int, kind: MediaKind) -> OriginalPlace:
    with services.site.database.read() as connection:
        found = pictures.find_original(connection, item_id)
    if found is None or not found.has_picture or found.kind is not kind:
        raise refuse(404, _NO_PICTURE if kind is MediaKind.PICTURE else "Only videos have frames, and this is none.")
    return found


def _record_veil(services: Services, content_id: int, veil: bytes) -> None:
    with services.site.database.write() as connection:
        pictures.record_veil(connection, content_id, veil)


def _send(picture: Picture | Unseen, headers: dict[str, str] | None = None) -> Response:
    if isinstance(picture, Unseen):
        raise _refuse_damaged(picture)
    more = {"Content-Security-Policy": PICTURE_POLICY, "Content-Disposition": "inline", **(headers or {})}
    return Response(picture.data, media_type=picture.mime, headers=more)


def _refuse_damaged(unseen: Unseen) -> Exception:
    return refuse(422, f"{_DAMAGED} {begin_large(unseen.reason)}")
