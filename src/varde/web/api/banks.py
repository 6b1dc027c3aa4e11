"""``/c/banks``: known sets as banks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from varde.core.access import Right
from varde.core.known import EntryState, KnownAct, SetRole
from varde.store.known_sets import KnownSet
from varde.web.access import GuardedRoute, find_actor, require
from varde.web.bank_entries import SOURCE
from varde.web.bank_names import NEW_NAME, BankNames, describe_bank
from varde.web.errors import refuse
from varde.web.services import Services, get_services
from varde.workflows import update_known_set
from varde.workflows.actor import Actor
from varde.workflows.withdraw_known import Target, change_known

router = APIRouter(prefix="/c", tags=["Banks"], route_class=GuardedRoute)

FORMAT = "api"
"""Format of sets that are filled through this interface, and may be added to by it."""

VERSION = "1"
REASON = "asked for through the interface"
_RATIO = Field(ge=0, le=1, allow_inf_nan=False)
_NO_RATIO = "A bank is compared with or it is not: enabled_ratio can be 1 or 0. Nothing is ever skipped at random here."
_NO_RENAMING = "A bank keeps its name: findings and the audit log say it. Make another bank."


class NewBank(BaseModel):
    """A bank to be made.

    Attributes:
        role, owner, scheme: not in the compatible interface: what a match means, whose it is, and the grade scheme of
            codes.
    """

    name: str
    enabled_ratio: Annotated[float | None, _RATIO] = None
    enabled: bool | None = None
    role: Literal["alert", "own", "known"] = "own"
    owner: Annotated[str, Field(max_length=200)] = ""
    scheme: Annotated[str, Field(max_length=200)] = ""


class BankUpdate(BaseModel):
    """What is to become of a bank."""

    name: str | None = None
    enabled_ratio: Annotated[float | None, _RATIO] = None
    enabled: bool | None = None


@router.get("/banks", dependencies=[require(Right.CURATE)])
async def list_banks(services: Annotated[Services, Depends(get_services)]) -> list[dict[str, Any]]:
    """List all known sets as banks; ratio 0 means that it was withdrawn."""
    names = await services.reading.run(read_names, services)
    return [describe_bank(name, bank) for name, bank in names.by_name.items()]


@router.get("/bank/{bank_name}", dependencies=[require(Right.CURATE)])
async def show_bank(bank_name: str, services: Annotated[Services, Depends(get_services)]) -> dict[str, Any]:
    """Show one bank."""
    bank = await services.reading.run(find_bank, services, bank_name)
    return describe_bank(bank_name, bank)


@router.post("/banks", dependencies=[require(Right.CURATE)], status_code=201)
async def make_bank(
    new: NewBank,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> JSONResponse:
    """Make an empty known set."""
    is_on = _read_switch(new.enabled_ratio, new.enabled)
    if not NEW_NAME.fullmatch(new.name):
        raise refuse(400, "A bank's name has capital letters, digits and underscores, and starts with no digit.")
    await services.change(_make, services, actor, new, is_on is not False)
    return JSONResponse({"name": new.name, "matching_enabled_ratio": 0.0 if is_on is False else 1.0}, 201)


@router.put("/bank/{bank_name}", dependencies=[require(Right.CURATE)])
async def update_bank(
    bank_name: str,
    update: BankUpdate,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, Any]:
    """Withdraw a known set, or take it back in; that is all that changes of it here."""
    is_on = _read_switch(update.enabled_ratio, update.enabled)
    if update.name not in (None, bank_name):
        raise refuse(400, _NO_RENAMING)
    bank = await services.change(_switch, services, actor, bank_name, is_on)
    return describe_bank(bank_name, bank)


@router.delete("/bank/{bank_name}", dependencies=[require(Right.CURATE)])
async def delete_bank(
    bank_name: str,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, str]:
    """Withdraw a known set: it is compared with no more; nothing of it is lost."""
    names = await services.reading.run(read_names, services)
    if bank_name in names.by_name:
        await services.change(_switch, services, actor, bank_name, False)
    return {"message": "Done"}


def read_names(services: Services) -> BankNames:
    """Returns the banks there are."""
    with services.site.database.read() as connection:
        return BankNames.read(connection)


def find_bank(services: Services, name: str) -> KnownSet:
    """Returns a bank by name.

    Raises:
        HTTPException: 404 if there is none.
    """
    return read_names(services).get(name)


def _read_switch(ratio: float | None, enabled: bool | None) -> bool | None:
    if ratio is not None and ratio not in (0, 1):
        raise refuse(400, _NO_RATIO)
    return bool(ratio) if ratio is not None else enabled


def _make(services: Services, actor: Actor, new: NewBank, is_on: bool) -> None:
    if new.name in {one.name for one in read_names(services).by_name.values()}:
        raise refuse(403, "Bank already exists")
    update_known_set.create_set(
        services.site,
        actor,
        name=new.name,
        version=VERSION,
        owner=new.owner,
        role=SetRole(new.role),
        scheme=new.scheme,
        format=FORMAT,
        source=SOURCE,
    )
    if not is_on:
        _switch(services, actor, new.name, False)


def _switch(services: Services, actor: Actor, name: str, is_on: bool | None) -> KnownSet:
    bank = find_bank(services, name)
    if is_on is None or is_on is (bank.state is not EntryState.WITHDRAWN):
        return bank
    target = Target(set_name=bank.name, set_version=bank.version, whole_set=True)
    change_known(services.site, actor, KnownAct.REINSTATED if is_on else KnownAct.WITHDRAWN, target, REASON)
    return find_bank(services, name)
