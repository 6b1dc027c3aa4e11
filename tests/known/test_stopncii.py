"""The client of StopNCII.org, against a server on this machine that behaves as FORMATS says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from threatexchange.exchanges.clients.stopncii import api as library

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.known.exchange import Credential, Feedback, FetchedRange
from varde.known.exchanges.stopncii import StopNciiApi, StopNciiExchange
from varde.known.exchanges.transport import TransportLimits
from varde.testing.exchange_servers import Answer, StopNciiServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK = TransportLimits(idle_s=0.5, total_s=2.0, most_bytes=1 << 20, tries=2, pause_s=0.01)
KEYS = {"subscription_key": "sub-key", "fetch_key": "fetch-key", "feedback_key": "feedback-key"}
PDQ = "0f" * 32


@pytest.fixture
def server() -> StopNciiServer:
    return StopNciiServer(page_size=7)


@pytest.fixture
def address(server: StopNciiServer) -> Iterator[str]:
    with server.run() as found:
        yield f"{found}/v1"


def connect(address: str, *, piece: int = 10, **keys: str) -> StopNciiExchange:
    return StopNciiApi().open({"address": address}, Credential(KEYS | keys), limits=QUICK, piece=piece)


def fill(server: StopNciiServer, count: int) -> None:
    for number in range(count):
        server.put("ImagePDQ", f"{number:064x}", 1000 + number * 37 % 101)


def fetch(exchange: StopNciiExchange, checkpoint: dict[str, str], state: dict[str, KnownEntry]) -> list[FetchedRange]:
    ranges = list(exchange.fetch(checkpoint, NOW, everything=False))
    for found in ranges:
        state.update({entry.source_id: entry for entry in found.delta.upserts})
        for name in found.delta.removals:
            state.pop(name, None)
    return ranges


def test_every_record_comes_and_only_the_end_is_a_checkpoint(server: StopNciiServer, address: str) -> None:
    fill(server, 50)
    state: dict[str, KnownEntry] = {}
    ranges = fetch(connect(address), {}, state)
    assert len(state) == 50
    assert len(ranges) > 3
    assert [found.delta.checkpoint for found in ranges[:-1]] == [{}] * (len(ranges) - 1)
    assert ranges[-1].delta.checkpoint == {"next_set": "1100", "fetched_at": NOW.isoformat()}
    assert ranges[-1].is_last


def test_withdrawn_and_deleted_are_taken_off(server: StopNciiServer, address: str) -> None:
    """The library's own conversion compares the hash, not the status, and keeps them."""
    fill(server, 5)
    state: dict[str, KnownEntry] = {}
    checkpoint = fetch(connect(address), {}, state)[-1].delta.checkpoint
    server.put("ImagePDQ", f"{1:064x}", 2000, "Withdrawn")
    server.put("ImagePDQ", f"{2:064x}", 2000, "Deleted")
    fetch(connect(address), checkpoint, state)
    assert set(state) == {f"ImagePDQ:{number:064x}" for number in (0, 3, 4)}


def test_feedback_of_members_makes_opinions(server: StopNciiServer, address: str) -> None:
    given = [
        {"feedbackValue": "Blocked", "source": "A", "tags": ["seen"]},
        {"feedbackValue": "NotBlocked", "source": "B"},
    ]
    server.put("ImagePDQ", PDQ, 1, caseNumbers={"c-1": "Active"}, CSPFeedbacks=given)
    server.put("VideoMD5", "ab" * 16, 1, CSPFeedbacks=given[:1])
    server.put("VideoTMK", "T=", 1)
    state: dict[str, KnownEntry] = {}
    server.records = {key: record | {"lastModtimestamp": 50} for key, record in server.records.items()}
    ranges = fetch(connect(address), {}, state)
    entry = state[f"ImagePDQ:{PDQ}"]
    assert entry.pdq == ((b"\x0f" * 32, 100, None),)
    assert (entry.code, entry.flags) == ("DISPUTED", ((Flag.DISPUTED, True),))
    assert {("case.c-1", "Active"), ("feedback.A", "Blocked seen"), ("feedback.B", "NotBlocked")} <= set(entry.extra)
    assert state["VideoMD5:" + "ab" * 16].code == "POSITIVE_CLASS"
    assert state["VideoMD5:" + "ab" * 16].md5 == b"\xab" * 16
    assert state["VideoTMK:T="].carried == (CarriedHash("videotmk", "T="),)
    assert state["VideoTMK:T="].code == "INVESTIGATION_SEED"
    assert ranges[-1].delta.disputes == (f"ImagePDQ:{PDQ}",)


def test_new_kinds_are_carried_and_rubbish_is_counted_not_logged(
    server: StopNciiServer, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The library drops both, and logs the whole record."""
    caplog.set_level(logging.DEBUG)
    server.put("ImageNew", "value", 50)
    server.put("ImagePDQ", "5ec2e7", 50)
    server.records["x", "y"] = {"lastModtimestamp": 50, "hashValue": "5ec2e7"}
    state: dict[str, KnownEntry] = {}
    ranges = fetch(connect(address), {}, state)
    assert state["ImageNew:value"].carried == (CarriedHash("imagenew", "value"),)
    assert state["ImagePDQ:5ec2e7"].carried == (CarriedHash("pdq", "5ec2e7"),)
    assert ranges[-1].unreadable == 1
    assert "5ec2e7" not in caplog.text


@pytest.mark.parametrize(
    "page",
    [
        {"hashRecords": [], "nextSetTimestamp": 1, "hasMoreRecords": True, "nextPageToken": None},
        {"hashRecords": [], "nextSetTimestamp": 1, "hasMoreRecords": True, "nextPageToken": "t0"},
        {"hashRecords": None, "nextSetTimestamp": 1, "hasMoreRecords": False},
        {"hashRecords": [], "nextSetTimestamp": "soon", "hasMoreRecords": False},
        {"nextSetTimestamp": 1},
    ],
)
def test_page_that_leads_nowhere_ends_the_fetch(server: StopNciiServer, address: str, page: dict[str, object]) -> None:
    server.faults = [Answer(200, json.dumps(page).encode())] * 5
    with pytest.raises(ExchangeFailure):
        list(connect(address).fetch({}, NOW, everything=False))
    assert len(server.requests) <= 3


@pytest.mark.parametrize("broken", range(8))
def test_interruption_anywhere_loses_nothing(server: StopNciiServer, address: str, broken: int) -> None:
    fill(server, 50)
    state: dict[str, KnownEntry] = {}
    checkpoint: dict[str, str] = {}
    server.faults = [None] * broken + [Answer(500)] * QUICK.tries
    exchange = connect(address)
    with pytest.raises(ExchangeFailure):
        for found in exchange.fetch({}, NOW, everything=False):
            state.update({entry.source_id: entry for entry in found.delta.upserts})
            checkpoint = found.delta.checkpoint
    server.put("ImagePDQ", f"{3:064x}", 3000, "Withdrawn")
    fetch(exchange, checkpoint, state)
    assert set(state) == {f"ImagePDQ:{number:064x}" for number in range(50)} - {f"ImagePDQ:{3:064x}"}


def test_same_records_as_the_librarys_own_client(server: StopNciiServer, address: str) -> None:
    fill(server, 30)
    server.put("ImagePDQ", f"{4:064x}", 5000, "Withdrawn")
    client = library.StopNCIIAPI("sub-key", "fetch-key", base_url_override=address)
    theirs = {
        f"{record.signalType.value}:{record.hashValue}"
        for page in client.fetch_hashes_iter()
        for record in page.hashRecords
        if record.hashStatus is not library.StopNCIICaseStatus.Withdrawn
    }
    state: dict[str, KnownEntry] = {}
    fetch(connect(address), {}, state)
    assert set(state) == theirs


def test_long_silence_needs_everything(address: str) -> None:
    exchange = connect(address)
    assert not exchange.needs_all({}, NOW)
    assert not exchange.needs_all({"next_set": "1", "fetched_at": (NOW - timedelta(days=29)).isoformat()}, NOW)
    assert exchange.needs_all({"next_set": "1", "fetched_at": (NOW - timedelta(days=31)).isoformat()}, NOW)


def test_feedback_is_sent_with_its_own_key(server: StopNciiServer, address: str) -> None:
    exchange = connect(address)
    exchange.prepare_feedback(Feedback(f"ImagePDQ:{PDQ}", affirmative=False, reason="another person"))()
    told = {"feedbackValue": "NotBlocked", "tags": ["another person"], "hashValue": PDQ}
    assert server.told == [{"count": 1, "hashFeedbacks": [told]}]
    assert server.requests[0].headers["x-functions-key"] == "feedback-key"
    with pytest.raises(WrongUse):
        exchange.prepare_feedback(Feedback("42", affirmative=True))()


def test_wrong_key_says_so_and_shows_none(address: str) -> None:
    with pytest.raises(ExchangeFailure, match="credential") as told:
        list(connect(address, fetch_key="hunter-2").fetch({}, NOW, everything=False))
    assert "hunter-2" not in f"{told.value}"
    with pytest.raises(WrongUse):
        connect(address, fetch_key="schlüssel")
