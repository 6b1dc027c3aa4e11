"""New contents against all known digests: the database's indexes or the exact table, filling it included.

Made-up entries with all three digests, put into SQLite beneath the site's own code; everything timed is that code.
Cold means that the kernel was told to forget the files before.

Usage: python benchmarks/known_digests.py [--entries N] [--contents N] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from varde.core.known import SetRole
from varde.pipeline.known_digests import find_candidates, open_known_digests
from varde.store import findings, known_sets, tables
from varde.store.known_sets import NewSet
from varde.store.site import Site, create_site, open_site

AT = datetime(2026, 11, 22, tzinfo=UTC)
AT_ONCE = 50_000
PORTION = 100_000
KNOWN_CONTENTS = 1_000
BYTES = 16 + 20 + 32


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=float, default=1e6)
    parser.add_argument("--contents", type=float, default=1e5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(Path(folder) / "site", int(arguments.entries), int(arguments.contents))


def measure(folder: Path, entries: int, contents: int) -> None:
    make_site(folder, entries, contents)
    print(
        f"{entries:,} entries, {contents:,} contents, {(folder / 'varde.db').stat().st_size / 1e9:.2f} GB", flush=True
    )
    for how in ("cold", "warm", "warm"):
        timed(f"database, {how}", folder, lambda site: join(site, entries, contents), cold=how == "cold")
    timed("table filled, cold", folder, lambda site: open_known_digests(site.database, site.indexes), cold=True)
    size = sum(path.stat().st_size for path in (folder / "indexes" / "known-digests").iterdir())
    print(f"table: {size / entries:.1f} bytes an entry", flush=True)
    for how in ("cold", "warm", "warm"):
        timed(f"table, {how}", folder, lambda site: look_up(site, entries, contents), cold=how == "cold")


def timed(what: str, folder: Path, step: Callable[[Site], object], *, cold: bool) -> None:
    gc.collect()
    if cold:
        forget(folder)
    site = open_site(folder)
    wall, cpu = time.perf_counter(), time.process_time()
    found = step(site)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = f", {found:,} found" if isinstance(found, int) else ""
    print(f"{what}: {wall:.2f} s ({cpu:.2f} s of CPU){told}", flush=True)
    del found
    with site.database.write() as connection:
        connection.execute(tables.findings.delete())
    site.close()


def forget(folder: Path) -> None:
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def join(site: Site, entries: int, contents: int) -> int:
    found = 0
    for first in range(1, contents + 1, AT_ONCE):
        with site.database.write() as connection:
            some = range(first, min(first + AT_ONCE, contents + 1))
            found += findings.match_digests(connection, some, range(1, entries + 1), AT)
    return found


def look_up(site: Site, entries: int, contents: int) -> int:
    table, found = open_known_digests(site.database, site.indexes), 0
    for first in range(1, contents + 1, AT_ONCE):
        some = range(first, min(first + AT_ONCE, contents + 1))
        with site.database.read() as connection:
            candidates = find_candidates(connection, table, some, entries)
        with site.database.write() as connection:
            found += findings.match_digests(connection, some, candidates, AT)
    return found


def make_site(folder: Path, entries: int, contents: int) -> None:
    site, _ = create_site(folder, name="benchmark", person="benchmark", at=AT)
    with site.database.write() as connection:
        new = NewSet("national", "1", "", SetRole.ALERT, "", "", "csv", "national.csv", None, "")
        set_id = known_sets.add_set(connection, new, person="benchmark", at=AT)
    site.close()
    random, known = np.random.default_rng(1), list[bytes]()
    with sqlite3.connect(folder / "varde.db") as connection:
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'ix_known_entries_%'")
        found = indexes.fetchall()
        for name, _ in found:
            connection.execute(f"DROP INDEX {name}")
        for first in range(1, entries + 1, PORTION):
            rows = make_digests(random, min(PORTION, entries + 1 - first))
            known += rows[: max(1, KNOWN_CONTENTS * PORTION // entries)]
            connection.executemany(
                "INSERT INTO known_entries (id, set_id, line, md5, sha1, sha256, series, source_id, mime)"
                " VALUES (?, ?, ?, ?, ?, ?, '', '', '')",
                ((id_, set_id, id_, row[:16], row[16:36], row[36:]) for id_, row in enumerate(rows, first)),
            )
        for _, sql in found:
            connection.execute(sql)
        rows = make_digests(random, contents)
        rows[:: max(1, contents // KNOWN_CONTENTS)] = known[:KNOWN_CONTENTS]
        connection.executemany(
            "INSERT INTO contents (id, md5, sha1, sha256, size_bytes, kind, mime, metadata)"
            " VALUES (?, ?, ?, ?, 1, 'picture', 'image/jpeg', '[]')",
            ((id_, row[:16], row[16:36], row[36:]) for id_, row in enumerate(rows, 1)),
        )
    connection.close()


def make_digests(random: np.random.Generator, count: int) -> list[bytes]:
    drawn = random.bytes(count * BYTES)
    return [drawn[at : at + BYTES] for at in range(0, len(drawn), BYTES)]


if __name__ == "__main__":
    main()
