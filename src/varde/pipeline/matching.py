"""Compares contents with known sets: every content with every set, once for each operating point.

How far each set has been compared is recorded together with the last of its matches, so that new contents meet old
sets, new sets meet old contents, and nothing is left out after an interruption. Searching holds no write lock.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from varde.core.finding import Match, OperatingPoint
from varde.hashing import pdq
from varde.known.perceptual import HashIndex
from varde.store import findings, known_sets
from varde.store.database import PATIENCE_S, Database
from varde.store.known_sets import KnownSet

_PROBES = 20_000
"""Hashes searched for in one step: a long video has thousands, so contents are no measure of memory."""

_MATCHES = 100_000
_DIGEST_RANGE = 50_000

Probe = tuple[int, bytes, float | None]
"""Row number of a content, one of its hashes, and its offset in seconds."""


@dataclass(frozen=True, slots=True)
class MatchCount:
    """New matches of one run."""

    by_digest: int = 0
    perceptual: int = 0

    def __add__(self, other: MatchCount) -> MatchCount:
        """Returns the sums."""
        return MatchCount(self.by_digest + other.by_digest, self.perceptual + other.perceptual)


def match_all(database: Database, point: OperatingPoint, at: datetime) -> MatchCount:
    """Brings the matches of every known set up to date and returns how many are new.

    Args:
        database: the site's.
        point: of the perceptual comparison.
        at: time to record with the matches.
    """
    with database.read() as connection:
        sets = known_sets.list_sets(connection)
        newest = findings.highest_content(connection)
    counts = MatchCount()
    for known_set in sets:
        counts += MatchCount(_match_digests(database, known_set, newest, at))
        counts += MatchCount(0, _match_hashes(database, known_set, point, newest, at))
    return counts


def is_up_to_date(database: Database, point: OperatingPoint) -> bool:
    """Returns whether every content has been compared with every known set."""
    with database.read() as connection:
        newest = findings.highest_content(connection)
        return all(
            findings.compared_up_to(connection, known_set.set_id, each) >= newest
            for known_set in known_sets.list_sets(connection)
            for each in (findings.DIGEST_POINT, point)
        )


def pdq_point(max_distance: int, min_quality: int) -> OperatingPoint:
    """Returns the operating point of PDQ comparison at the site's settings."""
    return OperatingPoint(pdq.METHOD, max_distance, min_quality)


def _match_digests(database: Database, known_set: KnownSet, newest: int, at: datetime) -> int:
    found = 0
    with database.read() as connection:
        done = findings.compared_up_to(connection, known_set.set_id, findings.DIGEST_POINT)
    while done < newest:
        up_to = min(done + _DIGEST_RANGE, newest)
        with database.write(patience_s=PATIENCE_S) as connection:
            found += findings.match_digests(connection, known_set.set_id, done, up_to, at)
            findings.record_compared(connection, known_set.set_id, findings.DIGEST_POINT, up_to)
        done = up_to
    return found


def _match_hashes(database: Database, known_set: KnownSet, point: OperatingPoint, newest: int, at: datetime) -> int:
    with database.read() as connection:
        done = findings.compared_up_to(connection, known_set.set_id, point)
    if done >= newest:
        return 0
    index = _read_index(database, known_set, point)
    found = 0
    while done < newest:
        probes, up_to = _read_probes(database, point, done, newest)
        waiting: list[Match] = []
        for matches in _search(index, probes, point):
            waiting += matches
            if len(waiting) >= _MATCHES:  # all of them again after an interruption, which is harmless
                with database.write(patience_s=PATIENCE_S) as connection:
                    found += findings.record_matches(connection, waiting, at)
                waiting.clear()
        with database.write(patience_s=PATIENCE_S) as connection:
            found += findings.record_matches(connection, waiting, at)
            findings.record_compared(connection, known_set.set_id, point, up_to)
        done = up_to
    return found


def _read_probes(database: Database, point: OperatingPoint, after: int, newest: int) -> tuple[list[Probe], int]:
    """Returns the hashes of the next contents, about `_PROBES` of them, and the last of these contents."""
    words = (point.method.name, point.min_quality, after)
    with database.read() as connection:
        probes = list(findings.list_content_hashes(connection, *words, newest, _PROBES))
        if len(probes) < _PROBES:
            return probes, newest
        last = probes[-1][0]
        whole = [probe for probe in probes if probe[0] != last]
        if whole:
            return whole, whole[-1][0]
        return list(findings.list_content_hashes(connection, *words, last)), last


def _read_index(database: Database, known_set: KnownSet, point: OperatingPoint) -> HashIndex:
    ids = array("q")
    values = bytearray()
    with database.read() as connection:
        for entry_id, value in known_sets.list_hashes(
            connection, known_set.set_id, point.method.name, point.min_quality
        ):
            ids.append(entry_id)
            values += value
    return HashIndex(np.frombuffer(bytes(values), np.uint8).reshape(-1, 32), np.frombuffer(ids, np.int64))


def _search(index: HashIndex, probes: list[Probe], point: OperatingPoint) -> Iterator[list[Match]]:
    if not probes or not len(index):
        return
    values = np.frombuffer(b"".join(value for _, value, _ in probes), np.uint8).reshape(-1, 32)
    for rows, entries, distances in index.search_batches(values, point.max_distance):
        yield [
            Match(probes[row][0], entry, point, distance, probes[row][2])
            for row, entry, distance in zip(rows.tolist(), entries.tolist(), distances.tolist(), strict=True)
        ]
