"""The interfaces through which known material is exchanged, loaded when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from varde.core.errors import NotFound, PluginError, WrongUse
from varde.known.exchange import ExchangeApi

_APIS = {
    "file": "varde.known.exchanges.file:FileApi",
    "ncmec": "varde.known.exchanges.ncmec:NcmecApi",
    "site": "varde.known.exchanges.site:SiteApi",
    "stopncii": "varde.known.exchanges.stopncii:StopNciiApi",
    "threatexchange": "varde.known.exchanges.threatexchange:ThreatExchangeApi",
}
"""Name to where it is; a new interface is one file and one line here."""

NAMES = tuple(_APIS)


def get_api(name: str) -> ExchangeApi:
    """Returns the interface of that name.

    Raises:
        NotFound: if there is none.
        PluginError: if the libraries it needs are not installed.
    """
    if name not in _APIS:
        raise NotFound(f"there is no exchange interface {name!r}", advice=f"There are: {', '.join(NAMES)}.")
    module, _, made = _APIS[name].partition(":")
    try:
        return cast(ExchangeApi, getattr(importlib.import_module(module), made)())
    except ImportError as error:
        raise PluginError(
            f"the exchange interface {name} needs a library that is not installed: {error.name or error}",
            advice="Install Varde with its extra `exchange`, such as `uv sync --extra exchange`.",
        ) from error


def check_settings(api: ExchangeApi, settings: Mapping[str, str]) -> None:
    """Does nothing if an interface can be used with these settings.

    Raises:
        WrongUse: naming the setting that is unknown, wrong or missing.
    """
    for name in settings:
        if name not in api.settings:
            known = "; ".join(f"{known}: {meaning}" for known, meaning in api.settings.items())
            raise WrongUse(f"{api.name} has no setting {name!r}", advice=f"It has {known}.")
    api.check(settings)
