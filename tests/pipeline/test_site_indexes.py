"""Behaviour of `varde.pipeline.site_indexes`: an index is what the database holds, whatever happened to either."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from known_rows import AT, add_set, flip, make_hash
from sqlalchemy import delete

from varde.core.audit import Act
from varde.core.known import KnownEntry
from varde.known.perceptual import PerceptualIndex
from varde.pipeline import site_indexes
from varde.pipeline.index_faults import find_index_faults
from varde.pipeline.operating_point import pdq_point
from varde.pipeline.site_indexes import open_known_hashes
from varde.store import audit, tables
from varde.store.settings import MatchingSettings
from varde.store.site import Site

POINT = pdq_point(MatchingSettings())


@dataclass
class Indexed:
    """A site and the hashes that its index holds."""

    site: Site

    def add(self, *texts: str, name: str = "list") -> None:
        with self.site.database.write() as connection:
            entries = [KnownEntry(1, pdq=((make_hash(text), 100, None), (bytes(32), 100, None))) for text in texts]
            add_set(connection, entries, name=name)
            subject = {"set": name}
            audit.append_event(connection, at=AT, person="A", act=Act.KNOWN_SET_IMPORTED, subject=dict(subject))

    def open(self) -> PerceptualIndex:
        return open_known_hashes(self.site.database, self.site.indexes, POINT)

    def find(self, text: str) -> list[int]:
        probe = np.frombuffer(make_hash(text), np.uint8).reshape(1, 32)
        return [int(name) >> 20 for name in self.open().search(probe, 31)[1]]

    @property
    def place(self) -> Path:
        return self.site.indexes / "known-pdq-1-q50"

    def forget(self) -> None:
        """As if the database had been restored from a backup made before anything was added."""
        with self.site.database.write() as connection:
            for table in (tables.known_hashes, tables.known_entries, tables.known_sets):
                connection.execute(delete(table))
            _forget_events(connection)


def _forget_events(connection: object) -> None:
    execute = connection.exec_driver_sql  # type: ignore[attr-defined]
    for name in ("no_delete", "append_only"):
        execute(
            f"DROP TRIGGER IF EXISTS audit_events_{name}" + (" ON audit_events" if _is_postgres(connection) else "")
        )
    execute("DELETE FROM audit_events WHERE number > 1")


def _is_postgres(connection: object) -> bool:
    return bool(connection.dialect.name == "postgresql")  # type: ignore[attr-defined]


@pytest.fixture
def indexed(site: Site) -> Indexed:
    made = Indexed(site)
    made.add("a", "b")
    return made


def test_it_holds_every_hash_but_degenerate_ones_and_grows(indexed: Indexed) -> None:
    assert len(indexed.open()) == 2
    indexed.add("c", name="more")
    assert [indexed.find(text) for text in "abcd"] == [[1], [2], [3], []]
    assert indexed.open().last_id >> 20 == 3
    indexed.add(name="nothing")
    assert len(indexed.open()) == 3


def test_a_batch_may_end_in_the_middle_of_an_entry(indexed: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_indexes, "_BATCH", 3)
    frames = tuple((flip(make_hash("film"), 3 * number, 3 * number + 1), 100, float(number)) for number in range(8))
    with indexed.site.database.write() as connection:
        add_set(connection, [KnownEntry(1, pdq=frames)], name="film")
    assert len(indexed.open()) == 10


def _remove(indexed: Indexed) -> None:
    shutil.rmtree(indexed.site.indexes)


def _remove_origin(indexed: Indexed) -> None:
    (indexed.site.indexes / "known-pdq-1-q50.origin.json").write_text("{")


def _flip_a_bit(indexed: Indexed) -> None:
    segment = max(indexed.place.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(bytes(data))


def _break_manifest(indexed: Indexed) -> None:
    (indexed.place / "manifest.json").write_text("nonsense")


@pytest.mark.parametrize("harm", [_remove, _remove_origin, _flip_a_bit, _break_manifest])
def test_whatever_is_wrong_with_it_it_is_filled_again(indexed: Indexed, harm: Callable[[Indexed], None]) -> None:
    indexed.open()
    harm(indexed)
    assert [indexed.find(text) for text in "abc"] == [[1], [2], []]
    assert len(indexed.open()) == 2


def test_damage_is_named_before_and_after_it_is_mended(indexed: Indexed) -> None:
    indexed.open()
    assert find_index_faults(indexed.site.indexes) == []
    _flip_a_bit(indexed)
    segment = next(indexed.place.glob("*.segment"))
    (now,) = find_index_faults(indexed.site.indexes)
    assert f"{segment} is damaged" in now
    indexed.open()
    (before,) = find_index_faults(indexed.site.indexes)
    assert f"{segment} is damaged" in before
    assert "it was made again since" in before
    (indexed.site.indexes / "known-pdq-1-q50.damage.txt").unlink()
    assert find_index_faults(indexed.site.indexes) == []


@pytest.mark.parametrize("harm", [_remove, _remove_origin])
def test_what_was_removed_is_no_damage(indexed: Indexed, harm: Callable[[Indexed], None]) -> None:
    indexed.open()
    harm(indexed)
    indexed.open()
    assert find_index_faults(indexed.site.indexes) == []


def test_an_index_ahead_of_a_restored_database_is_emptied(indexed: Indexed) -> None:
    indexed.open()
    indexed.forget()
    assert (len(indexed.open()), indexed.find("a")) == (0, [])


def test_a_restored_database_that_grew_differently_is_not_taken_for_the_same(indexed: Indexed) -> None:
    """Its row numbers are as high as the index's, and name other entries."""
    indexed.open()
    indexed.forget()
    indexed.add("x", "y", "z", name="other")
    assert [len(indexed.find(text)) for text in "abxyz"] == [0, 0, 1, 1, 1]
