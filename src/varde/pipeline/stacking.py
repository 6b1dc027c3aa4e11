"""Makes the stacks, folders and tallies of a case from its items: what the pages show, and nothing that is evidence.

They can be made again at any time. All is computed from one state of the database and compared with what is there,
without its write lock; what differs is written with what was decided meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.media import MediaKind
from varde.known.perceptual import HashIndex
from varde.pipeline.stack_material import KINDS, NO_MATCH, Contents, Flags, Numbers, Places, read_material
from varde.pipeline.stack_rows import Stacked, StackedCase, measure_folders
from varde.pipeline.stack_writing import compare, write_stacks
from varde.review.relevance import Clues, Relevance, is_matched_folder, judge
from varde.review.stacks import choose_leaders
from varde.store import stacked_material
from varde.store.decisions import find_last_decision
from varde.store.site import Site
from varde.store.tallies import list_stacked_cases, read_newest

_SMALL_FOLDER: Final = 4
"""Added to the size of a folder where its density is compared, so that one match in a folder of one does not lead."""


@dataclass(frozen=True, slots=True)
class StackCount:
    """What was stacked."""

    items: int
    stacks: int
    folders: int


def stack_case(site: Site, case_id: int) -> StackCount:
    """Makes the stacks of a case anew and returns how many there are. Call it while holding the processing lock."""
    with site.database.read() as connection:
        newest, last = read_newest(connection, case_id), find_last_decision(connection)
        places, contents = read_material(connection, case_id)
        folder_ranks, in_matched = _rank_folders(places, contents)
        case = StackedCase(places, contents, _stack(places, contents, in_matched), folder_ranks)
        case.grades.record((item_id, code) for item_id, code in stacked_material.list_codes(connection, case_id))
        difference = compare(connection, case_id, case)
    write_stacks(site.database, case_id, case, difference, newest=newest, last_decision=last)
    return StackCount(len(case.item_ids), len(case.leader_ids), len(places.names))


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
    sizes, matched = measure_folders(places, contents)
    density = matched / (sizes + _SMALL_FOLDER)
    names = sorted(range(len(places.names)), key=places.names.__getitem__)
    by_name = np.empty(len(names), np.int64)
    by_name[names] = np.arange(len(names))
    ranks = np.empty(len(names), np.int64)
    ranks[np.lexsort((by_name, -sizes, -density))] = np.arange(1, len(names) + 1)
    pairs = zip(sizes.tolist(), matched.tolist(), strict=True)
    return ranks, np.array([is_matched_folder(size, found) for size, found in pairs], bool)


def _stack(places: Places, contents: Contents, in_matched: Flags) -> Stacked:
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
    return Stacked(of_content, distances, leads, leaders, ranks[best], numbers[best], words)


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
