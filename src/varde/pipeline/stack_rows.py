"""The stacks of a case as columns, and the rows that are made of them: all of them, or some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from varde.pipeline.stack_grades import Grades
from varde.pipeline.stack_material import KINDS, Contents, Flags, Numbers, Places
from varde.review.relevance import Relevance
from varde.store.folders import FolderRow
from varde.store.stacking import Member, StackRow
from varde.store.tallies import Counted, Key

_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Stacked:
    """The stacks of a case.

    Attributes:
        of_content: (C,) row of the stack of each content.
        distances: (C,) to the leader.
        leads: (C,) whether it is the leader's content.
        leaders: (S,) row of the content that leads each stack.
        ranks: (S,) by relevance.
        reasons: (S,) position in `words`.
    """

    of_content: Numbers
    distances: Numbers
    leads: Flags
    leaders: Numbers
    ranks: Numbers
    reasons: Numbers
    words: list[Relevance]


class StackedCase:
    """Everything that is to be stored of the stacks of a case."""

    def __init__(self, places: Places, contents: Contents, stacked: Stacked, folder_ranks: Numbers) -> None:
        self._places = places
        self._contents = contents
        self._stacked = stacked
        self._folder_ranks = folder_ranks
        self._stack_of = stacked.of_content[places.contents]
        self._sizes = np.bincount(self._stack_of, minlength=len(stacked.leaders))
        self.grades = Grades(places.item_ids, self._stack_of)

    @cached_property
    def leader_ids(self) -> Numbers:
        """(S,) the items that lead the stacks, ascending."""
        ids: Numbers = self._places.item_ids[self._contents.first[self._stacked.leaders]]
        return ids

    @property
    def item_ids(self) -> Numbers:
        """(N,) all items, ascending."""
        return self._places.item_ids

    def make_rows(self, which: Numbers | None = None) -> Iterator[list[StackRow]]:
        """Yields stacks in pieces, by number of their leaders.

        Args:
            which: rows of stacks, ascending; None for all.
        """
        matched = np.bincount(
            self._stack_of[self._contents.is_matched[self._places.contents]], minlength=len(self._sizes)
        )
        first = self._contents.first[self._stacked.leaders]
        kinds = self._contents.kinds[self._stacked.leaders]
        columns = (
            *(self.leader_ids, self._folder_ranks[self._places.folders[first]], kinds),
            *(self._sizes, matched, self._stacked.ranks, self._stacked.reasons),
        )
        for some in _cut(len(self._sizes), which):
            rows = zip(some.tolist(), *(column[some].tolist() for column in columns), strict=True)
            yield [self._make_row(*row) for row in rows]

    def _make_row(
        self, stack: int, leader_id: int, folder_rank: int, kind: int, size: int, matched: int, rank: int, reason: int
    ) -> StackRow:
        codes = self.grades.count_in(stack)
        return StackRow(
            leader_id=leader_id,
            folder_rank=folder_rank,
            kind=KINDS[kind].value,
            items=size,
            undecided=size - sum(codes.values()),
            matched=matched,
            relevance_rank=rank,
            reasons=self._stacked.words[reason].reasons,
            codes=codes,
        )

    def make_members(self, which: Numbers | None = None) -> Iterator[list[Member]]:
        """Yields members in pieces, by number.

        Args:
            which: rows of items, ascending; None for all.
        """
        for some in _cut(len(self.item_ids), which):
            rows = self._places.contents[some]
            columns = (self.item_ids[some], self.leader_ids[self._stack_of[some]])
            apart = zip(self._stacked.distances[rows].tolist(), self._stacked.leads[rows].tolist(), strict=True)
            distances = [None if leads else distance for distance, leads in apart]
            yield list(zip(*(column.tolist() for column in columns), distances, strict=True))

    def make_folders(self) -> list[FolderRow]:
        """Returns the folders by rank."""
        sizes, matched = measure_folders(self._places, self._contents)
        ordered = np.argsort(self._folder_ranks)
        counts = zip(ordered.tolist(), sizes[ordered].tolist(), matched[ordered].tolist(), strict=True)
        return [(*self._places.names[folder], size, found) for folder, size, found in counts]

    def tally(self) -> dict[Key, int]:
        """Returns the figures of the case."""
        by_code, stacks = self.grades.count(), len(self._sizes)
        kinds = np.bincount(self._contents.kinds[self._places.contents], minlength=len(KINDS)).tolist()
        return {
            (Counted.ITEMS, ""): len(self.item_ids),
            (Counted.STACKS, ""): stacks,
            (Counted.OPEN_STACKS, ""): stacks - self.grades.count_closed(stacks),
            (Counted.DECIDED, ""): sum(by_code.values()),
            (Counted.MATCHED, ""): int(self._contents.is_matched[self._places.contents].sum()),
            **{(Counted.KIND, kind.value): kinds[number] for number, kind in enumerate(KINDS) if kinds[number]},
            **{(Counted.CODE, code): count for code, count in by_code.items()},
        }


def measure_folders(places: Places, contents: Contents) -> tuple[Numbers, Numbers]:
    """Returns how many items lie in each folder, and how many of them are matched."""
    count = len(places.names)
    matched = contents.is_matched[places.contents]
    return np.bincount(places.folders, minlength=count), np.bincount(places.folders[matched], minlength=count)


def _cut(count: int, which: Numbers | None) -> Iterator[Numbers]:
    for start in range(0, count if which is None else len(which), _ROWS):
        end = start + _ROWS
        yield np.arange(start, min(end, count)) if which is None else which[start:end]
