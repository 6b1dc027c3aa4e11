"""Compares contents with known entries: every content with every entry, once for each operating point.

How far was compared is recorded together with the last of the matches, so that new entries meet old contents, new
contents meet all entries, and nothing is left out after an interruption. Searching holds no write lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from varde.core.finding import Match, OperatingPoint
from varde.hashing import pdq
from varde.known.perceptual import HashIndex
from varde.pipeline.known_index import POSITION_BITS, read_known_index
from varde.store import comparisons, findings
from varde.store.comparisons import Mark
from varde.store.database import PATIENCE_S, Database

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
    """Brings the matches of all contents with all known entries up to date and returns how many are new.

    Args:
        database: the site's.
        point: of the perceptual comparison.
        at: time to record with the matches.
    """
    with database.read() as connection:
        newest = comparisons.read_newest(connection)
    return MatchCount(_match_digests(database, newest, at), _match_hashes(database, point, newest, at))


def is_up_to_date(database: Database, point: OperatingPoint) -> bool:
    """Returns whether every content has been compared with every known entry."""
    with database.read() as connection:
        newest = comparisons.read_newest(connection)
        marks = [comparisons.read_mark(connection, each) for each in (findings.DIGEST_POINT, point)]
    return all(mark.content_id >= newest.content_id and mark.entry_id >= newest.entry_id for mark in marks)


def pdq_point(max_distance: int, min_quality: int) -> OperatingPoint:
    """Returns the operating point of PDQ comparison at the site's settings."""
    return OperatingPoint(pdq.METHOD, max_distance, min_quality)


def _match_digests(database: Database, newest: Mark, at: datetime) -> int:
    point, found = findings.DIGEST_POINT, 0
    with database.read() as connection:
        done = comparisons.read_mark(connection, point)
    for contents_in, entries_in, mark in _plan_digests(done, newest):
        with database.write(patience_s=PATIENCE_S) as connection:
            found += findings.match_digests(connection, contents_in, entries_in, at)
            comparisons.record_mark(connection, point, mark)
    return found


def _plan_digests(done: Mark, newest: Mark) -> Iterator[tuple[range, range, Mark]]:
    """Yields contents, entries and the mark once these are compared: new entries first, then new contents."""
    for first, last in _cut(done.entry_id, newest.entry_id):
        yield range(1, done.content_id + 1), range(first, last + 1), Mark(done.content_id, last)
    for first, last in _cut(done.content_id, newest.content_id):
        yield range(first, last + 1), range(1, newest.entry_id + 1), Mark(last, newest.entry_id)


def _cut(done: int, newest: int) -> Iterator[tuple[int, int]]:
    for first in range(done + 1, newest + 1, _DIGEST_RANGE):
        yield first, min(first + _DIGEST_RANGE - 1, newest)


def _match_hashes(database: Database, point: OperatingPoint, newest: Mark, at: datetime) -> int:
    with database.read() as connection:
        done = comparisons.read_mark(connection, point)
    found = 0
    if newest.entry_id > done.entry_id:
        index = read_known_index(database, point, after_entry=done.entry_id)
        step = Mark(done.content_id, newest.entry_id)
        found += _compare(database, index, point, 0, step, at, marks_steps=False)
        done = step
    if newest.content_id > done.content_id:
        index = read_known_index(database, point)
        found += _compare(database, index, point, done.content_id, newest, at, marks_steps=True)
    return found


def _compare(
    database: Database,
    index: HashIndex,
    point: OperatingPoint,
    after: int,
    goal: Mark,
    at: datetime,
    *,
    marks_steps: bool,
) -> int:
    """Records the matches of contents from one on, and how far it came: after each step, or once all is done."""
    found = 0
    while True:
        probes, up_to = _read_probes(database, point, after, goal.content_id)
        waiting: list[Match] = []
        for matches in _search(index, probes, point):
            waiting += matches
            if len(waiting) >= _MATCHES:  # all of them again after an interruption, which is harmless
                with database.write(patience_s=PATIENCE_S) as connection:
                    found += findings.record_matches(connection, waiting, at)
                waiting.clear()
        with database.write(patience_s=PATIENCE_S) as connection:
            found += findings.record_matches(connection, waiting, at)
            if marks_steps or up_to >= goal.content_id:
                comparisons.record_mark(connection, point, Mark(up_to, goal.entry_id))
        if up_to >= goal.content_id:
            return found
        after = up_to


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


def _search(index: HashIndex, probes: list[Probe], point: OperatingPoint) -> Iterator[list[Match]]:
    if not probes or not len(index):
        return
    values = np.frombuffer(b"".join(value for _, value, _ in probes), np.uint8).reshape(-1, 32)
    for rows, names, distances in index.search_batches(values, point.max_distance):
        yield [
            Match(probes[row][0], name >> POSITION_BITS, point, distance, probes[row][2])
            for row, name, distance in zip(rows.tolist(), names.tolist(), distances.tolist(), strict=True)
        ]
