"""Makes the stacks, folders and tallies of a case from its items: what the pages show, and nothing that is evidence.

They can be made again at any time. All is computed from one state of the database without holding its write lock, and
written in one transaction: whoever reads sees all of the old or all of the new, and a kill leaves the old.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection

from varde.core.media import MediaKind
from varde.known.perceptual import HashIndex
from varde.pipeline.stack_material import KINDS, NO_MATCH, Contents, Flags, Numbers, Places, read_material
from varde.review.relevance import Clues, Relevance, is_matched_folder, judge
from varde.review.stacks import choose_leaders
from varde.store import stacked_material
from varde.store.database import PATIENCE_S
from varde.store.folders import replace_folders
from varde.store.site import Site
from varde.store.stacking import Member, StackRow, save_stacks
from varde.store.tallies import Counted, Key, list_stacked_cases, read_newest, replace_tallies

_ROWS: Final = 10_000
_SMALL_FOLDER: Final = 4
"""Added to the size of a folder where its density is compared, so that one match in a folder of one does not lead."""


@dataclass(frozen=True, slots=True)
class StackCount:
    """What was stacked."""

    items: int
    stacks: int
    folders: int


@dataclass(frozen=True, slots=True)
class _Stacked:
    """The stacks of a case as columns.

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


def stack_case(site: Site, case_id: int) -> StackCount:
    """Makes the stacks of a case anew and returns how many there are. Call it while holding the processing lock."""
    with site.database.read() as connection:
        newest = read_newest(connection, case_id)
        places, contents = read_material(connection, case_id)
    folder_ranks, in_matched = _rank_folders(places, contents)
    stacked = _stack(places, contents, in_matched)
    with site.database.write(patience_s=PATIENCE_S) as connection:
        codes = _count_codes(connection, case_id, places, stacked)
        rows = _make_rows(places, contents, stacked, folder_ranks, codes)
        save_stacks(connection, case_id, rows, _make_members(places, contents, stacked))
        replace_folders(connection, case_id, list(_make_folders(places, contents, folder_ranks)))
        replace_tallies(connection, case_id, _tally(places, contents, stacked, codes) | newest)
    return StackCount(len(places.item_ids), len(stacked.leaders), len(places.names))


def stack_stale_cases(site: Site, case_id: int | None = None) -> None:
    """Makes those stacks anew that something changed since they were made. Call it while holding the processing lock.

    Args:
        site: where.
        case_id: of a case that gets stacks even if it has none yet.
    """
    with site.database.read() as connection:
        wanted = set(list_stacked_cases(connection)) | ({case_id} if case_id else set())
        stale = [one for one in sorted(wanted) if stacked_material.is_stale(connection, one)]
    for one in stale:
        stack_case(site, one)


def _rank_folders(places: Places, contents: Contents) -> tuple[Numbers, Flags]:
    """Returns the rank of every folder, 1 first, and whether it has many matches."""
    sizes, matched = _measure_folders(places, contents)
    density = matched / (sizes + _SMALL_FOLDER)
    names = sorted(range(len(places.names)), key=places.names.__getitem__)
    by_name = np.empty(len(names), np.int64)
    by_name[names] = np.arange(len(names))
    ranks = np.empty(len(names), np.int64)
    ranks[np.lexsort((by_name, -sizes, -density))] = np.arange(1, len(names) + 1)
    pairs = zip(sizes.tolist(), matched.tolist(), strict=True)
    return ranks, np.array([is_matched_folder(size, found) for size, found in pairs], bool)


def _measure_folders(places: Places, contents: Contents) -> tuple[Numbers, Numbers]:
    count = len(places.names)
    matched = contents.is_matched[places.contents]
    return np.bincount(places.folders, minlength=count), np.bincount(places.folders[matched], minlength=count)


def _stack(places: Places, contents: Contents, in_matched: Flags) -> _Stacked:
    leader_of = np.arange(len(contents.first))
    distances = np.zeros(len(leader_of), np.int64)
    found, apart = choose_leaders(contents.hashes, HashIndex)
    leader_of[contents.hashed], distances[contents.hashed] = contents.hashed[found], apart
    leads = leader_of == np.arange(len(leader_of))
    leaders = np.flatnonzero(leads)
    of_content = np.searchsorted(leaders, leader_of)
    numbers, words = _judge_all(places, contents, in_matched)
    ranks = np.array([word.rank for word in words], np.int64)[numbers] if words else numbers
    order = np.lexsort((ranks, of_content))  # the most relevant content of each stack first
    best = order[np.searchsorted(of_content[order], np.arange(len(leaders)))]
    return _Stacked(of_content, distances, leads, leaders, ranks[best], numbers[best], words)


def _judge_all(places: Places, contents: Contents, in_matched: Flags) -> tuple[Numbers, list[Relevance]]:
    """Returns the number of the judgement of each content, and the judgements: few, since most contents are alike."""
    in_folder = np.zeros(len(contents.first), bool)
    in_folder[places.contents[in_matched[places.folders]]] = True
    is_plain = np.ones(len(contents.first), bool)
    is_plain[contents.hashed] = False
    is_plain &= contents.kinds == KINDS.index(MediaKind.PICTURE)
    columns = (
        *(contents.kinds, contents.alert, contents.own, contents.is_harmless),
        *(in_folder, contents.is_tagged, np.minimum(contents.shortest_px, 1 << 10), is_plain),
    )
    distinct, numbers = np.unique(
        np.stack([column.astype(np.int16) for column in columns], 1), axis=0, return_inverse=True
    )
    return numbers.reshape(-1).astype(np.int64), [_judge(*row) for row in distinct.tolist()]


def _judge(
    kind: int, alert: int, own: int, is_harmless: int, in_folder: int, is_tagged: int, shortest: int, is_plain: int
) -> Relevance:
    return judge(
        Clues(
            KINDS[kind],
            alert_distance=None if alert == NO_MATCH else max(alert, 0) // 2,
            alert_is_exact=alert < 0,
            own_distance=None if own == NO_MATCH else max(own, 0) // 2,
            own_is_exact=own < 0,
            is_harmless=bool(is_harmless),
            in_matched_folder=bool(in_folder),
            has_capture_metadata=bool(is_tagged),
            shortest_px=None if shortest < 0 else shortest,
            is_plain=bool(is_plain),
        )
    )


Codes = dict[int, Counter[str]]
"""Items by the code of the grade in force, of the stacks that have decided ones."""


def _count_codes(connection: Connection, case_id: int, places: Places, stacked: _Stacked) -> Codes:
    codes: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for item_id, code in stacked_material.list_codes(connection, case_id):
        row = int(np.searchsorted(places.item_ids, item_id))
        if row < len(places.item_ids) and places.item_ids[row] == item_id:
            codes[int(stacked.of_content[places.contents[row]])][code] += 1
    return codes


def _make_rows(
    places: Places, contents: Contents, stacked: _Stacked, folder_ranks: Numbers, codes: Codes
) -> Iterator[list[StackRow]]:
    count = len(stacked.leaders)
    of_item = stacked.of_content[places.contents]
    sizes = np.bincount(of_item, minlength=count)
    matched = np.bincount(of_item[contents.is_matched[places.contents]], minlength=count)
    first = contents.first[stacked.leaders]
    columns = (
        places.item_ids[first],
        folder_ranks[places.folders[first]],
        contents.kinds[stacked.leaders],
        *(sizes, matched, stacked.ranks, stacked.reasons),
    )
    for start in range(0, count, _ROWS):
        rows = zip(*(column[start : start + _ROWS].tolist() for column in columns), strict=True)
        yield [
            StackRow(
                leader_id=leader_id,
                folder_rank=folder_rank,
                kind=KINDS[kind].value,
                items=size,
                undecided=size - codes[stack].total() if stack in codes else size,
                matched=hits,
                relevance_rank=rank,
                reasons=stacked.words[reason].reasons,
                codes=dict(codes[stack]) if stack in codes else {},
            )
            for stack, (leader_id, folder_rank, kind, size, hits, rank, reason) in enumerate(rows, start)
        ]


def _make_members(places: Places, contents: Contents, stacked: _Stacked) -> Iterator[list[Member]]:
    leader_ids = places.item_ids[contents.first[stacked.leaders]]
    for start in range(0, len(places.item_ids), _ROWS):
        rows = places.contents[start : start + _ROWS]
        columns = (places.item_ids[start : start + _ROWS], leader_ids[stacked.of_content[rows]])
        apart = zip(stacked.distances[rows].tolist(), stacked.leads[rows].tolist(), strict=True)
        distances = [None if leads else distance for distance, leads in apart]
        yield list(zip(*(column.tolist() for column in columns), distances, strict=True))


def _make_folders(places: Places, contents: Contents, ranks: Numbers) -> Iterator[tuple[int, str, int, int]]:
    sizes, matched = _measure_folders(places, contents)
    for folder in np.argsort(ranks).tolist():
        exhibit_id, locator = places.names[folder]
        yield exhibit_id, locator, int(sizes[folder]), int(matched[folder])


def _tally(places: Places, contents: Contents, stacked: _Stacked, codes: Codes) -> dict[Key, int]:
    by_code = sum(codes.values(), Counter[str]())
    whole = {stack for stack, count in codes.items()}
    sizes = np.bincount(stacked.of_content[places.contents], minlength=len(stacked.leaders))
    closed = sum(1 for stack in whole if codes[stack].total() == sizes[stack])
    kinds = np.bincount(contents.kinds[places.contents], minlength=len(KINDS)).tolist()
    return {
        (Counted.ITEMS, ""): len(places.item_ids),
        (Counted.STACKS, ""): len(stacked.leaders),
        (Counted.OPEN_STACKS, ""): len(stacked.leaders) - closed,
        (Counted.DECIDED, ""): by_code.total(),
        (Counted.MATCHED, ""): int(contents.is_matched[places.contents].sum()),
        **{(Counted.KIND, kind.value): kinds[number] for number, kind in enumerate(KINDS) if kinds[number]},
        **{(Counted.CODE, code): count for code, count in by_code.items()},
    }
