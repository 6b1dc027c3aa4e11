"""Shows kept pictures of faces at the level asked for: crops are evidence, and are decoded in the sandbox only."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Response

from varde.core.review import Reveal
from varde.pipeline.views import Unseen
from varde.web.errors import begin_large, refuse
from varde.web.pages.pictures import PICTURE_POLICY
from varde.web.renderer import JPEG, PNG, Picture, Renderer, write_veil

Level = Annotated[int, Path(ge=Reveal.VEILED, le=Reveal.COLOUR, description="0 veiled, 1 soft, 2 grey, 3 in colour.")]

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PNG: {}, JPEG: {}}, "description": "The picture."},
    404: {"description": "There is no such face, or no access to a case that shows it."},
    422: {"description": "What is stored of it cannot be shown: its decoder failed."},
    503: {"description": "The server shows as much as it can."},
}
"""How a route answers that sends the picture of a face."""


async def send_face(renderer: Renderer, data: bytes, level: int) -> Response:
    """Returns a kept JPEG as it may be shown at a level.

    Args:
        renderer: whose sandbox decodes it.
        data: a crop, or the small view of a probe.
        level: of `Reveal`, up to `Reveal.COLOUR`.

    Raises:
        HTTPException: 422 if it cannot be shown; 503 with ``Retry-After`` if there is no room.
    """
    picture = await _show(renderer, data, Reveal(level))
    if isinstance(picture, Unseen):
        raise refuse(422, f"It cannot be shown. {begin_large(picture.reason)}")
    headers = {"Content-Security-Policy": PICTURE_POLICY, "Content-Disposition": "inline"}
    return Response(picture.data, media_type=picture.mime, headers=headers)


async def _show(renderer: Renderer, data: bytes, level: Reveal) -> Picture | Unseen:
    if level is not Reveal.VEILED:
        return await renderer.show_thumbnail(data, level)
    veil = await renderer.make_veil(data)
    return veil if isinstance(veil, Unseen) else write_veil(veil)
