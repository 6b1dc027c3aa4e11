"""``/c/exchanges``: exchanges of known sets with other organisations."""

from __future__ import annotations

from fastapi import APIRouter

from varde.web.access import GuardedRoute

router = APIRouter(prefix="/c", tags=["Exchanges"], route_class=GuardedRoute)
