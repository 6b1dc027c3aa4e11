"""Behaviour of `varde.store.known_sets`: all of a set or nothing, and every field kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from stored import AT, PERSON, make_digests, make_set

from varde.core.errors import FormatError, NotFound, WrongUse
from varde.core.known import CarriedHash, EntryState, Flag, KnownEntry, SetRole
from varde.core.signal import LocalFeatures
from varde.store import known_entries, known_hashes, known_sets, tables
from varde.store.database import Database
from varde.store.known_sets import NewSet

NEW = NewSet("list", "1", "Agency", SetRole.ALERT, "vics-us", "2.0", "vics", "list.json", bytes(32), "mind")


def entries(count: int, *, broken_at: int | None = None) -> Iterator[KnownEntry]:
    for line in range(1, count + 1):
        if line == broken_at:
            raise FormatError("not a digest", line=line)
        yield KnownEntry(line, md5=make_digests(b"%d" % line).md5, pdq=((bytes(32), line % 101, None),))


def count_rows(database: Database) -> tuple[int, ...]:
    wanted = (tables.known_sets, tables.known_entries, tables.known_hashes)
    with database.read() as connection:
        return tuple(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in wanted)


@pytest.mark.parametrize("broken_at", [1, 7, 25, 30])
def test_a_defect_leaves_nothing_of_the_set(
    database: Database, monkeypatch: pytest.MonkeyPatch, broken_at: int
) -> None:
    monkeypatch.setattr(known_sets, "_BATCH", 7)
    with pytest.raises(FormatError, match=f"line {broken_at}"), database.write() as connection:
        make_set(connection, *entries(3), name="other")
        set_id = known_sets.add_set(connection, NEW, person=PERSON, at=AT)
        known_sets.add_entries(connection, set_id, entries(30, broken_at=broken_at), lambda _: None)
    assert count_rows(database) == (0, 0, 0)


def test_entries_over_several_batches_are_all_there(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_sets, "_BATCH", 7)
    said: list[int] = []
    with database.write() as connection:
        make_set(connection, *entries(3), name="other")
        set_id = known_sets.add_set(connection, NEW, person=PERSON, at=AT)
        assert known_sets.add_entries(connection, set_id, entries(30), said.append) == 30
        found = known_sets.get_set(connection, "list")
        hashes = list(known_hashes.list_hashes(connection, "pdq", 20, 3))
    assert said == [7, 14, 21, 28, 30]
    assert (found.entries, found.imported_at, found.imported_by) == (30, AT, PERSON)
    assert len(hashes) == 11
    assert count_rows(database) == (2, 33, 33)


def test_a_version_is_imported_once(database: Database) -> None:
    with database.write() as connection:
        known_sets.add_set(connection, NEW, person=PERSON, at=AT)
        known_sets.add_set(connection, replace(NEW, version="2"), person=PERSON, at=AT)
        with pytest.raises(WrongUse, match="known set list version 1 was imported already") as caught:
            known_sets.add_set(connection, NEW, person=PERSON, at=AT)
        assert "--version" in caught.value.advice
        with pytest.raises(WrongUse, match="'list' has 2 versions"):
            known_sets.get_set(connection, "list")
        assert known_sets.get_set(connection, "list", "2").version == "2"
        with pytest.raises(NotFound, match="no known set 'none'"):
            known_sets.get_set(connection, "none")
        assert [(found.name, found.version) for found in known_sets.list_sets(connection)] == [
            ("list", "1"),
            ("list", "2"),
        ]


def test_every_field_of_an_entry_is_kept(database: Database) -> None:
    digests = make_digests(b"x")
    entry = KnownEntry(
        line=12,
        md5=digests.md5,
        sha1=digests.sha1,
        sha256=digests.sha256,
        pdq=((bytes(range(32)), 100, None), (b"\xff" * 32, 60, 123456.789)),
        carried=(CarriedHash("photodna", "AAEC"),),
        code="2",
        series="Größe \U0001f980",
        flags=((Flag.VICTIM_IDENTIFIED, True), (Flag.DISTRIBUTED, False)),
        source_id="media-1",
        size_bytes=(1 << 62) + 1,
        mime="image/jpeg",
        extra=(("Comments", '{"a": 1}\n'),),
        local_features=(LocalFeatures(b"points", 2, 1.5), LocalFeatures(b"more", 1)),
        sampling="1/s",
    )
    with database.write() as connection:
        set_id = make_set(connection, entry)
        (stored,) = known_entries.load_entries(connection, [1])
        row = connection.execute(select(tables.known_entries)).one()
        hashes = connection.execute(select(tables.known_hashes).order_by(tables.known_hashes.c.position)).all()
    kept = row._asdict()
    assert (kept.pop("id"), kept.pop("set_id")) == (1, set_id)
    assert json.loads(json.dumps(kept.pop("flags"))) == {"victim_identified": True, "distributed": False}
    assert kept.pop("carried") == [["photodna", "AAEC"]]
    assert (kept.pop("state"), kept.pop("sampling")) == ("active", "1/s")
    assert kept.pop("extra") == [["Comments", '{"a": 1}\n']]
    assert kept == {name: getattr(entry, name) for name in kept}
    assert [(row.value, row.quality, row.offset_s) for row in hashes] == list(entry.pdq)
    assert (stored.entry_id, stored.set_id, stored.state) == (1, set_id, EntryState.ACTIVE)
    assert replace(stored.entry, flags=()) == replace(entry, flags=())
    assert known_entries.is_same(stored.entry, replace(entry, line=99))
