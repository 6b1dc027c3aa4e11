"""Times a retro-hunt of a whole site: 10,000 new entries over 10,000,000 stored item hashes, as `varde hunt` makes it.

The column of probes is filled with made-up hashes at once, and how fast it is filled from the database is timed with
fewer; everything after that is the site's own code, with SQLite.

Usage: ``python benchmarks/retro_hunt_site.py [PROBES]``
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from varde.core.known import KnownEntry, SetRole
from varde.known.probe_column import ProbeColumn, Probes
from varde.pipeline.matching import describe_matching, match_all
from varde.pipeline.site_indexes import open_probes
from varde.store import comparisons, known_sets, tables
from varde.store.comparisons import Mark
from varde.store.findings import DIGEST_POINT
from varde.store.known_sets import NewSet
from varde.store.site import Site, create_site

AT = datetime(2026, 11, 22, tzinfo=UTC)
ENTRIES = 10_000
SYNCED = 200_000
PLANTED = 100


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    random = np.random.default_rng(1)
    known = make_hashes(random, ENTRIES)
    with tempfile.TemporaryDirectory() as folder:
        site, _ = create_site(Path(folder) / "site", name="benchmark", person="benchmark", at=AT)
        fill_s = measure_filling(site, random)
        planted = plant(site, random, known, count)
        with site.database.write() as connection:
            for point in (DIGEST_POINT, describe_matching(site).point):
                comparisons.record_mark(connection, point, Mark(count, 0))
            new = NewSet("new", "1", "", SetRole.ALERT, "", "", "csv", "new.csv", None, "")
            set_id = known_sets.add_set(connection, new, person="benchmark", at=AT)
            entries = (KnownEntry(line, pdq=((value.tobytes(), 100, None),)) for line, value in enumerate(known, 1))
            known_sets.add_entries(connection, set_id, entries, lambda _: None)
        for run in range(3):
            started, used = time.perf_counter(), time.process_time()
            found = match_all(site, AT).perceptual
            wall_s, cpu_s = time.perf_counter() - started, time.process_time() - used
            print(f"run {run + 1}: {wall_s:.1f} s ({cpu_s:.1f} s of CPU), {found} new matches of {planted} planted")
            with site.database.write() as connection:
                connection.execute(tables.findings.delete())
                comparisons.record_mark(connection, describe_matching(site).point, Mark(count, 0))
        print(f"filling the column from the database: {SYNCED / fill_s:,.0f} hashes/s")
        site.close()


def make_hashes(random: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Returns hashes of which half the bits are set, nearly, as pictures have."""
    half = random.integers(0, 256, (count, 16), np.uint8)
    return np.concatenate([half, ~half[:, ::-1]], axis=1)


def measure_filling(site: Site, random: np.random.Generator) -> float:
    """Returns the seconds it takes to fill the column with the hashes of as many contents as are timed."""
    with site.database.write() as connection:
        for first in range(1, SYNCED + 1, 10_000):
            values = make_hashes(random, 10_000)
            rows = [content_row(number) for number in range(first, first + 10_000)]
            connection.execute(insert(tables.contents), rows)
            signals = [signal_row(first + at, value.tobytes()) for at, value in enumerate(values)]
            connection.execute(insert(tables.signals), signals)
    started = time.perf_counter()
    column = open_probes(site.database, site.indexes, describe_matching(site).point, SYNCED)
    spent = time.perf_counter() - started
    assert len(column) == SYNCED
    return spent


def plant(site: Site, random: np.random.Generator, known: NDArray[np.uint8], count: int) -> int:
    """Fills the column up to `count` probes, some of them 1 to 31 bits from a known hash, and returns how many."""
    place = next(path for path in site.indexes.iterdir() if path.name.startswith("contents-") and path.is_dir())
    column, step, planted = ProbeColumn(place), 1_000_000, 0
    for first in range(SYNCED + 1, count + 1, step):
        size = min(step, count + 1 - first)
        hashes, rows = make_hashes(random, size), []
        for at in range(0, size, max(1, size * 10 // PLANTED)):
            bits = np.unpackbits(known[random.integers(ENTRIES)])
            bits[random.choice(256, 1 + planted % 31, replace=False)] ^= 1
            hashes[at] = np.packbits(bits)
            rows.append(content_row(first + at))
            planted += 1
        ids = np.arange(first, first + size)
        column.append(Probes(ids, np.zeros(size, np.int32), np.zeros(size, np.uint8), hashes))
        with site.database.write() as connection:
            connection.execute(insert(tables.contents), rows)
            connection.execute(
                insert(tables.signals), [signal_row(row["id"], hashes[row["id"] - first].tobytes()) for row in rows]
            )
    with site.database.write() as connection:
        connection.execute(insert(tables.contents), [content_row(count)])
    return planted


def content_row(number: int) -> dict[str, object]:
    digest = number.to_bytes(32, "big")
    fixed = {"size_bytes": 1, "kind": "picture", "mime": "image/jpeg", "metadata": []}
    return {"id": number, "sha256": digest, "sha1": digest[12:], "md5": digest[16:], **fixed}


def signal_row(content_id: int, value: bytes) -> dict[str, object]:
    return {
        "content_id": content_id, "method": "pdq", "version": "1", "position": 0, "quality": 100, "value": value,
    }  # fmt: skip


if __name__ == "__main__":
    main()
