"""Behaviour of commands that change known material when they are killed: the next one leaves no trace of it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from killed_jobs import ACTOR, make_hash
from killing import KILLED, Runner, open_runner
from sqlalchemy import insert, select

from varde.core.errors import IntegrityFailure
from varde.core.known import KnownEntry, SetDelta, SetRole
from varde.known.perceptual import PerceptualIndex
from varde.pipeline.matching import describe_matching
from varde.pipeline.site_indexes import open_known_hashes
from varde.store import audit, comparisons, known_hashes, tables
from varde.store.site import Site, open_site
from varde.workflows.update_known_set import apply_delta, create_set

ENTRIES = 1_500
KILLS = 3
WITHDRAWN = [word for line in range(1, 301) for word in ("--line", str(line))]
JOBS = (
    ["known", "import", "LIST", "--name", "list", "--role", "alert"],
    ["delta"],
    ["hunt"],
    ["index"],
    ["known", "withdraw", "list", *WITHDRAWN, "--reason", "wrong"],
)
TIMES = {"at", "imported_at", "found_at", "released_at"}
COMPARED = ("known_sets", "known_entries", "known_hashes", "known_events", "known_revisions", "findings", "comparisons")


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    modules = ["varde.cli.known", "varde.cli.hunt", "varde.known.formats.threatexchange"]
    with open_runner("killed_jobs", modules) as runner:
        yield runner


@pytest.fixture
def folders(sqlite_site: Site, tmp_path: Path) -> tuple[Path, Path]:
    """Two equal sites with 300 pictures and a set that changes, and beside them a list that matches some."""
    chance = random.Random(4)
    values = [make_hash(chance) for _ in range(ENTRIES)]
    (tmp_path / "list.txt").write_text("".join(f"pdq {value.hex()}\n" for value in values))
    words = {"name": "moving", "version": "1", "owner": "", "scheme": "", "format": "api", "source": ""}
    set_id = create_set(sqlite_site, ACTOR, role=SetRole.ALERT, **words)
    entries = [KnownEntry(n, pdq=((make_hash(chance), 100, None),), source_id=f"e{n}") for n in range(1, 501)]
    apply_delta(sqlite_site, ACTOR, set_id, SetDelta(upserts=tuple(entries)), "test")
    with sqlite_site.database.write() as connection:
        for number, value in enumerate(values[::9], 1):
            digest = number.to_bytes(32, "big")
            row = {"id": number, "sha256": digest, "sha1": digest[12:], "md5": digest[16:], "metadata": []}
            fixed = {"size_bytes": 1, "kind": "picture", "mime": "image/jpeg"}
            connection.execute(insert(tables.contents).values(**row, **fixed))
            signal = {"method": "pdq", "version": "1", "position": 0, "quality": 100, "value": value}
            connection.execute(insert(tables.signals).values(content_id=number, **signal))
    sqlite_site.close()
    shutil.copytree(sqlite_site.folder, tmp_path / "undisturbed")
    return sqlite_site.folder, tmp_path / "undisturbed"


def test_killed_anywhere_a_site_ends_as_one_that_was_left_alone(runner: Runner, folders: tuple[Path, Path]) -> None:
    folder, undisturbed = folders
    chance, kills = random.Random(), 0
    for job in JOBS:
        words = [word.replace("LIST", str(folder.parent / "list.txt")) for word in job]
        started = time.perf_counter()
        assert runner.run([str(undisturbed), *words]) == 0
        took_s = time.perf_counter() - started
        code = KILLED
        for kill in range(1, KILLS + 1):  # the first early, so that hardly any job ends before it was killed
            code = runner.run([str(folder), *words], kill_after_s=chance.uniform(0, took_s * kill / KILLS))
            kills += code == KILLED
            if code != KILLED:
                break
        if code == KILLED:
            check_index(folder)
            code = runner.run([str(folder), *words])
        assert code in {0, 2}, "2: an import was killed when all was kept"
        assert describe(folder) == describe(undisturbed), job
    assert kills >= len(JOBS)
    check_index(folder)


def test_after_a_kill_a_flipped_bit_is_refused_by_name_and_the_index_filled_again(
    runner: Runner, folders: tuple[Path, Path]
) -> None:
    folder, _ = folders
    assert runner.run([str(folder), "index"]) == 0
    runner.run([str(folder), "index"], kill_after_s=0.1)
    site = open_site(folder)
    (place,) = (path for path in site.indexes.iterdir() if path.is_dir() and path.name.startswith("known-"))
    check_index(folder)
    for segment in sorted(place.glob("*.segment")):
        data = bytearray(segment.read_bytes())
        at = random.Random(segment.name).randrange(len(data))
        segment.write_bytes(bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]]))
        with pytest.raises(IntegrityFailure, match=segment.name):
            PerceptualIndex(place).verify()
        segment.write_bytes(data)
    segment.write_bytes(bytes(data[:-100]))
    site.close()
    check_index(folder)


def check_index(folder: Path) -> None:
    """The next command's index holds every hash of the database under its id, and no other."""
    site = open_site(folder)
    point = describe_matching(site).point
    index = open_known_hashes(site.database, site.indexes, point)
    with site.database.read() as connection:
        rows = list(known_hashes.list_hashes(connection, point.method.name, point.min_quality, 0))
        newest = comparisons.read_newest(connection).entry_id
        audit.verify_chain(connection)
    assert index.verify() >= 1
    assert (len(index), index.last_id >> 20) == (len(rows), newest)
    found, names, _ = index.search(np.frombuffer(b"".join(row[2] for row in rows), np.uint8).reshape(-1, 32), 0)
    assert found.tolist() == list(range(len(rows)))
    assert names.tolist() == [entry_id << 20 | position for entry_id, position, _ in rows]
    site.close()


def describe(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of known material and findings, without times."""
    site = open_site(folder)
    described = {}
    with site.database.read() as connection:
        for name in COMPARED:
            table = tables.metadata.tables[name]
            columns = [column for column in table.columns if column.name not in TIMES]
            described[name] = [tuple(map(str, row)) for row in connection.execute(select(*columns).order_by(*columns))]
    site.close()
    return described
