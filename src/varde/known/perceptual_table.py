"""One table of 256-bit hashes, searched exactly within 31 bits: sixteen chunks, each with its neighbour beside it.

The idea. Cut both hashes into 16 chunks in a ring, d(i) the number of differing bits in chunk i. Give chunk i the
budget b(i), with budgets adding up to more than the largest distance D. If the hashes differ in at most D bits, the sum
of d(i) - b(i) over the ring is negative, so (cycle lemma) there is a chunk from which every partial sum around the ring
is negative. The first two partial sums say: there is a chunk i with

    d(i) <= b(i) - 1    and    d(i) + d(i + 1) <= b(i) + b(i + 1) - 1.

For D = 31 every budget is 2: a chunk differs in at most one bit, and it and its neighbour in at most three. So it is
enough to visit, for every chunk, the group of hashes with the probe's value and the 16 groups with one bit flipped, and
to look there only at the neighbour chunk, which lies in the group itself: two random hashes in a thousand get through
to the full comparison. Nothing is missed; the full distance decides; a pair met by several chunks is told once.

Source: pigeonring principle, Qin and Xiao 2018 (VLDB 11), applied to multi-index hashing, Norouzi et al. 2012 (CVPR);
layout, budgets and limits on cost ours (benchmarks/results/perceptual.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known import perceptual_kernels as kernels
from varde.known import perceptual_sorting as sorting
from varde.segments.compiled import LANES

MAX_DISTANCE: Final = 31
MOST_ROWS: Final = 1 << 24
"""Rows of one table: members are numbered in three bytes. More rows are more tables."""

_FEWEST_GROUPED: Final = 2_000
"""Below this many distinct hashes comparing all of them is as fast, and needs no groups."""

_FEWEST_EXPANDED: Final = 64
_MOST_EXPANDED: Final = 1 << 16
_PER_GROUP_BITS: Final = 4
_PROBES: Final = 2_048
_ROOM: Final = 1 << 16
_ROOM_EACH: Final = 1 << 9
_PIECE: Final = 1 << 19

Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Probe, id and distance of every pair, one array each."""

Arrays = Mapping[str, NDArray[np.generic]]
Item = TypeVar("Item", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Table:
    """A searchable table; every array is read-only and may be mapped from a segment.

    Attributes:
        words: (U, 4) uint64, the distinct hashes.
        ids: (N,) int64, the ids of hash i from `first[i]` to `first[i + 1]`.
        first: (U + 1,) uint32; empty where no hash occurs twice.
        directory, signatures, members: see `varde.known.perceptual_kernels`; empty where there are no groups.
        shift: how many low bits of a chunk its groups leave out.
        expanded: whether hashes stand in the neighbouring groups too: for few hashes and very many probes.
    """

    words: NDArray[np.uint64]
    ids: NDArray[np.int64]
    first: NDArray[np.uint32]
    directory: NDArray[np.uint32]
    signatures: NDArray[np.uint16]
    members: NDArray[np.uint8]
    shift: int
    expanded: bool = False

    def __len__(self) -> int:
        """Returns the number of rows, equal hashes counted each."""
        return len(self.ids)

    def search(self, probes: NDArray[np.uint64], max_distance: int) -> Iterator[Found]:
        """Yields every pair within the distance in pieces of bounded size, in no order; each pair once.

        Args:
            probes: (M, 4) uint64, from `read_words`.
            max_distance: 0 to 31.
        """
        budgets = compute_budgets(max_distance)
        for start in range(0, len(probes) if len(self.words) else 0, _PROBES):
            some = probes[start : start + _PROBES]
            for probe, member, distance in self._search(some, budgets, max_distance):
                yield from self._name(probe + start, member, distance)

    def _search(self, probes: NDArray[np.uint64], budgets: NDArray[np.int64], most: int) -> Iterator[Found]:
        scan_from = np.full(len(probes), kernels.CHUNKS if len(self.directory) else 0)
        room = min(_ROOM, _ROOM_EACH * len(probes)) + kernels.PENDING
        out = tuple(np.empty(room, np.int64) for _ in range(3))
        if len(self.directory):
            chunks, spent = read_only(probes.view(np.uint16)), np.zeros(len(probes), np.int64)
            cursor = np.array([0, 0, -1])
            while cursor[0] < kernels.CHUNKS * len(probes):
                found = kernels.search_tables(
                    self.words, self.directory, self.signatures, self.members, self.shift, int(self.expanded),
                    probes, chunks, budgets, most, spent, scan_from, cursor, *out,
                )  # fmt: skip
                if found:
                    yield out[0][:found].copy(), out[1][:found].copy(), out[2][:found].copy()
        cursor = np.zeros(3, np.int64)
        while cursor[0] < len(self.words) and scan_from.min() < kernels.CHUNKS:
            found = kernels.scan_words(self.words, self.shift, probes, budgets, most, scan_from, cursor, *out)
            if found:
                yield out[0][:found].copy(), out[1][:found].copy(), out[2][:found].copy()

    def _name(
        self, probe: NDArray[np.int64], member: NDArray[np.int64], distance: NDArray[np.int64]
    ) -> Iterator[Found]:
        """Yields the rows with every id of each distinct hash."""
        if not len(self.first):
            yield probe, self.ids[member], distance
            return
        begins = self.first[member].astype(np.int64)
        sizes = self.first[member + 1] - begins
        ends = np.cumsum(sizes)
        for low in range(0, int(ends[-1]), _PIECE):
            row = np.arange(low, min(low + _PIECE, int(ends[-1])))
            pair = np.searchsorted(ends, row, side="right")
            yield probe[pair], self.ids[begins[pair] + row - (ends[pair] - sizes[pair])], distance[pair]


def build_table(hashes: NDArray[np.uint8], ids: NDArray[np.int64], *, for_many_probes: bool = False) -> Table:
    """Returns the table of at most `MOST_ROWS` hashes.

    Memory while building: about 130 bytes a hash beside the input.

    Args:
        hashes: (N, 32) uint8.
        ids: (N,) int64.
        for_many_probes: spend up to 90 MB to make searching in a small table ten times faster.

    Raises:
        WrongUse: if the shapes or types do not fit, or there are too many rows.
    """
    words = read_words(hashes)
    if ids.shape != (len(words),) or ids.dtype != np.int64:
        raise WrongUse(f"ids must be (N,) int64 for {len(words)} hashes, not {ids.shape} {ids.dtype}")
    if len(words) > MOST_ROWS:
        raise WrongUse(f"a table holds at most {MOST_ROWS:,} hashes, not {len(words):,}")
    # 1. Equal hashes are kept once, in the order they are met first; their ids lie together.
    numbers, firsts = np.empty(len(words), np.uint32), np.empty(len(words), np.uint32)
    slots = np.zeros(1 << (len(words) * 3 // 2 + 1).bit_length(), np.uint32)
    distinct = sorting.number_distinct(words, slots, numbers, firsts)
    del slots
    first = np.empty(0, np.uint32)
    if distinct < len(words):
        words = read_only(words[firsts[:distinct]])
        first = np.zeros(distinct + 1, np.uint32)
        np.cumsum(np.bincount(numbers, minlength=distinct), out=first[1:])
        ids = ids[np.argsort(numbers, kind="stable")]
    # 2. Groups by every chunk.
    expanded = for_many_probes and distinct <= _MOST_EXPANDED
    shift = 0 if expanded else _choose_shift(distinct)
    grouped = distinct >= (_FEWEST_EXPANDED if expanded else _FEWEST_GROUPED)
    directory, signatures, members = _build_groups(words if grouped else words[:0], shift, expanded)
    return Table(words, read_only(ids), read_only(first), directory, signatures, members, shift, expanded)


def read_table(arrays: Arrays, shift: int) -> Table:
    """Returns the table that `list_arrays` was given, on the same arrays."""
    flat = {name: read_only(array) for name, array in arrays.items()}
    return Table(shift=shift, **flat)  # type: ignore[arg-type]


def list_arrays(table: Table) -> dict[str, NDArray[np.generic]]:
    """Returns the table's arrays by name, to be stored."""
    names = ("words", "ids", "first", "directory", "signatures", "members")
    return {name: getattr(table, name) for name in names}


def list_rows(table: Table) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Returns the hashes (N, 32) and ids (N,) that the table was built from, equal hashes beside one another."""
    words = table.words
    if len(table.first):
        words = np.repeat(words, table.first[1:].astype(np.int64) - table.first[:-1], axis=0)
    return words.view(np.uint8).reshape(-1, 32), table.ids


def search_tables(tables: Sequence[Table], probes: NDArray[np.uint8], max_distance: int) -> Iterator[Found]:
    """Yields every pair of a probe and a hash of any table within the distance, in pieces of bounded size.

    Raises:
        WrongUse: if the shape or type of the (M, 32) uint8 probes, or the distance, does not fit; at once.
    """
    words = read_words(probes)
    compute_budgets(max_distance)
    return chain.from_iterable(table.search(words, max_distance) for table in tables)


def order_found(found: Iterator[Found]) -> Found:
    """Returns all pieces in one, ordered by probe, distance, id."""
    parts = list(found)
    none = np.empty(0, np.int64)
    probe, ids, distance = (np.concatenate([none, *(part[axis] for part in parts)]) for axis in range(3))
    order = np.lexsort((ids, distance, probe))
    return probe[order], ids[order], distance[order]


@lru_cache(maxsize=MAX_DISTANCE + 1)
def compute_budgets(max_distance: int) -> NDArray[np.int64]:
    """Returns the (16,) budgets of the chunks, adding up to one more than the distance; 0 leaves a chunk out.

    Raises:
        WrongUse: if the distance is not 0 to 31.
    """
    if not 0 <= max_distance <= MAX_DISTANCE:
        raise WrongUse(f"the largest distance that can be searched exactly is {MAX_DISTANCE}, not {max_distance}")
    each, rest = divmod(max_distance + 1, kernels.CHUNKS)
    return read_only(each + (np.arange(kernels.CHUNKS) < rest).astype(np.int64))


def read_words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns (N, 4) uint64 over the bytes of (N, 32) uint8, read-only and aligned; copies only where it must.

    Raises:
        WrongUse: if the shape or type does not fit.
    """
    if hashes.ndim != 2 or hashes.shape[1] != 32 or hashes.dtype != np.uint8:
        raise WrongUse(f"hashes must be (N, 32) uint8, not {hashes.shape} {hashes.dtype}")
    words = np.ascontiguousarray(hashes).view(np.uint64)
    return read_only(words if words.flags.aligned else words.copy())


def read_only(array: NDArray[Item]) -> NDArray[Item]:
    """Returns a view that cannot be written: one kind of argument, so that each kernel is compiled once."""
    view = array.view()
    view.flags.writeable = False
    return view


def _choose_shift(distinct: int) -> int:
    """Returns how many low bits of a chunk to leave out, so that a group holds about sixteen hashes."""
    return min(max(0, kernels.CHUNKS + _PER_GROUP_BITS - distinct.bit_length()), kernels.CHUNKS - 1)


def _build_groups(
    words: NDArray[np.uint64], shift: int, expanded: bool
) -> tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint8]]:
    if not len(words):
        return read_only(np.empty(0, np.uint32)), read_only(np.empty(0, np.uint16)), read_only(np.empty(0, np.uint8))
    chunks = read_only(words.view(np.uint16))
    rows = len(words) * (1 + kernels.CHUNKS if expanded else 1)
    directory = np.empty((kernels.CHUNKS, (1 << (kernels.CHUNKS - shift)) + 1), np.uint32)
    signatures = np.empty((kernels.CHUNKS, rows + LANES), np.uint16)
    members = np.empty((kernels.CHUNKS, 3 * rows), np.uint8)
    for chunk in range(kernels.CHUNKS):
        out = directory[chunk], signatures[chunk], members[chunk]
        sorting.sort_chunk(chunks, chunk, shift, int(expanded), *out)
    return read_only(directory.ravel()), read_only(signatures.ravel()), read_only(members.ravel())
