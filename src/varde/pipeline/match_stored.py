"""Finds stored contents that look like one that is not stored: what a person holds in hand. Nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from varde.core.content import Content
from varde.core.finding import OperatingPoint
from varde.core.outcome import NotComparable
from varde.hashing.variants import VARIANTS, read_variants
from varde.known.near import find_near
from varde.known.perceptual import is_degenerate
from varde.known.probe_column import Probes
from varde.pipeline.probes import read_probes
from varde.pipeline.site_indexes import drop_stale_probes, open_probes
from varde.store import comparisons
from varde.store.database import Database

MOST_FRAMES = 64
"""Hashes of a video that are compared, spread over its length."""


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A stored content within an operating point of one that is not.

    Attributes:
        distance: smaller is closer.
        how: in which variant of either it matched, in plain words; "" as they are.
    """

    content_id: int
    distance: int
    how: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """Hashes that are asked about.

    Attributes:
        own: (M, 32) of the content as it is: compared with every stored variant.
        varied: (K, 32) of its variants: compared with stored contents as they are.
        codes: (K,) which variant each is.
    """

    own: NDArray[np.uint8]
    varied: NDArray[np.uint8]
    codes: NDArray[np.uint8]


def match_stored(
    database: Database, folder: Path, content: Content, point: OperatingPoint, limit: int
) -> list[StoredMatch] | str:
    """Returns the stored contents within the operating point, the closest first, or why it cannot be compared.

    Each is compared as it is with every variant of the other: turned, mirrored, without borders, in part.

    Args:
        database: the site's.
        folder: where the site's indexes lie.
        content: with its signals.
        point: of the comparison.
        limit: most contents returned.
    """
    asked = _read_asked(content, point)
    if isinstance(asked, str):
        return asked
    best: dict[int, tuple[int, str]] = {}
    for probes in _read_stored(database, folder, point):
        for content_id, distance, how in _compare(asked, probes, point.max_distance):
            if (distance, how) < best.get(content_id, (point.max_distance + 1, "")):
                best[content_id] = (distance, how)
    closest = sorted((distance, content_id, how) for content_id, (distance, how) in best.items())
    return [StoredMatch(content_id, distance, how) for distance, content_id, how in closest[:limit]]


def _read_asked(content: Content, point: OperatingPoint) -> _Asked | str:
    outcome = next((signal.outcome for signal in content.signals if signal.method == point.method), None)
    if outcome is None:
        return "it is no picture or video"
    if isinstance(outcome, NotComparable):
        return outcome.detail or outcome.reason.value.replace("_", " ")
    step = max(1, -(-len(outcome) // MOST_FRAMES))
    chosen = [one for one in outcome[::step] if one.quality >= point.min_quality]
    if not chosen:
        return f"its quality is below {point.min_quality}: it shows too little"
    own = np.frombuffer(b"".join(one.value for one in chosen), np.uint8).reshape(-1, 32)
    codes, varied = read_variants(b"".join(one.variants for one in chosen))
    kept, kept_varied = ~is_degenerate(own), ~is_degenerate(varied)
    if not kept.any():
        return "it is flat or blank: its hash would be near to that of every blank page"
    return _Asked(own[kept], varied[kept_varied], codes[kept_varied])


def _read_stored(database: Database, folder: Path, point: OperatingPoint) -> Iterator[Probes]:
    """Yields the probes of all stored contents: those compared with known sets from their column, others as they are.

    The column never goes further than the comparison, or the next run would fill it again from nothing.
    """
    with database.read() as connection:
        done = comparisons.read_mark(connection, point).content_id
        newest = comparisons.highest_content(connection)
    if done:
        drop_stale_probes(folder, point, done)
        yield from open_probes(database, folder, point, done).read()
    while done < newest:
        read = read_probes(database, point, done, newest)
        done = read.up_to
        yield read.probes


def _compare(asked: _Asked, probes: Probes, most: int) -> Iterator[tuple[int, int, str]]:
    """Yields content, distance and how for each pair within the distance."""
    for rows, _, distances in find_near(probes.hashes, asked.own, most):
        found = zip(probes.content_ids[rows].tolist(), probes.codes[rows].tolist(), distances.tolist(), strict=True)
        for content_id, code, distance in found:
            yield content_id, distance, f"stored one {VARIANTS[code]}" if code else ""
    if not len(asked.varied):
        return
    plain = np.flatnonzero(probes.codes == 0)
    for rows, row, distances in find_near(np.ascontiguousarray(probes.hashes[plain]), asked.varied, most):
        how = f"this one {VARIANTS[int(asked.codes[row])]}"
        for content_id, distance in zip(probes.content_ids[plain[rows]].tolist(), distances.tolist(), strict=True):
            yield content_id, distance, how
