"""Adds exchanges with other organisations, switches them on and off, and tells them what is thought of entries."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from varde.core.audit import Act
from varde.core.errors import NotFound, SiteBusy, WrongUse
from varde.core.known import EntryState, SetRole
from varde.known.exchange import Credential, ExchangeApi, Feedback, OpenedExchange
from varde.known.exchange_credential import read_credential
from varde.known.exchange_registry import check_settings, get_api
from varde.store import audit, exchanges, known_sets
from varde.store.exchanges import Exchange
from varde.store.known_entries import find_by_source_id
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.update_known_set import create_set

_FILE, _VARIABLE = "credential_file", "credential_variable"
_PLACES = (_FILE, _VARIABLE)
_MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class NewExchange:
    """What a person says about an exchange.

    Attributes:
        name: what it is called here.
        api: through which interface.
        settings: of the interface.
        credential_file, credential_variable: where the credential is; "" for none.
        set_name, set_version: of the known set it fills; made if it is not there.
        owner: authority the material comes from.
        role: what a match means.
        scheme: ``name@version`` of the entries' codes, "" takes the interface's own.
    """

    name: str
    api: str
    settings: dict[str, str] = field(default_factory=dict)
    credential_file: str = ""
    credential_variable: str = ""
    set_name: str = ""
    set_version: str = "live"
    owner: str = ""
    role: SetRole = SetRole.ALERT
    scheme: str = ""


Connect = Callable[[ExchangeApi, dict[str, str], Credential], OpenedExchange]


def connect(api: ExchangeApi, settings: dict[str, str], credential: Credential) -> OpenedExchange:
    """Returns the opened exchange."""
    return api.open(settings, credential)


def add_exchange(site: Site, actor: Actor, new: NewExchange) -> Exchange:
    """Returns a new exchange with its known set; nothing is fetched yet.

    Raises:
        WrongUse: if a name is taken or a setting is wrong.
        NotFound: if there is no such interface.
        PluginError: if the interface needs a library that is not installed.
    """
    check_name(new.name)
    api = get_api(new.api)
    if new.scheme and "scheme" in api.settings:
        new = replace(new, settings=new.settings | {"scheme": new.scheme})
    check_settings(api, new.settings)
    _read_credential(api, {_FILE: new.credential_file, _VARIABLE: new.credential_variable})
    settings = new.settings | {_FILE: new.credential_file, _VARIABLE: new.credential_variable}
    scheme = new.scheme or new.settings.get("scheme", "") or api.scheme
    return record_exchange(site, actor, replace(new, scheme=scheme), {k: v for k, v in settings.items() if v})


def check_name(name: str) -> None:
    """Does nothing if an exchange may be called that.

    Raises:
        WrongUse: if not.
    """
    if not name.strip() or len(name) > _MOST_CHARACTERS or not name.isprintable():
        raise WrongUse(f"the name of an exchange has 1 to {_MOST_CHARACTERS} printable characters, not {name[:80]!r}")


def record_exchange(site: Site, actor: Actor, new: NewExchange, settings: dict[str, str]) -> Exchange:
    """Returns a new exchange that is recorded with its known set; the set is made if it is not there.

    A set that an earlier try left without its exchange is taken.

    Raises:
        WrongUse: if the name is taken, or the set is something else.
    """
    with site.database.read() as connection:
        taken = [one for one in exchanges.list_exchanges(connection) if one.name == new.name]
    if taken:
        raise WrongUse(f"there is an exchange {new.name!r} already", advice="Give this one another name.")
    set_id = _find_or_create_set(site, actor, new)
    at = actor.clock()
    with site.database.write() as connection:
        exchanges.add_exchange(
            connection, name=new.name, api=new.api, set_id=set_id, settings=settings, person=actor.person, at=at
        )
        subject: dict[str, str | int | None] = {"exchange": new.name, "api": new.api, "set": new.set_name or new.name}
        audit.append_event(connection, at=at, person=actor.person, act=Act.EXCHANGE_ADDED, subject=subject)
        return exchanges.get_exchange(connection, new.name)


def _find_or_create_set(site: Site, actor: Actor, new: NewExchange) -> int:
    name = new.set_name or new.name
    with site.database.read() as connection:
        found = [one for one in known_sets.list_sets(connection) if (one.name, one.version) == (name, new.set_version)]
    if found and found[0].format == new.api:
        return found[0].set_id
    return create_set(
        site,
        actor,
        name=name,
        version=new.set_version,
        owner=new.owner,
        role=new.role,
        scheme=new.scheme,
        format=new.api,
        source=f"exchange {new.name}",
    )


def set_enabled(site: Site, actor: Actor, name: str, *, enabled: bool) -> None:
    """Records whether an exchange is fetched with all others.

    Raises:
        NotFound: if there is none of that name.
    """
    at = actor.clock()
    with site.database.write() as connection:
        exchange = exchanges.get_exchange(connection, name)
        if exchange.is_enabled != enabled:
            exchanges.record_enabled(connection, exchange.exchange_id, enabled=enabled)
            subject: dict[str, str | int | None] = {"exchange": name, "change": "enabled" if enabled else "disabled"}
            audit.append_event(connection, at=at, person=actor.person, act=Act.EXCHANGE_CHANGED, subject=subject)


def send_feedback(site: Site, actor: Actor, name: str, feedback: Feedback, *, connect: Connect = connect) -> None:
    """Tells an exchange what this site thinks of one of its entries.

    That a person decided to is recorded first, so that nothing is ever said that is not in the audit log.

    Raises:
        NotFound: if there is no such exchange or entry.
        WrongUse: if the exchange takes no such feedback.
        ExchangeFailure: if it could not be told; the same command tries again.
    """
    with site.database.read() as connection:
        exchange = exchanges.get_exchange(connection, name)
        found = find_by_source_id(connection, exchange.set_id, [feedback.source_id])[feedback.source_id]
    counting = [one for one in found if one.state is not EntryState.WITHDRAWN]
    if not counting:
        raise NotFound(f"the exchange {name} has no entry {feedback.source_id!r} that counts", advice="Fetch first.")
    opened = open_exchange(exchange, connect)
    try:
        send = opened.prepare_feedback(replace(feedback, extra=dict(counting[-1].entry.extra)))
        _record_feedback(site, actor, name, feedback)
        send()
    finally:
        opened.close()


def _record_feedback(site: Site, actor: Actor, name: str, feedback: Feedback) -> None:
    at = actor.clock()
    subject: dict[str, str | int | None] = {
        "exchange": name,
        "entry": feedback.source_id,
        "opinion": "affirmative" if feedback.affirmative else "negative",
        "reason": feedback.reason,
        "fingerprint": feedback.fingerprint,
    }
    with site.database.write() as connection:
        audit.append_event(connection, at=at, person=actor.person, act=Act.EXCHANGE_FEEDBACK, subject=subject)


@contextmanager
def lock_exchange(site: Site, exchange: Exchange) -> Iterator[None]:
    """Holds the right to change an exchange's set by it; freed if the holder dies.

    Raises:
        SiteBusy: if another process holds it.
    """
    with (site.folder / f"exchange-{exchange.exchange_id}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteBusy(
                f"the exchange {exchange.name} is being fetched by another process", advice="Wait until it is done."
            ) from None
        yield


def open_exchange(exchange: Exchange, connect: Connect) -> OpenedExchange:
    """Returns an exchange opened with its settings and its credential; nothing is sent yet.

    Raises:
        PluginError: if its interface needs a library that is not installed.
        WrongUse, Refused: if its credential cannot be read.
    """
    api = get_api(exchange.api)
    return connect(api, _interface_settings(exchange), _read_credential(api, exchange.settings))


def _interface_settings(exchange: Exchange) -> dict[str, str]:
    return {name: value for name, value in exchange.settings.items() if name not in _PLACES}


def _read_credential(api: ExchangeApi, settings: dict[str, str]) -> Credential:
    file, variable = settings.get(_FILE, ""), settings.get(_VARIABLE, "")
    return read_credential(api.credential, file=file, variable=variable, optional=api.optional)
