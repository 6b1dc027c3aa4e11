"""Stacks: pictures that are so close to one another that one look, and one decision, can do for all of them.

Leader clustering. Pictures are taken in the order given. One within the distance of an earlier leader joins the nearest
of them (of equally near ones the first); one that is not becomes a leader itself. Members are compared with leaders
only, never with members: so everything in a stack is within the distance of the one picture that stands for it, and no
chain of small steps leads from one picture to another one. What comes later never changes what came before: a case that
grows keeps its stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from varde.core.signal import Method

METHOD: Final = Method("stacks", "1")
MAX_DISTANCE: Final = 8
"""Largest PDQ distance to the leader, in bits of 256. Ours; the evaluation is in docs/reference/methods.md."""

MIN_QUALITY: Final = 50
"""Least PDQ quality on both sides."""

_BLOCK: Final = 2048
_MERGED: Final = 1 << 20
_NAME_BITS: Final = 40
_NONE: Final = np.int64((1 << 62) - 1)

Hashes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Found = tuple[Numbers, Numbers, Numbers]


class Search(Protocol):
    """An index of hashes that can be searched by distance."""

    def search_batches(self, probes: Hashes, max_distance: int) -> Iterator[Found]:
        """Yields (probe, id, distance) of every pair within the distance, in pieces, in no order."""
        ...


MakeSearch = Callable[[Hashes, Numbers], Search]
"""Makes an index of (N, 32) hashes with (N,) ids."""


def choose_leaders(
    hashes: Hashes, make_search: MakeSearch, max_distance: int = MAX_DISTANCE
) -> tuple[Numbers, Numbers]:
    """Returns the leader of every picture and its distance to it.

    Convention: row numbers of `hashes`; a leader is its own, at distance 0.
    Memory: the index of the leaders, about 140 bytes each with `varde.known.perceptual.HashIndex`.

    Args:
        hashes: (N, 32) uint8, in the order in which pictures may become leaders; only ones that can be compared.
        make_search: of an index of some of them.
        max_distance: in bits.

    Source: leader clustering (Hartigan 1975, chapter 3), with the nearest instead of the first leader.
    Limits: a picture between two leaders belongs to one of them only.
    """
    leaders, distances = np.arange(len(hashes)), np.zeros(len(hashes), np.int64)
    known = _Leaders(hashes, make_search)
    for start in range(0, len(hashes), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(hashes)))
        # 1. Against the leaders of the blocks before.
        nearest = known.find_nearest(hashes[rows], max_distance)
        # 2. Against the leaders of this block, in order.
        added = _lead_within(hashes[rows], rows, nearest, make_search, max_distance)
        joined = nearest < _NONE
        leaders[rows[joined]] = nearest[joined] & ((1 << _NAME_BITS) - 1)
        distances[rows[joined]] = nearest[joined] >> _NAME_BITS
        known.add(added)
    return leaders, distances


class _Leaders:
    """The leaders so far, in a few indexes of growing size, so that adding some costs little."""

    def __init__(self, hashes: Hashes, make_search: MakeSearch) -> None:
        self._hashes = hashes
        self._make_search = make_search
        self._parts: list[tuple[Numbers, Search]] = []

    def add(self, rows: Numbers) -> None:
        if not len(rows):
            return
        while self._parts and len(self._parts[-1][0]) <= 2 * len(rows) and len(rows) < _MERGED:
            rows = np.concatenate([self._parts.pop()[0], rows])
        self._parts.append((rows, self._make_search(self._hashes[rows], rows)))

    def find_nearest(self, probes: Hashes, max_distance: int) -> Numbers:
        """Returns distance and row of the nearest leader of each probe as one number, `_NONE` where there is none."""
        nearest = np.full(len(probes), _NONE)
        for _, part in self._parts:
            for probe, name, distance in part.search_batches(probes, max_distance):
                np.minimum.at(nearest, probe, (distance << _NAME_BITS) | name)
        return nearest


def _lead_within(
    hashes: Hashes, rows: Numbers, nearest: Numbers, make_search: MakeSearch, max_distance: int
) -> Numbers:
    """Returns the new leaders of a block, after making those join them that are nearer to them than to earlier ones."""
    may_lead = np.flatnonzero(nearest == _NONE)
    if not len(may_lead):
        return rows[:0]
    index, leads = make_search(hashes[may_lead], may_lead), np.zeros(len(rows), bool)
    leads[may_lead] = True
    pairs = [_earlier(found) for found in index.search_batches(hashes, max_distance)]
    probe, name, distance = (
        (np.concatenate(part) for part in zip(*pairs, strict=True)) if pairs else (may_lead[:0],) * 3
    )
    order = np.lexsort((name, distance, probe))
    for one, other, apart in zip(*(part[order].tolist() for part in (probe, name, distance)), strict=True):
        key = apart << _NAME_BITS | int(rows[other])
        if leads[other] and key < nearest[one]:
            nearest[one], leads[one] = key, False
    return rows[leads]


def _earlier(found: Found) -> Found:
    earlier = found[1] < found[0]
    return found[0][earlier], found[1][earlier], found[2][earlier]
