"""Probes: the perceptual hashes of contents, and of their variants, as arrays to be searched for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varde.core.finding import OperatingPoint
from varde.hashing.variants import VARIANTS, read_variants
from varde.known.perceptual import is_degenerate
from varde.store.database import Database
from varde.store.probes import list_signal_rows
from varde.store.types import AnyRow

ROWS = 20_000
"""Hashes read in one step, variants not counted: a long video has thousands, so contents are no measure of memory."""


@dataclass(frozen=True, slots=True)
class Probes:
    """Hashes of whole contents, by content.

    Convention: N probes; a probe's variant is a code of `varde.hashing.variants`, 0 for the hash itself.

    Attributes:
        values: (N, 32) uint8.
        content_ids: (N,) int64, ascending.
        variants: (N,) uint8.
        offsets_s: (N,) float64, time of the frame in seconds, NaN for pictures.
        degenerate: hashes left out because they say too little to be compared by distance.
        frames: (N,) int64, position of the hash among those of its content.
    """

    values: NDArray[np.uint8]
    content_ids: NDArray[np.int64]
    variants: NDArray[np.uint8]
    offsets_s: NDArray[np.float64]
    frames: NDArray[np.int64]
    degenerate: int = 0

    def __len__(self) -> int:
        """Returns the number of probes."""
        return len(self.values)

    def describe(self, row: int) -> dict[str, object]:
        """Returns how a probe was made of its content, for `Match.details`; {} where it is the hash itself."""
        code = int(self.variants[row])
        return {"variant": VARIANTS[code]} if code else {}

    def find_offset(self, row: int) -> float | None:
        """Returns the time of a probe's frame in seconds, None for pictures."""
        offset_s = float(self.offsets_s[row])
        return None if math.isnan(offset_s) else offset_s


def read_probes(database: Database, point: OperatingPoint, after: int, newest: int) -> tuple[Probes, int]:
    """Returns the probes of the next contents, of about `ROWS` hashes, and the last of these contents.

    Args:
        database: the site's.
        point: says the method and the least quality.
        after: row number of the content before the first.
        newest: row number of the last content that may be read.
    """
    words = (point.method.name, point.min_quality, after)
    with database.read() as connection:
        rows = list(list_signal_rows(connection, *words, newest, ROWS))
        if len(rows) < ROWS:
            return make_probes(rows, point.min_quality), newest
        last = rows[-1].content_id
        whole = [row for row in rows if row.content_id != last]
        if whole:
            return make_probes(whole, point.min_quality), whole[-1].content_id
        return make_probes(list(list_signal_rows(connection, *words, last)), point.min_quality), last


def make_probes(rows: Sequence[AnyRow], min_quality: int) -> Probes:
    """Returns the probes of rows as `varde.store.probes.list_signal_rows` yields them."""
    values, codes, counts = list[bytes](), list[NDArray[np.uint8]](), list[int]()
    for row in rows:
        own = row.quality >= min_quality
        found, hashes = read_variants(row.variants or b"")
        values.append((row.value if own else b"") + hashes.tobytes())
        codes.append(np.concatenate([np.zeros(int(own), np.uint8), found]))
        counts.append(int(own) + len(found))
    repeats = np.array(counts, np.int64)
    hashes = np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32)
    offsets = np.array([math.nan if row.offset_s is None else row.offset_s for row in rows], np.float64)
    kept = ~is_degenerate(hashes)
    return Probes(
        values=hashes[kept],
        content_ids=np.repeat(np.array([row.content_id for row in rows], np.int64), repeats)[kept],
        variants=np.concatenate([np.empty(0, np.uint8), *codes])[kept],
        offsets_s=np.repeat(offsets, repeats)[kept],
        frames=np.repeat(np.array([row.position for row in rows], np.int64), repeats)[kept],
        degenerate=int(len(kept) - kept.sum()),
    )
