"""``/c/signal_type`` and ``/c/content_type``: what is compared, and of what it is computed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from varde.core.access import Right
from varde.web.access import GuardedRoute, require
from varde.web.errors import refuse
from varde.web.services import Services, get_services
from varde.web.signal_types import CONTENT_TYPES, SIGNAL_TYPES, get_signal_type

router = APIRouter(prefix="/c", tags=["Configuration"], route_class=GuardedRoute)


class SignalTypeUpdate(BaseModel):
    """What the compatible interface lets programs change of a signal type."""

    enabled_ratio: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


@router.get("/signal_type", dependencies=[require(Right.CURATE)])
async def list_signal_types() -> list[dict[str, Any]]:
    """List the signal types; all of them are always compared."""
    return [{"name": name, "enabled_ratio": 1.0} for name in SIGNAL_TYPES]


@router.get("/signal_type/index", dependencies=[require(Right.CURATE)])
async def show_indexes(
    services: Annotated[Services, Depends(get_services)], signal_type: str | None = None
) -> dict[str, dict[str, Any]]:
    """Show how many hashes of each signal type are stored and compared with: always the same."""
    names = [get_signal_type(signal_type).name] if signal_type else list(SIGNAL_TYPES)
    sizes = await services.reading.run(services.measure_indexes)
    newest = int(sizes.changed_at.timestamp()) if sizes.changed_at else -1
    return {
        name: {
            "db_size": size,
            "index_size": size,
            "index_out_of_date": False,
            "newest_db_item": newest if size else -1,
            "index_built_to": newest if size else -1,
        }
        for name in names
        for size in (sizes.hashes.get(SIGNAL_TYPES[name].kind, 0),)
    }


@router.put("/signal_type/{signal_type_name}", dependencies=[require(Right.CURATE)])
async def update_signal_type(signal_type_name: str, update: SignalTypeUpdate) -> Response:
    """Take the one setting there is: every signal type is always compared."""
    get_signal_type(signal_type_name)
    if update.enabled_ratio != 1:
        raise refuse(400, "Every signal type is always compared: enabled_ratio can only be 1.")
    return Response(status_code=204)


@router.get("/content_type", dependencies=[require(Right.CURATE)])
async def list_content_types() -> list[dict[str, Any]]:
    """List what files can be."""
    return [{"name": name, "enabled": True} for name in CONTENT_TYPES]
