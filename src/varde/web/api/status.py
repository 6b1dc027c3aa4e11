"""``/status`` and its like: whether the service works, and what it offers."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from varde.core.access import Right
from varde.web import openapi
from varde.web.access import GuardedRoute, Open, Requires, find_declaration, require
from varde.web.services import Services, get_services

router = APIRouter(tags=["Core"], route_class=GuardedRoute)

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@router.get("/livez", dependencies=[Depends(Open())])
async def show_life() -> PlainTextResponse:
    """Say that the process serves HTTP; nothing else is looked at."""
    return PlainTextResponse("OK")


@router.get("/readyz", dependencies=[Depends(Open())])
async def show_readiness(services: Annotated[Services, Depends(get_services)]) -> PlainTextResponse:
    """Say whether requests can be served: the index is open, the database answers, decoders work, nothing is broken."""
    fault = await services.find_fault()
    return PlainTextResponse(fault or "READY", 503 if fault else 200)


@router.get("/status", dependencies=[require(Right.STATUS)])
async def show_status(services: Annotated[Services, Depends(get_services)]) -> PlainTextResponse:
    """Say both in one, as older programs ask for it."""
    fault = await services.find_fault()
    return PlainTextResponse(fault or "I-AM-ALIVE", 503 if fault else 200)


@router.get("/site-map", dependencies=[require(Right.STATUS)])
async def list_routes(request: Request) -> list[str]:
    """List the paths that programs may ask for."""
    routes = [route for route in request.app.routes if isinstance(find_declaration(route), Requires | Open)]
    return sorted({_PARAMETER.sub(r"<\1>", route.path) for route in routes})


@router.get("/openapi.json", dependencies=[Depends(Open())])
async def describe(request: Request) -> dict[str, Any]:
    """Describe this interface for programs."""
    return openapi.describe(request.app)
