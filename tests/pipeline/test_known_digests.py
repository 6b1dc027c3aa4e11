"""Behaviour of `varde.pipeline.known_digests`: by the table or by the database, the same matches are found."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from known_rows import AT, add_set, list_findings
from sqlalchemy import Connection, delete, insert, update

from varde.core.digest import DigestAlgorithm
from varde.core.known import EntryState, KnownAct, KnownEntry, SetRole
from varde.known.exact import ExactTable
from varde.pipeline import known_digests, matching
from varde.pipeline.known_digests import find_candidates, open_known_digests, pays
from varde.pipeline.matching import match_all
from varde.store import digest_columns, findings, tables
from varde.store.comparisons import read_newest
from varde.store.site import Site

Digests = dict[str, bytes]
LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}
CONTENTS, ENTRIES = 60, 240


def draw_digests(draw: random.Random, pool: int) -> Digests:
    """Few different ones, and some that share their first 64 bits and no more."""
    number = draw.randrange(pool)
    return {name: bytes([number % 7]) * 8 + bytes([number]) * (length - 8) for name, length in LENGTHS.items()}


def fill_contents(site: Site, draw: random.Random, first: int, count: int) -> None:
    with site.database.write() as connection:
        for id_ in range(first, first + count):
            digests = {**draw_digests(draw, 40), "sha256": bytes([id_ % 40 % 7]) * 8 + id_.to_bytes(24, "big")}
            fixed = {"kind": "picture", "mime": "image/png", "metadata": [], "size_bytes": draw.choice([0, 1, 1, 1])}
            connection.execute(insert(tables.contents).values(id=id_, **digests, **fixed))


def fill_entries(site: Site, draw: random.Random, name: str, count: int) -> None:
    """With any of the digests of one thing, of two, of a content, or none; withdrawn and superseded ones among them."""
    entries = []
    for line in range(1, count + 1):
        mixed = draw_digests(draw, 40)
        if draw.random() < 0.3:
            mixed["sha1"] = draw_digests(draw, 40)["sha1"]
        content = draw.randrange(1, 2 * CONTENTS)
        mixed["sha256"] = bytes([content % 40 % 7]) * 8 + content.to_bytes(24, "big")
        kept = {key: value for key, value in mixed.items() if draw.random() < 0.6}
        entries.append(KnownEntry(line, **kept))
    with site.database.write() as connection:
        set_id = add_set(connection, entries, name=name, role=draw.choice([SetRole.ALERT, SetRole.NEGATIVE]))
        table = tables.known_entries
        of_set = table.c.set_id == set_id
        last = read_newest(connection).entry_id
        withdrawn = update(table).where(of_set, table.c.id % 5 == 0)
        connection.execute(withdrawn.values(state=EntryState.WITHDRAWN.value))
        for entry_id in range(last - count + 1, last + 1, 7):
            event = {"set_id": set_id, "entry_id": entry_id, "act": KnownAct.SUPERSEDED.value}
            connection.execute(insert(tables.known_events).values(**event, at=AT, person="A", reason=""))


def forget_matches(site: Site) -> None:
    with site.database.write() as connection:
        connection.execute(delete(tables.findings))
        connection.execute(delete(tables.comparisons))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> list[range]:
    """Makes the table be used however few entries there are; the ranges of contents it was asked for."""
    asked: list[range] = []

    def find(connection: Connection, table: ExactTable, contents_in: range, newest_entry: int) -> list[int]:
        asked.append(contents_in)
        return find_candidates(connection, table, contents_in, newest_entry)

    monkeypatch.setattr(known_digests, "LEAST_ENTRIES", 0)
    monkeypatch.setattr(known_digests, "ENTRIES_PER_CONTENT", 10**6)
    monkeypatch.setattr(known_digests, "find_candidates", find)
    return asked


@pytest.mark.parametrize("seed", range(4))
def test_the_table_finds_what_the_database_alone_finds(
    site: Site, monkeypatch: pytest.MonkeyPatch, always: list[range], seed: int
) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(matching, "_DIGEST_RANGE", 25)
    monkeypatch.setattr(findings, "_IDS_AT_ONCE", 30)
    found = []
    for stage in range(3):
        fill_contents(site, draw, 1 + stage * CONTENTS, CONTENTS)
        fill_entries(site, draw, f"set {stage}", ENTRIES)
        found.append(match_all(site, AT).by_digest)
    by_table = list_findings(site.database)
    assert len(by_table) == sum(found) > CONTENTS
    assert len(always) >= 3 * CONTENTS // 25
    asked = len(always)
    forget_matches(site)
    monkeypatch.setattr(known_digests, "LEAST_ENTRIES", 10**9)
    assert match_all(site, AT).by_digest == len(by_table)
    assert list_findings(site.database) == by_table
    assert len(always) == asked


def test_candidates_hold_every_match_and_little_else(site: Site) -> None:
    draw = random.Random(1)
    fill_contents(site, draw, 1, CONTENTS)
    fill_entries(site, draw, "set", ENTRIES)
    table = open_known_digests(site.database, site.indexes)
    with site.database.write() as connection:
        newest = read_newest(connection)
        findings.match_digests(connection, range(1, CONTENTS + 1), range(1, newest.entry_id + 1), AT)
    matched = {row[1] for row in list_findings(site.database)}
    with site.database.read() as connection:
        candidates = find_candidates(connection, table, range(1, CONTENTS + 1), newest.entry_id)
        assert find_candidates(connection, table, range(1, 1), newest.entry_id) == []
        assert find_candidates(connection, table, range(1, CONTENTS + 1), 10) == [id_ for id_ in candidates if id_ < 11]
    assert matched <= set(candidates)
    assert candidates == sorted(set(candidates))


def test_empty_files_are_not_looked_up(site: Site) -> None:
    empty = {name: hashlib.new(name, b"").digest() for name in LENGTHS}
    with site.database.write() as connection:
        fixed = {"kind": "other", "mime": "inode/x-empty", "metadata": [], "size_bytes": 0}
        connection.execute(insert(tables.contents).values(id=1, **empty, **fixed))
        add_set(connection, [KnownEntry(1, **empty)])
    table = open_known_digests(site.database, site.indexes)
    with site.database.read() as connection:
        assert find_candidates(connection, table, range(1, 2), 1) == []


def test_it_pays_for_many_contents_and_very_many_entries(tmp_path: Path) -> None:
    least, per_content = known_digests.LEAST_ENTRIES, known_digests.ENTRIES_PER_CONTENT
    assert not pays(tmp_path, 10**9, least - 1)
    assert pays(tmp_path, least // per_content, least)
    assert not pays(tmp_path, least // per_content - 1, least)
    table = ExactTable(tmp_path / "known-digests")
    for algorithm in DigestAlgorithm:
        nothing = np.empty((0, algorithm.length_bytes), np.uint8)
        table.append(algorithm, nothing, np.empty(0, np.int64), up_to=least)
    assert pays(tmp_path, 1, least)
    (tmp_path / "known-digests" / "manifest.json").write_text("nonsense")
    assert not pays(tmp_path, 1, least), "a damaged table is filled again from nothing"


def _remove(site: Site) -> None:
    shutil.rmtree(site.indexes)


def _remove_origin(site: Site) -> None:
    (site.indexes / "known-digests.origin.json").unlink()


def _flip_a_bit(site: Site) -> None:
    segment = max((site.indexes / "known-digests").iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(bytes(data))


def _go_ahead(site: Site) -> None:
    for algorithm in DigestAlgorithm:
        digest = np.zeros((1, algorithm.length_bytes), np.uint8)
        ExactTable(site.indexes / "known-digests").append(algorithm, digest, np.array([10**9]))


def _stop_in_the_middle(site: Site) -> None:
    """As if filling had been killed when only one algorithm was done."""
    shutil.rmtree(site.indexes / "known-digests")
    with site.database.read() as connection:
        (columns,) = digest_columns.list_entry_digests(connection, 0)
    algorithm = DigestAlgorithm.SHA1
    digests = np.frombuffer(columns.values[algorithm], np.uint8).reshape(-1, algorithm.length_bytes)
    ids = np.array(columns.ids[algorithm], np.int64)
    ExactTable(site.indexes / "known-digests").append(algorithm, digests, ids, up_to=columns.last)


@pytest.mark.parametrize("harm", [_remove, _remove_origin, _flip_a_bit, _go_ahead, _stop_in_the_middle])
def test_whatever_is_wrong_with_it_it_is_filled_again(sqlite_site: Site, harm: Callable[[Site], None]) -> None:
    draw = random.Random(2)
    fill_contents(sqlite_site, draw, 1, CONTENTS)
    fill_entries(sqlite_site, draw, "set", ENTRIES)

    def read() -> tuple[int, list[int]]:
        table = open_known_digests(sqlite_site.database, sqlite_site.indexes)
        with sqlite_site.database.read() as connection:
            return len(table), find_candidates(connection, table, range(1, CONTENTS + 1), 10**12)

    whole = read()
    harm(sqlite_site)
    assert read() == whole
    fill_entries(sqlite_site, draw, "more", 10)
    assert read()[0] > whole[0]
