"""The client of ThreatExchange, against a server on this machine that behaves as FORMATS says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI as LibraryClient
from threatexchange.exchanges.clients.fb_threatexchange.threat_updates import ThreatUpdateJSON
from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeIndicatorRecord

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.known.exchange import Credential, Feedback, FetchedRange
from varde.known.exchanges.threatexchange import ThreatExchange, ThreatExchangeApi
from varde.known.exchanges.transport import TransportLimits
from varde.testing.exchange_servers import TOKEN, Answer, ThreatExchangeServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK = TransportLimits(idle_s=0.5, total_s=2.0, most_bytes=1 << 20, tries=2, pause_s=0.01)


@pytest.fixture
def server() -> ThreatExchangeServer:
    return ThreatExchangeServer(page_size=7)


@pytest.fixture
def address(server: ThreatExchangeServer) -> Iterator[str]:
    with server.run() as found:
        yield found


def connect(address: str, *, token: str = TOKEN, piece: int = 10) -> ThreatExchange:
    settings = {"address": address, "group": "42"}
    return ThreatExchangeApi().open(settings, Credential({"token": token}), limits=QUICK, piece=piece)


def fetch(exchange: ThreatExchange, checkpoint: dict[str, str], state: dict[str, KnownEntry]) -> list[FetchedRange]:
    ranges = list(exchange.fetch(checkpoint, NOW, everything=False))
    for found in ranges:
        state.update({entry.source_id: entry for entry in found.delta.upserts})
        for name in found.delta.removals:
            state.pop(name, None)
    return ranges


def test_every_update_comes_with_checkpoints_that_grow(server: ThreatExchangeServer, address: str) -> None:
    for number in range(50):
        server.put(number, 1000 + number)
    state: dict[str, KnownEntry] = {}
    ranges = fetch(connect(address), {}, state)
    assert set(state) == {str(number) for number in range(50)}
    assert [int(found.delta.checkpoint["updated"]) for found in ranges] == [1013, 1027, 1041, 1049]
    assert ranges[-1].is_last


def test_tombstones_and_updates_without_descriptions_are_taken_off(server: ThreatExchangeServer, address: str) -> None:
    for number in range(5):
        server.put(number, 1000 + number)
    state: dict[str, KnownEntry] = {}
    checkpoint = fetch(connect(address), {}, state)[-1].delta.checkpoint
    server.delete(1, 2000)
    server.put(2, 2001, opinions={})
    del server.updates[3]["descriptors"]
    server.updates[3]["last_updated"] = 2002
    fetch(connect(address), checkpoint, state)
    assert set(state) == {"0", "4"}


def test_out_of_order_updates_keep_the_earlier_checkpoint(server: ThreatExchangeServer, address: str) -> None:
    for number in range(20):
        server.put(number, 1000 + number)
    exchange = connect(address, piece=5)
    right = exchange._list_pages(None)
    pages = [(page, last) for page, last in right]
    pages[0][0].reverse()
    exchange._list_pages = lambda start: iter(pages)  # type: ignore[method-assign, assignment]
    ranges = list(exchange.fetch({"updated": "5", "fetched_at": NOW.isoformat()}, NOW, everything=False))
    assert [found.delta.checkpoint["updated"] for found in ranges] == ["5", "5", "1019"]


def test_opinions_are_the_librarys(server: ThreatExchangeServer, address: str) -> None:
    """Every combination of statuses and reactions gives the class the library gives."""
    cases: dict[int, dict[str, object]] = {
        1: {"opinions": {"7": "MALICIOUS"}},
        2: {"opinions": {"7": "NON_MALICIOUS"}},
        3: {"opinions": {"7": "UNKNOWN"}},
        4: {"opinions": {"7": "MALICIOUS", "8": "NON_MALICIOUS"}},
        5: {"opinions": {"7": "SUSPICIOUS"}, "reactions": [{"key": "HELPFUL", "value": "8,9"}]},
        6: {"opinions": {"7": "MALICIOUS"}, "reactions": [{"key": "DISAGREE_WITH_TAGS", "value": "8"}]},
        7: {"opinions": {"7": "MALICIOUS"}, "reactions": [{"key": "DISAGREE_WITH_TAGS", "value": "7"}]},
        8: {"opinions": {"7": "MALICIOUS"}, "reactions": [{"key": "SAW_THIS_TOO", "value": "8"}]},
    }
    for number, case in cases.items():
        server.put(number, 1000 + number, **case)
    state: dict[str, KnownEntry] = {}
    ranges = fetch(connect(address), {}, state)
    client = LibraryClient(TOKEN, endpoint_override=address)
    cursor = client.get_threat_updates(42, fields=("id",), decode_fn=ThreatUpdateJSON)
    theirs = {}
    for page in cursor:
        for update in page:
            record = FBThreatExchangeIndicatorRecord.from_threatexchange_json(1, update)
            assert record is not None
            theirs[str(update.id)] = record.get_as_aggregate_opinion().category.name
    assert {name: entry.code for name, entry in state.items()} == theirs
    assert set(ranges[-1].delta.disputes) == {"2", "4", "6"}
    assert all(((Flag.DISPUTED, True) in state[name].flags) == (name in "246") for name in state)


def test_kinds_of_hashes(server: ThreatExchangeServer, address: str) -> None:
    pdq = "0f" * 32
    server.put(1, 1000, "HASH_PDQ", pdq)
    server.put(
        2, 1001, "HASH_VIDEO_MD5", "ab" * 16, tags={"data": [{"id": "1", "text": "b"}, {"id": "2", "text": "a"}]}
    )
    server.put(3, 1002, "HASH_TMK", "tmk")
    server.put(4, 1003, "HASH_MD5", "no hash")
    state: dict[str, KnownEntry] = {}
    fetch(connect(address), {}, state)
    assert state["1"].pdq == ((b"\x0f" * 32, 100, None),)
    assert state["2"].md5 == b"\xab" * 16
    assert ("opinion.1001", "POSITIVE_CLASS a b") in state["2"].extra
    assert state["3"].carried == (CarriedHash("hashtmk", "tmk"),)
    assert state["4"].carried == (CarriedHash("md5", "no hash"),)


def test_rubbish_is_counted(server: ThreatExchangeServer, address: str) -> None:
    server.put(1, 1000)
    rubbish: list[dict[str, object]] = [{}, {"id": "x"}, {"id": "2", "last_updated": 1, "descriptors": 7}]
    for number, record in enumerate(rubbish):
        server.updates[100 + number] = {"last_updated": 1001, **record}
    state: dict[str, KnownEntry] = {}
    ranges = fetch(connect(address), {}, state)
    assert set(state) == {"1"}
    assert ranges[-1].unreadable == 3


def test_next_page_elsewhere_is_not_asked(server: ThreatExchangeServer, address: str) -> None:
    """The address of the next page is the server's to choose, and holds the token."""
    server.faults = [Answer(200, b'{"data": [], "paging": {"next": "http://127.0.0.1:9/42/threat_updates/?x=1"}}')]
    with pytest.raises(ExchangeFailure, match="another place"):
        list(connect(address).fetch({}, NOW, everything=False))


def test_pages_without_end_are_ended(server: ThreatExchangeServer, address: str) -> None:
    page = f'{{"data": [], "paging": {{"next": "{address}/42/threat_updates/?access_token=1"}}}}'.encode()
    server.faults = [Answer(200, page)] * 10
    with pytest.raises(ExchangeFailure, match="no end"):
        list(connect(address).fetch({}, NOW, everything=False))


@pytest.mark.parametrize("body", [b'{"error": {"message": "no"}}', b"{}", b'{"data": 7}', b'{"data": [], "paging": 7}'])
def test_answer_of_another_kind_is_no_empty_answer(server: ThreatExchangeServer, address: str, body: bytes) -> None:
    server.faults = [Answer(200, body)]
    with pytest.raises(ExchangeFailure, match="no page of updates"):
        list(connect(address).fetch({}, NOW, everything=False))


def test_long_silence_needs_everything(address: str) -> None:
    exchange = connect(address)
    assert not exchange.needs_all({"updated": "1", "fetched_at": (NOW - timedelta(days=84)).isoformat()}, NOW)
    assert exchange.needs_all({"updated": "1", "fetched_at": (NOW - timedelta(days=86)).isoformat()}, NOW)


def test_feedback_reacts_to_every_description(server: ThreatExchangeServer, address: str) -> None:
    exchange = connect(address)
    extra = {"descriptor.7": "17", "descriptor.8": "18", "opinion.7": "POSITIVE_CLASS"}
    exchange.prepare_feedback(Feedback("1", affirmative=True, extra=extra))()
    assert [(path, told["reactions"]) for path, told in server.told] == [("/17/", "HELPFUL"), ("/18/", "HELPFUL")]
    assert all("access_token" not in request.query for request in server.requests)
    with pytest.raises(WrongUse):
        exchange.prepare_feedback(Feedback("1", affirmative=True))()


def test_refused_feedback_is_a_failure(server: ThreatExchangeServer, address: str) -> None:
    """The library takes an answer that says no for one that says yes."""
    server.faults = [Answer(200, b'{"error": {"message": "no"}}')]
    with pytest.raises(ExchangeFailure, match="did not take"):
        connect(address).prepare_feedback(Feedback("1", affirmative=False, extra={"descriptor.7": "17"}))()


def test_token_is_in_no_error_and_no_log(
    server: ThreatExchangeServer, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "12345678|hunter-2"
    with pytest.raises(ExchangeFailure) as told:
        list(connect(address, token=secret).fetch({}, NOW, everything=False))
    assert "hunter-2" not in f"{told.value}{told.value.advice}{caplog.text}"


@pytest.mark.parametrize("group", ["", "x", "-1", "1 "])
def test_group_is_a_number(group: str) -> None:
    with pytest.raises(WrongUse):
        ThreatExchangeApi().check({"group": group})
