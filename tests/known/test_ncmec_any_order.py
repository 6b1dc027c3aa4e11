"""Whatever changes at NCMEC's server, in whatever order, with whatever interruptions: in the end both hold the same."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from varde.core.errors import ExchangeFailure
from varde.known.exchange import Credential
from varde.known.exchanges.ncmec import NcmecApi, NcmecExchange, RangeLimits
from varde.known.exchanges.transport import TransportLimits
from varde.testing.exchange_servers import Answer
from varde.testing.ncmec_server import PASSWORD, USERNAME, NcmecItem, NcmecServer

START = 1_600_000_000
ONCE = TransportLimits(idle_s=5.0, total_s=10.0, tries=1)
BROKEN = (
    Answer(500),
    Answer(200, b"<queryResult><images", "application/xml"),
    Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
    Answer(200, b"x" * 100, cut_after=10),
)

changes = st.tuples(st.sampled_from(["put", "delete"]), st.integers(0, 30), st.integers(0, 500))
steps = st.lists(
    st.one_of(
        st.lists(changes, max_size=20).map(lambda several: ("change", several)),
        st.tuples(st.just("break"), st.tuples(st.integers(0, 12), st.sampled_from(BROKEN))),
        st.just(("fetch", None)),
    ),
    max_size=8,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(steps=steps)
def test_in_the_end_both_hold_the_same(steps: list[tuple[str, object]]) -> None:
    server = NcmecServer(page_size=4)
    with server.run() as address:
        limits = RangeLimits(wanted=3, most=9, shortest_guess_s=1)
        credential = Credential({"username": USERNAME, "password": PASSWORD})
        exchange = NcmecApi().open({"address": address}, credential, limits=ONCE, ranges=limits)
        held: dict[str, bytes | None] = {}
        checkpoint = {"to": "2020-09-13T12:20:00Z"}  # just before the first change: fewer empty ranges
        clock = START
        for kind, what in [*steps, ("fetch", None)]:
            if kind == "change":
                clock = _change(server, clock, what)
                continue
            if kind == "break":
                number, answer = what  # type: ignore[misc]
                server.faults = [None] * number + [answer]
            clock += 100  # what has settled can be fetched
            checkpoint = _fetch(exchange, checkpoint, clock, held)
            server.faults = []
        right = {
            f"{item.member}-{item.name}": bytes.fromhex(item.fingerprints["md5"])
            for item in server.items.values()
            if not item.is_deleted
        }
        assert held == right
        exchange.close()


def _change(server: NcmecServer, clock: int, several: object) -> int:
    for kind, number, wait_s in several:  # type: ignore[attr-defined]
        clock += wait_s
        prints = {"md5": f"{clock:016x}{number:016x}"}
        server.put(NcmecItem(42, f"i{number}", clock, fingerprints=prints, is_deleted=kind == "delete"))
    return clock


def _fetch(
    exchange: NcmecExchange, checkpoint: dict[str, str], clock: int, held: dict[str, bytes | None]
) -> dict[str, str]:
    """Takes over range by range, as a site does, and returns the checkpoint it is left with."""
    try:
        for found in exchange.fetch(checkpoint, datetime.fromtimestamp(clock, UTC), everything=False):
            held.update({entry.source_id: entry.md5 for entry in found.delta.upserts})
            for name in found.delta.removals:
                held.pop(name, None)
            checkpoint = found.delta.checkpoint
    except ExchangeFailure:
        pass
    return checkpoint
