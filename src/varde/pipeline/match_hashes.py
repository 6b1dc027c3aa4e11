"""Compares perceptual hashes: new entries with earlier contents, then new contents with all entries.

A step is the probes of some contents. All of its matches, the floods they make and how far the comparison came are
recorded in one transaction at its end, so that an interruption repeats a step and never counts twice. A step that
matches very much records in between; what is only counted waits for the end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.finding import Match, OperatingPoint
from varde.hashing.variants import VARIANTS
from varde.known.perceptual import Found, HashIndex
from varde.known.probe_column import ProbeColumn, Probes
from varde.pipeline.judge_videos import judge
from varde.pipeline.known_index import POSITION_BITS
from varde.pipeline.probes import read_probes
from varde.pipeline.site_indexes import (
    drop_stale_probes,
    open_known_hashes,
    open_probes,
    read_hashes_of,
    read_new_hashes,
)
from varde.store import comparisons, findings, floods, known_hashes, known_history
from varde.store.comparisons import Mark
from varde.store.database import PATIENCE_S, Database
from varde.store.findings import choose_closest
from varde.store.suppression import suppress_in

_MATCHES = 200_000
"""Matches held in memory before they are recorded."""

_FEW_HASHES = 65_536
"""With up to so many new hashes all earlier probes are scanned; with more, each is searched in the site's index."""


class Searched(Protocol):
    """An index of known hashes."""

    def search_batches(self, probes: NDArray[np.uint8], max_distance: int) -> Iterator[Found]:
        """Yields (probe, id, distance) within the distance, in pieces of bounded size."""


@dataclass(frozen=True, slots=True)
class HashMatching:
    """How perceptual hashes are compared.

    Attributes:
        point: method, largest distance and least quality.
        flood_limit: most contents that one entry may match before further ones are only counted.
        folder: where the site's indexes lie.
    """

    point: OperatingPoint
    flood_limit: int
    folder: Path


@dataclass(slots=True)
class HashCount:
    """What one run of comparing hashes found.

    Attributes:
        new: matches recorded that were not there.
        flooded: matches that were only counted.
        degenerate: hashes of contents that say too little to be compared by distance.
    """

    new: int = 0
    flooded: int = 0
    degenerate: int = 0


def match_hashes(database: Database, matching: HashMatching, newest: Mark, at: datetime) -> HashCount:
    """Brings perceptual matches up to date with the newest content and entry, and returns what was found."""
    point, count = matching.point, HashCount()
    with database.read() as connection:
        done = comparisons.read_mark(connection, point)
    if done.entry_id >= newest.entry_id and done.content_id >= newest.content_id:
        return count
    drop_stale_probes(matching.folder, point, done.content_id)
    compare = _Comparison(database, matching, at, count)
    if done.entry_id < newest.entry_id:
        _compare_new_entries(compare, done, newest)
    if done.content_id < newest.content_id:
        index = open_known_hashes(database, matching.folder, point)
        compare.run(index, done.content_id, newest, marks_steps=True)
        open_probes(database, matching.folder, point, newest.content_id)  # so that the next hunt need not wait for it
    return count


def match_entries(database: Database, matching: HashMatching, entry_ids: set[int], at: datetime) -> HashCount:
    """Compares some entries with all contents compared so far once more, and returns what was found.

    Meant for entries that were released from quarantine; call it while holding the processing lock.
    """
    with database.read() as connection:
        done = comparisons.read_mark(connection, matching.point)
        index = read_hashes_of(connection, matching.point, entry_ids)
    compare = _Comparison(database, matching, at, HashCount())
    drop_stale_probes(matching.folder, matching.point, done.content_id)
    compare.scan(open_probes(database, matching.folder, matching.point, done.content_id), index, None)
    return compare.count


def _compare_new_entries(compare: _Comparison, done: Mark, newest: Mark) -> None:
    """Compares the entries that came since with the contents compared so far: few by a scan, many by the index."""
    database, point, folder = compare.database, compare.matching.point, compare.matching.folder
    goal = Mark(done.content_id, newest.entry_id)
    with database.read() as connection:
        new = known_hashes.count_hashes(connection, point.method.name, point.min_quality, done.entry_id)
        few = read_new_hashes(connection, point, done.entry_id) if done.content_id and 0 < new <= _FEW_HASHES else None
    if few is not None:
        compare.scan(open_probes(database, folder, point, done.content_id), few, goal)
    elif done.content_id and new:
        index = open_known_hashes(database, folder, point)
        compare.run(index, 0, goal, after_entry=done.entry_id)
    else:
        compare.finish(goal)


@dataclass(slots=True)
class _Held:
    """What waits to be recorded.

    Attributes:
        matches: found and not recorded yet.
        left: contents of the step under way whose match with an entry, by a method, is only counted.
        counted: how many such contents each entry has in earlier steps.
    """

    matches: list[Match] = field(default_factory=list)
    left: defaultdict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)

    def end_step(self) -> None:
        """Adds up what was left of a step: no content comes again in a later one."""
        for key, contents in self.left.items():
            self.counted[key] += len(contents)
        self.left.clear()


class _Comparison:
    """A comparison of contents in steps."""

    def __init__(self, database: Database, matching: HashMatching, at: datetime, count: HashCount) -> None:
        self.database = database
        self.matching = matching
        self.count = count
        self._at = at
        self._held = _Held()

    def run(self, index: Searched, after: int, goal: Mark, *, after_entry: int = 0, marks_steps: bool = False) -> None:
        """Compares the contents after a row number with an index, read from the database step by step.

        Args:
            index: of known hashes.
            after: row number of the content before the first.
            goal: the last content; and the last entry, for the mark.
            after_entry: entries up to this row number are left out.
            marks_steps: whether each step is recorded by itself, as it may where the index holds all entries; otherwise
                only the whole is.
        """
        up_to = after
        while up_to < goal.content_id:
            read = read_probes(self.database, self.matching.point, up_to, goal.content_id)
            up_to = read.up_to
            self.count.degenerate += read.degenerate
            for matches in self._search(index, read.probes, after_entry):
                self._held.matches += matches
                if len(self._held.matches) >= _MATCHES:
                    self._record(None)
            if marks_steps:
                self._record(Mark(up_to, goal.entry_id))
            elif not self._held.matches:
                self._held.end_step()
        if not marks_steps:
            self.finish(goal)

    def scan(self, column: ProbeColumn, index: HashIndex, goal: Mark | None) -> None:
        """Compares all stored probes with a few entries.

        Args:
            column: of probes, complete up to the goal's content at least.
            index: of the entries, in memory.
            goal: what to mark once all is done; None marks nothing.
        """
        held, point = self._held, self.matching.point
        for found in column.scan(index, point.max_distance):
            held.matches += _make_matches(found.probes, point, found.ids, found.distances)
            if len(held.matches) >= _MATCHES and len(found.probes):
                # The last content may go on in the next piece.
                last = int(found.probes.content_ids.max())
                going_on = [match for match in held.matches if match.content_id >= last]
                held.matches = [match for match in held.matches if match.content_id < last]
                self._record(None)
                held.end_step()
                held.matches = going_on
        self.finish(goal)

    def finish(self, goal: Mark | None) -> None:
        """Records what is left and, where there is one, the mark."""
        self._record(goal, is_end=True)

    def _search(self, index: Searched, probes: Probes, after_entry: int) -> Iterator[list[Match]]:
        if not len(probes):
            return
        point = self.matching.point
        for rows, names, distances in index.search_batches(probes.hashes, point.max_distance):
            new = names >> POSITION_BITS > after_entry
            yield list(_make_matches(probes[rows[new]], point, names[new], distances[new]))

    def _record(self, mark: Mark | None, *, is_end: bool = False) -> None:
        held = self._held
        if not (held.matches or mark or is_end):
            return
        with self.database.write(patience_s=PATIENCE_S) as connection:
            self._record_matches(connection)
            if mark or is_end:
                held.end_step()
                for (family, entry_id), count in held.counted.items():
                    floods.count_flooded(connection, family, {entry_id: count}, self._at)
            if mark:
                comparisons.record_mark(connection, self.matching.point, mark)
        if mark or is_end:
            self.count.flooded += held.counted.total()
            held.counted.clear()

    def _record_matches(self, connection: Connection) -> None:
        held, limit = self._held, self.matching.flood_limit
        superseded = known_history.find_superseded(connection, {match.entry_id for match in held.matches})
        closest = choose_closest(match for match in held.matches if match.entry_id not in superseded)
        judged = judge(connection, closest, self.matching.point)
        by_family: defaultdict[str, list[Match]] = defaultdict(list)
        for match in judged:
            by_family[match.point.method.name].append(match)
        for family, found in by_family.items():
            kept, left = floods.keep_within(connection, family, found, limit)
            self.count.new += findings.record_matches(connection, kept, self._at)
            for entry_id, contents in left.items():
                held.left[family, entry_id].update(contents)
            suppress_in(connection, [match.content_id for match in kept])
        held.matches.clear()


def _make_matches(
    probes: Probes, point: OperatingPoint, names: NDArray[np.int64], distances: NDArray[np.int64]
) -> Iterator[Match]:
    """Yields the matches of probes with known hashes, row by row."""
    columns = (probes.content_ids, probes.codes, names >> POSITION_BITS, distances)
    for content_id, code, entry_id, distance in zip(*(column.tolist() for column in columns), strict=True):
        yield Match(content_id, entry_id, point, distance, None, {"variant": VARIANTS[code]} if code else {})
