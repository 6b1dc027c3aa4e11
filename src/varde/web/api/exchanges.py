"""``/c/exchanges``: exchanges of known sets with other organisations: seen, switched on and off, not made, from here.

What an exchange logs in with, and where it connects to, is set at the site itself: whoever could change either over the
network could have the site's credentials sent to an address of their choice.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from varde.core.access import Right
from varde.core.errors import NotFound
from varde.known.exchange import ExchangeApi
from varde.known.exchange_registry import NAMES, get_api
from varde.store import exchanges
from varde.store.exchanges import Exchange
from varde.store.known_history import list_revisions
from varde.web.access import GuardedRoute, find_actor, require
from varde.web.errors import refuse
from varde.web.services import Services, get_services
from varde.workflows import manage_exchanges
from varde.workflows.actor import Actor

router = APIRouter(prefix="/c", tags=["Exchanges"], route_class=GuardedRoute)

_CREDENTIAL_PLACES = frozenset({"credential_file", "credential_variable"})
_AT_THE_SITE = "Exchanges are made and removed, and given credentials, at the site itself: `varde exchange` does it."


class ExchangeUpdate(BaseModel):
    """What is to become of an exchange."""

    enabled: bool | None = None


@router.get("/exchanges", dependencies=[require(Right.EXCHANGE)])
async def list_exchanges(services: Annotated[Services, Depends(get_services)]) -> list[str]:
    """List the exchanges by name."""
    return [one.name for one in await services.reading.run(_read_all, services)]


@router.post("/exchanges", dependencies=[require(Right.EXCHANGE)])
async def make_exchange() -> None:
    """Refuse: exchanges are made at the site itself."""
    raise refuse(403, _AT_THE_SITE)


@router.get("/exchanges/apis", dependencies=[require(Right.EXCHANGE)])
async def list_apis() -> list[str]:
    """List the interfaces that exchanges can go through."""
    return list(NAMES)


@router.get("/exchanges/api/{api_name}", dependencies=[require(Right.EXCHANGE)])
async def show_api(api_name: str, services: Annotated[Services, Depends(get_services)]) -> dict[str, bool]:
    """Show whether an interface needs a credential, and whether an exchange here has one."""
    if api_name not in NAMES:
        raise refuse(400, "no such Exchange API")
    api = await services.reading.run(get_api, api_name)
    known = await services.reading.run(_read_all, services)
    return {
        "supports_authentification": bool(api.credential),
        "has_set_authentification": any(one.api == api_name and _has_credential(one) for one in known),
    }


@router.post("/exchanges/api/{api_name}", dependencies=[require(Right.EXCHANGE)])
async def set_credential(api_name: str) -> None:
    """Refuse: credentials never come over the network."""
    raise refuse(403, _AT_THE_SITE)


@router.get("/exchanges/api/{api_name}/schema", dependencies=[require(Right.EXCHANGE)])
async def show_api_schema(api_name: str, services: Annotated[Services, Depends(get_services)]) -> dict[str, Any]:
    """Show which settings an interface takes, and what it logs in with."""
    if api_name not in NAMES:
        raise refuse(404, "no such Exchange API")
    api: ExchangeApi = await services.reading.run(get_api, api_name)
    credential = [_describe_field(name, "", required=True) for name in api.credential]
    return {
        "config_schema": {"fields": [_describe_field(name, text) for name, text in api.settings.items()]},
        "credentials_schema": {"fields": credential} if credential else None,
    }


@router.get("/exchange/{exchange_name}", dependencies=[require(Right.EXCHANGE)])
async def show_exchange(exchange_name: str, services: Annotated[Services, Depends(get_services)]) -> dict[str, Any]:
    """Show an exchange, without what it logs in with."""
    return _describe(await services.reading.run(_read, services, exchange_name))


@router.put("/exchange/{exchange_name}", dependencies=[require(Right.EXCHANGE)])
async def update_exchange(
    exchange_name: str,
    update: ExchangeUpdate,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, Any]:
    """Switch an exchange on or off."""
    await services.reading.run(_read, services, exchange_name)
    if update.enabled is not None:
        switch = manage_exchanges.set_enabled
        await services.change(switch, services.site, actor, exchange_name, enabled=update.enabled)
    return _describe(await services.reading.run(_read, services, exchange_name))


@router.delete("/exchange/{exchange_name}", dependencies=[require(Right.EXCHANGE)])
async def delete_exchange(exchange_name: str) -> None:
    """Refuse: exchanges are removed at the site itself; PUT switches one off."""
    raise refuse(403, f"{_AT_THE_SITE} PUT enabled=false switches one off.")


@router.get("/exchange/{exchange_name}/status", dependencies=[require(Right.EXCHANGE)])
async def show_exchange_status(
    exchange_name: str, services: Annotated[Services, Depends(get_services)]
) -> dict[str, Any]:
    """Show when an exchange was fetched last, when it last brought a change, and whether the last fetch worked."""
    exchange, changed_at = await services.reading.run(_read_progress, services, exchange_name)
    return {
        "last_fetch_time": int(exchange.fetched_at.timestamp()) if exchange.fetched_at else 0,
        "checkpoint_time": changed_at,
        "success": not exchange.failure,
    }


def _read_all(services: Services) -> list[Exchange]:
    with services.site.database.read() as connection:
        return exchanges.list_exchanges(connection)


def _read(services: Services, name: str) -> Exchange:
    try:
        with services.site.database.read() as connection:
            return exchanges.get_exchange(connection, name)
    except NotFound as error:
        raise refuse(404, f"Exchange {name!r} not found") from error


def _read_progress(services: Services, name: str) -> tuple[Exchange, int]:
    exchange = _read(services, name)
    with services.site.database.read() as connection:
        moments = [one.at for one in list_revisions(connection, exchange.set_id) if one.source == exchange.source]
    return exchange, int(max(moments).timestamp()) if moments else 0


def _describe(exchange: Exchange) -> dict[str, Any]:
    settings = {name: value for name, value in exchange.settings.items() if name not in _CREDENTIAL_PLACES}
    status = {
        "supports_auth": bool(get_api(exchange.api).credential) if exchange.api in NAMES else False,
        "has_credentials": _has_credential(exchange),
        "source": "exchange" if _has_credential(exchange) else None,
    }
    own = {"name": exchange.name, "api": exchange.api, "enabled": exchange.is_enabled, "credential_status": status}
    return settings | own


def _has_credential(exchange: Exchange) -> bool:
    return bool(_CREDENTIAL_PLACES & set(exchange.settings))


def _describe_field(name: str, text: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "type": "string", "required": required, "default": None, "help": text, "choices": None}
