"""Two sites: what one withdraws, disputes and adds, the other has; what is lost, altered or forged is refused."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import FormatError, IntegrityFailure, NotFound, Refused, VardeError, WrongUse
from varde.core.known import CarriedHash, EntryState, Flag, KnownAct, KnownEntry, SetDelta, SetRole
from varde.core.signal import LocalFeatures
from varde.hashing.local_features import compute_local_features
from varde.known.exchange import Credential
from varde.known.exchanges.site import SiteApi
from varde.store import exchanges, keys, known_history, known_sets
from varde.store.known_entries import find_by_source_id, list_entries, record_state
from varde.store.known_history import KnownEvent
from varde.store.site import Site, create_site
from varde.workflows.actor import Actor
from varde.workflows.exchange_known_set import FetchResult, fetch_exchange
from varde.workflows.export_deltas import export_delta, export_kept, export_whole
from varde.workflows.import_deltas import import_delta, trust_key
from varde.workflows.manage_exchanges import NewExchange, add_exchange
from varde.workflows.update_known_set import apply_delta, create_set

ACTOR = Actor("A. Examiner")
SCHEME = "vics-us@2.0"
_FOUND = compute_local_features(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
assert isinstance(_FOUND, LocalFeatures)
FEATURES = _FOUND
PACKED = base64.b64encode(FEATURES.data)


def make_entry(name: str, byte: int = 1, **more: object) -> KnownEntry:
    return KnownEntry(line=1, md5=bytes([byte]) * 16, source_id=name, code="1", **more)  # type: ignore[arg-type]


class Pair:
    """A site that exports the set ``list`` and one that imports it as ``north``."""

    def __init__(self, giver: Site, taker: Site, folder: Path) -> None:
        self.giver, self.taker, self.folder = giver, taker, folder
        words = {"version": "1", "owner": "North", "role": SetRole.ALERT, "scheme": SCHEME, "format": "api"}
        self.set_id = create_set(giver, ACTOR, name="list", source="test", **words)  # type: ignore[arg-type]
        settings = {"scheme": SCHEME}
        add_exchange(taker, ACTOR, NewExchange("north", "site", settings, owner="North"))
        self.count = 0

    def trust(self) -> None:
        trust_key(self.taker, ACTOR, "north", keys.write_public_key(self.giver.public_key()))

    def change(self, *upserts: KnownEntry, gone: tuple[str, ...] = (), disputed: tuple[str, ...] = ()) -> None:
        apply_delta(self.giver, ACTOR, self.set_id, SetDelta(upserts, gone, disputed), "test")

    def export(self, *, whole: bool = False) -> Path:
        self.count += 1
        output = self.folder / f"{self.count}.delta"
        (export_whole if whole else export_delta)(self.giver, ACTOR, "list", None, output)
        return output

    def bring(self, path: Path) -> FetchResult:
        with path.open("rb") as file:
            return import_delta(self.taker, ACTOR, "north", file, lambda *_: None)

    def held(self) -> dict[str, tuple[KnownEntry, EntryState]]:
        with self.taker.database.read() as connection:
            set_id = exchanges.get_exchange(connection, "north").set_id
            return {one.entry.source_id: (one.entry, one.state) for one in list_entries(connection, set_id)}


@pytest.fixture
def pair(tmp_path: Path, sqlite_site: Site) -> Pair:
    giver, _ = create_site(tmp_path / "giver", name="North unit", person="N", at=ACTOR.clock())
    folder = tmp_path / "deltas"
    folder.mkdir()
    made = Pair(giver, sqlite_site, folder)
    made.trust()
    return made


def test_chain_brings_the_same_set(pair: Pair) -> None:
    pair.change(*(make_entry(f"e{number}", number) for number in range(1, 6)))
    pair.bring(pair.export())
    pair.change(make_entry("e2", 22), make_entry("e6", 6), gone=("e1",), disputed=("e3",))
    pair.bring(pair.export())
    held = pair.held()
    assert set(held) == {"e2", "e3", "e4", "e5", "e6"}
    assert held["e2"][0].md5 == bytes([22]) * 16
    assert held["e3"][1] is EntryState.DISPUTED
    assert held["e4"][1] is EntryState.ACTIVE


def test_an_entry_travels_without_loss(pair: Pair) -> None:
    entry = KnownEntry(
        line=1,
        md5=b"\1" * 16,
        sha1=b"\2" * 20,
        sha256=b"\3" * 32,
        pdq=((b"\4" * 32, 77, None), (b"\5" * 32, 100, 12.25)),
        carried=(CarriedHash("photodna", "ü" * 10),),
        code="2",
        series="Series ∆",
        flags=((Flag.DISTRIBUTED, False), (Flag.VICTIM_IDENTIFIED, True)),
        source_id="e",
        size_bytes=12345,
        mime="image/jpeg",
        extra=(("a", "b"), ("a", "c\nd")),
        local_features=(FEATURES, replace(FEATURES, offset_s=2.5)),
        sampling="1/s",
    )
    pair.change(entry)
    pair.bring(pair.export())
    assert pair.held()["e"][0] == KnownEntry(**{**_fields(entry), "line": 2})


def _fields(entry: KnownEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def test_applied_again_it_changes_nothing(pair: Pair) -> None:
    pair.change(make_entry("e1"))
    first = pair.export()
    pair.bring(first)
    pair.change(make_entry("e2", 2))
    pair.bring(pair.export())
    before = pair.held()
    again = pair.bring(first)
    assert (again.added, again.ranges) == (0, 0)
    assert pair.held() == before


def test_missing_delta_is_refused_and_nothing_changes(pair: Pair) -> None:
    pair.change(make_entry("e1"))
    pair.bring(pair.export())
    pair.change(make_entry("e2", 2))
    lost = pair.export()
    pair.change(make_entry("e3", 3))
    third = pair.export()
    with pytest.raises(Refused, match="here is revision 1"):
        pair.bring(third)
    assert set(pair.held()) == {"e1"}
    pair.bring(lost)
    pair.bring(third)
    assert set(pair.held()) == {"e1", "e2", "e3"}


def test_lost_delta_can_be_written_again(pair: Pair) -> None:
    pair.change(make_entry("e1"))
    first = pair.export()
    again = pair.folder / "again.delta"
    export_kept(pair.giver, "list", None, 1, again)
    assert again.read_bytes() == first.read_bytes()
    with pytest.raises(NotFound):
        export_kept(pair.giver, "list", None, 2, pair.folder / "none.delta")


def test_whole_delta_makes_up_for_lost_ones_and_the_chain_goes_on(pair: Pair) -> None:
    pair.change(make_entry("e1"), make_entry("e2", 2))
    pair.bring(pair.export())
    pair.change(make_entry("e3", 3), gone=("e1",))
    pair.export()
    result = pair.bring(pair.export(whole=True))
    assert (result.added, result.removed) == (1, 1)
    assert set(pair.held()) == {"e2", "e3"}
    pair.change(make_entry("e4", 4))
    pair.bring(pair.export())
    assert set(pair.held()) == {"e2", "e3", "e4"}


def test_every_flipped_byte_is_refused(pair: Pair) -> None:
    pair.change(make_entry("e1"), make_entry("e2", 2))
    path = pair.export()
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        altered = bytearray(whole)
        altered[place] ^= 1
        path.write_bytes(altered)
        with pytest.raises(VardeError) as told:
            pair.bring(path)
        assert isinstance(told.value, IntegrityFailure | FormatError | Refused)
    assert not pair.held()


@pytest.mark.parametrize("cut", [0, 1, 10, 200, -1, -2, -100])
def test_cut_delta_is_refused(pair: Pair, cut: int) -> None:
    pair.change(make_entry("e1"))
    path = pair.export()
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises((FormatError, IntegrityFailure)):
        pair.bring(path)
    assert not pair.held()


def test_unknown_signer_is_refused_with_its_fingerprint(pair: Pair, tmp_path: Path) -> None:
    other, _ = create_site(tmp_path / "other", name="Nobody", person="N", at=ACTOR.clock())
    stranger = Pair.__new__(Pair)
    stranger.__dict__.update(pair.__dict__, giver=other)
    words = {"version": "1", "owner": "North", "role": SetRole.ALERT, "scheme": SCHEME, "format": "api"}
    stranger.set_id = create_set(other, ACTOR, name="list", source="test", **words)  # type: ignore[arg-type]
    stranger.change(make_entry("e1"))
    path = stranger.export()
    with pytest.raises(Refused, match="not trusted") as told:
        pair.bring(path)
    assert "exchange trust" in told.value.advice
    # the same, but claiming to be the trusted site
    lines = path.read_bytes().replace(other.public_key().hex().encode(), pair.giver.public_key().hex().encode())
    path.write_bytes(lines)
    with pytest.raises(IntegrityFailure):
        pair.bring(path)
    assert not pair.held()


def test_another_history_is_an_integrity_failure(pair: Pair) -> None:
    """The giver goes back to an old backup, and makes another revision 2."""
    pair.change(make_entry("e1"))
    pair.bring(pair.export())
    with pair.giver.database.read() as connection:
        row = exchanges.find_exchange(connection, "site-out", pair.set_id)
        assert row is not None
    pair.change(make_entry("e2", 2))
    pair.bring(pair.export())
    with pair.giver.database.write() as connection:
        exchanges.record_settings(connection, row.exchange_id, row.settings)
    pair.change(make_entry("e9", 9))
    fork = pair.export()
    with pytest.raises(IntegrityFailure, match="history"):
        pair.bring(fork)
    pair.change(make_entry("e10", 10))
    with pytest.raises(IntegrityFailure, match="history"):
        pair.bring(pair.export())


def test_codes_on_another_scheme_are_refused(pair: Pair, tmp_path: Path) -> None:
    pair.change(make_entry("e1"))
    path = pair.export()
    new = NewExchange("other", "site", {"scheme": "unit@1"}, set_name="other")
    add_exchange(pair.taker, ACTOR, new)
    trust_key(pair.taker, ACTOR, "other", keys.write_public_key(pair.giver.public_key()))
    with path.open("rb") as file, pytest.raises(Refused, match="scheme"):
        import_delta(pair.taker, ACTOR, "other", file, lambda *_: None)


def test_withdrawal_of_the_whole_set_takes_every_entry_off(pair: Pair) -> None:
    pair.change(make_entry("e1"), make_entry("e2", 2))
    pair.bring(pair.export())
    _happen_to_set(pair, KnownAct.WITHDRAWN)
    pair.bring(pair.export())
    assert not pair.held()
    _happen_to_set(pair, KnownAct.REINSTATED)
    pair.bring(pair.export())
    assert set(pair.held()) == {"e1", "e2"}


def _happen_to_set(pair: Pair, act: KnownAct) -> None:
    from sqlalchemy import update

    from varde.store import tables

    event = KnownEvent(pair.set_id, None, act, ACTOR.clock(), "A", "test")
    with pair.giver.database.write() as connection:
        known_history.record_event(connection, event)
        sets = tables.known_sets
        connection.execute(update(sets).where(sets.c.id == pair.set_id).values(state=event.state.value))


def test_what_a_person_withdrew_and_reinstated_travels(pair: Pair) -> None:
    pair.change(make_entry("e1"), make_entry("e2", 2))
    pair.bring(pair.export())
    for act, expected in ((KnownAct.WITHDRAWN, {"e2"}), (KnownAct.REINSTATED, {"e1", "e2"})):
        event = KnownEvent(pair.set_id, None, act, ACTOR.clock(), "A", "by hand")
        with pair.giver.database.write() as connection:
            record_state(connection, find_by_source_id(connection, pair.set_id, ["e1"])["e1"], event)
        pair.bring(pair.export())
        assert set(pair.held()) == expected


def test_entries_without_or_with_repeated_identifiers_stay_apart(pair: Pair) -> None:
    with pair.giver.database.write() as connection:
        entries = [make_entry("", 1), make_entry("", 2), make_entry("same", 3), make_entry("same", 4)]
        known_sets.add_entries(connection, pair.set_id, entries, lambda count: None)
    pair.bring(pair.export())
    held = pair.held()
    assert len(held) == 4
    assert sum(("source_id", "same") in entry.extra for entry, _ in held.values()) == 2


def test_nothing_new_is_not_exported(pair: Pair) -> None:
    pair.change(make_entry("e1"))
    with pytest.raises(Refused, match="no delta yet"):
        pair.export(whole=True)
    pair.export()
    with pytest.raises(Refused, match="nothing happened"):
        pair.export()
    with pytest.raises(WrongUse, match="there already"):
        export_delta(pair.giver, ACTOR, "list", None, pair.folder / "2.delta")


def test_folder_of_deltas_is_fetched_in_order(pair: Pair) -> None:
    add_exchange(
        pair.taker, ACTOR, NewExchange("inbox", "site", {"scheme": SCHEME, "path": str(pair.folder)}, set_name="in")
    )
    trust_key(pair.taker, ACTOR, "inbox", keys.write_public_key(pair.giver.public_key()))
    for number in range(1, 4):
        pair.change(make_entry(f"e{number}", number))
        pair.export()
    result = fetch_exchange(pair.taker, ACTOR, "inbox", lambda *_: None)
    assert (result.added, result.ranges) == (3, 3)
    assert fetch_exchange(pair.taker, ACTOR, "inbox", lambda *_: None).ranges == 0


def test_pieces_of_a_delta_keep_the_earlier_checkpoint(pair: Pair) -> None:
    pair.change(*(make_entry(f"e{number}", number) for number in range(1, 8)))
    path = pair.export()
    settings = {"path": str(path), "scheme": SCHEME, "keys": pair.giver.public_key().hex()}
    opened = SiteApi().open(settings, Credential({}), piece=3)
    ranges = list(opened.fetch({}, ACTOR.clock(), everything=False))
    assert [len(found.delta.upserts) for found in ranges] == [3, 3, 1]
    assert [found.delta.checkpoint.get("revision") for found in ranges] == [None, None, "1"]
    assert [found.is_last for found in ranges] == [False, False, True]


def test_killed_between_keeping_and_recording_the_next_export_is_whole(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    from varde.workflows import export_deltas

    pair.change(make_entry("e1"))
    with monkeypatch.context() as patched:
        patched.setattr(export_deltas, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pair.export()
    pair.change(make_entry("e2", 2))
    pair.bring(pair.export())
    assert set(pair.held()) == {"e1", "e2"}


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"entry": {"id": "a"}, "gone": "b"}',
        b'{"gone": ""}',
        b'{"entry": {"id": ""}}',
        b'{"entry": {"id": "a", "md5": "00"}}',
        b'{"entry": {"id": "a", "pdq": [["00", 1, null]]}}',
        b'{"entry": {"id": "a", "pdq": [["' + b"00" * 32 + b'", 101, null]]}}',
        b'{"entry": {"id": "a", "pdq": [["' + b"00" * 32 + b'", 1, 1e99]]}}',
        b'{"entry": {"id": "a", "flags": {"unheard_of": true}}}',
        b'{"entry": {"id": "a", "size_bytes": -1}}',
        b'{"entry": {"id": "a", "local_features": [["AA==", 1, null]]}}',
        b'{"entry": {"id": "a", "local_features": [["' + PACKED + b'AAAA", 1, null]]}}',
        b'{"entry": {"id": "a", "local_features": [["' + PACKED + b'", 1000000, null]]}}',
        b'{"entry": {"id": "a", "local_features": [' + b",".join([b'["AA==", 0, null]'] * 10_001) + b"]}}",
        b'{"entry": 7}',
        b"[" * 10_000,
        b"\xff",
    ],
)
def test_signed_nonsense_names_its_line(pair: Pair, line: bytes) -> None:
    """A trusted site with a fault: the signature holds, the content does not."""
    import hashlib

    header = {
        "kind": "varde-site-delta/1",
        "site": "North unit",
        "public_key": pair.giver.public_key().hex(),
        **{"name": "list", "version": "1", "owner": "North", "scheme": SCHEME},
        **{"from_revision": 0, "to_revision": 1, "at": "2026-11-22T00:00:00Z"},
    }
    body = json.dumps(header).encode() + b"\n" + line + b"\n"
    signature = keys.sign(pair.giver.key_path, b"varde-site-delta/1\n" + hashlib.sha256(body).digest())
    tail = json.dumps({"signature": base64.b64encode(signature).decode()}).encode() + b"\n"
    with pytest.raises(FormatError, match="line 2"):
        import_delta(pair.taker, ACTOR, "north", io.BytesIO(body + tail), lambda *_: None)
    assert not pair.held()


def test_key_files_that_are_none(pair: Pair) -> None:
    for text in ("", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "ü"):
        with pytest.raises(FormatError):
            trust_key(pair.taker, ACTOR, "north", text)


def test_trusting_twice_is_recorded_once(pair: Pair) -> None:
    pair.trust()
    with pair.taker.database.read() as connection:
        assert exchanges.get_exchange(connection, "north").settings["keys"] == pair.giver.public_key().hex()
