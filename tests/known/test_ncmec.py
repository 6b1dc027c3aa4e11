"""The client of NCMEC's hash sharing, against a server on this machine that behaves as FORMATS says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from threatexchange.exchanges.clients.ncmec import hash_api

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.known.exchange import Credential, Feedback, FetchedRange
from varde.known.exchanges.ncmec import NcmecApi, NcmecExchange, RangeLimits
from varde.known.exchanges.transport import TransportLimits
from varde.testing.exchange_servers import Answer
from varde.testing.ncmec_server import PASSWORD, USERNAME, NcmecItem, NcmecServer

NOW = datetime.now(UTC)
T0 = int(NOW.timestamp()) - 86_400 * 30
QUICK = TransportLimits(idle_s=0.5, total_s=2.0, most_bytes=1 << 20, tries=3, pause_s=0.01, longest_pause_s=0.05)
SMALL = RangeLimits(wanted=20, most=80, shortest_guess_s=1)


@pytest.fixture(autouse=True)
def _now() -> None:
    """The server's clock is the real one, and minutes may pass between collecting and running."""
    global NOW
    NOW = datetime.now(UTC)


@pytest.fixture
def server() -> NcmecServer:
    return NcmecServer(page_size=10)


@pytest.fixture
def address(server: NcmecServer) -> Iterator[str]:
    with server.run() as found:
        yield found


def connect(address: str, password: str = PASSWORD, **settings: str) -> NcmecExchange:
    credential = Credential({"username": USERNAME, "password": password})
    return NcmecApi().open({"address": address, **settings}, credential, limits=QUICK, ranges=SMALL)


def fill(server: NcmecServer, count: int, *, start: int = T0, step: int = 60) -> None:
    for number in range(count):
        md5 = f"{number:032x}"
        server.put(NcmecItem(42 + number % 3, f"i{number}", start + number * step, fingerprints={"md5": md5}))


def apply(state: dict[str, KnownEntry], found: FetchedRange) -> None:
    state.update({entry.source_id: entry for entry in found.delta.upserts})
    for name in found.delta.removals:
        state.pop(name, None)


def fetch_all(exchange: NcmecExchange, checkpoint: dict[str, str]) -> tuple[dict[str, KnownEntry], list[FetchedRange]]:
    state: dict[str, KnownEntry] = {}
    ranges = list(exchange.fetch(checkpoint, NOW, everything=False))
    for found in ranges:
        apply(state, found)
    return state, ranges


def names(server: NcmecServer) -> set[str]:
    return {f"{item.member}-{item.name}" for item in server.items.values() if not item.is_deleted}


def test_every_entry_comes_whatever_the_pages(server: NcmecServer, address: str) -> None:
    fill(server, 137)
    state, ranges = fetch_all(connect(address), {})
    assert set(state) == names(server)
    assert [found.is_last for found in ranges] == [False] * (len(ranges) - 1) + [True]
    assert max(len(found.delta.upserts) for found in ranges) <= SMALL.most


def test_checkpoints_only_grow_and_end_before_now(server: NcmecServer, address: str) -> None:
    fill(server, 137)
    _, ranges = fetch_all(connect(address), {})
    reached = [found.delta.checkpoint["to"] for found in ranges]
    assert reached == sorted(set(reached))
    assert reached[-1] <= f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def test_next_fetch_brings_what_changed_and_tombstones(server: NcmecServer, address: str) -> None:
    fill(server, 30)
    exchange = connect(address)
    state, ranges = fetch_all(exchange, {})
    late = int(NOW.timestamp()) - 100
    server.put(NcmecItem(42, "i0", late, fingerprints={"md5": "ab" * 16}))
    server.put(NcmecItem(43, "i1", late, is_deleted=True))
    server.put(NcmecItem(42, "new", late, kind="video", fingerprints={"sha1": "cd" * 20}))
    later = list(exchange.fetch(ranges[-1].delta.checkpoint, NOW, everything=False))
    for found in later:
        apply(state, found)
    assert set(state) == names(server)
    assert state["42-i0"].md5 == b"\xab" * 16
    assert sum(len(found.delta.upserts) for found in later) == 2


@pytest.mark.parametrize("broken", range(1, 12))
def test_interruption_anywhere_loses_nothing(server: NcmecServer, address: str, broken: int) -> None:
    """After a failure in any request, going on from the last checkpoint ends in the server's state."""
    fill(server, 60, step=40_000)
    state: dict[str, KnownEntry] = {}
    checkpoint: dict[str, str] = {}
    server.faults = [None] * broken + [Answer(500)] * QUICK.tries
    exchange = connect(address)
    with pytest.raises(ExchangeFailure):
        for found in exchange.fetch({}, NOW, everything=False):
            apply(state, found)
            checkpoint = found.delta.checkpoint
    for name in ("i3", "i50"):
        item = next(item for item in server.items.values() if item.name == name)
        server.put(NcmecItem(item.member, name, int(NOW.timestamp()) - 70, is_deleted=True))
    for found in exchange.fetch(checkpoint, NOW, everything=False):
        apply(state, found)
    assert set(state) == names(server)


def test_a_burst_in_one_second_comes_whole(server: NcmecServer, address: str) -> None:
    fill(server, 200, step=0)
    state, _ = fetch_all(connect(address), {})
    assert len(state) == 200


def test_a_guess_of_too_many_does_not_lead_to_endless_small_ranges(server: NcmecServer, address: str) -> None:
    fill(server, 25, step=0)
    server.page_size = 10
    limits = RangeLimits(wanted=1, most=1000, shortest_guess_s=3600)
    credential = Credential({"username": USERNAME, "password": PASSWORD})
    exchange = NcmecApi().open({"address": address}, credential, limits=QUICK, ranges=limits)
    state, _ = fetch_all(exchange, {})
    assert len(state) == 25
    assert len(server.requests) < 200


def test_only_the_named_members_are_taken(server: NcmecServer, address: str) -> None:
    fill(server, 30)
    state, _ = fetch_all(connect(address, members="42, 44"), {})
    assert {name.partition("-")[0] for name in state} == {"42", "44"}


def test_entry_keeps_every_hash_and_every_opinion(server: NcmecServer, address: str) -> None:
    pdq, pdna = "0f" * 32, "a1b2" * 72
    feedback = (
        '<affirmativeFeedback type="Md5"><members><member id="43">B</member></members></affirmativeFeedback>'
        '<negativeFeedback type="Sha1"><reasons><reason guid="g" name="Not it"/>'
        '<members><member id="44">C</member></members></reasons></negativeFeedback>'
    )
    prints = {"md5": "A1" * 16, "sha1": "b2" * 20, "pdq": pdq, "pdna": pdna, "netclean": "N1", "tmk-pdqf": "T"}
    server.put(NcmecItem(42, "x", T0, fingerprints=prints, feedback=feedback))
    state, ranges = fetch_all(connect(address), {})
    entry = state["42-x"]
    assert (entry.md5, entry.sha1) == (b"\xa1" * 16, b"\xb2" * 20)
    assert entry.pdq == ((b"\x0f" * 32, 100, None),)
    assert entry.carried == (CarriedHash("photodna", pdna), CarriedHash("netclean", "N1"), CarriedHash("tmkpdqf", "T"))
    assert entry.code == "A1"
    assert entry.flags == ((Flag.DISPUTED, True),)
    assert {("feedback.md5.43", "POSITIVE_CLASS"), ("feedback.sha1.44", "NEGATIVE_CLASS Not it")} <= set(entry.extra)
    assert ranges[-1].delta.disputes == ("42-x",)


def test_hash_of_the_wrong_form_is_carried_and_counted(server: NcmecServer, address: str) -> None:
    server.put(NcmecItem(42, "x", T0, fingerprints={"md5": "nonsense", "sha1": "b2" * 20}))
    state, ranges = fetch_all(connect(address), {})
    assert state["42-x"].carried == (CarriedHash("md5", "nonsense"),)
    assert state["42-x"].sha1 == b"\xb2" * 20
    assert "1 hashes" in ranges[-1].notes[0]


def test_element_that_is_no_entry_is_counted(server: NcmecServer, address: str) -> None:
    fill(server, 3)
    server.put(NcmecItem(42, "", T0))
    state, ranges = fetch_all(connect(address), {})
    assert len(state) == 3
    assert sum(found.unreadable for found in ranges) == 1


def test_same_entries_as_the_librarys_own_client(server: NcmecServer, address: str) -> None:
    """Another user of the same server, with the library's client and its own merging, holds the same."""
    fill(server, 45)
    server.put(NcmecItem(43, "i1", T0 + 60, is_deleted=True))
    library = hash_api.NCMECHashAPI(USERNAME, PASSWORD, hash_api.NCMECEnvironment.LawEnforcement)
    library._base_url = address
    theirs: dict[str, hash_api.NCMECEntryUpdate] = {}
    for page in library.get_entries_iter(start_timestamp=0, end_timestamp=int(time.time()) + 86_400):
        for update in page.updates:
            theirs[f"{update.member_id}-{update.id}"] = update
    ours, _ = fetch_all(connect(address), {})
    kept = {name: update for name, update in theirs.items() if not update.deleted}
    assert set(ours) == set(kept)
    for name, update in kept.items():
        entry = ours[name]
        assert entry.md5 is not None
        assert (entry.md5.hex(), entry.code) == (update.fingerprints["md5"], update.classification)


_ASKS = """
import sys, time
from datetime import UTC, datetime
from varde.known.exchange import Credential
from varde.known.exchanges.ncmec import NcmecApi
from threatexchange.exchanges.clients.ncmec import hash_api
exchange = NcmecApi().open({"address": sys.argv[1]}, Credential({"username": "unit", "password": "correct horse"}))
names = [e.source_id for found in exchange.fetch({}, datetime.now(UTC), everything=False) for e in found.delta.upserts]
print(",".join(names), hash_api._date_format(0))
"""


@pytest.mark.parametrize(
    ("zone", "library_writes"),
    [
        ("America/New_York", "1969-12-31T19:00:00Z"),
        ("Asia/Tokyo", "1970-01-01T09:00:00Z"),
        ("UTC", "1970-01-01T00:00:00Z"),
    ],
)
def test_times_are_right_in_every_time_zone(server: NcmecServer, address: str, zone: str, library_writes: str) -> None:
    """The library writes local time with a Z behind it; an entry of two minutes ago must come all the same."""
    server.put(NcmecItem(42, "recent", int(time.time()) - 120, fingerprints={"md5": "ab" * 16}))
    environment = {**os.environ, "TZ": zone}
    done = subprocess.run(
        [sys.executable, "-c", _ASKS, address], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["42-recent", library_writes]
    asked = [request.query for request in server.requests if request.path == "/v2/entries"]
    until = datetime.strptime(asked[-1]["to"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert asked[0]["from"] == "1970-01-01T00:00:00Z"
    assert 0 < (datetime.now(UTC) - until).total_seconds() < 100


def test_clock_ahead_of_the_servers_does_not_skip_what_comes_later(server: NcmecServer, address: str) -> None:
    server.clock_offset_s = -7200
    _, ranges = fetch_all(connect(address), {})
    reached = datetime.strptime(ranges[-1].delta.checkpoint["to"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert (NOW - reached).total_seconds() > 7000
    assert "clock" in ranges[-1].notes[0]


def test_feedback_goes_to_the_one_fingerprint(server: NcmecServer, address: str) -> None:
    exchange = connect(address)
    exchange.prepare_feedback(Feedback("42-i7", affirmative=True, fingerprint="md5"))()
    exchange.prepare_feedback(Feedback("42-i7", affirmative=False, reason="example reason 1", fingerprint="PDQ"))()
    (path, yes), (other, no) = server.told
    assert path == "/v2/entries/42/i7/MD5/feedback"
    assert b"<affirmative" in yes
    assert other == "/v2/entries/42/i7/PDQ/feedback"
    assert b"<guid>01234567-abcd-0123-4567-012345678900</guid>" in no


def test_negative_feedback_without_a_known_reason_names_them(server: NcmecServer, address: str) -> None:
    with pytest.raises(WrongUse) as told:
        connect(address).prepare_feedback(Feedback("42-i7", affirmative=False, reason="because", fingerprint="md5"))()
    assert "Example Reason 1" in told.value.advice
    assert not server.told


def test_wrong_password_says_so_and_shows_none(server: NcmecServer, address: str) -> None:
    with pytest.raises(ExchangeFailure, match="credential") as told:
        list(connect(address, password="hunter-2").fetch({}, NOW, everything=False))
    assert "hunter-2" not in str(told.value) + told.value.advice


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>please log in</body></html>",
        b"<status/>",
        b"<queryResult><images><image/></images></queryResult>",
        b"",
    ],
)
def test_answer_of_another_kind_is_no_empty_answer(server: NcmecServer, address: str, body: bytes) -> None:
    """Taking it for one would move the checkpoint on, and what it should have held would never come."""
    fill(server, 3)
    server.faults = [None, Answer(200, body, "application/xml")]
    try:
        _, ranges = fetch_all(connect(address), {})
        assert sum(found.unreadable for found in ranges) == 1
    except ExchangeFailure:
        assert not body.startswith(b"<queryResult")


def test_login_page_instead_of_a_status_is_a_failure(server: NcmecServer, address: str) -> None:
    server.faults = [Answer(200, b"<html/>", "application/xml")]
    with pytest.raises(ExchangeFailure, match="no status"):
        fetch_all(connect(address), {})


def test_environments_are_the_librarys() -> None:
    api = NcmecApi()
    api.check({"environment": "LawEnforcement"})
    with pytest.raises(WrongUse) as told:
        api.check({"environment": "Police"})
    assert "LawEnforcement" in told.value.advice


def test_nothing_is_left_in_this_process_of_the_time_zone(server: NcmecServer, address: str) -> None:
    before = (dict(os.environ), time.tzname)
    fetch_all(connect(address), {})
    assert (dict(os.environ), time.tzname) == before
    assert Path(hash_api.__file__).exists()
