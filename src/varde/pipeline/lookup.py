"""Looks contents and hashes up in all known sets of a site, without recording anything.

One `Lookup` may be shared by threads: the index is replaced as a whole when the site's known sets change, and whether
an entry counts is asked of the database for every answer.
"""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.digest import DigestAlgorithm, Digests
from varde.core.finding import OperatingPoint
from varde.core.known import EntryState
from varde.known.perceptual import HashIndex, PerceptualIndex, is_degenerate
from varde.known.perceptual_table import Found, order_found
from varde.pipeline.known_index import POSITION_BITS
from varde.pipeline.match_features import FeatureMatcher
from varde.pipeline.site_indexes import open_known_hashes, read_new_hashes
from varde.store import known_hashes
from varde.store.entry_facts import EntryFacts, find_by_digest, find_by_digests, load_entry_facts
from varde.store.findings import DIGEST_POINT
from varde.store.site import Site


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A known entry within the operating point of what was looked up.

    Attributes:
        entry: with its set and state: a withdrawn entry is never among the answers, a disputed one says so.
        method: digest that agreed (``sha256`` ...), or the name of the perceptual method.
        distance: smaller is closer; 0 for digests.
        details: how it matched, see `varde.core.finding.Match`.
    """

    entry: EntryFacts
    method: str
    point: OperatingPoint
    distance: int
    details: dict[str, object] = field(default_factory=dict)


class Lookup:
    """The known sets of a site, ready to be asked."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._features: tuple[int, FeatureMatcher] | None = None
        self._indexes: dict[OperatingPoint, tuple[int, HashIndex | PerceptualIndex]] = {}

    def find_digest(self, algorithm: DigestAlgorithm, digest: bytes) -> list[KnownMatch]:
        """Returns the entries with that digest."""
        with self._site.database.read() as connection:
            found = find_by_digest(connection, algorithm, digest)
        return [KnownMatch(entry, algorithm.value, DIGEST_POINT, 0) for entry in found if counts(entry)]

    def find_digests(self, digests: Digests) -> list[KnownMatch]:
        """Returns the entries of which a digest is equal and none differs; an empty file matches nothing."""
        if not digests.size_bytes:
            return []
        with self._site.database.read() as connection:
            found = find_by_digests(connection, digests.md5, digests.sha1, digests.sha256)
        return [KnownMatch(entry, name, DIGEST_POINT, 0) for name, entry in found if counts(entry)]

    def find_hashes(self, values: NDArray[np.uint8], point: OperatingPoint) -> list[list[KnownMatch]]:
        """Returns, for each hash, the entries within the operating point's distance, the closest first.

        Args:
            values: (M, 32) uint8.
            point: of the comparison; its least quality applies to the known side here.
        """
        rows, ids, distances = self.search(values, point)
        with self._site.database.read() as connection:
            facts = load_entry_facts(connection, (ids >> POSITION_BITS).tolist())
        found: list[dict[int, KnownMatch]] = [{} for _ in values]
        for row, hash_id, distance in zip(rows.tolist(), ids.tolist(), distances.tolist(), strict=True):
            entry = facts.get(hash_id >> POSITION_BITS)
            if entry and counts(entry):
                found[row].setdefault(entry.entry_id, KnownMatch(entry, point.method.name, point, distance))
        return [list(matches.values()) for matches in found]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yields a read transaction on the site's database."""
        with self._site.database.read() as connection:
            yield connection

    def load_facts(self, entry_ids: Iterable[int]) -> dict[int, EntryFacts]:
        """Returns what entries are, by row number."""
        with self._site.database.read() as connection:
            return load_entry_facts(connection, entry_ids)

    @property
    def features(self) -> FeatureMatcher:
        """The local features of all known pictures, brought up to date when entries have come since."""
        with self._site.database.read() as connection:
            newest = known_hashes.highest_entry(connection)
        with self._lock:
            if self._features is None or self._features[0] != newest:
                self._features = (newest, self._open_features())
            return self._features[1]

    def _open_features(self) -> FeatureMatcher:
        """Returns the matcher; where the site can only be read and its index is not complete, over one of its own."""
        try:
            return FeatureMatcher(self._site.database, self._site.indexes)
        except OSError:
            if os.access(self._site.folder, os.W_OK):
                raise
        private = mkdtemp(prefix="varde-index-")  # only this user can look into it
        weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
        return FeatureMatcher(self._site.database, Path(private))

    def search(self, values: NDArray[np.uint8], point: OperatingPoint) -> Found:
        """Returns (row, id, distance) of every known hash within the distance, whatever its entry's state."""
        kept = np.flatnonzero(~is_degenerate(values))
        with self._lock:  # only for opening: the search itself goes on beside others
            pieces = self._open_index(point).search_batches(values[kept], point.max_distance)
        rows, ids, distances = order_found(pieces)
        return kept[rows], ids, distances

    def _open_index(self, point: OperatingPoint) -> HashIndex | PerceptualIndex:
        """Returns the index of all known hashes, brought up to date when entries have come since."""
        with self._site.database.read() as connection:
            newest = known_hashes.highest_entry(connection)
        up_to, index = self._indexes.get(point, (-1, None))
        if index is None or up_to != newest:
            index = self._read_index(point)
            self._indexes[point] = (newest, index)
        return index

    def _read_index(self, point: OperatingPoint) -> HashIndex | PerceptualIndex:
        if os.access(self._site.folder, os.W_OK):
            return open_known_hashes(self._site.database, self._site.indexes, point)
        with self._site.database.read() as connection:
            return read_new_hashes(connection, point, after_entry=0)


def counts(entry: EntryFacts) -> bool:
    """Returns whether a match with an entry is a finding now."""
    return entry.state is not EntryState.WITHDRAWN
