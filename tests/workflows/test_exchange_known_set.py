"""Fetching into a site: set and checkpoint agree whatever happens, and the set equals the server's state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from varde.core.audit import Act
from varde.core.errors import ExchangeFailure, NotFound, Refused, SiteBusy, WrongUse
from varde.core.known import EntryState, SetDelta, SetRole
from varde.known.exchange import Credential, ExchangeApi, Feedback, OpenedExchange
from varde.known.exchanges.ncmec import NcmecApi, RangeLimits
from varde.known.exchanges.transport import TransportLimits
from varde.store import audit, exchanges
from varde.store.known_entries import list_entries
from varde.store.known_history import list_revisions
from varde.store.site import Site
from varde.testing.exchange_servers import Answer
from varde.testing.ncmec_server import PASSWORD, USERNAME, NcmecItem, NcmecServer
from varde.workflows.actor import Actor
from varde.workflows.exchange_known_set import FetchResult, fetch_exchange
from varde.workflows.manage_exchanges import NewExchange, add_exchange, lock_exchange, send_feedback, set_enabled
from varde.workflows.update_known_set import apply_delta

ACTOR = Actor("A. Examiner")
QUICK = TransportLimits(idle_s=0.5, total_s=2.0, tries=2, pause_s=0.01)
SMALL = RangeLimits(wanted=10, most=40, shortest_guess_s=1)


def connect_quickly(api: ExchangeApi, settings: dict[str, str], credential: Credential) -> OpenedExchange:
    assert isinstance(api, NcmecApi)
    return api.open(settings, credential, limits=QUICK, ranges=SMALL)


def fetch(site: Site, name: str = "partner", *, everything: bool = False) -> FetchResult:
    return fetch_exchange(site, ACTOR, name, lambda *_: None, everything=everything, connect=connect_quickly)


@pytest.fixture
def server() -> NcmecServer:
    server = NcmecServer(page_size=10)
    start = int(time.time()) - 86_400 * 20
    for number in range(60):
        prints = {"md5": f"{number:032x}", "pdq": f"{number:064x}"}
        server.put(NcmecItem(42, f"i{number}", start + number * 20_000, fingerprints=prints))
    return server


@pytest.fixture
def address(server: NcmecServer) -> Iterator[str]:
    with server.run() as found:
        yield found


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / "credential"
    path.write_text(f"username = {USERNAME}\npassword = {PASSWORD}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def partner(sqlite_site: Site, address: str, credential: Path) -> Site:
    return add(sqlite_site, address, credential)


def add(site: Site, address: str, credential: Path) -> Site:
    new = NewExchange("partner", "ncmec", {"address": address}, str(credential), owner="Partner")
    add_exchange(site, ACTOR, new)
    return site


def names(site: Site) -> set[str]:
    with site.database.read() as connection:
        exchange = exchanges.get_exchange(connection, "partner")
        return {stored.entry.source_id for stored in list_entries(connection, exchange.set_id)}


def checkpoint(site: Site) -> dict[str, str]:
    with site.database.read() as connection:
        return exchanges.read_checkpoint(connection, exchanges.get_exchange(connection, "partner"))


def right(server: NcmecServer) -> set[str]:
    return {f"{item.member}-{item.name}" for item in server.items.values() if not item.is_deleted}


def test_set_equals_the_server(site: Site, server: NcmecServer, address: str, credential: Path) -> None:
    add(site, address, credential)
    result = fetch(site)
    assert names(site) == right(server)
    assert result.added == 60
    assert result.checkpoint == checkpoint(site)


def test_second_fetch_changes_nothing(partner: Site) -> None:
    fetch(partner)
    again = fetch(partner)
    assert (again.added, again.superseded, again.removed) == (0, 0, 0)


def test_changes_and_tombstones_are_recorded(partner: Site, server: NcmecServer) -> None:
    fetch(partner)
    now = int(time.time()) - 100
    server.put(NcmecItem(42, "i0", now, fingerprints={"md5": "ab" * 16}))
    server.put(NcmecItem(42, "i1", now, is_deleted=True))
    members = '<members><member id="9">Z</member></members>'
    negative = f'<negativeFeedback type="Md5"><reasons>{members}</reasons></negativeFeedback>'
    server.put(NcmecItem(42, "i2", now, fingerprints={"md5": f"{2:032x}"}, feedback=negative))
    result = fetch(partner)
    assert (result.added, result.superseded, result.removed, result.disputed) == (0, 2, 1, 1)
    assert names(partner) == right(server)
    with partner.database.read() as connection:
        set_id = exchanges.get_exchange(connection, "partner").set_id
        states = {one.entry.source_id: one.state for one in list_entries(connection, set_id)}
    assert states["42-i2"] is EntryState.DISPUTED


@pytest.mark.parametrize("broken", range(1, 16, 2))
def test_failure_anywhere_leaves_set_and_checkpoint_agreeing(partner: Site, server: NcmecServer, broken: int) -> None:
    server.faults = [None] * broken + [Answer(200, b"<queryResult", "application/xml")]
    with pytest.raises(ExchangeFailure):
        fetch(partner)
    reached = checkpoint(partner).get("to", "")
    held = names(partner)
    before = {
        f"42-{item.name}"
        for item in server.items.values()
        if time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(item.changed_s)) <= reached
    }
    assert held == before
    with partner.database.read() as connection:
        assert "no XML" in exchanges.get_exchange(connection, "partner").failure
    fetch(partner)
    assert names(partner) == right(server)
    with partner.database.read() as connection:
        assert not exchanges.get_exchange(connection, "partner").failure


_FETCHES = """
import sys
from pathlib import Path
from varde.store.site import open_site
from test_exchange_known_set import fetch
fetch(open_site(Path(sys.argv[1])))
"""


def test_killed_at_any_moment_it_goes_on_from_a_consistent_state(partner: Site, server: NcmecServer) -> None:
    """Kills the fetch at growing numbers of requests; the set is always what its checkpoint says."""
    partner.database.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    kills = 0
    for asked in (3, 7, 9, 11):
        server.requests.clear()
        process = subprocess.Popen([sys.executable, "-c", _FETCHES, str(partner.folder)], env=environment)
        while process.poll() is None and len(server.requests) < asked:
            time.sleep(0.002)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        reached = checkpoint(partner).get("to", "")
        newest = {
            f"42-{item.name}"
            for item in server.items.values()
            if time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(item.changed_s)) <= reached
        }
        assert names(partner) == newest
    fetch(partner)
    assert names(partner) == right(server)
    assert kills


def test_fetch_of_everything_withdraws_what_does_not_come_any_more(partner: Site, server: NcmecServer) -> None:
    fetch(partner)
    del server.items[42, "i7"]
    fetch(partner)
    assert "42-i7" in names(partner)
    result = fetch(partner, everything=True)
    assert result.removed == 1
    assert names(partner) == right(server)


def test_interrupted_fetch_of_everything_takes_nothing_off(partner: Site, server: NcmecServer) -> None:
    fetch(partner)
    before = checkpoint(partner)
    server.faults = [None] * 12 + [Answer(404)]
    with pytest.raises(ExchangeFailure):
        fetch(partner, everything=True)
    assert names(partner) == right(server)
    assert checkpoint(partner) == before


def test_changes_by_others_do_not_lose_the_checkpoint(partner: Site) -> None:
    fetch(partner)
    before = checkpoint(partner)
    with partner.database.read() as connection:
        set_id = exchanges.get_exchange(connection, "partner").set_id
    apply_delta(partner, ACTOR, set_id, SetDelta(removals=("42-i3",)), "api")
    assert checkpoint(partner) == before


def test_two_fetches_at_once_are_refused(partner: Site) -> None:
    with partner.database.read() as connection:
        exchange = exchanges.get_exchange(connection, "partner")
    with lock_exchange(partner, exchange), pytest.raises(SiteBusy):
        fetch(partner)


def test_disabled_exchange_is_not_fetched(partner: Site, server: NcmecServer) -> None:
    set_enabled(partner, ACTOR, "partner", enabled=False)
    with pytest.raises(Refused, match="disabled"):
        fetch(partner)
    assert not server.requests
    set_enabled(partner, ACTOR, "partner", enabled=True)
    fetch(partner)


def test_feedback_is_recorded_and_sent(partner: Site, server: NcmecServer) -> None:
    fetch(partner)
    told = Feedback("42-i5", affirmative=True, fingerprint="md5")
    send_feedback(partner, ACTOR, "partner", told, connect=connect_quickly)
    assert server.told[0][0] == "/v2/entries/42/i5/MD5/feedback"
    with partner.database.read() as connection:
        last = list(audit.list_events(connection))[-1]
    assert (last.act, last.subject["entry"], last.subject["opinion"]) == (Act.EXCHANGE_FEEDBACK, "42-i5", "affirmative")
    with pytest.raises(NotFound):
        send_feedback(partner, ACTOR, "partner", Feedback("42-none", affirmative=True), connect=connect_quickly)


def test_no_secret_is_in_the_site(partner: Site, credential: Path) -> None:
    fetch(partner)
    partner.database.close()
    assert not [path for path in partner.folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    with partner.database.read() as connection:
        revisions = list(list_revisions(connection))
        assert str(credential) in str(exchanges.get_exchange(connection, "partner").settings)
    assert PASSWORD not in str(revisions)


def test_set_is_made_with_its_role_and_scheme(partner: Site) -> None:
    from varde.store import known_sets

    with partner.database.read() as connection:
        made = known_sets.get_set(connection, "partner")
    assert (made.role, made.scheme, made.owner) == (SetRole.ALERT, "ncmec-classification", "Partner")


def test_file_that_lost_most_of_its_entries_is_asked_about(sqlite_site: Site, tmp_path: Path) -> None:
    path = tmp_path / "signals.txt"
    path.write_text("".join(f"md5 {number:032x}\n" for number in range(300)))
    add_exchange(sqlite_site, ACTOR, NewExchange("partner", "file", {"path": str(path)}))
    fetch_exchange(sqlite_site, ACTOR, "partner", lambda *_: None)
    path.write_text("".join(f"md5 {number:032x}\n" for number in range(20)))
    with pytest.raises(Refused, match="280 of the 300"):
        fetch_exchange(sqlite_site, ACTOR, "partner", lambda *_: None)
    assert len(names(sqlite_site)) == 300
    result = fetch_exchange(sqlite_site, ACTOR, "partner", lambda *_: None, everything=True)
    assert (result.removed, len(names(sqlite_site))) == (280, 20)


def test_defects_of_a_new_exchange_leave_nothing(sqlite_site: Site, address: str, credential: Path) -> None:
    wrong = [
        NewExchange("a", "ncmec", {"address": "http://far.example"}, str(credential)),
        NewExchange("a", "ncmec", {"adress": address}, str(credential)),
        NewExchange("a", "nonsense"),
        NewExchange("a", "ncmec", {"address": address}),
        NewExchange("\n", "ncmec", {"address": address}, str(credential)),
    ]
    for new in wrong:
        with pytest.raises(WrongUse):
            add_exchange(sqlite_site, ACTOR, new)
    with sqlite_site.database.read() as connection:
        assert not exchanges.list_exchanges(connection)
    add(sqlite_site, address, credential)
    with pytest.raises(WrongUse, match="already"):
        add(sqlite_site, address, credential)
