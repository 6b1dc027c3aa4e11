"""``/administration/models``: the packs of models that are known here, what their cards say, and which is in use."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.errors import VardeError, WrongUse
from varde.web.access import GuardedRoute
from varde.web.errors import explain
from varde.web.pages.page import show
from varde.web.people import allow, find_person
from varde.web.services import get_services
from varde.workflows.manage_models import PackState, choose, list_packs

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_PATH = "/administration/models"


@router.get(_PATH, dependencies=[allow(Permission.ADMINISTER)])
def show_models(request: Request, done: str = "") -> HTMLResponse:
    """Show the packs of models that are known here."""
    return _show(
        request,
        done="It is in use from now on. Faces that another model embedded are found once they are "
        "embedded again: varde faces re-embed."
        if done == "chosen"
        else "",
    )


@router.post(_PATH, dependencies=[allow(Permission.ADMINISTER)], response_class=HTMLResponse)
async def choose_pack(request: Request, pack: Annotated[str, Form(max_length=200)]) -> Response:
    """Choose the pack that faces are found and compared with. Audited."""
    services = get_services(request)
    try:
        await services.searching.run(choose, services.site, find_person(request), pack)
    except WrongUse as error:
        return await services.reading.run(_show, request, problem=explain(error), status=400)
    return RedirectResponse(f"{_PATH}?done=chosen", 303)


def _show(request: Request, *, done: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    try:
        packs = list_packs(get_services(request).site)
    except VardeError as error:
        packs, problem = [], explain(error)
    facts = {"packs": packs, "PackState": PackState, "done": done, "problem": problem}
    return show(request, "administration_models.html", status=status, **facts)
