"""Styles and scripts of the pages, from the package.

All are addressed by one digest over all of them: browsers may keep them for ever, and modules can import each other by
relative names.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib import resources

from fastapi import APIRouter, Response

from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.people import allow

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_FOR_EVER = "private, max-age=31536000, immutable"


@router.get("/static/{digest}/{name}", dependencies=[allow(None, with_old_password=True)])
def send_asset(digest: str, name: str) -> Response:
    """Send a style, a script or another file of the pages."""
    data = _assets().get(name)
    if data is None or digest != _digest():
        raise refuse(404, "There is no such file.")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"Cache-Control": _FOR_EVER})


def find_address(name: str) -> str:
    """Returns the path of an asset by its file name.

    Raises:
        KeyError: if there is none: a mistake in a template.
    """
    _assets()[name]
    return f"/static/{_digest()}/{name}"


def read_asset(name: str) -> str:
    """Returns the text of an asset by its file name."""
    return _assets()[name].decode("utf-8")


@cache
def _assets() -> dict[str, bytes]:
    folder = resources.files("varde.web") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@cache
def _digest() -> str:
    digest = hashlib.sha256()
    for name, data in sorted(_assets().items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()[:16]
