"""The index of the fingerprints of one sensor size: their signs on disk, searched where they lie by XOR and popcount.

A family is what can be compared pixel by pixel: fingerprints of one kind and one size. Each family is a folder of
immutable, memory-mapped segments. A segment holds, for each of its fingerprints, the row number in the database, the
SHA-256 of the fingerprint's file and the signs; it is rewritten when one of its fingerprints is dropped, so that no
byte of that is left, and has a bounded size, which bounds what this costs. Everything in it can be made again from the
files. A kill at any moment leaves it as it was before or after a change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import Words, count_words, scan_signs
from varde.camera.geometry import Orientation
from varde.camera.turned_signs import SignQuery, WeightedSigns
from varde.core.errors import WrongUse
from varde.segments.container import Facts, Pieces, Segment, check_array
from varde.segments.folder import FolderWriter, Listed, SegmentFolder, Staged
from varde.segments.merging import OpenTables

KIND: Final = "fingerprints"
VERSION: Final = 1

SEGMENT_BYTES: Final = 256 << 20
"""About how large a segment may be: every open one takes a file descriptor."""

_BATCH_BYTES: Final = 32 << 20
_SPARE: Final = 8

Ids = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Signed:
    """A fingerprint as it is added.

    Attributes:
        fingerprint_id: its row number.
        sha256: of its file, 32 bytes.
        signs: (W,) uint64 from `varde.camera.bits.pack_signs`.
    """

    fingerprint_id: int
    sha256: bytes
    signs: Words


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a scan gave for one fingerprint.

    Attributes:
        fingerprint_id: its row number.
        z: by how many standard deviations the signs agree more than by chance, at the best turn; larger is closer.
        orientation: that turn.
    """

    fingerprint_id: int
    z: float
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of a family gave.

    Attributes:
        ranked: those that agree best, best first.
        searched: how many fingerprints were compared.
        turns: in how many turns and mirrors each.
    """

    ranked: tuple[Ranked, ...]
    searched: int
    turns: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """An open segment."""

    name: str
    ids: Ids
    digests: NDArray[np.uint8]
    signs: Words


class FingerprintIndex:
    """The fingerprints of one family; one process writes at a time, any number search meanwhile."""

    def __init__(self, folder: Path, size_px: tuple[int, int]) -> None:
        """Names the folder, which need not exist; nothing is read until it is used.

        Args:
            folder: of this family alone.
            size_px: (rows, columns) of its sensors.
        """
        self._size = size_px
        self._words = count_words(size_px[0] * size_px[1])
        self._segments = SegmentFolder(folder, KIND, VERSION, self._check)
        self._tables = OpenTables(self._segments, self._read)

    def list_held(self) -> dict[int, bytes]:
        """Returns the row numbers of the fingerprints it holds, and the SHA-256 of each one's file.

        Raises:
            IntegrityFailure: if a segment is damaged or missing.
            WrongUse: if the folder is of another kind or version.
        """
        held: dict[int, bytes] = {}
        for rows in self._tables.refresh():
            held |= {int(number): bytes(digest) for number, digest in zip(rows.ids, rows.digests, strict=True)}
        return held

    def append(self, fingerprints: Iterable[Signed]) -> int:
        """Adds fingerprints that it does not hold yet, and returns how many; they count segment by segment.

        Raises:
            WrongUse: if signs are not of this size.
            SiteBusy: if another process is writing for long.
            IntegrityFailure: if a segment to be merged is damaged.
        """
        added = 0
        waiting: list[Signed] = []
        for each in fingerprints:
            if each.signs.shape != (self._words,) or len(each.sha256) != 32:
                raise WrongUse(f"signs of {each.signs.shape} words are not those of {self._size} pixels")
            waiting.append(each)
            if len(waiting) * 8 * self._words >= _BATCH_BYTES:
                added += self._add(waiting)
                waiting = []
        return added + (self._add(waiting) if waiting else 0)

    def drop(self, fingerprint_ids: Collection[int]) -> int:
        """Removes every byte of these fingerprints, and returns how many there were.

        Raises:
            SiteBusy, IntegrityFailure, WrongUse: as `append`.
        """
        gone = np.array(sorted(fingerprint_ids), np.uint64)
        dropped = 0
        with self._segments.writer() as writer:
            for rows in self._tables.refresh():
                kept = ~np.isin(rows.ids, gone)
                if not kept.all():
                    dropped += int((~kept).sum())
                    staged = [self._stage([(rows, np.flatnonzero(kept))])] if kept.any() else []
                    writer.commit(staged, [rows.name])
        return dropped

    def scan(self, query: SignQuery, most: int) -> Scanned:
        """Returns the fingerprints that agree best; every one is compared, in every turn of the query that fits.

        Eight times as many as are wanted are then compared again with the query's pixels weighted.

        Args:
            query: of any size; where no turn of it has this index's size, nothing is compared.
            most: how many to return.

        Raises:
            IntegrityFailure, WrongUse: as `list_held`.
        """
        turned = query.turn_to(self._size)
        opened = self._tables.refresh()
        if not turned.orientations or not opened:
            return Scanned((), 0, len(turned.orientations))
        z = np.concatenate([scan_signs(rows.signs, turned.signs, turned.within) for rows in opened])
        places = [(rows, at) for rows in opened for at in range(len(rows.ids))]
        best, weighted = z.max(axis=1), dict[int, WeightedSigns]()
        found = []
        for at in np.argsort(-best, kind="stable")[: _SPARE * most]:
            turn, (rows, row) = int(z[at].argmax()), places[at]
            if turn not in weighted:
                weighted[turn] = query.weigh(turned.orientations[turn])
            refined = weighted[turn].compute_z(rows.signs[row])
            found.append(Ranked(int(rows.ids[row]), refined, turned.orientations[turn]))
        found.sort(key=lambda each: (-each.z, each.fingerprint_id))
        return Scanned(tuple(found[:most]), len(places), len(turned.orientations))

    def verify(self) -> int:
        """Returns the number of segments after reading every byte; raises as `list_held`."""
        return self._segments.verify()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be made again."""
        self._segments.discard()

    @property
    def _most_rows(self) -> int:
        return max(1, SEGMENT_BYTES // (8 * self._words))

    def _add(self, fingerprints: Sequence[Signed]) -> int:
        with self._segments.writer() as writer:
            held = self.list_held()
            new = list({each.fingerprint_id: each for each in fingerprints if each.fingerprint_id not in held}.values())
            if new:
                tail = {listed.name for listed in self._choose_tail(writer, len(new))}
                before = [(rows, np.arange(len(rows.ids))) for rows in self._tables.refresh() if rows.name in tail]
                added = _Rows(
                    "",
                    np.array([each.fingerprint_id for each in new], np.uint64),
                    np.frombuffer(b"".join(each.sha256 for each in new), np.uint8).reshape(-1, 32),
                    np.stack([each.signs for each in new]),
                )
                writer.commit([self._stage([*before, (added, np.arange(len(new)))])], tail)
        return len(new)

    def _choose_tail(self, writer: FolderWriter, rows: int) -> Sequence[Listed]:
        """Returns the last segments that so many new rows are joined with: each row is rewritten a few times in all."""
        listed = writer.manifest.listed
        start = len(listed)
        while start and int(listed[start - 1].facts["rows"]) <= rows:
            before = int(listed[start - 1].facts["rows"])
            if before + rows > self._most_rows:
                break
            rows += before
            start -= 1
        return listed[start:]

    def _stage(self, parts: Sequence[tuple[_Rows, NDArray[np.int64]]]) -> Staged:
        ids = np.concatenate([rows.ids[kept] for rows, kept in parts])
        digests = np.concatenate([rows.digests[kept] for rows, kept in parts])
        signs = Pieces(
            np.dtype(np.uint64), (self._words,), (rows.signs[at : at + 1] for rows, kept in parts for at in kept)
        )
        facts: Facts = {"rows": len(ids), "height_px": self._size[0], "width_px": self._size[1]}
        return self._segments.stage(facts, {"ids": ids, "digests": digests, "signs": signs})

    def _check(self, segment: Segment) -> None:
        rows = len(check_array(segment, "ids", np.uint64, None))
        check_array(segment, "digests", np.uint8, rows, 32)
        check_array(segment, "signs", np.uint64, rows, self._words)
        if (segment.facts["height_px"], segment.facts["width_px"]) != self._size:
            raise WrongUse(f"{segment.path} is of another sensor size")

    def _read(self, segment: Segment) -> _Rows:
        arrays: Mapping[str, NDArray[np.generic]] = segment.arrays
        return _Rows(
            segment.path.name,
            np.asarray(arrays["ids"], np.uint64),
            np.asarray(arrays["digests"], np.uint8),
            np.asarray(arrays["signs"], np.uint64),
        )


def open_segments(folder: Path) -> SegmentFolder:
    """Returns the segments of an index of whatever size, to be verified."""
    return SegmentFolder(folder, KIND, VERSION)
