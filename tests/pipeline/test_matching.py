"""Behaviour of `varde.pipeline.matching`: every content meets every set, in steps of bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select

from varde.core.known import KnownEntry, SetRole
from varde.known.perceptual import Found, HashIndex
from varde.pipeline import matching
from varde.pipeline.matching import is_up_to_date, match_all, pdq_point
from varde.store import known_sets, tables
from varde.store.database import Database
from varde.store.known_sets import NewSet

AT = datetime(2026, 10, 1, tzinfo=UTC)
POINT = pdq_point(31, 50)


def make_hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def add_contents(connection: Connection, frames: Sequence[int]) -> None:
    """Adds videos with so many frames; every frame of every video has a hash of its own."""
    for number, count in enumerate(frames, start=1):
        name = f"content {number}"
        digests = {"sha256": make_hash(name), "sha1": make_hash(name)[:20], "md5": make_hash(name)[:16]}
        fixed = {"size_bytes": 1, "kind": "video", "mime": "video/mp4", "metadata": []}
        connection.execute(insert(tables.contents).values(id=number, **digests, **fixed))
        for position in range(count):
            value = make_hash(f"{number}/{position}")
            row = {"content_id": number, "method": "pdq", "version": "1", "position": position, "quality": 100}
            connection.execute(insert(tables.signals).values(**row, value=value, offset_s=float(position)))


def add_set(connection: Connection, hashes: Sequence[bytes]) -> None:
    new = NewSet("list", "1", "", SetRole.ALERT, "", "", "csv", "list.csv", None, "")
    set_id = known_sets.add_set(connection, new, person="A", at=AT)
    entries = [KnownEntry(line, pdq=((value, 100, None),)) for line, value in enumerate(hashes, start=1)]
    known_sets.add_entries(connection, set_id, iter(entries), lambda count: None)


def matched(database: Database) -> list[tuple[int, float]]:
    table = tables.findings.c
    with database.read() as connection:
        rows = connection.execute(select(table.content_id, table.offset_s).order_by(table.content_id, table.offset_s))
        return [(row.content_id, row.offset_s) for row in rows]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 8, 9, 100])
def test_nothing_is_left_out_however_it_is_cut(database: Database, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    frames = [3, 0, 1, 5, 2, 0]
    wanted = [(number, position) for number, count in enumerate(frames, start=1) for position in range(count)]
    with database.write() as connection:
        add_contents(connection, frames)
        add_set(connection, [make_hash(f"{number}/{position}") for number, position in wanted])
    monkeypatch.setattr(matching, "_PROBES", most)
    monkeypatch.setattr(matching, "_MATCHES", most)
    assert match_all(database, POINT, AT).perceptual == len(wanted)
    assert matched(database) == wanted
    assert is_up_to_date(database, POINT)
    assert match_all(database, POINT, AT).perceptual == 0


def test_a_step_is_cut_by_hashes_and_searches_while_others_write(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    others = Database(database.engine.url, busy_limit_s=0.1)
    search = HashIndex.search_batches

    def watch(index: HashIndex, probes: NDArray[np.uint8], max_distance: int) -> list[Found]:
        with others.write():
            steps.append(len(probes))
        return list(search(index, probes, max_distance))

    with database.write() as connection:
        add_contents(connection, [4, 4, 4, 4, 30])
        add_set(connection, [make_hash("1/0")])
    monkeypatch.setattr(matching, "_PROBES", 10)
    monkeypatch.setattr(HashIndex, "search_batches", watch)
    assert match_all(database, POINT, AT).perceptual == 1
    others.close()
    assert steps == [8, 8, 30]
