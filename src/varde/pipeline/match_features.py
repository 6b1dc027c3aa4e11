"""Compares local features: finds known pictures inside a content, whatever was cropped, covered or put around them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from varde.core.finding import OperatingPoint
from varde.core.signal import LocalFeatures
from varde.hashing.local_features import METHOD, MIN_POINTS
from varde.hashing.local_points import Points, read_points
from varde.known.alignment import MIN_PARTS_IF_SPREAD, Alignment, Verdict, align
from varde.known.local_index import LocalIndex
from varde.known.local_view import View
from varde.pipeline.known_index import LAST_POSITION, POSITION_BITS, name_hash
from varde.pipeline.site_indexes import prepare
from varde.store import comparisons
from varde.store.database import Database
from varde.store.local_features import get_known_features, list_known_features

POINT: Final = OperatingPoint(METHOD, round(100 * (1 - MIN_PARTS_IF_SPREAD)), MIN_POINTS)
"""Distance: the share of the overlap's parts whose pixels disagree, in percent. Quality: number of points."""


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A known picture that was laid over a content.

    Attributes:
        entry_id: row number of the known entry.
        verdict: a copy, or a lead to the same place, which is no match.
        distance: in percent, see `POINT`; smaller is closer.
        offset_s, known_offset_s: time of the frame of the content, of the known video; None for pictures.
        alignment: where it lies.
    """

    entry_id: int
    verdict: Verdict
    distance: int
    offset_s: float | None
    known_offset_s: float | None
    alignment: Alignment

    def details(self) -> dict[str, object]:
        """Returns the facts for `varde.core.finding.Match.details`, in plain words and numbers."""
        pixels = self.alignment.pixels
        facts: dict[str, object] = {
            "inliers": len(self.alignment.inliers),
            "agreement": round(pixels.agreement, 3),
            "overlap": round(pixels.overlap, 3),
            "matrix": [[round(float(value), 4) for value in row] for row in self.alignment.matrix],
        }
        if self.alignment.view is not View.PLAIN:
            facts["variant"] = self.alignment.view.value
        if self.known_offset_s is not None:
            facts["known_offset_s"] = round(self.known_offset_s, 2)
        return facts


class FeatureMatcher:
    """The local features of all known pictures of a site, ready to be searched by any number of threads."""

    def __init__(self, database: Database, folder: Path, *, after_entry: int = 0) -> None:
        """Opens the index and brings it up to date with the database.

        Args:
            database: the site's.
            folder: where the site's indexes lie; an empty one where entries are left out.
            after_entry: only entries after this row are in it.

        Raises:
            SiteBusy: if another process is filling it for long.
        """
        self._database = database
        self._lock = threading.Lock()
        self._index = open_local_index(database, folder, after_entry=after_entry)
        self.is_empty = not len(self._index)
        """Whether no known set has local features: then there is nothing to compare with."""

    def find(self, features: Sequence[LocalFeatures]) -> list[FoundPicture]:
        """Returns the known pictures that lie in a content, and leads to the same place; the best of each entry.

        Args:
            features: of a picture, or of some frames of a video.
        """
        best: dict[tuple[int, Verdict], FoundPicture] = {}
        for one in features:
            for found in self._find(one):
                key = (found.entry_id, found.verdict)
                if key not in best or _rank(found) < _rank(best[key]):
                    best[key] = found
        copies = {entry_id for entry_id, verdict in best if verdict is Verdict.COPY}
        kept = [one for one in best.values() if one.verdict is Verdict.COPY or one.entry_id not in copies]
        return sorted(kept, key=_rank)

    def find_frames(self, features: Sequence[LocalFeatures]) -> Iterator[FoundPicture]:
        """Yields every known picture or frame that lies in any frame: several of one video, for their times."""
        for one in features:
            yield from self._find(one)

    def _find(self, features: LocalFeatures) -> Iterator[FoundPicture]:
        query = read_points(features.data)
        with self._lock:
            candidates = self._index.search(query)
        names = {each.known_id: (each.known_id >> POSITION_BITS, each.known_id & LAST_POSITION) for each in candidates}
        with self._database.read() as connection:
            known = get_known_features(connection, set(names.values()))
        for candidate in candidates:
            there = known.get(names[candidate.known_id])
            alignment = align(query, read_points(there.data), candidate.view) if there else None
            if there and alignment:
                entry_id = names[candidate.known_id][0]
                distance = round(100 * (1 - alignment.pixels.parts))
                yield FoundPicture(entry_id, alignment.verdict, distance, features.offset_s, there.offset_s, alignment)


def open_local_index(database: Database, folder: Path, *, after_entry: int = 0) -> LocalIndex:
    """Returns the index of all known local features, up to date with the database.

    Args:
        database: the site's.
        folder: where the site's indexes lie; an empty one where entries are left out.
        after_entry: only entries after this row are in it.

    Raises:
        SiteBusy: if another process is filling it for long.
    """
    place = folder / f"known-{METHOD.name}-{METHOD.version}"
    index = LocalIndex(place)
    with database.read() as connection:
        newest = comparisons.read_newest(connection).entry_id
        last = prepare(connection, index, place, name_hash(newest, LAST_POSITION))
        index.append(_read_known(connection, max(last, name_hash(after_entry, LAST_POSITION))))
    return index


def _read_known(connection: Connection, last: int) -> Iterator[tuple[int, Points]]:
    for entry_id, position, data in list_known_features(connection, (last >> POSITION_BITS, last & LAST_POSITION)):
        yield name_hash(entry_id, position), read_points(data)


def _rank(found: FoundPicture) -> tuple[bool, int, int]:
    return found.verdict is not Verdict.COPY, found.distance, -len(found.alignment.inliers)
