"""``/h``: have a file hashed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from varde.core.access import Right, Token
from varde.web.access import GuardedRoute, find_caller, require
from varde.web.hashed import FileQuery, Purpose, hash_file
from varde.web.services import Services, get_services

router = APIRouter(prefix="/h", tags=["Hashing"], route_class=GuardedRoute)


@router.get("/hash", dependencies=[require(Right.HASH)])
async def hash_url(
    request: Request,
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    url: Annotated[str, Query(min_length=1, max_length=4096)],
    content_type: str | None = None,
    types: str | None = None,
) -> JSONResponse:
    """Hash the file at a URL, where the site's settings allow its host."""
    found = await hash_file(request, services, caller, FileQuery(url, content_type, types), Purpose.HASH)
    return JSONResponse(dict(found.signals), headers=found.headers)


@router.post("/hash", dependencies=[require(Right.HASH)])
async def hash_upload(
    request: Request,
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    types: str | None = None,
) -> JSONResponse:
    """Hash an uploaded file: one part of a multipart form, in a field called photo or video."""
    found = await hash_file(request, services, caller, FileQuery(types=types), Purpose.HASH)
    return JSONResponse(dict(found.signals), headers=found.headers)
