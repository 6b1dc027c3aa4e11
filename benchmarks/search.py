"""How long a search takes on a case of a million items, what its index costs, and how long counting the case takes.

`python benchmarks/search.py [--items N]`. Names and metadata are made up. Peers in the same run: an FTS5 index with
trigrams over the same names, and LIKE over the items themselves. Results: benchmarks/results/search.md.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, text

from varde.core.digest import DigestAlgorithm
from varde.known.near import find_near
from varde.store import cases, search, search_index, summary, tables
from varde.store.bulk import insert_rows
from varde.store.items import compute_place
from varde.store.search import BEGINNING, TimeRange
from varde.store.site import create_site
from varde.store.types import write_utc
from varde.workflows.actor import Actor
from varde.workflows.open_case import create_case

AT = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = "holiday garden beach mountain family work report house boat lake train winter summer camera".split()  # noqa: SIM905
MODELS = [f"Model {letter}{number}" for letter in "ABCDE" for number in range(8)]
PIECE = 1 << 16


def make_rows(count: int) -> Iterator[tuple[list[dict[str, object]], list[dict[str, object]]]]:
    """Yields contents and items, some thousands at a time."""
    rng = random.Random(1)
    contents: list[dict[str, object]] = []
    items: list[dict[str, object]] = []
    for number in range(1, count + 1):
        folders = "/".join(rng.choice(WORDS) + str(rng.randrange(40)) for _ in range(rng.randrange(1, 4)))
        name = f"IMG_{rng.randrange(99999):05}_{number:07}.jpg"
        locator = f"DCIM/{folders}/{name}"
        taken = AT - timedelta(minutes=rng.randrange(5_000_000))
        metadata = [
            ["DateTimeOriginal", f"{taken:%Y:%m:%d %H:%M:%S}"],
            ["ExposureTime", "1/60"],
            ["GPSLatitude", f"{rng.random() * 90:.7f}"],
            ["Make", "Example Works"],
            ["Model", rng.choice(MODELS)],
            ["Software", f"Firmware {rng.randrange(30)}"],
        ]
        if number % 10 == 0:
            metadata.append(["ImageUniqueID", f"{number:032x}"])
        contents.append(
            {
                "id": number,
                "sha256": number.to_bytes(32, "big"),
                "sha1": number.to_bytes(20, "big"),
                "md5": number.to_bytes(16, "big"),
                "size_bytes": 10 ** (3 + number % 5),
                "kind": "picture",
                "mime": "image/jpeg",
                "metadata": metadata,
            }
        )
        items.append(
            {
                "id": number,
                "exhibit_id": 1,
                "place": compute_place(locator),
                "locator": locator,
                "name": name,
                "origin": "file",
                "size_bytes": 10 ** (3 + number % 5),
                "modified_at": write_utc(taken),
                "state": "done",
                "content_id": number,
            }
        )
        if len(items) == 20_000 or number == count:
            yield contents, items
            contents, items = [], []


def measure(label: str, call: Callable[[], object], runs: int = 5) -> None:
    """Prints the medians of some runs, by the clock and in CPU time; the first is left out."""
    walls, cpus = [], []
    for _ in range(runs + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    wall, cpu = statistics.median(walls[1:]), statistics.median(cpus[1:])
    print(f"{label:50} {wall:9.2f} ms   {cpu:9.2f} ms CPU   (first {walls[0]:.1f})", flush=True)


def run(folder: Path, count: int) -> None:
    """Makes the site and measures."""
    site, _ = create_site(folder / "site", name="Benchmark", person="benchmark", at=AT)
    create_case(site, Actor("benchmark"), name="large", authorisation="none", scheme="vics-us@2.0")
    with site.database.write() as connection:
        connection.execute(
            text("INSERT INTO exhibits VALUES (1, 1, 1, '/none', 'reference', 1, '2026-11-22T00:00:00.000000Z', 'b')")
        )
        for contents, items in make_rows(count):
            insert_rows(connection, tables.contents, contents)
            insert_rows(connection, tables.items, items)
    size = _measure_file(folder)
    print(f"items and contents: {size / 1e6:.0f} MB (without thumbnails and signals)", flush=True)
    start, cpu = time.perf_counter(), time.process_time()
    with site.database.write() as connection:
        search_index.rebuild(connection)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"index filled: {wall:.1f} s, {cpu:.1f} s CPU, {cpu / count * 1e6:.0f} us an item", flush=True)
    print(f"index: {(_measure_file(folder) - size) / 1e6:.0f} MB", flush=True)
    with site.database.read() as connection:
        _measure_search(connection, count)
        _measure_counts(connection)
    _measure_peers(folder)
    _measure_near(count)


def _measure_file(folder: Path) -> int:
    with sqlite3.connect(folder / "site" / "varde.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "site" / "varde.db").stat().st_size


def _measure_search(connection: Connection, count: int) -> None:
    for label, words in (("nowhere", "zzzqqq"), ("once, at the end", f"_{count:07}.jpg"), ("everywhere", "jpg")):
        measure(f"name, {label}", lambda words=words: search.find_names(connection, 1, words, after=0, limit=61))
    for label, words in (
        ("nowhere", "zzzqqq"),
        ("one camera of 40", "model a3"),
        ("unique id", f"{count // 10 * 10:032x}"),
    ):
        measure(f"metadata, {label}", lambda words=words: search.find_words(connection, 1, words, after=0, limit=61))
    measure("metadata, in 100,000 different values", lambda: search.find_words(connection, 1, "00", after=0, limit=61))
    day, years = TimeRange("2024-05-01", "2024-05-02"), TimeRange("2017-01-01", "2027-01-01")
    measure("date, a day", lambda: search.find_times(connection, 1, day, after=BEGINNING, limit=61))
    measure("date, ten years", lambda: search.find_times(connection, 1, years, after=BEGINNING, limit=61))
    digest = (count // 2).to_bytes(32, "big")
    kind = DigestAlgorithm.SHA256
    measure("digest", lambda: search.find_digest(connection, 1, kind, digest, after=0, limit=61))


def _measure_counts(connection: Connection) -> None:
    measure("count: places of the case", lambda: cases.count_places(connection, 1), 2)
    measure("count: summary of the case", lambda: summary.summarise_case(connection, 1), 2)
    measure("count: months", lambda: search.count_months(connection, 1, search_index.TimeKind.FILE), 2)
    connection.execute(text("SELECT 1"))


def _measure_peers(folder: Path) -> None:
    with sqlite3.connect(folder / "site" / "varde.db") as database:
        database.execute("PRAGMA cache_size=-65536")
        start = time.perf_counter()
        database.execute("CREATE VIRTUAL TABLE temp.peer USING fts5(t, content='', tokenize='trigram', columnsize=0)")
        database.execute("INSERT INTO temp.peer(rowid, t) SELECT item_id, text FROM search_names")
        print(
            f"peer: FTS5 with trigrams over the names alone filled in {time.perf_counter() - start:.1f} s", flush=True
        )
        for words in ("zzzqqq", "_1000000.jpg", "jpg"):
            asked = f'"{words}"'
            query = "SELECT rowid FROM temp.peer WHERE peer MATCH ? ORDER BY rowid LIMIT 61"
            measure(
                f"peer: FTS5, {words}", lambda query=query, asked=asked: database.execute(query, (asked,)).fetchall()
            )
            query = "SELECT id FROM items WHERE locator LIKE ? ORDER BY id LIMIT 61"
            asked = f"%{words}%"
            measure(
                f"peer: LIKE, {words}", lambda query=query, asked=asked: database.execute(query, (asked,)).fetchall()
            )


def _measure_near(count: int) -> None:
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 256, (count, 32), np.uint8)
    asked = stored[[5]]

    def scan() -> None:
        for low in range(0, count, PIECE):
            list(find_near(stored[low : low + PIECE], asked, 31))

    measure(f"one hash against {count:,} stored ones", scan)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        run(Path(made), parser.parse_args().items)
