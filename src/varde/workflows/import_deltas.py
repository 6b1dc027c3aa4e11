"""Takes over known sets of other sites from their signed deltas, by keys a person was sure of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.known.exchange import Credential, ExchangeApi, OpenedExchange
from varde.known.exchanges.site import SiteApi, read_keys
from varde.known.exchanges.site_delta import describe_key
from varde.store import audit, exchanges, keys, spool
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.exchange_known_set import FetchResult, fetch_exchange


def import_delta(
    site: Site, actor: Actor, name: str, file: IO[bytes], progress: Callable[[FetchResult, str], None]
) -> FetchResult:
    """Returns what a delta of another site changed; one that is applied already changes nothing.

    Args:
        site, actor: where and who.
        name: of the exchange with that site.
        file: the delta; it is copied to the site's spool first.
        progress: as `fetch_exchange`.

    Raises:
        NotFound: if there is no such exchange.
        WrongUse: if it is no exchange of deltas.
        Refused: if one is missing in between, or its signer is not trusted.
        IntegrityFailure: if it was changed, or its history is another than what is here.
        FormatError: if it is no delta.
    """
    with site.database.read() as connection:
        exchange = exchanges.get_exchange(connection, name)
    if exchange.api != SiteApi.name:
        raise WrongUse(f"the exchange {name} takes no files: it is of the interface {exchange.api}")
    with spool.lend_folder(site.spool) as folder:
        path = folder / (Path(str(file.name)).name if isinstance(getattr(file, "name", None), str) else "import.delta")
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        return fetch_exchange(site, actor, name, progress, connect=partial(_open_file, path))


def trust_key(site: Site, actor: Actor, name: str, pem: str) -> str:
    """Makes an exchange trust deltas signed with a public key, and returns the key's fingerprint.

    Raises:
        NotFound: if there is no such exchange.
        WrongUse: if it is no exchange of deltas.
        FormatError: if the text is no Ed25519 public key in PEM.
    """
    raw = keys.read_public_key(pem)
    at = actor.clock()
    with site.database.write() as connection:
        exchange = exchanges.get_exchange(connection, name)
        if exchange.api != SiteApi.name:
            raise WrongUse(f"the exchange {name} has no use for a key: it is of the interface {exchange.api}")
        trusted = read_keys(exchange.settings)
        if raw not in trusted:
            settings = exchange.settings | {"keys": ",".join(key.hex() for key in (*trusted, raw))}
            exchanges.record_settings(connection, exchange.exchange_id, settings)
            subject: dict[str, str | int | None] = {"exchange": name, "change": "trusted", "key": describe_key(raw)}
            audit.append_event(connection, at=at, person=actor.person, act=Act.EXCHANGE_CHANGED, subject=subject)
    return describe_key(raw)


def _open_file(path: Path, api: ExchangeApi, settings: dict[str, str], credential: Credential) -> OpenedExchange:
    return api.open(settings | {"path": str(path)}, credential)
